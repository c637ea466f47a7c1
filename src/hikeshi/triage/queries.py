"""Read cases, their people and what was decided, always from the viewer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Case as Case_
from django.db.models import (
    Count,
    DateTimeField,
    Exists,
    Expression,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.inventory.models import Offering, Release
from hikeshi.inventory.queries import fold
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.clocks import running_clocks
from hikeshi.records.known import known_at
from hikeshi.records.models import Clock
from hikeshi.triage.matrix import Matrix, arrange
from hikeshi.triage.models import (
    Assessment,
    Case,
    CaseFact,
    CaseVulnerability,
    EmbargoTerm,
    Participant,
    VulnerabilityScore,
)

OPEN: Final = ~Q(phase="closed")


def cases_of(viewer: Viewer) -> QuerySet[Case]:
    """Select the cases that the viewer may know of."""
    return Case.objects.visible_to(viewer).select_related("owner", "unit", "wall", "company")


def case_by_number(viewer: Viewer, number: str) -> Case:
    """Return one case with its texts opened.

    Raises NotFound alike for no such case and for one behind a wall.
    """
    case = cases_of(viewer).filter(number=number).order_by("pk").first()
    if case is None:
        raise NotFound(gettext_noop("There is no such case."))
    unseal([case], "title", "summary")
    return case


def vulnerabilities_of(case: Case) -> list[CaseVulnerability]:
    """Return what a case is about, opened. The caller has read the case as its viewer."""
    found = list(CaseVulnerability.objects.filter(case=case).select_related("case__wall"))
    unseal(found, "title", "weaknesses", "vectors")
    return found


def all_participants_of(case: Case) -> list[Participant]:
    """Return who takes part or took part: people of ours, then units, then contacts, opened."""
    found = list(
        Participant.objects.filter(case=case)
        .select_related("account", "unit", "contact", "case")
        .order_by("since", "pk")
    )
    found.sort(key=lambda one: (one.contact_id is not None, one.unit_id is not None))
    unseal([one.contact for one in found if one.contact is not None], "name")
    return found


def parties_of(case: Case) -> QuerySet[Participant]:
    """Select who takes part or took part, for a list by key. The caller has read the case."""
    return Participant.objects.filter(case=case).select_related(
        "account", "unit", "contact__wall", "case"
    )


def participants_of(case: Case, viewer: Viewer) -> list[Participant]:
    """Return who takes part at the viewer's moment."""
    found = all_participants_of(case)
    return [one for one in found if one.until is None or one.until > viewer.at]


def running_participants(case: Case, at: datetime) -> list[Participant]:
    """Return who takes part at a moment, names unopened: for services and jobs."""
    running = Q(until__isnull=True) | Q(until__gt=at)
    found = Participant.objects.filter(running, case=case)
    return list(found.select_related("account", "contact").order_by("pk"))


def participant_by_uid(case: Case, uid: UUID) -> Participant:
    """Return one party of a case that the caller has read; NotFound when there is none."""
    found = (
        Participant.objects.filter(case=case, uid=uid)
        .select_related("case__wall", "account", "unit", "contact", "member")
        .first()
    )
    if found is None:
        raise NotFound(gettext_noop("There is no such participant."))
    return found


def vulnerability_by_uid(case: Case, uid: UUID) -> CaseVulnerability:
    """Return one vulnerability of a case that the caller has read; NotFound when none."""
    found = next((one for one in vulnerabilities_of(case) if one.uid == uid), None)
    if found is None:
        raise NotFound(gettext_noop("There is no such vulnerability."))
    return found


def scores_of(vulnerabilities: Sequence[CaseVulnerability]) -> dict[int, list[VulnerabilityScore]]:
    """Return the scores that count, by vulnerability, newest CVSS version first; one query."""
    found = list(
        VulnerabilityScore.objects.filter(
            vulnerability__in=vulnerabilities, superseded_at__isnull=True
        ).select_related("by")
    )
    unseal(found, "vector", "score")
    by_vulnerability: dict[int, list[VulnerabilityScore]] = {}
    for row in found:
        by_vulnerability.setdefault(row.vulnerability_id, []).append(row)
    return by_vulnerability


