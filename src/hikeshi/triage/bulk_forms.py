"""The form of a decision about several findings."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hikeshi.core.vex import Action, Justification, ProductStatus, Statement
from hikeshi.triage.models import ActionChoice, JustificationChoice, StatusChoice

# "Fixed" is said of a release that brings the fix, never of a whole list.
_STATUSES = (
    StatusChoice.KNOWN_NOT_AFFECTED, StatusChoice.UNDER_INVESTIGATION, StatusChoice.KNOWN_AFFECTED,
)  # fmt: skip


class DecideForm(forms.Form):
    """Status, reason, and for what is affected a case."""

    status = forms.ChoiceField(
        label=_("Decision"), widget=forms.RadioSelect,
        choices=[(one.value, one.label) for one in _STATUSES],
    )  # fmt: skip
    justification = forms.ChoiceField(
        label=_("Why it is not affected"), required=False,
        choices=[("", "–"), *JustificationChoice.choices],
    )  # fmt: skip
    action = forms.ChoiceField(
        label=_("What users can do"), required=False, choices=[("", "–"), *ActionChoice.choices]
    )
    grounds = forms.CharField(
        label=_("Grounds"), required=False, max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    opens_case = forms.BooleanField(
        label=_("Open a case about them"), required=False,
        help_text=_("For what is affected. The decision then stands inside the case."),
    )  # fmt: skip
    title = forms.CharField(label=_("Title of the case"), required=False, max_length=300)
    walled = forms.BooleanField(
        label=_("Behind a wall"), required=False, initial=True,
        help_text=_("Only who is invited knows that the case exists, until it is published."),
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        """Ask for the title that a case needs."""
        said: dict[str, Any] = super().clean() or {}
        if said.get("opens_case") and not said.get("title", "").strip():
            self.add_error("title", _("A case needs a title."))
        return said

    def statement(self) -> Statement:
        """Return what was decided."""
        said = self.cleaned_data
        return Statement(
            status=ProductStatus(said["status"]),
            justification=Justification(said["justification"]) if said["justification"] else None,
            action=Action(said["action"]) if said["action"] else None,
            grounds=said["grounds"].strip(),
        )
