"""The join, and what it says: findings, reach, evidence.

JOIN is the heart (house.md, "The heart"): plain byte order of keys is the order of versions, so
that a version lies in a range when ``lo <= key < hi``. CROSS JOIN fixes the order of the tables for
SQLite, which would else walk the versions of all packages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, QuerySet

from hikeshi.core.component import Component, names_of
from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.core.purl import PackageName
from hikeshi.intelligence.models import (
    AffectedRange,
    Claim,
    ClaimRevision,
    ClaimSubject,
    UndecidedRange,
    Vulnerability,
    VulnerabilityName,
)
from hikeshi.intelligence.queries import Signals, signals_of
from hikeshi.inventory.models import Containment, Occurrence, Offering, Release
from hikeshi.inventory.related import placed, ways_of, with_parts
from hikeshi.inventory.setwise import package_ids
from hikeshi.matching.listing import found_vulnerabilities, summaries
from hikeshi.matching.models import Match
from hikeshi.matching.narrowing import BANDS, EVERYTHING, Narrowing, band_of
from hikeshi.organisation.viewer import Viewer

__all__ = ["BANDS", "EVERYTHING", "Narrowing", "band_of", "found_vulnerabilities", "summaries"]

JOIN: Final = """
FROM intelligence_affectedrange r CROSS JOIN inventory_packageversion v
WHERE v.package_id = r.package_id AND v.key >= r.lo AND v.key < r.hi
"""
DETAIL_LIMIT = 5_000
_SHOWN: Final = 10


def open_occurrences(viewer: Viewer, product: Offering | None = None) -> QuerySet[Occurrence]:
    """Select what stands in current SBOMs of releases the viewer may see, and of their parts.

    product: only in its releases.
    """
    return Occurrence.objects.filter(
        closed_in__isnull=True, release__in=with_parts(releases_seen(viewer, product))
    )


def releases_seen(viewer: Viewer, product: Offering | None = None) -> QuerySet[Release]:
    """Select the releases the viewer may see, of one product or all."""
    releases = Release.objects.visible_to(viewer)
    return releases if product is None else releases.filter(offering=product)


def open_matches(viewer: Viewer, product: Offering | None = None) -> QuerySet[Match]:
    """Select matches of what is in releases that the viewer may see, withdrawn claims left out."""
    # Asked of each match: a set of all that is shipped would be the whole fleet's.
    shipped = open_occurrences(viewer, product).filter(package_version=OuterRef("package_version"))
    standing = ClaimRevision.objects.known().filter(withdrawn_at__isnull=True)
    return Match.objects.filter(
        Exists(shipped), closed_in__isnull=True, claim__in=standing.values("claim")
    )


@dataclass(frozen=True, slots=True)
class Finding:
    """One release reached by one vulnerability, and why.

    component: as its SBOM states it. stated: the range as the source gives it. claim: the record.
    way: the releases from the release's own part down to the one in whose SBOM the component
    stands; empty when it stands in the release's own.
    """

    release: Release
    component: str
    version: str
    stated: str
    claim: str
    way: tuple[Release, ...] = ()


@dataclass(frozen=True, slots=True)
class Reached:
    """A vulnerability with what it reaches. releases: distinct ones, by name."""

    vulnerability: Vulnerability
    summary: str
    findings: list[Finding]
    releases: list[Release]
    signals: Signals = field(default_factory=Signals)

    @property
    def band(self) -> str:
        """Return the band of the score that the list gave the vulnerability."""
        return band_of(getattr(self.vulnerability, "score", Decimal(0)))

    @property
    def rounded(self) -> str:
        """Return the score with one decimal, "" where nothing was scored."""
        return f"{getattr(self.vulnerability, 'score', 0):.1f}" if self.band else ""

    @property
    def few(self) -> list[Finding]:
        """Return one finding of each of the first ten releases."""
        first: dict[int, Finding] = {}
        for finding in self.findings:
            first.setdefault(finding.release.pk, finding)
        return list(first.values())[:_SHOWN]

    @property
    def hidden(self) -> int:
        """Return how many releases ``few`` leaves out."""
        return max(len(self.releases) - _SHOWN, 0)

    @property
    def components(self) -> list[str]:
        """Return the names of what it was found in, each once."""
        return list(dict.fromkeys(finding.component for finding in self.findings))


def reached_by(
    viewer: Viewer,
    vulnerabilities: Sequence[Vulnerability],
    product: Offering | None = None,
    *,
    limit: int | None = DETAIL_LIMIT,
) -> list[Reached]:
    """Gather the findings of some vulnerabilities in a fixed number of queries.

    limit: of matches and of places read at most; None reads all, for exports.
    """
    subjects = ClaimSubject.objects.known().filter(vulnerability__in=list(vulnerabilities))
    by_claim: dict[int, set[int]] = defaultdict(set)
    for claim_id, vulnerability_id in subjects.values_list("claim_id", "vulnerability_id"):
        by_claim[claim_id].add(vulnerability_id)
    matches = list(
        open_matches(viewer, product)
        .filter(claim__in=list(by_claim))
        .select_related("affected_range", "claim", "package_version")[:limit]
    )
    where: dict[int | None, list[Occurrence]] = defaultdict(list)
    for occurrence in (
        open_occurrences(viewer, product)
        .filter(package_version__in={match.package_version_id for match in matches})
        .select_related("release__offering", "release__product_model", "component")[:limit]
    ):
        where[occurrence.package_version_id].append(occurrence)
    places = places_among(releases_seen(viewer, product), where)
    findings: dict[int, list[Finding]] = defaultdict(list)
    for match in matches:
        for occurrence in where[match.package_version_id]:
            for release, way in places[occurrence.release_id]:
                finding = finding_of(match, occurrence, release, way)
                for vulnerability_id in by_claim[match.claim_id]:
                    findings[vulnerability_id].append(finding)
    said = summaries(vulnerabilities)
    signals = signals_of(v.pk for v in vulnerabilities)
    return [
        _reached(v, said.get(v.pk, ""), findings[v.pk], signals.get(v.pk, Signals()))
        for v in vulnerabilities
    ]


def places_among(
    outers: QuerySet[Release],
    where: Mapping[int | None, Sequence[Occurrence]],
    *,
    rows: QuerySet[Containment] | None = None,
) -> dict[int, list[tuple[Release, tuple[Release, ...]]]]:
    """Return, by the release of an occurrence, the outer releases that ship it, with the way.

    rows: containments of another moment than now.
    """
    own = {one.release_id: one.release for held in where.values() for one in held}
    found = placed(outers, own, rows=rows)
    ways = ways_of(row for held in found.ways.values() for row in held) if found.ways else {}
    tops = {} if not ways else outers.select_related("offering", "product_model").in_bulk(
        {row.outer_id for held in found.ways.values() for row in held}
    )  # fmt: skip
    return {
        release: [
            (own[release], ()) if row is None else (tops[outer], tuple(ways[row.pk]))
            for outer, row in found.holders(release)
        ]
        for release in own
    }


def finding_of(
    match: Match, occurrence: Occurrence, release: Release, way: tuple[Release, ...]
) -> Finding:
    """Return the finding that a match makes of a component of a release, or of a part of it."""
    return Finding(
        release,
        occurrence.component.name,
        match.package_version.version,
        match.affected_range.stated,
        match.claim.record_id,
        way,
    )


def _reached(
    vulnerability: Vulnerability, summary: str, findings: list[Finding], signals: Signals
) -> Reached:
    findings.sort(key=lambda f: (f.release.offering_id, f.release.version, f.component, f.claim))
    releases = {finding.release.pk: finding.release for finding in findings}
    return Reached(vulnerability, summary, findings, list(releases.values()), signals)


def vulnerability_named(viewer: Viewer, name: str) -> Vulnerability:
    """Return the vulnerability that goes by a name or an alias.

    Raises NotFound for a name that no source that the viewer may read tells of.
    """
    found = (
        VulnerabilityName.objects.visible_to(viewer)
        .filter(name__iexact=name.replace("\x00", "").strip())
        .select_related("vulnerability")
        .first()
    )
    if found is None:
        raise NotFound(gettext_noop("No source tells of “%(name)s”."), name=name[:100])
    return found.vulnerability


@dataclass(frozen=True, slots=True)
class Said:
    """What one source says of a vulnerability: its newest revision and the ranges it names.

    undecided: the packages it names in a way that cannot be compared.
    """

    claim: Claim
    revision: ClaimRevision
    ranges: list[AffectedRange]
    undecided: list[UndecidedRange]

    @property
    def stated(self) -> list[str]:
        """Return each package with its range, and at last those that cannot be compared."""
        return [f"{row.package} {row.stated}" for row in self.ranges] + [
            f"{row.package} – {row.get_reason_display()}" for row in self.undecided
        ]


def said_of(vulnerability: Vulnerability) -> list[Said]:
    """Return the claims about a vulnerability side by side, in three queries."""
    claims = ClaimSubject.objects.known().filter(vulnerability=vulnerability).values("claim")
    return said_among(
        ClaimRevision.objects.known().filter(claim__in=claims),
        AffectedRange.objects.known().filter(claim__in=claims),
        UndecidedRange.objects.known().filter(claim__in=claims),
    )


def said_among(
    revisions: QuerySet[ClaimRevision],
    ranges: QuerySet[AffectedRange],
    undecided: QuerySet[UndecidedRange],
) -> list[Said]:
    """Put revisions of claims together with what each names, in three queries."""
    named: dict[int, list[AffectedRange]] = defaultdict(list)
    for row in ranges.select_related("package").order_by("package__name", "lo")[:DETAIL_LIMIT]:
        named[row.claim_id].append(row)
    unclear: dict[int, list[UndecidedRange]] = defaultdict(list)
    for left in undecided.select_related("package").order_by("package__name")[:DETAIL_LIMIT]:
        unclear[left.claim_id].append(left)
    return [
        Said(one.claim, one, named[one.claim_id], unclear[one.claim_id])
        for one in revisions.select_related("claim", "source").order_by("claim__record_id")
    ]


@dataclass(frozen=True, slots=True)
class ScanLine:
    """One component of a scanned SBOM inside a range of a claim."""

    component: str
    version: str
    purl: str
    vulnerability: str
    claim: str
    stated: str
    score: Decimal | None
    summary: str


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan found, and what it could not decide: gap → how many components."""

    components: int
    lines: list[ScanLine]
    gaps: dict[str, int]


