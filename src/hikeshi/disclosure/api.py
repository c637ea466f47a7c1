"""Advisories over the API: write, have approved, publish; the public documents need no API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal, cast
from uuid import UUID

from django.http import HttpResponse
from ninja import Query, Router, Schema, Status
from pydantic import Field

from hikeshi.core.errors import InputRefused, NotFound, gettext_noop
from hikeshi.disclosure import publishing, queries, scheduling, services
from hikeshi.disclosure.checks import problems_of
from hikeshi.disclosure.composing import content_of, hash_of
from hikeshi.disclosure.models import TEXTS, Advisory, DocumentKind
from hikeshi.organisation.rest import Listed, ListQuery, Moment, Request, Rows, paged
from hikeshi.organisation.sealed import unseal
from hikeshi.triage.queries import case_by_number, vulnerabilities_of
from hikeshi.ui.errors import explain

router = Router(tags=["advisories"])
Language = Literal["ja", "en"]
_PLAIN: Final = (
    "uid", "number", "state", "edition", "publish_at", "published_at", "changed_at", "revision",
    "tlp", "source_language",
)  # fmt: skip
Texts = dict[Language, Annotated[str, Field(max_length=60_000)]]
State = Literal["draft", "proposed", "approved", "published", "withdrawn"]


class AdvisoryFacts(Schema):
    """What a list and a page of an advisory both say.

    title: null when its key was erased. edition: 0 before the first.
    """

    uid: UUID
    number: str
    case: str
    title: dict[str, str] | None
    state: str
    edition: int
    publish_at: datetime | None
    published_at: datetime | None
    changed_at: datetime
    revision: int


class AdvisoryOut(AdvisoryFacts):
    """An advisory in a list."""

    @staticmethod
    def resolve_title(advisory: Advisory) -> dict[str, str] | None:
        """Return the opened title."""
        return cast("dict[str, str] | None", advisory.title.value)

    @staticmethod
    def resolve_case(advisory: Advisory) -> str:
        """Return the number of its case."""
        return advisory.case.number


class ProblemOut(Schema):
    """What stands in the way, in the caller's language. stops: it must be mended first."""

    sentence: str
    stops: bool
    place: str


class EditionOut(Schema):
    """A published edition."""

    edition: int
    kind: str
    at: datetime
    title: dict[str, str]
    content_hash: str


class AdvisoryFull(AdvisoryFacts):
    """An advisory with its working text.

    content_hash: of the content as it now is; who reviews or approves names it.
    """

    tlp: str
    source_language: str
    texts: dict[str, dict[str, str]]
    change_note: dict[str, str]
    credits: list[Any]
    references: list[Any]
    names: list[str]
    content_hash: str
    problems: list[ProblemOut]
    editions: list[EditionOut]


class AdvisoryIn(Schema):
    """An advisory to start from a case."""

    case: str = Field(max_length=60)
    vulnerabilities: list[str] = Field(
        default_factory=list, max_length=100, description="All of the case unless some are named."
    )
    source_language: Language | None = None


class ReferenceIn(Schema):
    """A web page to read on."""

    url: str = Field(max_length=2000)
    summary: Texts = Field(default_factory=dict)


class CreditIn(Schema):
    """Whom we thank."""

    names: list[Annotated[str, Field(max_length=200)]] = Field(default_factory=list, max_length=50)
    organisation: str = Field("", max_length=200)
    summary: Texts = Field(default_factory=dict)


class AdvisoryChange(Schema):
    """What changes; what is left out stays. revision: the one that was read."""

    revision: int
    title: Texts | None = None
    summary: Texts | None = None
    description: Texts | None = None
    impact: Texts | None = None
    remedy: Texts | None = None
    workaround: Texts | None = None
    change_note: Texts | None = None
    credits: list[CreditIn] | None = Field(None, max_length=100)
    references: list[ReferenceIn] | None = Field(None, max_length=100)
    tlp: Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"] | None = None


class StepIn(Schema):
    """One step of an advisory: who reviews or approves names the content that was read."""

    content_hash: str = Field("", max_length=64)
    reason: str = Field("", max_length=2000, description="Of a return.")
    reasons: Texts = Field(default_factory=dict, description="Of a withdrawal, in each language.")
    publish_at: Moment | None = Field(None, description="Of a schedule.")


class AdvisoryList(ListQuery):
    """Advisories whose working text the caller may know of."""

    sorts: ClassVar = {
        "changed": ("changed_at", "pk"), "-changed": ("-changed_at", "-pk"),
        "created": ("pk",), "-created": ("-pk",),
    }  # fmt: skip
    filters: ClassVar = {"state": "state", "case": "case__number"}
    sort: Literal["changed", "-changed", "created", "-created"] = "-changed"
    state: State | None = None
    case: str | None = Field(None, max_length=60)


