"""Form fields that choose among rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import get_language

from hikeshi.organisation.queries import text_in

if TYPE_CHECKING:
    ModelChoice = forms.ModelChoiceField[Any]
else:
    ModelChoice = forms.ModelChoiceField


class NamedChoice(ModelChoice):
    """A choice of rows whose name is ``{language: text}``."""

    def label_from_instance(self, obj: Any) -> str:
        """Show the name in the page's language."""
        return text_in(obj.name, get_language() or "en")
