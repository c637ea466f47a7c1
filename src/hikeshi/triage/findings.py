"""What the list of findings asks of triage: what is decided, and which cases are about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from hikeshi.core.vex import ProductStatus
from hikeshi.intelligence.models import VulnerabilityName
from hikeshi.intelligence.queries import vulnerabilities_named
from hikeshi.inventory.models import Release
from hikeshi.matching.deciding import AboutIt, Decided
from hikeshi.organisation.viewer import Viewer
from hikeshi.triage.models import Assessment, Case, CaseVulnerability
from hikeshi.triage.queries import OPEN, cases_of


class Decisions:
    """The answers, as ``matching.deciding.Decider`` asks for them.

    Decisions about one component alone do not decide a release as a whole and are not counted.
    """

    def decided(
        self, *, offerings: Sequence[int] | None, vulnerabilities: Sequence[int] | None
    ) -> Iterable[Decided]:
        """Return what stands for releases; the nearer scope outweighs the wider, newest last."""
        rows = _standing()
        if offerings is not None:
            wide = Q(release__isnull=True, offering__isnull=True)
            here = Q(release__offering__in=offerings) | Q(offering__in=offerings)
            rows = rows.filter(here | wide)
        if vulnerabilities is not None:
            names = VulnerabilityName.objects.known().filter(vulnerability__in=vulnerabilities)
            rows = rows.filter(vulnerability__in=list(names.values_list("name", flat=True)))
        said = list(rows.order_by("at", "pk"))
        if not said:
            return
        about = _ids_of({row.vulnerability for row in said})
        found: dict[tuple[int, int], bool] = {}
        for rank in (_company, _offering, _release):
            for row, release in rank(said, offerings):
                not_affected = row.status == ProductStatus.KNOWN_NOT_AFFECTED.value
                for vulnerability in about.get(row.vulnerability, ()):
                    found[vulnerability, release] = not_affected
        for (vulnerability, release), not_affected in found.items():
            yield Decided(vulnerability, release, not_affected)

    def opened_since(self, at: datetime | None) -> set[int]:
        """Return the vulnerabilities with decisions whose wall has ended since a moment."""
        if at is None:
            return set()
        ended = Assessment.objects.for_system(
            "counts, read through the product they are about"
        ).filter(superseded_at__isnull=True, wall__ended_at__gt=at)
        names = set(ended.values_list("vulnerability", flat=True))
        return set(vulnerabilities_named(names)) if names else set()

    def cases(self, viewer: Viewer, vulnerabilities: Sequence[int]) -> Mapping[int, AboutIt]:
        """Return one open case of the viewer for each of these vulnerabilities that has one."""
        names = VulnerabilityName.objects.known().filter(vulnerability__in=vulnerabilities)
        by_name = dict(names.values_list("name", "vulnerability"))
        about = _about(viewer).filter(Q(name__in=by_name) | Q(cve__in=by_name))
        found: dict[int, AboutIt] = {}
        for one in about.select_related("case__wall").order_by("-case__changed_at"):
            case = one.case
            wall = case.wall
            url = reverse("triage:case", args=[case.number])
            walled = wall is not None and wall.ended_at is None
            for name in filter(None, (one.name, one.cve)):
                if name in by_name:
                    found.setdefault(by_name[name], AboutIt(case.number, url, walled))
        return found

    def in_case(self, viewer: Viewer) -> QuerySet[Any, Any]:
        """Select the ids of vulnerabilities that open cases of the viewer are about."""
        about = _about(viewer)
        named = Q(name__in=about.values("name")) | Q(name__in=about.values("cve"))
        return VulnerabilityName.objects.known().filter(named).values("vulnerability")


def _about(viewer: Viewer) -> QuerySet[CaseVulnerability]:
    open_cases: QuerySet[Case] = cases_of(viewer).filter(OPEN)
    return CaseVulnerability.objects.filter(case__in=open_cases.order_by().values("pk"))


def _standing() -> QuerySet[Assessment]:
    unwalled = Q(wall__isnull=True) | Q(wall__ended_at__lte=timezone.now())
    return (
        Assessment.objects.for_system("counts, read through the product they are about")
        .filter(unwalled, superseded_at__isnull=True, component="")
        .only("vulnerability", "release", "offering", "company", "status", "at")
    )


def _ids_of(names: set[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    known = VulnerabilityName.objects.known().filter(name__in=names)
    for name, vulnerability in known.values_list("name", "vulnerability"):
        found[name].append(vulnerability)
    return found


_Pairs = Iterator[tuple[Assessment, int]]


def _release(rows: Sequence[Assessment], _offerings: Sequence[int] | None) -> _Pairs:
    for row in rows:
        if row.release_id is not None:
            yield row, row.release_id


def _offering(rows: Sequence[Assessment], _offerings: Sequence[int] | None) -> _Pairs:
    wide = [row for row in rows if row.offering_id is not None]
    yield from _spread(wide, "offering_id", {row.offering_id for row in wide}, None)


def _company(rows: Sequence[Assessment], offerings: Sequence[int] | None) -> _Pairs:
    wide = [row for row in rows if row.release_id is None and row.offering_id is None]
    yield from _spread(wide, "company_id", {row.company_id for row in wide}, offerings)


def _spread(
    rows: Sequence[Assessment], by: str, ids: set[Any], offerings: Sequence[int] | None
) -> _Pairs:
    """Give a wide decision to each release that it is about."""
    if not rows:
        return
    releases = Release.objects.for_system("counts, read through the product they are about").filter(
        **{f"{by}__in": ids}
    )
    if offerings is not None:
        releases = releases.filter(offering__in=offerings)
    held: dict[int, list[int]] = defaultdict(list)
    for scope, release in releases.values_list(by, "pk"):
        held[scope].append(release)
    for row in rows:
        for release in held[getattr(row, by)]:
            yield row, release