def facts_of(case: Case) -> list[CaseFact]:
    """Return what became true, in order."""
    found = list(CaseFact.objects.filter(case=case).select_related("by"))
    unseal(found, "note")
    return found


def embargo_terms_of(case: Case) -> list[EmbargoTerm]:
    """Return the steps in agreeing on the embargo, in order."""
    found = list(EmbargoTerm.objects.filter(case=case).select_related("by", "party__contact"))
    unseal(found, "reason")
    return found


def cases_about(viewer: Viewer, names: Iterable[str]) -> QuerySet[Case]:
    """Select the cases about any of these vulnerabilities (a name and its aliases)."""
    wanted = list(names)
    about = CaseVulnerability.objects.filter(Q(name__in=wanted) | Q(cve__in=wanted))
    return cases_of(viewer).filter(pk__in=about.values("case_id"))


def counting(
    viewer: Viewer, names: Sequence[str], at: datetime | None = None
) -> QuerySet[Assessment]:
    """Select the decisions that count for these vulnerabilities and that the viewer may see.

    at: those that counted at a past moment.
    """
    counts = Q(superseded_at__isnull=True)
    if at is not None:
        counts = known_at(at, since="at", until="superseded_at")
    return Assessment.objects.visible_to(viewer).filter(counts, vulnerability__in=names)


def standing(
    viewer: Viewer, names: Sequence[str], releases: Sequence[Release]
) -> dict[tuple[str, int], Assessment]:
    """Return what stands for releases, as {(vulnerability, release id): decision}.

    A decision about the release outweighs one about its offering, which outweighs one about the
    company; among equals the newest counts. Only decisions about a release as a whole: one that
    names a component is for findings of that component. One query; grounds stay sealed.
    """
    if not names or not releases:
        return {}
    scope = (
        Q(release__in=[one.pk for one in releases])
        | Q(offering__in={one.offering_id for one in releases})
        | Q(release__isnull=True, offering__isnull=True)
    )
    rows = (
        counting(viewer, names)
        .filter(scope, component="", company__in={one.company_id for one in releases})
        .select_related("by", "case", "fixed_in__offering", "fixed_in__product_model")
        .order_by("at", "pk")
    )
    return _outweigh(list(rows), names, releases)


def _outweigh(
    rows: Sequence[Assessment], names: Sequence[str], releases: Sequence[Release]
) -> dict[tuple[str, int], Assessment]:
    """Choose for each vulnerability and release; rows come oldest first, so the last one stays."""
    by_release = {(row.vulnerability, row.release_id): row for row in rows if row.release_id}
    by_offering = {(row.vulnerability, row.offering_id): row for row in rows if row.offering_id}
    by_company = {
        (row.vulnerability, row.company_id): row
        for row in rows
        if row.release_id is None and row.offering_id is None
    }
    found = {}
    for name in names:
        for one in releases:
            row = (
                by_release.get((name, one.pk))
                or by_offering.get((name, one.offering_id))
                or by_company.get((name, one.company_id))
            )
            if row is not None:
                found[(name, one.pk)] = row
    return found


def matrices_of(
    viewer: Viewer,
    case: Case,
    names: Sequence[str],
    *,
    language: str,
    at: datetime | None = None,
) -> dict[str, Matrix]:
    """Return what stands for each vulnerability of a case, as the viewer may see it.

    It speaks of all releases about which this case, or anybody else whom the viewer may see,
    decided for the vulnerability. A participant sees their names even where the product is not
    theirs to see: that is what they were invited for. Three queries whatever the numbers.

    at: what stood at a past moment; None for now.
    """
    return _matrices(case, counting(viewer, names, at), names, language)