@router.get("/advisories", response=Rows[AdvisoryOut], summary=gettext_noop("List advisories"))
def list_advisories(request: Request, query: Query[AdvisoryList]) -> Listed:
    """Advisories in every state, those behind the caller's walls among them."""
    page = paged(request, queries.advisories_of(request.viewer), query)
    unseal(page["rows"], "title")
    return page


@router.post("/advisories", response={201: AdvisoryFull}, summary=gettext_noop("Start an advisory"))
def start_advisory(request: Request, asked: AdvisoryIn) -> Status[dict[str, Any]]:
    """Start an advisory from a case, behind its wall."""
    viewer = request.viewer
    case = case_by_number(viewer, asked.case)
    held = {one.name: one for one in vulnerabilities_of(case)}
    if set(asked.vulnerabilities) - set(held):
        raise NotFound(gettext_noop("There is no such vulnerability."))
    made = services.draft_advisory(
        case=case, by=viewer, at=viewer.at, source_language=asked.source_language or "",
        vulnerabilities=[held[name] for name in dict.fromkeys(asked.vulnerabilities)],
    )  # fmt: skip
    return Status(201, _full(request, made.number))


@router.get("/advisories/{number}", response=AdvisoryFull, summary=gettext_noop("Read an advisory"))
def read_advisory(request: Request, number: str) -> dict[str, Any]:
    """The working text, what stands in the way of publishing it, and its editions."""
    return _full(request, number)


@router.patch(
    "/advisories/{number}", response=AdvisoryFull, summary=gettext_noop("Change an advisory")
)
def change_advisory(request: Request, number: str, change: AdvisoryChange) -> dict[str, Any]:
    """Change the working text; what was proposed or approved is a draft again afterwards."""
    advisory = queries.advisory_by_number(request.viewer, number)
    given = change.model_dump(exclude_none=True, exclude={"revision"})
    if not given:
        raise InputRefused(gettext_noop("Nothing to change was given."))
    services.edit_advisory(
        advisory=advisory, revision=change.revision, by=request.viewer, at=request.viewer.at,
        **given,
    )  # fmt: skip
    return _full(request, number)


@router.get(
    "/advisories/{number}/csaf", response=bytes, summary=gettext_noop("Download the CSAF document")
)
def read_csaf(
    request: Request, number: str, language: Language | None = None, edition: int | None = None
) -> HttpResponse:
    """The published CSAF 2.0 document, of the newest edition unless one is named."""
    advisory = queries.advisory_by_number(request.viewer, number)
    revision = queries.revision_by_number(
        advisory.number, company=advisory.company, edition=edition
    )
    wanted = language or advisory.source_language
    document = queries.document_of(revision, DocumentKind.CSAF, wanted)
    return HttpResponse(bytes(document.content), content_type="application/json")


@router.post(
    "/advisories/{number}/{act}", response=AdvisoryFull,
    summary=gettext_noop("Take an advisory a step on"),
)  # fmt: skip
def step_advisory(
    request: Request,
    number: str,
    act: Literal[
        "propose", "review", "approve", "return", "schedule", "call-off", "publish", "withdraw"
    ],
    step: StepIn,
) -> dict[str, Any]:
    """Propose, review, approve, give back, schedule, call off, publish, or withdraw."""
    viewer = request.viewer
    advisory = queries.advisory_by_number(viewer, number)
    who: dict[str, Any] = {"advisory": advisory, "by": viewer, "at": viewer.at}
    match act:
        case "propose":
            services.propose_advisory(**who)
        case "review":
            services.review_advisory(**who, content_hash=step.content_hash)
        case "approve":
            services.approve_advisory(**who, content_hash=step.content_hash)
        case "return":
            services.return_advisory(**who, reason=step.reason)
        case "schedule":
            if step.publish_at is None:
                raise InputRefused(gettext_noop("Say when it is to be published."))
            scheduling.schedule_publication(**who, publish_at=step.publish_at)
        case "call-off":
            scheduling.call_off_publication(**who, reason=step.reason)
        case "publish":
            publishing.publish_advisory(**who)
        case "withdraw":
            said = {str(language): text for language, text in step.reasons.items()}
            publishing.withdraw_advisory(**who, reason=said)
    return _full(request, number)


def _full(request: Request, number: str) -> dict[str, Any]:
    advisory = queries.advisory_by_number(request.viewer, number)
    draft = queries.draft_of(advisory)
    values = {name: getattr(advisory, name).value for name in queries.SEALED}
    return {
        **{name: getattr(advisory, name) for name in _PLAIN},
        "case": advisory.case.number,
        "title": values["title"],
        "texts": {name: values[name] or {} for name in TEXTS},
        "change_note": values["change_note"] or {},
        "credits": values["credits"] or [],
        "references": values["references"] or [],
        "names": [one.name for one, _matrix in draft.subjects],
        "content_hash": hash_of(content_of(draft)),
        "problems": [
            {"sentence": explain(one.sentence), "stops": one.stops, "place": one.place}
            for one in problems_of(draft)
        ],
        "editions": queries.editions_of(advisory),
    }
