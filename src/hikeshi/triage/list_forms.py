"""Forms of the list of cases: what it is narrowed to, and what is done with several cases."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.models import Account
from hikeshi.organisation.places import place_choices, place_named
from hikeshi.organisation.queries import people_of
from hikeshi.organisation.viewer import Viewer
from hikeshi.triage.models import Band, Case, CaseKind, PhaseChoice
from hikeshi.triage.queries import OPEN, cases_of, with_overdue_clock

_MOST: Final = 300
_ME: Final = "me"
_NOBODY: Final = "nobody"


class CaseListFilter(forms.Form):
    """Phase, kind, severity, owner, unit and lateness: clear columns alone."""

    phase = forms.ChoiceField(
        label=_("Phase"), required=False,
        choices=[("", _("Open cases")), *PhaseChoice.choices, ("all", _("All cases"))],
    )  # fmt: skip
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", "–"), *CaseKind.choices]
    )
    severity = forms.ChoiceField(
        label=_("Severity"), required=False, choices=[("", "–"), *Band.choices]
    )
    owner = forms.ChoiceField(label=_("Case owner"), required=False)
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    overdue = forms.ChoiceField(
        label=_("Deadline"), required=False, choices=[("", "–"), ("1", _("a deadline is overdue"))]
    )

    def __init__(self, *args: object, viewer: Viewer) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # the data of the address
        self._viewer = viewer
        self._choose("unit", place_choices(viewer, str(self.data.get("unit", ""))))
        people = [(str(one.uid), one.name) for one in people_of(viewer)[:_MOST]]
        self._choose("owner", [(_ME, _("me")), (_NOBODY, _("nobody")), *people])

    def _choose(self, field: str, choices: list[tuple[str, Any]]) -> None:
        self.fields[field].choices = [("", "–"), *choices]  # type: ignore[attr-defined]

    def rows(self) -> QuerySet[Case]:
        """Select the viewer's cases that pass; an unknown value narrows nothing."""
        self.is_valid()
        said, found = self.cleaned_data, cases_of(self._viewer)
        phase, owner = said.get("phase", ""), said.get("owner", "")
        if phase != "all":
            found = found.filter(phase=phase) if phase else found.filter(OPEN)
        if said.get("kind"):
            found = found.filter(kind=said["kind"])
        if said.get("severity"):
            found = found.filter(band=said["severity"])
        if owner == _ME:
            found = found.filter(owner_id=self._viewer.account_id or 0)
        elif owner == _NOBODY:
            found = found.filter(owner__isnull=True)
        elif owner:
            found = found.filter(owner__uid=owner)
        place = place_named(self._viewer, said.get("unit", ""))
        if place is not None:
            found = found.filter(place.holds())
        return with_overdue_clock(self._viewer, found) if said.get("overdue") else found


class TogetherForm(forms.Form):
    """What is done with the chosen cases: another owner, or a task in each."""

    owner = forms.ChoiceField(label=_("Case owner"), required=False)
    title = forms.CharField(label=_("Task"), required=False, max_length=300)
    assignee = forms.ChoiceField(label=_("Who does it"), required=False)
    due = forms.DateField(
        label=_("Done by"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: object, viewer: Viewer) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # the data of the form
        self._people = {str(one.uid): one for one in people_of(viewer)[:_MOST]}
        named = [(uid, one.name) for uid, one in self._people.items()]
        for field in ("owner", "assignee"):
            self.fields[field].choices = [("", "–"), *named]  # type: ignore[attr-defined]

    def person(self, field: str) -> Account | None:
        """Return who was chosen."""
        return self._people.get(self.cleaned_data.get(field, ""))

    def clean(self) -> dict[str, Any]:
        """Ask for something to do."""
        said: dict[str, Any] = super().clean() or {}
        if not said.get("owner") and not said.get("title", "").strip():
            raise forms.ValidationError(_("Choose an owner, or write the title of a task."))
        return said
