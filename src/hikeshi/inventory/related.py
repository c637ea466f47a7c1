"""Read what products and releases are tied to, always from the viewer.

A tie is shown as far as its other end is: a product that the viewer may not see is absent. A part
is the exception that ``relations`` tells of: who sees the outer release may know what is inside.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import Q, QuerySet

from hikeshi.inventory.models import (
    ChainLink,
    Connection,
    Containment,
    Occurrence,
    Offering,
    Rank,
    Release,
)
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.stakeholders.models import Contact
from hikeshi.stakeholders.queries import contacts_of

_OFFERED: Final = 200
_PLACE: Final = {Rank.OTHER: 0, Rank.FLAGSHIP: 1, Rank.SAFETY: 2}


@dataclass(frozen=True, slots=True)
class Behind:
    """One link of a chain. contact: None where the viewer may not know it, or it is a unit."""

    link: ChainLink
    contact: Contact | None

    @property
    def name(self) -> Any:
        """Return the name: texts of a unit, a text of a contact, "" where it may not be known."""
        if self.link.unit is not None:
            return self.link.unit.name
        return self.contact.name.value if self.contact is not None else ""


def chain_of(viewer: Viewer, offering: Offering) -> list[Behind]:
    """Return who stands behind an offering that the caller has read as its viewer, in order."""
    links = list(
        ChainLink.objects.filter(offering=offering)
        .select_related("unit", "product_model")
        .order_by("position")
    )
    wanted = [link.contact_id for link in links if link.contact_id is not None]
    known = {
        one.pk: one for one in contacts_of(viewer, retired=True).filter(pk__in=wanted)
    } if wanted else {}  # fmt: skip
    unseal(list(known.values()), "name")
    return [Behind(link, known.get(link.contact_id or 0)) for link in links]


def behind(viewer: Viewer, offerings: Iterable[Offering]) -> tuple[QuerySet[Contact], list[int]]:
    """Select the contacts, and return the ids of the units, behind some products."""
    links = ChainLink.objects.filter(offering__in=list(offerings))
    contacts = contacts_of(viewer).filter(pk__in=links.values("contact"))
    return contacts, sorted(set(links.filter(unit__isnull=False).values_list("unit", flat=True)))


@dataclass(frozen=True, slots=True)
class Beside:
    """A product that another one is connected with."""

    connection: Connection
    offering: Offering


def connected_with(viewer: Viewer, offering: Offering) -> list[Beside]:
    """Return the products that the viewer may see and that this one is connected with."""
    ties = list(Connection.objects.filter(Q(one=offering) | Q(other=offering)))
    others = {(c.other_id if c.one_id == offering.pk else c.one_id): c for c in ties}
    seen = Offering.objects.visible_to(viewer).filter(pk__in=others).select_related("unit")
    return [Beside(others[one.pk], one) for one in seen.order_by("search_key", "pk")]


def raised_by(offering: Offering, beside: Sequence[Beside]) -> Beside | None:
    """Return the connected product whose higher rank this one has to live up to (R148).

    None where no connected product ranks higher.
    """
    highest = max(beside, key=lambda one: level_of(one.offering), default=None)
    if highest is None or level_of(highest.offering) <= level_of(offering):
        return None
    return highest


def level_of(offering: Offering) -> int:
    """Return the place of an offering's rank, higher is graver; a safety flag counts as one."""
    return _PLACE[Rank.SAFETY] if offering.is_safety else _PLACE[Rank(offering.rank)]


@dataclass(frozen=True, slots=True)
class Part:
    """A release inside another one. way: what is passed from the outer one's part down to it."""

    row: Containment
    way: list[Release]
    may_open: bool

    @property
    def release(self) -> Release:
        """Return the release inside."""
        return self.way[-1]

    @property
    def is_direct(self) -> bool:
        """Tell whether nothing stands between."""
        return self.row.depth == 1


def parts_of(viewer: Viewer, release: Release) -> list[Part]:
    """Return what is inside a release that the caller has read as its viewer, nearest first."""
    rows = list(Containment.objects.filter(outer=release, known_to__isnull=True))
    ways = ways_of(rows)
    open_to = set(
        Release.objects.visible_to(viewer)
        .filter(pk__in=[row.inner_id for row in rows])
        .values_list("pk", flat=True)
    )
    parts = [Part(row, ways[row.pk], row.inner_id in open_to) for row in rows]
    return sorted(parts, key=lambda one: (one.row.depth, one.row.trail))


