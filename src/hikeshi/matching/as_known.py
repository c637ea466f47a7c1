"""Findings and vulnerabilities as they were known at a moment.

A finding of then is a match that was known then, of a claim that stood then, over a component that
stood then in an SBOM of a release that the viewer may see today.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from hikeshi.intelligence.models import (
    AffectedRange,
    ClaimRevision,
    ClaimSubject,
    UndecidedRange,
    Vulnerability,
    VulnerabilityName,
)
from hikeshi.inventory.models import Containment, Occurrence, Release
from hikeshi.inventory.related import with_parts
from hikeshi.matching.models import Match
from hikeshi.matching.queries import (
    DETAIL_LIMIT,
    Finding,
    Said,
    finding_of,
    places_among,
    said_among,
)
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.history import AsKnown, Known, Line
from hikeshi.records.known import not_known_yet


@dataclass(frozen=True, slots=True)
class KnownVulnerability:
    """What the page shows."""

    known: AsKnown
    vulnerability: Vulnerability
    names: Sequence[str]
    said: Sequence[Said]
    findings: Sequence[Finding]
    releases: Sequence[Release]


def _standing(at: datetime) -> QuerySet[ClaimRevision]:
    return ClaimRevision.objects.as_known(at).filter(withdrawn_at__isnull=True)


def findings_known(
    viewer: Viewer, at: datetime, matches: QuerySet[Match], *, release: Release | None = None
) -> list[tuple[Match, Finding]]:
    """Return what some matches reached at a moment, ``DETAIL_LIMIT`` at most; three queries.

    release: only this one, which the caller has read as its viewer.
    """
    releases = Release.objects.visible_to(viewer)
    if release is not None:
        releases = releases.filter(pk=release.pk)
    inside = Containment.objects.as_known(at)
    held = Occurrence.objects.as_known(at).filter(release__in=with_parts(releases, rows=inside))
    known = (
        matches.filter(
            claim__in=_standing(at).values("claim"),
            package_version__in=held.filter(package_version__isnull=False).values(
                "package_version"
            ),
        )
        .select_related("affected_range", "claim", "package_version")
        .order_by("pk")[:DETAIL_LIMIT]
    )
    found = list(known)
    where: dict[int | None, list[Occurrence]] = defaultdict(list)
    for occurrence in (
        held.filter(package_version__in={match.package_version_id for match in found})
        .select_related("release__offering", "release__product_model", "component")
        .order_by("pk")[:DETAIL_LIMIT]
    ):
        where[occurrence.package_version_id].append(occurrence)
    places = places_among(releases, where, rows=inside)
    return [(match, finding_of(match, one, outer, way)) for match in found
            for one in where[match.package_version_id]
            for outer, way in places[one.release_id]]  # fmt: skip


def release_findings(
    viewer: Viewer, release: Release, at: datetime
) -> list[tuple[Vulnerability, list[Finding]]]:
    """Return by which vulnerabilities a release was known to be reached, by name."""
    found = findings_known(viewer, at, Match.objects.as_known(at), release=release)
    by_claim: dict[int, list[Finding]] = defaultdict(list)
    for match, finding in found:
        by_claim[match.claim_id].append(finding)
    subjects = (
        ClaimSubject.objects.as_known(at)
        .filter(claim__in=list(by_claim))
        .select_related("vulnerability")
    )
    grouped: dict[int, tuple[Vulnerability, list[Finding]]] = {}
    for subject in subjects:
        held = grouped.setdefault(subject.vulnerability_id, (subject.vulnerability, []))
        held[1].extend(by_claim[subject.claim_id])
    return sorted(grouped.values(), key=lambda pair: pair[0].name)


def vulnerability_as_known(
    viewer: Viewer, vulnerability: Vulnerability, at: datetime
) -> KnownVulnerability:
    """Return a vulnerability, which the caller has read as its viewer, as known at a moment.

    Raises InputRefused for a moment at which no complete run had told of it.
    """
    names = sorted(
        VulnerabilityName.objects.as_known(at)
        .filter(vulnerability=vulnerability)
        .values_list("name", flat=True)
    )
    if not names:
        raise not_known_yet()
    claims = ClaimSubject.objects.as_known(at).filter(vulnerability=vulnerability).values("claim")
    said = said_among(
        ClaimRevision.objects.as_known(at).filter(claim__in=claims),
        AffectedRange.objects.as_known(at).filter(claim__in=claims),
        UndecidedRange.objects.as_known(at).filter(claim__in=claims),
    )
    found = findings_known(viewer, at, Match.objects.as_known(at).filter(claim__in=claims))
    findings = sorted(
        (finding for _match, finding in found),
        key=lambda f: (f.release.offering_id, f.release.version, f.component, f.claim),
    )
    releases = list({finding.release.pk: finding.release for finding in findings}.values())
    scores = [one.revision.score for one in said if one.revision.score is not None]
    known = AsKnown(
        at=at, number=vulnerability.name,
        url=reverse("matching:vulnerability", args=[vulnerability.name]),
        fields=[
            Line("names", _("Names"), Known(", ".join(names))),
            Line("score", _("Highest score"), Known(str(max(scores)) if scores else None)),
            Line("releases", _("Releases reached"), Known(len(releases))),
        ],
        parts={
            "claims": [
                {"claim": one.claim.record_id, "withdrawn": one.revision.withdrawn_at is not None,
                 "score": None if one.revision.score is None else float(one.revision.score),
                 "ranges": one.stated}
                for one in said
            ],
            "releases": [{"number": one.number, "version": one.version} for one in releases],
        },
    )  # fmt: skip
    return KnownVulnerability(known, vulnerability, names, said, findings, releases)