def matrices_to_publish(case: Case, names: Sequence[str], *, language: str) -> dict[str, Matrix]:
    """Return what an advisory of this case says: the same whoever compiles it.

    Decisions of the case itself and those that stand behind no wall; never another wall's. The
    caller has read the case as its viewer.
    """
    rows = Assessment.objects.for_system("an advisory says the same whoever compiles it").filter(
        Q(wall__isnull=True) | Q(wall__ended_at__isnull=False) | Q(wall=case.wall_id or 0),
        vulnerability__in=names,
        superseded_at__isnull=True,
    )
    return _matrices(case, rows, names, language)


def _matrices(
    case: Case, rows: QuerySet[Assessment], names: Sequence[str], language: str
) -> dict[str, Matrix]:
    decided = list(
        rows.filter(company=case.company_id, component="")
        .select_related(
            "release__offering", "release__product_model", "by", "case",
            "fixed_in__offering", "fixed_in__product_model",
        )
        .order_by("at", "pk")
    )  # fmt: skip
    spoken_of: dict[str, dict[int, Release]] = {name: {} for name in names}
    for row in decided:
        if row.release is not None:
            spoken_of[row.vulnerability][row.release.pk] = row.release
    _add_releases_below(decided, spoken_of)
    every = {pk: one for held in spoken_of.values() for pk, one in held.items()}
    stands = _outweigh(decided, names, list(every.values()))
    unseal(stands.values(), "grounds")
    return {
        name: arrange(
            name,
            [(one, stands[name, pk]) for pk, one in held.items() if (name, pk) in stands],
            language=language,
        )
        for name, held in spoken_of.items()
    }


def _add_releases_below(
    decided: Sequence[Assessment], spoken_of: dict[str, dict[int, Release]]
) -> None:
    """Add the releases of offerings that were decided about as a whole."""
    wide: dict[int, set[str]] = {}
    for row in decided:
        if row.offering_id:
            wide.setdefault(row.offering_id, set()).add(row.vulnerability)
    if not wide:
        return
    below = Release.objects.for_system("a decision about an offering is about each of these")
    for release in below.filter(offering__in=list(wide), wall__isnull=True).select_related(
        "offering", "product_model"
    ):
        for name in wide[release.offering_id]:
            spoken_of[name].setdefault(release.pk, release)


def decisions_about(viewer: Viewer, vulnerability: str, release: Release) -> list[Assessment]:
    """Return every decision ever made about a release for a vulnerability, newest first."""
    scope = Q(release=release) | Q(offering=release.offering_id)
    found = list(
        Assessment.objects.visible_to(viewer)
        .filter(scope, vulnerability=vulnerability, company=release.company_id)
        .select_related("by", "case", "fixed_in")
        .order_by("-at", "-pk")
    )
    unseal(found, "grounds")
    return found


def releases_named(viewer: Viewer, uids: Iterable[UUID]) -> list[Release]:
    """Return releases by uid, as many as the viewer may know of."""
    return list(
        Release.objects.visible_to(viewer)
        .filter(uid__in=list(uids))
        .select_related("offering", "product_model", "company", "unit")
    )


def decisions_in_case(
    viewer: Viewer, case: Case, vulnerability: str, release_uid: UUID
) -> list[Assessment]:
    """Return every decision about a release of the case's matrix, newest first, opened.

    Raises NotFound when nothing was decided about it that the viewer may see.
    """
    found = list(
        Assessment.objects.visible_to(viewer)
        .filter(company=case.company_id, vulnerability=vulnerability, release__uid=release_uid)
        .select_related("by", "case", "fixed_in", "release__offering", "release__product_model")
        .order_by("-at", "-pk")
    )
    if not found:
        raise NotFound(gettext_noop("Nothing was decided about this release."))
    unseal(found, "grounds")
    return found


