"""Forms about people and their roles."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.forms.fields import (
    DayField,
    midnight,
    unit_choices,
)
from hikeshi.organisation.models import Account, Company, DutyType
from hikeshi.organisation.people import may_give
from hikeshi.organisation.roles import ROLE_HINTS, ROLE_WORDS, Role
from hikeshi.organisation.viewer import Viewer


class RoleForm(forms.Form):
    """A role in a company or unit."""

    role = forms.ChoiceField(label=_("Role"))
    unit = forms.ChoiceField(label=_("Where"), required=False)
    duty = forms.ChoiceField(
        label=_("Duty"), choices=DutyType.choices, initial=DutyType.CONCURRENT.value
    )
    load_percent = forms.IntegerField(
        label=_("Load in percent"), required=False, min_value=0, max_value=100
    )
    since = DayField(
        label=_("Starts on"),
        required=False,
        help_text=_("The role starts when this day begins; at once without one."),
    )
    until = DayField(
        label=_("Ends on"),
        required=False,
        help_text=_("The role stops when this day begins. A guest needs one."),
    )

    def __init__(
        self, *args: Any, viewer: Viewer, company: Company, language: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.company = company
        somewhere = list(viewer.scopes[company.pk].in_unit)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            (role.value, f"{ROLE_WORDS[role]} – {ROLE_HINTS[role]}")
            for role in Role
            if any(may_give(viewer, role, company.pk, unit) for unit in [None, *somewhere])
        ]
        self.fields["unit"].choices = unit_choices(  # type: ignore[attr-defined]
            viewer, company, language, top=_("the whole company")
        )

    def clean_since(self) -> date | None:
        """Refuse a day that is past; today is at once."""
        since: date | None = self.cleaned_data["since"]
        if since is not None and since < timezone.localdate():
            raise forms.ValidationError(_("Choose a day to come."))
        return since if since and since > timezone.localdate() else None

    def clean_until(self) -> date | None:
        """Refuse a guest without an end here, so that the error stands at its field."""
        until: date | None = self.cleaned_data["until"]
        if until is None and self.cleaned_data.get("role") == Role.GUEST.value:
            raise forms.ValidationError(_("A guest needs a day on which access ends."))
        if until is not None and until <= timezone.localdate():
            raise forms.ValidationError(_("Choose a day to come."))
        since: date | None = self.cleaned_data.get("since")
        if until is not None and since is not None and until <= since:
            raise forms.ValidationError(
                _("The role would end before it starts; choose a later day.")
            )
        return until

    def details(self) -> dict[str, Any]:
        """Return duty, load, start and end as an appointment has them."""
        return {
            "duty": self.cleaned_data["duty"],
            "load_percent": self.cleaned_data["load_percent"],
            "since": midnight(self.cleaned_data["since"], self.company.zone),
            "until": midnight(self.cleaned_data["until"], self.company.zone),
        }


class InviteForm(RoleForm):
    """A new person and their first role."""

    email = forms.EmailField(label=_("Mail address"))
    name = forms.CharField(label=_("Name"), max_length=120)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    field_order = (
        "email", "name", "language", "role", "unit", "duty", "load_percent", "since", "until",
    )  # fmt: skip


class DelegateForm(forms.Form):
    """Who stands in for a role, and until when."""

    to = forms.ModelChoiceField(
        label=_("Who stands in"), queryset=Account.objects.none(), to_field_name="uid"
    )
    until = DayField(label=_("Until the day"))

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].queryset = people  # type: ignore[attr-defined]

    def clean_until(self) -> date:
        """Refuse a day that is past."""
        until: date = self.cleaned_data["until"]
        if until <= timezone.localdate():
            raise forms.ValidationError(_("Choose a day to come."))
        return until


class EndForm(forms.Form):
    """The day on which an account ends."""

    expires_on = DayField(label=_("Account ends on"), required=False)