def scan(components: Sequence[Component]) -> Scan:
    """Match components that are stored nowhere; six queries, whatever their number."""
    named: list[tuple[Component, PackageName, bytes]] = []
    gaps: dict[str, int] = defaultdict(int)
    for component in components:
        names = names_of(component)
        if names.gap:
            gaps[names.gap.value] += 1
        named += [(component, one.package, one.key) for one in names.names if one.key is not None]
    ids = package_ids(sorted({package for _component, package, _key in named}))
    ranges: dict[int, list[AffectedRange]] = defaultdict(list)
    standing = ClaimRevision.objects.known().filter(withdrawn_at__isnull=True).values("claim")
    for row in (
        AffectedRange.objects.known()
        .filter(package__in=sorted(set(ids.values())), claim__in=standing)
        .select_related("claim")
    ):
        ranges[row.package_id].append(row)
    hits = [
        (component, row)
        for component, package, key in named
        for row in ranges.get(ids.get(package, 0), [])
        if bytes(row.lo) <= key < bytes(row.hi)
    ]
    return Scan(len(components), _lines(hits), dict(gaps))


def _lines(hits: list[tuple[Component, AffectedRange]]) -> list[ScanLine]:
    claims = {row.claim_id for _component, row in hits}
    # A record that bundles several CVE ids speaks of each of them.
    names: dict[int, list[str]] = defaultdict(list)
    for claim, name in (
        ClaimSubject.objects.known()
        .filter(claim__in=claims)
        .values_list("claim_id", F("vulnerability__name"))
    ):
        names[claim].append(name)
    revisions: dict[int, Any] = {
        row.claim_id: row for row in ClaimRevision.objects.known().filter(claim__in=claims)
    }
    lines = {
        ScanLine(
            component.name,
            component.version,
            component.purl,
            name,
            row.claim.record_id,
            row.stated,
            revisions[row.claim_id].score,
            revisions[row.claim_id].summary,
        )
        for component, row in hits
        for name in names.get(row.claim_id, [row.claim.record_id])
    }
    return sorted(
        lines,
        key=lambda line: (-(line.score or 0), line.vulnerability, line.component, line.stated),
    )