def offerings_of(viewer: Viewer, case: Case) -> list[Offering]:
    """Return the products, of the viewer's, about whose releases the case decides."""
    decided = Assessment.objects.visible_to(viewer).filter(case=case, release__isnull=False)
    found = Offering.objects.visible_to(viewer).filter(pk__in=decided.values("release__offering"))
    return list(found.order_by("search_key", "pk"))


def releases_to_add(
    viewer: Viewer, case: Case, subject: CaseVulnerability, text: str, limit: int = 50
) -> list[Release]:
    """Find releases of the case's company that nobody decided about, by name, code or version."""
    decided = counting(viewer, [subject.name]).filter(release__isnull=False)
    found = (
        Release.objects.visible_to(viewer)
        .filter(company=case.company_id)
        .exclude(pk__in=decided.values("release_id"))
        .select_related("offering", "product_model")
    )
    for word in fold(text).split():
        found = found.filter(Q(offering__search_key__contains=word) | Q(version__icontains=word))
    return list(found.order_by("offering__search_key", "offering_id", "-pk")[:limit])


_PHASES: Final = ("discovery", "triage", "remediation", "disclosure", "closed")
_BANDS: Final = ("", "none", "low", "medium", "high", "critical")
# Where a case without a deadline stands in a list by deadlines; paging takes no NULL.
_NEVER: Final = datetime.fromisoformat("9999-01-01T00:00:00+00:00")


def _place(field: str, words: Sequence[str]) -> Case_:
    places = (When(**{field: word}, then=Value(at)) for at, word in enumerate(words))
    return Case_(*places, default=Value(0), output_field=IntegerField())


def _clocks_of_case(viewer: Viewer) -> QuerySet[Clock]:
    return running_clocks(viewer).filter(subject_uid=OuterRef("uid"))


def in_order(viewer: Viewer, cases: QuerySet[Case], columns: Iterable[str]) -> QuerySet[Case]:
    """Add what the list sorts by for these of its columns, none of it null.

    Only for these: a database works out an added value for every row before it sorts.
    """
    soonest = _clocks_of_case(viewer).order_by("due_at").values("due_at")[:1]
    due = Coalesce(Subquery(soonest), Value(_NEVER), output_field=DateTimeField())
    added: dict[str, tuple[str, Expression]] = {
        "severity": ("band_order", _place("band", _BANDS)),
        "phase": ("phase_order", _place("phase", _PHASES)),
        "owner": ("owner_order", Coalesce(F("owner__name"), Value(""))),
        "due": ("due_order", due),
    }
    return cases.annotate(**dict(added[name] for name in columns if name in added))


def with_overdue_clock(viewer: Viewer, cases: QuerySet[Case]) -> QuerySet[Case]:
    """Keep the cases of which a running deadline has passed."""
    return cases.filter(Exists(_clocks_of_case(viewer).filter(due_at__lt=viewer.at)))


@dataclass(frozen=True, slots=True)
class ListLine:
    """A case as the list shows it, with its next deadline."""

    case: Case
    due_at: datetime | None


def list_lines(viewer: Viewer, cases: Sequence[Case]) -> list[ListLine]:
    """Open a page of cases and add the next deadline of each; two queries whatever their number."""
    unseal(cases, "title")
    running = Clock.objects.visible_to(viewer).filter(
        subject_uid__in=[case.uid for case in cases],
        met_at__isnull=True, stopped_at__isnull=True, paused_at__isnull=True,
    )  # fmt: skip
    # Latest first, so that the soonest is what stays.
    dues = dict(running.order_by("-due_at").values_list("subject_uid", "due_at"))
    return [ListLine(case, dues.get(case.uid)) for case in cases]


def phase_counts(viewer: Viewer) -> Mapping[str, int]:
    """Count the viewer's cases by phase, in one query."""
    counted = Case.objects.visible_to(viewer).values("phase").annotate(n=Count("pk"))
    return {row["phase"]: row["n"] for row in counted.order_by()}
