"""Cases and product statuses over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal, cast
from uuid import UUID

from django.utils.translation import get_language
from ninja import Query, Router, Schema, Status
from pydantic import Field

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.core.lifecycle import Phase
from hikeshi.core.vex import Action, Justification, ProductStatus, Statement
from hikeshi.inventory.queries import offering_by_uid
from hikeshi.matching.narrowing import Narrowing
from hikeshi.organisation.models import Company, Unit
from hikeshi.organisation.queries import companies_of, units_of
from hikeshi.organisation.rest import Listed, ListQuery, Request, Rows, paged
from hikeshi.organisation.sealed import unseal
from hikeshi.records.known import read_moment
from hikeshi.records.rest import AsKnownOut, AsOf
from hikeshi.triage import bulk, queries, services
from hikeshi.triage.as_known import case_as_known
from hikeshi.triage.assessing import assess
from hikeshi.triage.models import Assessment, Case, CaseKind, ExitReason
from hikeshi.triage.work_api import router as work

router = Router(tags=["cases"])
router.add_router("", work)
Kind = Literal["vulnerability", "incident", "inquiry", "consultation", "campaign"]
PhaseName = Literal["discovery", "triage", "remediation", "disclosure", "closed"]
Exit = Literal[
    "resolved", "duplicate", "not_a_vulnerability", "obsolete_product", "other_vendor",
    "without_action",
]  # fmt: skip


class CaseOut(Schema):
    """A case in a list. title: null when its key was erased."""

    uid: UUID
    number: str
    kind: str
    title: dict[str, str] | None
    phase: str
    band: str
    tlp: str
    embargo: str
    embargo_lifts_at: datetime | None
    exit_reason: str
    opened_at: datetime
    closed_at: datetime | None
    changed_at: datetime
    revision: int

    @staticmethod
    def resolve_title(case: Case) -> dict[str, str] | None:
        """Return the opened title."""
        return cast("dict[str, str] | None", case.title.value)


class CaseFull(CaseOut):
    """A case with what it is about."""

    summary: dict[str, str] | None
    names: list[str]

    @staticmethod
    def resolve_summary(case: Case) -> dict[str, str] | None:
        """Return the opened summary."""
        return cast("dict[str, str] | None", case.summary.value)

    @staticmethod
    def resolve_names(case: Case) -> list[str]:
        """Return the names of its vulnerabilities."""
        return [one.name for one in case.vulnerabilities.all()]


class CaseIn(Schema):
    """A case to open."""

    company: UUID
    unit: UUID | None = None
    kind: Kind = "vulnerability"
    title: dict[Literal["ja", "en"], str] = Field(min_length=1)
    summary: dict[Literal["ja", "en"], str] = Field(default_factory=dict)
    vulnerabilities: list[str] = Field(default_factory=list, max_length=100)
    releases: list[UUID] = Field(default_factory=list, max_length=2000)
    walled: bool = True


class MoveIn(Schema):
    """A step along the line."""

    to: PhaseName
    reason: str = Field("", max_length=2000)
    exit_reason: Exit | None = None


JustificationIn = Literal[
    "component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
    "vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist",
]  # fmt: skip
ActionIn = Literal["vendor_fix", "workaround", "mitigation", "no_fix_planned", "none_available"]


class AssessmentIn(Schema):
    """One decision about releases of a case."""

    vulnerability: str = Field(min_length=1, max_length=100)
    releases: list[UUID] = Field(min_length=1, max_length=2000)
    status: Literal["known_affected", "under_investigation", "fixed", "known_not_affected"]
    justification: JustificationIn | None = None
    action: ActionIn | None = None
    grounds: str = Field("", max_length=20_000)


class DecisionIn(Schema):
    """One decision about several findings, in all releases that they reach and nobody decided."""

    vulnerabilities: list[str] = Field(min_length=1, max_length=bulk.MOST_VULNERABILITIES)
    offering: UUID | None = Field(None, description="Only releases of this product.")
    status: Literal["known_affected", "under_investigation", "known_not_affected"]
    justification: JustificationIn | None = None
    action: ActionIn | None = None
    grounds: str = Field("", max_length=20_000)
    case_title: str = Field(
        "", max_length=300, description="Opens a case, behind a wall, for what is affected."
    )


class DecisionOut(Schema):
    """What was decided. token: for taking it back within ten minutes; empty with a case."""

    decisions: int
    vulnerabilities: int
    left_out: int
    case: str | None
    token: str


class TakeBackIn(Schema):
    """Which act is taken back."""

    token: str = Field(max_length=500)


class TakenBack(Schema):
    """How many decisions were taken back."""

    decisions: int


class AssessmentOut(Schema):
    """A decision that was made."""

    uid: UUID
    vulnerability: str
    release: UUID | None
    status: str
    justification: str
    action: str
    at: datetime

    @staticmethod
    def resolve_release(row: Assessment) -> UUID | None:
        """Return the release's uid."""
        return row.release.uid if row.release is not None else None


class CaseList(ListQuery):
    """Cases the caller may know of."""

    sorts: ClassVar = {
        "changed": ("changed_at", "pk"), "-changed": ("-changed_at", "-pk"),
        "opened": ("pk",), "-opened": ("-pk",),
    }  # fmt: skip
    filters: ClassVar = {"kind": "kind", "phase": "phase", "band": "band"}
    sort: Literal["changed", "-changed", "opened", "-opened"] = "-changed"
    kind: Kind | None = None
    phase: PhaseName | None = None
    band: Literal["critical", "high", "medium", "low", "none"] | None = None


