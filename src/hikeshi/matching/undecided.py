"""What nobody can decide about a vulnerability: told beside its reach, so that nothing looks safe.

A claim may name a package whose versions cannot be compared, and a release may ship a version that
its scheme cannot read. Neither is a match, and neither is "not affected".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet

from hikeshi.intelligence.models import (
    AffectedRange,
    ClaimSubject,
    Undecidable,
    UndecidedRange,
    Vulnerability,
)
from hikeshi.inventory.models import Occurrence, Release
from hikeshi.inventory.related import placed, shipping, with_parts
from hikeshi.matching.queries import releases_seen
from hikeshi.organisation.viewer import Viewer

# Releases described; all are counted.
_SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Undecided:
    """A release with a component that a claim names, and why versions cannot be compared."""

    release: Release
    component: str
    version: str
    claim: str
    reason: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """How many releases cannot be decided, and the first 50 of them."""

    releases: int = 0
    lines: tuple[Undecided, ...] = ()

    @property
    def hidden(self) -> int:
        """Return how many releases are counted only."""
        return self.releases - len(self.lines)


def doubt_of(viewer: Viewer, vulnerability: Vulnerability, *, reached: Iterable[int]) -> Doubt:
    """Return which releases of the viewer's cannot be decided, in a fixed number of queries.

    reached: ids of the releases that the vulnerability reaches: those are decided.
    """
    told = _told(vulnerability)
    held = _held(told)
    within = releases_seen(viewer)
    doubted = within.filter(shipping(held)).exclude(pk__in=list(reached))
    count = doubted.count()
    shown = list(doubted.select_related("offering").order_by("offering", "version", "pk")[:_SHOWN])
    among = within.filter(pk__in=[one.pk for one in shown])
    rows = list(
        held.filter(release__in=with_parts(among)).select_related("component", "package_version")
    )
    places = placed(among, {row.release_id for row in rows})
    first: dict[int, Occurrence] = {}
    for row in rows:
        for outer, _way in places.holders(row.release_id):
            first.setdefault(outer, row)
    return Doubt(count, tuple(_line(one, first[one.pk], told) for one in shown))


@dataclass(frozen=True, slots=True)
class _Told:
    """Packages that claims name, by id, with a record that does: readable ranges, and others."""

    ranges: dict[int, str]
    undecided: dict[int, tuple[str, str]]


def _told(vulnerability: Vulnerability) -> _Told:
    claims = ClaimSubject.objects.known().filter(vulnerability=vulnerability).values("claim")
    ranges = AffectedRange.objects.known().filter(claim__in=claims)
    undecided = UndecidedRange.objects.known().filter(claim__in=claims).select_related("claim")
    return _Told(
        dict(ranges.values_list("package", "claim__record_id")),
        {one.package_id: (one.claim.record_id, one.get_reason_display()) for one in undecided},
    )


def _held(told: _Told) -> QuerySet[Occurrence]:
    return Occurrence.objects.filter(
        Q(package_version__package__in=list(told.undecided))
        | Q(package_version__package__in=list(told.ranges), package_version__key__isnull=True),
        closed_in__isnull=True,
    )


def _line(release: Release, row: Occurrence, told: _Told) -> Undecided:
    package = row.package_version.package_id if row.package_version else 0
    unread = (told.ranges.get(package, ""), str(Undecidable.UNREADABLE_VERSION.label))
    claim, reason = told.undecided.get(package, unread)
    return Undecided(release, row.component.name, row.component.version, claim, reason)
