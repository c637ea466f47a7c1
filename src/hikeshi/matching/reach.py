"""How far vulnerabilities reach: exact counts, the places, and every finding for a file."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from django.db.models import QuerySet

from hikeshi.intelligence.models import ClaimRevision, ClaimSubject, Vulnerability
from hikeshi.inventory.models import Occurrence, Release
from hikeshi.inventory.related import placed, with_parts
from hikeshi.matching.listing import Line, lines_of, standings_of
from hikeshi.matching.models import Match
from hikeshi.matching.narrowing import EVERYTHING, Narrowing
from hikeshi.matching.queries import (
    Finding,
    Reached,
    places_among,
    reached_by,
    releases_seen,
)
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.audit import flat
from hikeshi.ui.paging import page_of

COLUMNS: Final = (
    "vulnerability", "priority", "state", "score", "exploited", "epss", "summary",
    "product", "release_number", "release", "component", "component_version", "range", "claim",
    "through",
)  # fmt: skip
# The order of the list when nobody asks for another.
ORDER: Final = ("-weight", "-score", "-pk")
# Vulnerabilities read at once for a file: what each reaches is not limited.
_AT_ONCE: Final = 50


def releases_reached(
    viewer: Viewer, vulnerabilities: Iterable[int], narrowing: Narrowing = EVERYTHING
) -> dict[int, set[int]]:
    """Return the ids of the releases that each vulnerability reaches, in a few queries."""
    subjects = ClaimSubject.objects.known().filter(vulnerability__in=list(vulnerabilities))
    about: dict[int, set[int]] = defaultdict(set)
    for claim, vulnerability in subjects.values_list("claim_id", "vulnerability_id"):
        about[claim].add(vulnerability)
    standing = ClaimRevision.objects.known().filter(withdrawn_at__isnull=True, claim__in=about)
    matches = Match.objects.filter(closed_in__isnull=True, claim__in=standing.values("claim"))
    versions: dict[int, set[int]] = defaultdict(set)
    for claim, version in matches.values_list("claim_id", "package_version_id"):
        for vulnerability in about[claim]:
            versions[vulnerability].add(version)
    releases = Release.objects.visible_to(viewer).filter(narrowing.of_releases())
    places = Occurrence.objects.filter(
        closed_in__isnull=True, package_version__in=set().union(*versions.values()),
        release__in=with_parts(releases),
    )  # fmt: skip
    pairs = list(places.values_list("package_version_id", "release_id").distinct())
    among = placed(releases, {release for _held, release in pairs})
    where: dict[int | None, set[int]] = defaultdict(set)
    for held, release in pairs:
        where[held].update(outer for outer, _way in among.holders(release))
    return {
        vulnerability: set().union(*(where[version] for version in held))
        for vulnerability, held in versions.items()
    }


def places_of(
    viewer: Viewer, vulnerability: Vulnerability, *, among: QuerySet[Release] | None = None
) -> QuerySet[Occurrence]:
    """Select where a vulnerability is: components in current SBOMs that the viewer may see.

    among: only in these releases of the viewer's, and in what is inside them.
    """
    here = releases_seen(viewer) if among is None else among
    return (
        Occurrence.objects.filter(closed_in__isnull=True, release__in=with_parts(here))
        .filter(package_version__in=_standing(vulnerability).values("package_version"))
        .select_related("release__offering", "component", "package_version")
    )


@dataclass(frozen=True, slots=True)
class Place:
    """A component of a release with the claims that reach it: (record, range) each.

    ships: the releases that ship it, of those asked about: its own, and those that contain it,
    each with the way down; never empty.
    """

    occurrence: Occurrence
    because: list[tuple[str, str]]
    ships: list[tuple[Release, tuple[Release, ...]]]

    @property
    def release(self) -> Release:
        """Return the first release that ships it."""
        return self.ships[0][0]

    @property
    def way(self) -> tuple[Release, ...]:
        """Return the way from that release down to the component."""
        return self.ships[0][1]


def with_reasons(
    viewer: Viewer,
    vulnerability: Vulnerability,
    places: Sequence[Occurrence],
    *,
    among: QuerySet[Release] | None = None,
) -> list[Place]:
    """Add to each place by which claims it is reached and what ships it, in a few queries."""
    here = releases_seen(viewer) if among is None else among
    ships = places_among(here, {None: places})
    versions = {place.package_version_id for place in places}
    reasons: dict[int | None, list[tuple[str, str]]] = defaultdict(list)
    matches = _standing(vulnerability).filter(package_version__in=versions)
    for version, claim, stated in matches.order_by("claim__record_id", "pk").values_list(
        "package_version_id", "claim__record_id", "affected_range__stated"
    ):
        reasons[version].append((claim, stated))
    return [
        Place(place, reasons[place.package_version_id], ships[place.release_id]) for place in places
    ]


def _standing(vulnerability: Vulnerability) -> QuerySet[Match]:
    subjects = ClaimSubject.objects.known().filter(vulnerability=vulnerability)
    standing = ClaimRevision.objects.known().filter(
        withdrawn_at__isnull=True, claim__in=subjects.values("claim")
    )
    return Match.objects.filter(closed_in__isnull=True, claim__in=standing.values("claim"))


def every_finding(
    viewer: Viewer, narrowing: Narrowing, *, language: str
) -> Iterator[dict[str, Any]]:
    """Yield each finding that the list has, by priority, as a row of ``COLUMNS``."""
    found, after = standings_of(viewer, narrowing), None
    while after != "":
        page = page_of(found, order=ORDER, after=after, size=_AT_ONCE, counted=False)
        lines = lines_of(viewer, page.rows, narrowing)
        about = [line.vulnerability for line in lines]
        every = reached_by(viewer, about, narrowing.product, limit=None)
        for line, reached in zip(lines, every, strict=True):
            for finding in reached.findings:
                yield _row(line, reached, finding, language)
        after = page.next_cursor


def _row(line: Line, reached: Reached, finding: Finding, language: str) -> dict[str, Any]:
    return {
        "vulnerability": line.vulnerability.name,
        "priority": line.standing.weight,
        "state": line.state.value,
        "score": float(line.standing.score) or None,
        "exploited": line.standing.is_exploited,
        "epss": None if line.epss is None else float(line.epss),
        "summary": reached.summary,
        "product": text_in(finding.release.offering.name, language),
        "release_number": finding.release.number,
        "release": finding.release.version,
        "component": finding.component,
        "component_version": finding.version,
        "range": finding.stated,
        "claim": finding.claim,
        "through": " > ".join(f"{one.number} {one.version}" for one in finding.way),
    }


def as_csv(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Write findings as CSV that spreadsheets read as text; the mark makes Excel read UTF-8."""
    yield "\ufeff" + _line(COLUMNS)
    for row in rows:
        yield _line(flat(row, COLUMNS))


def _line(cells: Sequence[str]) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def as_json(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Write findings as one JSON list, an object a line."""
    start = "[\n"
    for row in rows:
        yield start + orjson.dumps(row).decode()
        start = ",\n"
    yield "[]\n" if start == "[\n" else "\n]\n"
