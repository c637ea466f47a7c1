"""Filters of the product list; every one of them stands in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hikeshi.inventory.models import (
    SBOM,
    ComponentClass,
    Offering,
    OfferingKind,
    Rank,
    Release,
)
from hikeshi.inventory.queries import SUPPORTED, fold
from hikeshi.organisation.places import place_choices, place_named
from hikeshi.organisation.viewer import Viewer

SOON_DAYS: Final = 180
_ANY: Final = ("", _("any"))
_RANKS: Final = {Rank.SAFETY: 0, Rank.FLAGSHIP: 1, Rank.OTHER: 2}
SORTS: Final[Mapping[str, tuple[str, ...]]] = {
    "name": ("search_key", "pk"),
    "-name": ("-search_key", "-pk"),
    "rank": ("rank_order", "search_key", "pk"),
    "new": ("-created_at", "-pk"),
}


class OfferingFilter(forms.Form):
    """What the list can be asked for."""

    q = forms.CharField(label=_("name or code"), max_length=200, required=False)
    kind = forms.ChoiceField(label=_("kind"), choices=[_ANY, *OfferingKind.choices], required=False)
    rank = forms.ChoiceField(label=_("rank"), choices=[_ANY, *Rank.choices], required=False)
    part = forms.ChoiceField(
        label=_("part of a system"), choices=[_ANY, *ComponentClass.choices], required=False
    )
    unit = forms.ChoiceField(label=_("owner unit"), required=False)
    owner = forms.ChoiceField(
        label=_("person in charge"), required=False,
        choices=[_ANY, ("me", _("me")), ("nobody", _("nobody yet"))],
    )  # fmt: skip
    support = forms.ChoiceField(
        label=_("support"), required=False,
        choices=[_ANY, ("ending", _("ends within 180 days")), ("over", _("has ended"))],
    )  # fmt: skip
    sbom = forms.ChoiceField(
        label=_("SBOM"), required=False, choices=[_ANY, ("missing", _("missing in a release"))]
    )
    sort = forms.ChoiceField(
        label=_("order"), required=False, initial="name",
        choices=[("name", _("by name")), ("-name", _("by name, backwards")),
                 ("rank", _("by rank")), ("new", _("newest first"))],
    )  # fmt: skip

    def __init__(self, *args: Any, viewer: Viewer, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._viewer = viewer
        field: Any = self.fields["unit"]
        field.choices = [_ANY, *place_choices(viewer, str(self.data.get("unit", "")))]

    def order(self) -> tuple[str, ...]:
        """Return the columns to page by."""
        return SORTS[self.cleaned_data.get("sort") or "name"]

    def apply(self, rows: QuerySet[Offering]) -> QuerySet[Offering]:
        """Keep what is asked for; the form must be valid."""
        asked = self.cleaned_data
        for word in fold(asked["q"]).split():
            rows = rows.filter(search_key__contains=word)
        equal = {"kind": asked["kind"], "rank": asked["rank"], "component_class": asked["part"]}
        rows = rows.filter(**{field: value for field, value in equal.items() if value})
        rows = self._by_people(rows)
        rows = self._by_support(rows)
        if asked["sbom"] == "missing":
            current = SBOM.objects.for_system("asked within offerings of the viewer").filter(
                release=OuterRef("pk"), replaced_at__isnull=True
            )
            rows = rows.filter(Exists(_releases().filter(~Exists(current))))
        if asked["sort"] == "rank":
            steps = [When(rank=rank, then=Value(step)) for rank, step in _RANKS.items()]
            rows = rows.annotate(rank_order=Case(*steps, output_field=IntegerField()))
        return rows

    def _by_people(self, rows: QuerySet[Offering]) -> QuerySet[Offering]:
        place = place_named(self._viewer, self.cleaned_data["unit"])
        owner = self.cleaned_data["owner"]
        if place is not None:
            rows = rows.filter(place.holds())
        if owner == "me":
            rows = rows.filter(owner_id=self._viewer.account_id)
        elif owner == "nobody":
            rows = rows.filter(owner__isnull=True)
        return rows

    def _by_support(self, rows: QuerySet[Offering]) -> QuerySet[Offering]:
        today = timezone.localdate(self._viewer.at)
        supported = _releases().filter(state__in=SUPPORTED)
        match self.cleaned_data["support"]:
            case "ending":
                until = today + timedelta(days=SOON_DAYS)
                ending = supported.filter(support_ends_on__range=(today, until))
                return rows.filter(Exists(ending))
            case "over":
                over = _releases().filter(Q(support_ends_on__lt=today) | Q(state="ended"))
                return rows.filter(Exists(over))
        return rows

    def chips(self) -> list[Chip]:
        """Return what is set, each with the address's name of it."""
        found = []
        for name, field in self.fields.items():
            value = self.cleaned_data.get(name)
            if name == "sort" or not value:
                continue
            if isinstance(field, forms.ChoiceField):
                shown = str(dict(_flat(field))[value])
            else:
                shown = str(value)
            found.append(Chip(name, str(field.label), shown, self._without(name)))
        return found

    def _without(self, name: str) -> str:
        """Return the list's address without one filter, from its first page."""
        asked: Any = self.data
        left = asked.copy()
        for gone in (name, "after"):
            left.pop(gone, None)
        return f"?{left.urlencode()}"

    @property
    def menu(self) -> list[forms.BoundField]:
        """Return the fields that stand behind "+ Filter"."""
        return [self[name] for name in self.fields if name != "q"]


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set: its name in the address, its label, its value, the list without it."""

    name: str
    label: str
    shown: str
    without: str


def _flat(field: forms.ChoiceField) -> list[tuple[Any, Any]]:
    return list(field.choices)  # type: ignore[arg-type]  # no groups in these choices


def _releases() -> QuerySet[Release]:
    return Release.objects.for_system("asked within offerings of the viewer").filter(
        offering=OuterRef("pk")
    )
