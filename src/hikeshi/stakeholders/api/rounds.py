"""Rounds of questions over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal, cast
from uuid import UUID

from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.organisation.rest import Listed, ListQuery, Moment, Request, Rows, paged
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import unseal
from hikeshi.stakeholders import queries, rounds
from hikeshi.stakeholders.api.asking import caller, company_of
from hikeshi.stakeholders.models import AnswerKind, Round
from hikeshi.stakeholders.rounds import Ask

router = Router()


class RoundOut(Schema):
    """A round of questions in a list."""

    uid: UUID
    number: str
    title: str | None
    state: str
    due_at: datetime
    asked: int = 0
    answered: int = 0

    @staticmethod
    def resolve_title(asked: Round) -> str | None:
        """Return the opened title; null when its key was erased."""
        return cast("str | None", asked.title.value)


class QuestionIn(Schema):
    """One question."""

    text: str = Field(min_length=1, max_length=2000)
    kind: Literal["choice", "text", "date"] = "text"
    choices: list[str] = Field(default_factory=list, max_length=50)
    required: bool = True


class RoundIn(Schema):
    """A round to write down and, with ``send``, to open at once."""

    company: UUID
    title: str = Field(min_length=1, max_length=200)
    letter: str = Field(min_length=1, max_length=20_000)
    due_at: Moment
    questions: list[QuestionIn] = Field(min_length=1, max_length=100)
    contacts: list[UUID] = Field(default_factory=list, max_length=2000)
    send: bool = False


class PartyOut(Schema):
    """What one party said, in the order of the questions; null where nothing was said."""

    name: str
    answered_at: datetime | None
    silent_days: int | None
    answers: list[str | None]


class RollUpOut(Schema):
    """A round at one glance."""

    number: str
    questions: list[str]
    asked: int
    seen: int
    answered: int
    parties: list[PartyOut]


class RoundList(ListQuery):
    """Rounds the caller may know of."""

    # Keys rise with the moment of making: the primary key is the index.
    sorts: ClassVar = {"created": ("pk",), "-created": ("-pk",)}
    filters: ClassVar = {"state": "state"}
    sort: Literal["created", "-created"] = "-created"
    state: Literal["draft", "open", "closed"] | None = None


@router.get("/rounds", response=Rows[RoundOut], summary=gettext_noop("List rounds of questions"))
def list_rounds(request: Request, query: Query[RoundList]) -> Listed:
    """Rounds with how many were asked and have answered."""
    page = paged(request, queries.rounds_of(request.viewer), query)
    unseal(page["rows"], "title")
    return page


@router.post(
    "/rounds", response={201: RollUpOut}, summary=gettext_noop("Write a round of questions")
)
def write_round(request: Request, draft: RoundIn) -> Status[dict[str, Any]]:
    """Write a round down, add its parties, and send it when asked to."""
    company, by, now = company_of(request, draft.company), caller(request), timezone.now()
    found = queries.contacts_of(request.viewer).filter(company=company, uid__in=draft.contacts)
    contacts = list(found)
    if len(contacts) != len(set(draft.contacts)):
        raise NotFound(gettext_noop("There is no such contact."))
    asked = rounds.write_and_send(
        company=company,
        title=draft.title,
        letter=draft.letter,
        due_at=draft.due_at,
        questions=[
            Ask(q.text, AnswerKind(q.kind), tuple(q.choices), q.required) for q in draft.questions
        ],
        contacts=contacts,
        send=draft.send,
        by=by,
        at=now,
    )
    return Status(201, _rolled(request, asked.number))


@router.get(
    "/rounds/{number}", response=RollUpOut, summary=gettext_noop("Read a round of questions")
)
def read_round(request: Request, number: str) -> dict[str, Any]:
    """Who was asked, who is silent, and what was said."""
    return _rolled(request, number)


@router.post(
    "/rounds/{number}/{act}", response=RollUpOut, summary=gettext_noop("Send, remind or close")
)
def act_on_round(
    request: Request, number: str, act: Literal["open", "remind", "close"]
) -> dict[str, Any]:
    """Open a drafted round, remind its silent parties, or close it."""
    asked = queries.round_by_number(request.viewer, number)
    request.viewer.require(Permission.STAKEHOLDER_EDIT, asked.company_id, asked.unit_id)
    does = {"open": rounds.open_round, "remind": rounds.remind, "close": rounds.close_round}
    does[act](asked=asked, by=caller(request), at=timezone.now())
    return _rolled(request, number)


def _rolled(request: Request, number: str) -> dict[str, Any]:
    asked = queries.round_by_number(request.viewer, number)
    questions = queries.questions_of(asked)
    rolled = queries.roll_up(asked, questions, request.viewer.at)
    return {
        "number": asked.number,
        "questions": [question.text.value or "" for question in questions],
        "asked": rolled.asked,
        "seen": rolled.seen,
        "answered": rolled.answered,
        "parties": [
            {
                "name": line.name if isinstance(line.name, str) else str(line.name or ""),
                "answered_at": line.party.answered_at,
                "silent_days": line.silent_days,
                "answers": line.answers,
            }
            for line in rolled.lines
        ],
    }
