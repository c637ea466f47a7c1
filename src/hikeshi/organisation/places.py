"""Where in a group something belongs, as lists ask for it: a company, or a unit and all below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hikeshi.organisation.models import Unit
from hikeshi.organisation.queries import (
    companies_of,
    text_in,
    unit_parents,
    units_below,
    units_of,
)
from hikeshi.organisation.viewer import Viewer

# More names help nobody in a menu; an address may name any.
_MOST: Final = 300


@dataclass(frozen=True, slots=True)
class Place:
    """Some units by their ids, or a company as a whole, what belongs to no unit of it included."""

    company: int | None = None
    units: frozenset[int] | None = None

    def holds(self, before: str = "") -> Q:
        """Return the condition on rows with a company and a unit. before: ``offering__`` …"""
        if self.units is not None:
            return Q(**{f"{before}unit__in": self.units})
        return Q(**{f"{before}company": self.company})


def place_choices(viewer: Viewer, asked: str = "") -> list[tuple[str, str]]:
    """Return the places that the viewer may narrow a list to: companies where several, then units.

    Values stand in addresses: a company's slug, a unit's uid. asked: what the address says; that
    unit is among them however many there are.
    """
    language = get_language() or "en"
    found = list(units_of(viewer)[:_MOST])
    if len(found) == _MOST and all(str(one.uid) != asked for one in found):
        found += [one for one in units_of(viewer)[_MOST:] if str(one.uid) == asked]
    units = [(str(one.uid), text_in(one.name, language)) for one in found]
    units.sort(key=lambda named: named[1])
    companies = list(companies_of(viewer))
    if len(companies) < 2:
        return units
    whole = _("%(company)s (the whole company)")
    named = [(one.slug, whole % {"company": text_in(one.name, language)}) for one in companies]
    return [*named, *units]


def place_named(viewer: Viewer, value: str) -> Place | None:
    """Return the place that an address names; None for none of the viewer's."""
    if not value:
        return None
    for company in companies_of(viewer):
        if company.slug == value:
            return Place(company=company.pk)
    unit = next((one for one in units_of(viewer) if str(one.uid) == value), None)
    return None if unit is None else unit_place(viewer, unit)


def unit_place(viewer: Viewer, unit: Unit) -> Place:
    """Return a unit with all below it now."""
    parents = unit_parents([unit.company_id], viewer.at)
    return Place(units=frozenset(units_below(parents, unit.pk)))
