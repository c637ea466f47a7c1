"""What the list of findings can be narrowed to; every filter is in the address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from hikeshi.inventory.models import Offering, Rank
from hikeshi.matching.narrowing import BANDS, Narrowing, State, Support
from hikeshi.organisation.places import place_choices, place_named
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.viewer import Viewer
from hikeshi.ui.marks import NOT_SCORED, SEVERITY

_MOST: Final = 300
_LIKELY: Final = ("0.01", "0.1", "0.5")


class FindingFilter(forms.Form):
    """State, severity, exploitation, product, unit, support, age and words."""

    q = forms.CharField(label=_("Vulnerability, component or word"), required=False, max_length=100)
    state = forms.ChoiceField(
        label=pgettext_lazy("how far people have come", "State"), required=False
    )
    severity = forms.ChoiceField(label=_("Severity"), required=False)
    kev = forms.ChoiceField(
        label=_("CISA KEV"), required=False, choices=[("", "–"), ("1", _("known to be exploited"))]
    )
    product = forms.ChoiceField(label=_("Product"), required=False)
    epss = forms.ChoiceField(
        label=_("EPSS"), required=False,
        choices=[("", "–"), *((least, f"≥ {least}") for least in _LIKELY)],
    )  # fmt: skip
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    rank = forms.ChoiceField(
        label=_("Rank of the product"), required=False, choices=[("", "–"), *Rank.choices]
    )
    support = forms.ChoiceField(
        label=_("Support"), required=False, choices=[("", "–"), *Support.choices]
    )
    since = forms.DateField(
        label=_("New since"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    def __init__(self, *args: object, viewer: Viewer) -> None:
        super().__init__(*args)  # type: ignore[arg-type]  # the data of the address
        self._viewer = viewer
        language = get_language() or "en"
        names = [(number, text_in(name, language)) for number, name in self._offerings()]
        self._choose("product", sorted(names, key=lambda named: named[1]))
        self._choose("unit", place_choices(viewer, str(self.data.get("unit", ""))))
        words = {name: SEVERITY[name].word if name in SEVERITY else name for name in BANDS}
        words["none"] = NOT_SCORED.word
        self._choose("severity", list(words.items()))
        states = [(value, label) for value, label in State.choices if value != State.OPEN]
        # What is left to decide is what the list is for; it is there without asking.
        self.fields["state"].choices = [("", State.OPEN.label), *states]  # type: ignore[attr-defined]

    def _choose(self, field: str, choices: Sequence[tuple[str, Any]]) -> None:
        self.fields[field].choices = [("", "–"), *choices]  # type: ignore[attr-defined]

    def _offerings(self) -> list[tuple[str, dict[str, str]]]:
        offerings = Offering.objects.visible_to(self._viewer).order_by("pk")
        named = offerings.values_list("number", "name")
        # A list of thousands helps nobody; the one that the address names is always among them.
        shown = list(named[:_MOST])
        asked = self._asked()
        if asked and all(number != asked for number, _name in shown):
            shown += named.filter(number=asked)[:1]
        return shown

    def _asked(self) -> str:
        # PostgreSQL takes no NUL in a text, and no number holds one.
        return str(self.data.get("product", "")).replace("\x00", "")

    def _product(self, number: str) -> Offering | None:
        if not number:
            return None
        return Offering.objects.visible_to(self._viewer).filter(number=number).first()

    def narrowing(self) -> Narrowing:
        """Return what was asked; an unknown value narrows nothing."""
        self.is_valid()
        said = self.cleaned_data
        day = said.get("since")
        return Narrowing(
            text=said.get("q", "").replace("\x00", "").strip(),
            product=self._product(said.get("product", "")),
            band=said.get("severity", ""),
            exploited=said.get("kev") == "1",
            state=said.get("state") or State.OPEN,
            epss=Decimal(said["epss"]) if said.get("epss") else None,
            place=place_named(self._viewer, said.get("unit", "")),
            rank=said.get("rank", ""),
            support=said.get("support", ""),
            since=timezone.make_aware(datetime.combine(day, time())) if day else None,
        )