@router.get("/cases", response=Rows[CaseOut], summary=gettext_noop("List cases"))
def list_cases(request: Request, query: Query[CaseList]) -> Listed:
    """Cases that the caller takes part in, or that stand behind no wall."""
    page = paged(request, queries.cases_of(request.viewer), query)
    unseal(page["rows"], "title")
    return page


@router.post("/cases", response={201: CaseFull}, summary=gettext_noop("Open a case"))
def open_case(request: Request, case: CaseIn) -> Status[Case]:
    """Open a case, behind a wall unless `walled` is false; the caller becomes its owner."""
    viewer = request.viewer
    releases = queries.releases_named(viewer, case.releases)
    if len(releases) != len(set(case.releases)):
        raise NotFound(gettext_noop("There is no such release."))
    opened = services.open_case(
        company=_company(request, case.company), unit=_unit(request, case.unit),
        kind=CaseKind(case.kind), title=_texts(case.title), summary=_texts(case.summary),
        vulnerabilities=case.vulnerabilities, releases=releases, walled=case.walled, by=viewer,
        at=viewer.at,
    )  # fmt: skip
    return Status(201, queries.case_by_number(viewer, opened.number))


def _texts(given: dict[Any, str]) -> dict[str, str]:
    return {str(language): text for language, text in given.items()}


def _company(request: Request, uid: UUID) -> Company:
    company = companies_of(request.viewer).filter(uid=uid).first()
    if company is None:
        raise NotFound(gettext_noop("There is no company %(uid)s."), uid=str(uid))
    return company


def _unit(request: Request, uid: UUID | None) -> Unit | None:
    if uid is None:
        return None
    unit = units_of(request.viewer).filter(uid=uid).first()
    if unit is None:
        raise NotFound(gettext_noop("There is no unit %(uid)s."), uid=str(uid))
    return unit


@router.get("/cases/{number}", response=AsKnownOut | CaseFull, summary=gettext_noop("Read a case"))
def read_case(request: Request, number: str, as_of: AsOf = "") -> Case | dict[str, Any]:
    """One case with what it is about, now or as it was known at a past moment."""
    case = queries.case_by_number(request.viewer, number)
    if as_of:
        at = read_moment(as_of, request.viewer.at)
        language = get_language() or "en"
        return case_as_known(request.viewer, case, at, language=language).known.plain()
    return case


@router.post("/cases/{number}/move", response=CaseFull, summary=gettext_noop("Move a case"))
def move_case(request: Request, number: str, step: MoveIn) -> Case:
    """Move a case along its line, close it with a reason, or open it again."""
    viewer = request.viewer
    case = queries.case_by_number(viewer, number)
    services.move_case(
        case=case, to=Phase(step.to), by=viewer, at=viewer.at, reason=step.reason,
        exit_reason=ExitReason(step.exit_reason) if step.exit_reason else None,
    )  # fmt: skip
    return queries.case_by_number(viewer, number)


@router.post(
    "/cases/{number}/assessments",
    response={201: list[AssessmentOut]},
    summary=gettext_noop("Decide the status of releases"),
)
def assess_releases(
    request: Request, number: str, decision: AssessmentIn
) -> Status[list[Assessment]]:
    """Decide one status for many releases at once; the newest decision counts."""
    viewer = request.viewer
    case = queries.case_by_number(viewer, number)
    if decision.vulnerability not in {one.name for one in queries.vulnerabilities_of(case)}:
        raise NotFound(gettext_noop("There is no such vulnerability."))
    releases = queries.releases_named(viewer, decision.releases)
    if len(releases) != len(set(decision.releases)):
        raise NotFound(gettext_noop("There is no such release."))
    made = assess(
        vulnerability=decision.vulnerability, releases=releases, case=case, by=viewer,
        at=viewer.at,
        statement=Statement(
            status=ProductStatus(decision.status),
            justification=Justification(decision.justification) if decision.justification else None,
            action=Action(decision.action) if decision.action else None,
            grounds=decision.grounds,
        ),
    )  # fmt: skip
    return Status(201, made)


@router.post(
    "/findings/decisions", response={201: DecisionOut},
    summary=gettext_noop("Decide about several findings"),
)  # fmt: skip
def decide_findings(request: Request, decision: DecisionIn) -> Status[dict[str, Any]]:
    """Decide one status in one transaction; what somebody decided already is left out."""
    viewer = request.viewer
    product = offering_by_uid(viewer, decision.offering) if decision.offering else None
    narrowing = Narrowing(product=product)
    found = bulk.chosen(viewer, decision.vulnerabilities, narrowing)
    title = decision.case_title.strip()
    done = bulk.decide(
        targets=bulk.targets_of(viewer, found, narrowing), by=viewer, at=viewer.at,
        case_title={get_language() or "en": title} if title else None,
        statement=Statement(
            status=ProductStatus(decision.status),
            justification=Justification(decision.justification) if decision.justification else None,
            action=Action(decision.action) if decision.action else None,
            grounds=decision.grounds,
        ),
    )  # fmt: skip
    said = {name: getattr(done, name)
            for name in ("decisions", "vulnerabilities", "left_out", "token")}  # fmt: skip
    return Status(201, said | {"case": done.case.number if done.case else None})


@router.post(
    "/findings/decisions/undo", response=TakenBack,
    summary=gettext_noop("Take back a decision about several findings"),
)  # fmt: skip
def take_back_decisions(request: Request, asked: TakeBackIn) -> dict[str, int]:
    """Take back what was decided at once, within ten minutes, by who decided."""
    return {"decisions": bulk.take_back(token=asked.token, by=request.viewer, at=request.viewer.at)}
