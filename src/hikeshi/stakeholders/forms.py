"""Forms for rounds of questions, and what all forms of the directory have alike."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.models import Company, Unit
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.stakeholders.models import AnswerKind
from hikeshi.stakeholders.rounds import Ask


class ViewerForm(forms.Form):
    """A form whose company and unit are those in which the viewer holds the right."""

    company = forms.ModelChoiceField(Company.objects.none(), label=_("Company"))
    unit = forms.ModelChoiceField(Unit.objects.none(), label=_("Unit"), required=False)

    permission = Permission.STAKEHOLDER_EDIT

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = viewer.company_ids(self.permission)
        companies = Company.objects.filter(pk__in=held).order_by("slug")
        self.fields["company"].queryset = companies  # type: ignore[attr-defined]
        units = Unit.objects.filter(company_id__in=held, closed_at__isnull=True)
        self.fields["unit"].queryset = units  # type: ignore[attr-defined]
        if len(held) == 1:
            # One company leaves nothing to choose.
            self.fields["company"].initial = held[0]
            self.fields["company"].widget = forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Take a unit of the chosen company alone."""
        entered: dict[str, Any] = super().clean() or {}
        company, unit = entered.get("company"), entered.get("unit")
        if company is not None and unit is not None and unit.company_id != company.pk:
            self.add_error("unit", _("The unit belongs to another company."))
        return entered


class RoundForm(ViewerForm):
    """A round of questions. Questions are written one per line: ``text | answer | answer``."""

    title = forms.CharField(label=_("Title"), max_length=200)
    letter = forms.CharField(
        label=_("Letter"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("The parties read this above the questions."),
    )
    questions = forms.CharField(
        label=_("Questions"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_(
            "One per line. Answers to choose from follow after | signs: "
            "Is your product affected? | yes | no | not known yet"
        ),
    )
    due_at = forms.DateTimeField(
        label=_("Answer until"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )

    def asks(self) -> list[Ask]:
        """Turn the lines into questions."""
        found = []
        for line in self.cleaned_data["questions"].splitlines():
            text, *choices = [part.strip() for part in line.split("|")]
            if not text:
                continue
            kind = AnswerKind.CHOICE if choices else AnswerKind.TEXT
            found.append(Ask(text=text, kind=kind, choices=tuple(filter(None, choices))))
        return found


class PartiesForm(forms.Form):
    """Whom to ask: contacts and units by their uids."""

    contact = forms.TypedMultipleChoiceField(coerce=str, required=False)
    unit = forms.TypedMultipleChoiceField(coerce=str, required=False)
