"""Tags and filters that every template has without loading them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import template
from django.utils import translation

register = template.Library()


@register.filter
def tr(texts: Any) -> str:
    """Show a ``{language: text}`` in the page's language, else in English, else in any."""
    if not isinstance(texts, Mapping):
        return "" if texts is None else str(texts)
    language = translation.get_language() or "en"
    return str(texts.get(language) or texts.get("en") or next(iter(texts.values()), ""))