def ways_of(rows: Iterable[Containment]) -> dict[int, list[Release]]:
    """Return the releases that each containment passes, its inner one last, in one query."""
    trails = {row.pk: [int(pk) for pk in row.trail.strip("/").split("/")] for row in rows}
    why = "whoever sees the outer release may know what is inside"
    found = (
        Release.objects.for_system(why)
        .filter(pk__in={pk for trail in trails.values() for pk in trail})
        .select_related("offering", "product_model")
    )
    releases = {one.pk: one for one in found}
    return {pk: [releases[one] for one in trail] for pk, trail in trails.items()}


def containers_of(viewer: Viewer, release: Release) -> list[Release]:
    """Return the releases of the viewer's that contain this one, directly or through others."""
    rows = Containment.objects.filter(inner=release, known_to__isnull=True)
    return list(
        Release.objects.visible_to(viewer)
        .filter(pk__in=rows.values("outer"))
        .select_related("offering", "product_model")
        .order_by("offering__search_key", "pk")
    )


def connectable(viewer: Viewer, offering: Offering) -> list[Offering]:
    """Return products to choose from, the first few by name."""
    return list(
        Offering.objects.visible_to(viewer)
        .exclude(pk=offering.pk)
        .order_by("search_key", "pk")[:_OFFERED]
    )


def containable(viewer: Viewer, release: Release) -> list[Release]:
    """Return releases of other products to choose from, the first few by name."""
    return list(
        Release.objects.visible_to(viewer)
        .exclude(offering=release.offering_id)
        .select_related("offering")
        .order_by("offering__search_key", "-pk")[:_OFFERED]
    )


def with_parts(
    outers: QuerySet[Release], *, rows: QuerySet[Containment] | None = None
) -> QuerySet[Release, Any]:
    """Select the ids of some releases and of all that is inside them.

    rows: containments of another moment than now.
    """
    inside = _open() if rows is None else rows
    plain = outers.order_by().values("pk")
    return plain.union(inside.filter(outer__in=plain).values("inner"))


def outers_of(releases: Iterable[int]) -> set[int]:
    """Return the ids of the releases that contain any of these now."""
    return set(_open().filter(inner__in=list(releases)).values_list("outer", flat=True))


def shipping(held: QuerySet[Occurrence]) -> Q:
    """Return the condition of releases in which some components are, or in a part of which."""
    within = held.order_by().values("release")
    outers = _open().filter(inner__in=within).values("outer")
    return Q(pk__in=within) | Q(pk__in=outers)


@dataclass(frozen=True, slots=True)
class Placed:
    """Where releases stand among some outer ones.

    own: ids of those that are among them. ways: by the id of what is inside, the nearest first.
    """

    own: set[int]
    ways: dict[int, list[Containment]]

    def holders(self, release: int) -> list[tuple[int, Containment | None]]:
        """Return the ids of the outer releases that one is, or is inside of, with the way."""
        itself: list[tuple[int, Containment | None]] = [(release, None)]
        held = itself if release in self.own else []
        return [*held, *((row.outer_id, row) for row in self.ways.get(release, ()))]


def placed(
    outers: QuerySet[Release],
    releases: Iterable[int],
    *,
    rows: QuerySet[Containment] | None = None,
) -> Placed:
    """Say where releases, all selected by ``with_parts``, stand among the outer ones."""
    wanted = set(releases)
    held = _open() if rows is None else rows
    ways: dict[int, list[Containment]] = defaultdict(list)
    for row in held.filter(
        inner__in=wanted, outer__in=outers.order_by().values("pk")
    ).order_by("depth", "pk"):  # fmt: skip
        ways[row.inner_id].append(row)
    own = wanted
    if ways:
        own = set(outers.filter(pk__in=wanted).order_by().values_list("pk", flat=True))
    return Placed(own, ways)


def _open() -> QuerySet[Containment]:
    return Containment.objects.filter(known_to__isnull=True)
