"""Findings, vulnerabilities and what they reach, over the API."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

from ninja import Query, Router, Schema
from pydantic import Field

from hikeshi.core.errors import gettext_noop
from hikeshi.intelligence.models import VulnerabilityName
from hikeshi.intelligence.queries import Signals, signals_of
from hikeshi.inventory.queries import offering_by_uid, release_by_uid
from hikeshi.matching import queries
from hikeshi.matching.as_known import vulnerability_as_known
from hikeshi.matching.listing import FIGURES, Line, lines_of, standings_of
from hikeshi.matching.narrowing import Narrowing, State
from hikeshi.matching.reach import Place, places_of, releases_reached, with_reasons
from hikeshi.matching.reasons import reason
from hikeshi.matching.undecided import doubt_of
from hikeshi.organisation.places import unit_place
from hikeshi.organisation.rest import Listed, ListQuery, Request, Rows, paged
from hikeshi.organisation.units import unit_by_uid
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.known import read_moment
from hikeshi.records.rest import AsKnownOut, AsOf

router = Router(tags=["findings"])


class FindingOut(Schema):
    """A vulnerability that reaches something; what it reaches stands under `/affected/`."""

    name: str
    priority: int = Field(description="0 to 100; the order of the list.")
    reason: str = Field(description="Why it has this priority, in the caller's language.")
    state: State
    score: float | None = Field(description="The highest CVSS score given; null without one.")
    summary: str
    is_exploited: bool = Field(description="It stands in the CISA KEV catalogue.")
    epss: float | None
    releases: int = Field(description="Releases that it reaches, of those the caller may see.")
    supported: int = Field(description="How many of them are supported.")
    undecided: int = Field(description="Releases without a decision that all who see them read.")
    components: list[str]
    case: str | None = Field(description="Number of an open case about it.")


class FindingList(ListQuery):
    """What may be asked of the findings: the same as on the page."""

    sorts: ClassVar = {
        "-priority": ("-weight", "-score", "-pk"), "priority": ("weight", "score", "pk"),
        "-score": ("-score", "-pk"), "score": ("score", "pk"),
        "-epss": ("-epss", "-pk"), "epss": ("epss", "pk"),
        "name": ("vulnerability__name", "pk"), "-name": ("-vulnerability__name", "-pk"),
        "-releases": ("-releases", "-pk"), "releases": ("releases", "pk"),
        "-since": ("-since", "-pk"), "since": ("since", "pk"),
    }  # fmt: skip
    sort: Literal[
        "-priority", "priority", "-score", "score", "-epss", "epss", "name", "-name",
        "-releases", "releases", "-since", "since",
    ] = "-priority"  # fmt: skip
    q: str = Field("", max_length=100, description="Part of a name, a summary or a component.")
    state: State = Field(State.OPEN, description="`open` is what is left to decide.")
    severity: Literal["", "critical", "high", "medium", "low", "none"] = ""
    min_score: Decimal | None = Field(None, ge=0, le=10, max_digits=3, decimal_places=1)
    min_epss: Decimal | None = Field(None, ge=0, le=1, max_digits=4, decimal_places=3)
    kev: bool = Field(False, description="Only what stands in the CISA KEV catalogue.")
    offering: UUID | None = Field(None, description="Only what reaches this product.")
    release: UUID | None = Field(None, description="Only what reaches this release.")
    unit: UUID | None = Field(None, description="Only products of this unit and those below it.")
    rank: Literal["", "safety", "flagship", "other"] = ""
    support: Literal["", "supported", "ended"] = ""
    since: datetime | None = Field(None, description="Only what reaches a product since then.")


class RangeOut(Schema):
    """Versions that a claim calls affected."""

    package: str
    stated: str


class UndecidedOut(Schema):
    """A package that a claim names in a way that cannot be compared."""

    package: str
    reason: str = Field(description="`unknown_scheme`, `unreadable_version` or `no_versions`.")


class ClaimOut(Schema):
    """What one record of one source says now."""

    record: str
    source: str
    summary: str
    score: float | None
    vector: str
    modified_at: datetime | None
    withdrawn_at: datetime | None
    ranges: list[RangeOut]
    undecided: list[UndecidedOut]


class VulnerabilityOut(Schema):
    """A vulnerability with what sources say of it, side by side."""

    uid: UUID
    name: str
    names: list[str]
    is_exploited: bool
    epss: float | None
    releases: int
    undecided_releases: int = Field(
        description="Releases that ship a package it names, in a version nobody can compare."
    )
    claims: list[ClaimOut]


class ReasonOut(Schema):
    """Why a component is reached: a record, and its range as stated."""

    claim: str
    range: str


class ShipsOut(Schema):
    """A release that ships a component, in itself or in a part of it."""

    release: UUID
    release_number: str
    offering: UUID
    version: str
    through: list[str] = Field(
        description="Numbers of the releases from its own part down to the component."
    )


class AffectedOut(Schema):
    """A component of a release inside a range."""

    release: UUID
    release_number: str
    offering: UUID
    offering_name: dict[str, str]
    version: str
    component: str
    component_version: str
    purl: str
    because: list[ReasonOut]
    ships: list[ShipsOut] = Field(
        description="All releases that ship it; the first is the one named above."
    )


class AffectedList(ListQuery):
    """What may be asked of the places a vulnerability reaches."""

    sorts: ClassVar = {
        "release": ("release__offering__search_key", "release__version", "pk"),
        "-created": ("-pk",), "created": ("pk",),
    }  # fmt: skip
    filters: ClassVar = {"component": "component__name"}
    sort: Literal["release", "-created", "created"] = "release"
    release: UUID | None = Field(None, description="Only in this release and its parts.")
    offering: UUID | None = Field(None, description="Only in its releases and their parts.")
    component: str | None = Field(None, max_length=255)


def _epss(signals: Signals) -> float | None:
    held = signals.epss
    return None if held is None or held.number is None else float(held.number)


@router.get("/findings", response=Rows[FindingOut], summary=gettext_noop("List findings"))
def list_findings(request: Request, query: Query[FindingList]) -> Listed:
    """Vulnerabilities that reach a release the caller may see, one row each."""
    viewer = request.viewer
    release = release_by_uid(viewer, query.release) if query.release else None
    asked = _narrowing(viewer, query)
    figures = {query.sort.removeprefix("-")} & set(FIGURES)
    page = paged(request, standings_of(viewer, asked, release=release, figures=figures), query)
    return page | {"rows": [_line(one) for one in lines_of(viewer, page["rows"], asked)]}


def _narrowing(viewer: Viewer, query: FindingList) -> Narrowing:
    unit = unit_by_uid(viewer, query.unit) if query.unit else None
    return Narrowing(
        text=query.q.replace("\x00", "").strip(),
        product=offering_by_uid(viewer, query.offering) if query.offering else None,
        band=query.severity, exploited=query.kev, state=query.state, epss=query.min_epss,
        place=unit_place(viewer, unit) if unit is not None else None, rank=query.rank,
        support=query.support, since=query.since, least_score=query.min_score,
    )  # fmt: skip


def _line(line: Line) -> dict[str, Any]:
    return {
        "name": line.vulnerability.name, "priority": line.standing.weight, "reason": reason(line),
        "state": line.state, "score": float(line.standing.score) or None, "summary": line.summary,
        "is_exploited": line.standing.is_exploited,
        "epss": None if line.epss is None else float(line.epss),
        "releases": line.releases, "supported": line.supported, "undecided": line.undecided,
        "components": line.components, "case": line.case.number if line.case else None,
    }  # fmt: skip


@router.get(
    "/vulnerabilities/{name}", response=AsKnownOut | VulnerabilityOut,
    summary=gettext_noop("Read a vulnerability"),
)  # fmt: skip
def read_vulnerability(request: Request, name: str, as_of: AsOf = "") -> dict[str, Any]:
    """What sources say under any of its names, now or as it was known at a past moment."""
    viewer = request.viewer
    found = queries.vulnerability_named(viewer, name)
    if as_of:
        at = read_moment(as_of, viewer.at)
        return vulnerability_as_known(viewer, found, at).known.plain()
    names = VulnerabilityName.objects.visible_to(viewer).filter(vulnerability=found)
    signals = signals_of([found.pk]).get(found.pk, Signals())
    reached = releases_reached(viewer, [found.pk]).get(found.pk, set())
    return {
        "uid": found.uid, "name": found.name,
        "names": sorted(names.values_list("name", flat=True)),
        "is_exploited": signals.kev is not None, "epss": _epss(signals),
        "releases": len(reached),
        "undecided_releases": doubt_of(viewer, found, reached=reached).releases,
        "claims": [_claim(one) for one in queries.said_of(found)],
    }  # fmt: skip


def _claim(one: queries.Said) -> dict[str, Any]:
    revision = one.revision
    return {
        "record": one.claim.record_id, "source": str(revision.source),
        "summary": revision.summary, "vector": revision.vector,
        "score": None if revision.score is None else float(revision.score),
        "modified_at": revision.modified_at, "withdrawn_at": revision.withdrawn_at,
        "ranges": [{"package": str(row.package), "stated": row.stated} for row in one.ranges],
        "undecided": [
            {"package": str(row.package), "reason": row.reason} for row in one.undecided
        ],
    }  # fmt: skip


@router.get(
    "/affected/{name}", response=Rows[AffectedOut],
    summary=gettext_noop("List what a vulnerability reaches"),
)  # fmt: skip
def list_affected(request: Request, name: str, query: Query[AffectedList]) -> Listed:
    """Components of releases, of those the caller may see, inside a range that a claim names."""
    found = queries.vulnerability_named(request.viewer, name)
    among = queries.releases_seen(request.viewer)
    if query.release:
        among = among.filter(uid=query.release)
    if query.offering:
        among = among.filter(offering__uid=query.offering)
    page = paged(request, places_of(request.viewer, found, among=among), query)
    places = with_reasons(request.viewer, found, page["rows"], among=among)
    return page | {"rows": [_place(place) for place in places]}


def _place(place: Place) -> dict[str, Any]:
    release, component = place.release, place.occurrence.component
    return {
        "release": release.uid, "release_number": release.number, "version": release.version,
        "offering": release.offering.uid, "offering_name": release.offering.name,
        "component": component.name, "component_version": component.version,
        "purl": component.purl,
        "because": [{"claim": claim, "range": stated} for claim, stated in place.because],
        "ships": [
            {"release": one.uid, "release_number": one.number, "version": one.version,
             "offering": one.offering.uid, "through": [part.number for part in way]}
            for one, way in place.ships
        ],
    }  # fmt: skip
