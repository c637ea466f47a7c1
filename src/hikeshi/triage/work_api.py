"""Work on a case over the API: who takes part, tasks, messages, facts and the embargo."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from ninja import Query, Router, Schema, Status
from pydantic import Field

from hikeshi.core.errors import InputRefused, NotFound, gettext_noop
from hikeshi.core.lifecycle import EmbargoAct, Fact
from hikeshi.organisation.models import Account, Unit
from hikeshi.organisation.queries import people_of, units_of
from hikeshi.organisation.rest import Listed, ListQuery, Moment, Request, Rows, paged
from hikeshi.organisation.sealed import unseal
from hikeshi.records.models import Task, TaskState
from hikeshi.records.tasks import by_due, give_task, move_task, task_by_uid
from hikeshi.stakeholders.models import Message
from hikeshi.stakeholders.queries import contact_by_uid, conversations_about, messages_about
from hikeshi.triage import participants, queries, services
from hikeshi.triage.embargo import take_embargo_step
from hikeshi.triage.models import CaseFact, CaseRole, EmbargoTerm, Participant
from hikeshi.triage.talking import write_in_case

router = Router()
TaskStateName = Literal["open", "doing", "done", "cancelled"]
RoleName = Literal[
    "owner", "psirt", "owner_unit", "diagnosis", "open_source", "quality", "pr", "legal",
    "executive", "finder", "reporter", "coordinator", "supplier",
]  # fmt: skip


class PartyOut(Schema):
    """Who takes part, or took part. kind: account, unit or contact; uid: of that party."""

    kind: str
    uid: UUID
    name: str
    role: str
    since: datetime
    until: datetime | None

    @staticmethod
    def resolve_kind(row: Participant) -> str:
        """Return what kind of party it is."""
        return participants.party_of(row)[0]

    @staticmethod
    def resolve_uid(row: Participant) -> UUID:
        """Return the party's uid."""
        return participants.party_of(row)[1]

    @staticmethod
    def resolve_name(row: Participant) -> str:
        """Return its name: a unit's in the first language that it has one in."""
        if row.account is not None:
            return row.account.name
        if row.unit is not None:
            return str(next(iter(row.unit.name.values()), ""))
        return str(row.contact.name.value or "") if row.contact is not None else ""


class PartyIn(Schema):
    """Whom to let in: one person, one unit or one contact."""

    account: UUID | None = None
    unit: UUID | None = None
    contact: UUID | None = None
    role: RoleName
    reason: str = Field("", max_length=200)
    until: Moment | None = None


class PartyList(ListQuery):
    """The parties of a case."""

    sorts: ClassVar = {"since": ("since", "pk"), "-since": ("-since", "-pk")}
    filters: ClassVar = {"role": "role"}
    sort: Literal["since", "-since"] = "since"
    role: RoleName | None = None


class TaskOut(Schema):
    """A task. subject: uid of the record that it is about; texts are null when erased."""

    uid: UUID
    subject_kind: str
    subject: UUID = Field(alias="subject_uid")
    title: str | None
    note: str | None
    outcome: str | None
    state: str
    assignee: UUID | None
    assigned_unit: UUID | None
    due_at: datetime | None
    created_at: datetime
    closed_at: datetime | None
    revision: int

    @staticmethod
    def resolve_title(task: Task) -> Any:
        """Return the opened title."""
        return task.title.value

    @staticmethod
    def resolve_note(task: Task) -> Any:
        """Return the opened note."""
        return task.note.value if task.note else ""

    @staticmethod
    def resolve_outcome(task: Task) -> Any:
        """Return what came of it."""
        return task.outcome.value if task.outcome else ""

    @staticmethod
    def resolve_assignee(task: Task) -> UUID | None:
        """Return the person's uid."""
        return task.assignee.uid if task.assignee else None

    @staticmethod
    def resolve_assigned_unit(task: Task) -> UUID | None:
        """Return the unit's uid."""
        return task.assigned_unit.uid if task.assigned_unit else None


class TaskIn(Schema):
    """A task to give, to one person or to a unit's people."""

    title: str = Field(min_length=1, max_length=300)
    note: str = Field("", max_length=100_000)
    assignee: UUID | None = None
    unit: UUID | None = None
    due_at: Moment | None = None


class TaskMove(Schema):
    """Where a task goes. revision: the one that was read."""

    state: TaskStateName
    revision: int | None = None
    outcome: str | None = Field(None, max_length=100_000)


class TaskList(ListQuery):
    """Tasks the caller may know of; those without a date come last."""

    sorts: ClassVar = {"due": ("due_order", "pk"), "created": ("pk",), "-created": ("-pk",)}
    filters: ClassVar = {
        "state": "state", "assignee": "assignee__uid", "subject": "subject_uid",
    }  # fmt: skip
    sort: Literal["due", "created", "-created"] = "due"
    state: TaskStateName | None = None
    assignee: UUID | None = None
    subject: UUID | None = None


class MessageOut(Schema):
    """A message. body: null when its key was erased; corrects: the message that it mends."""

    uid: UUID
    conversation: UUID
    author: str
    body: str | None
    written_at: datetime
    corrects: UUID | None

    @staticmethod
    def resolve_conversation(row: Message) -> UUID:
        """Return the conversation's uid."""
        return row.conversation.uid

    @staticmethod
    def resolve_author(row: Message) -> str:
        """Return who wrote it."""
        if row.author is not None:
            return row.author.name
        return str(row.author_contact.name.value or "") if row.author_contact else ""

    @staticmethod
    def resolve_body(row: Message) -> Any:
        """Return the opened text."""
        return row.body.value

    @staticmethod
    def resolve_corrects(row: Message) -> UUID | None:
        """Return the uid of the message that it mends."""
        return row.corrects.uid if row.corrects else None


class MessageIn(Schema):
    """A message: on in a conversation, to a chosen few, or to everybody in the case."""

    body: str = Field(min_length=1, max_length=100_000)
    conversation: UUID | None = None
    readers: list[UUID] = Field(
        default_factory=list, max_length=200,
        description="Parties of the case who read a conversation that this message starts.",
    )  # fmt: skip
    title: str = Field("", max_length=200)


class MessageList(ListQuery):
    """The messages of a case that the caller reads."""

    sorts: ClassVar = {"written": ("written_at", "pk"), "-written": ("-written_at", "-pk")}
    sort: Literal["written", "-written"] = "-written"


class VulnerabilityIn(Schema):
    """A name that the case is about from now on: a CVE or GHSA id."""

    name: str = Field(min_length=1, max_length=100)


class FactIn(Schema):
    """Something that became true of the vulnerability."""

    fact: Literal[
        "vendor_aware", "fix_ready", "fix_deployed", "public", "exploit_public", "attacked"
    ]
    happened_at: Moment
    note: str = Field("", max_length=2_000)


class FactOut(Schema):
    """A fact on record."""

    fact: str
    happened_at: datetime


class EmbargoIn(Schema):
    """A step in agreeing on the embargo. lifts_at: of a proposal alone."""

    act: Literal["propose", "accept", "reject", "terminate"]
    lifts_at: Moment | None = None
    reason: str = Field("", max_length=2_000)


class EmbargoOut(Schema):
    """Where the embargo stands after a step."""

    embargo: str
    embargo_lifts_at: datetime | None


@router.get(
    "/cases/{number}/participants", response=Rows[PartyOut],
    summary=gettext_noop("List the parties of a case"),
)  # fmt: skip
def list_participants(request: Request, number: str, query: Query[PartyList]) -> Listed:
    """Who takes part, or took part until a moment."""
    case = queries.case_by_number(request.viewer, number)
    page = paged(request, queries.parties_of(case), query)
    unseal([row.contact for row in page["rows"] if row.contact is not None], "name")
    return page


@router.post(
    "/cases/{number}/participants", response={201: PartyOut},
    summary=gettext_noop("Let a party take part in a case"),
)  # fmt: skip
def admit_party(request: Request, number: str, party: PartyIn) -> Status[Participant]:
    """Let one person, unit or contact take part, and inside the wall when there is one."""
    viewer = request.viewer
    case = queries.case_by_number(viewer, number)
    admitted = participants.admit_participant(
        case=case, role=CaseRole(party.role), by=viewer, at=viewer.at, reason=party.reason,
        until=party.until, account=_person(request, party.account), unit=_unit(request, party.unit),
        contact=contact_by_uid(viewer, party.contact) if party.contact else None,
    )  # fmt: skip
    return Status(201, queries.participant_by_uid(case, admitted.uid))


def _person(request: Request, uid: UUID | None) -> Account | None:
    if uid is None:
        return None
    found = people_of(request.viewer).filter(uid=uid).first()
    if found is None:
        raise NotFound(gettext_noop("There is no such person."))
    return found


def _unit(request: Request, uid: UUID | None) -> Unit | None:
    if uid is None:
        return None
    found = units_of(request.viewer).filter(uid=uid).first()
    if found is None:
        raise NotFound(gettext_noop("There is no unit %(uid)s."), uid=str(uid))
    return found


@router.get("/tasks", response=Rows[TaskOut], summary=gettext_noop("List tasks"))
def list_tasks(request: Request, query: Query[TaskList]) -> Listed:
    """Tasks about any record that the caller may know of."""
    found = Task.objects.visible_to(request.viewer).select_related("assignee", "assigned_unit")
    page = paged(request, by_due(found), query)
    unseal(page["rows"], "title", "note", "outcome")
    return page


@router.post(
    "/cases/{number}/tasks", response={201: TaskOut}, summary=gettext_noop("Give a task in a case")
)
def give_case_task(request: Request, number: str, task: TaskIn) -> Status[Task]:
    """Give a task to one person or one unit; they must be able to see the case."""
    viewer = request.viewer
    given = give_task(
        subject=queries.case_by_number(viewer, number), title=task.title, note=task.note,
        due_at=task.due_at, assignee=_person(request, task.assignee),
        unit=_unit(request, task.unit), by=viewer, at=viewer.at,
    )  # fmt: skip
    return Status(201, task_by_uid(viewer, given.uid))


@router.post(
    "/tasks/{uid}/move", response=TaskOut, summary=gettext_noop("Move a task to another state")
)
def move_given_task(request: Request, uid: UUID, step: TaskMove) -> Task:
    """Take a task up, close it with what came of it, or open it again."""
    viewer = request.viewer
    return move_task(
        task=task_by_uid(viewer, uid), state=TaskState(step.state), revision=step.revision,
        outcome=step.outcome, by=viewer, at=viewer.at,
    )  # fmt: skip


@router.get(
    "/cases/{number}/messages", response=Rows[MessageOut],
    summary=gettext_noop("List the messages of a case"),
)  # fmt: skip
def list_messages(request: Request, number: str, query: Query[MessageList]) -> Listed:
    """The messages of all conversations in the case that the caller reads."""
    case = queries.case_by_number(request.viewer, number)
    page = paged(request, messages_about(request.viewer, case.uid), query)
    unseal(page["rows"], "body")
    unseal([row.author_contact for row in page["rows"] if row.author_contact], "name")
    return page


@router.post(
    "/cases/{number}/messages", response={201: MessageOut},
    summary=gettext_noop("Write a message in a case"),
)  # fmt: skip
def write_case_message(request: Request, number: str, message: MessageIn) -> Status[Message]:
    """Write on in a conversation, to a chosen few, or to everybody in the case."""
    viewer = request.viewer
    case = queries.case_by_number(viewer, number)
    conversation = None
    if message.conversation is not None:
        if message.readers:
            raise InputRefused(gettext_noop("Name a conversation or its readers, not both."))
        held = {one.uid: one for one in conversations_about(viewer, case.uid)}
        conversation = held.get(message.conversation)
        if conversation is None:
            raise NotFound(gettext_noop("There is no such conversation."))
    parties = {participants.party_of(one)[1]: one for one in queries.participants_of(case, viewer)}
    if set(message.readers) - set(parties):
        raise NotFound(gettext_noop("There is no such party in this case."))
    written = write_in_case(
        case=case, body=message.body, by=viewer, at=viewer.at, conversation=conversation,
        readers=[parties[uid] for uid in dict.fromkeys(message.readers)], title=message.title,
    )  # fmt: skip
    unseal([written], "body")
    return Status(201, written)


@router.post(
    "/cases/{number}/vulnerabilities", response={201: VulnerabilityIn},
    summary=gettext_noop("Let a case be about one more vulnerability"),
)  # fmt: skip
def add_case_vulnerability(
    request: Request, number: str, added: VulnerabilityIn
) -> Status[dict[str, str]]:
    """Add a vulnerability; its releases are put under investigation."""
    viewer = request.viewer
    case = queries.case_by_number(viewer, number)
    made = services.add_vulnerability(case=case, name=added.name, by=viewer, at=viewer.at)
    return Status(201, {"name": made.name})


@router.post(
    "/cases/{number}/facts", response={201: list[FactOut]},
    summary=gettext_noop("Put a fact on record"),
)  # fmt: skip
def note_case_fact(request: Request, number: str, noted: FactIn) -> Status[list[CaseFact]]:
    """Put on record that something became true, with what follows from it."""
    viewer = request.viewer
    case = queries.case_by_number(viewer, number)
    made = services.note_fact(
        case=case, fact=Fact(noted.fact), by=viewer, at=viewer.at,
        happened_at=noted.happened_at, note=noted.note,
    )  # fmt: skip
    return Status(201, made)


@router.post(
    "/cases/{number}/embargo", response=EmbargoOut,
    summary=gettext_noop("Take a step in agreeing on the embargo"),
)  # fmt: skip
def step_embargo(request: Request, number: str, step: EmbargoIn) -> Any:
    """Propose, accept, reject or end an embargo."""
    viewer = request.viewer
    term: EmbargoTerm = take_embargo_step(
        case=queries.case_by_number(viewer, number), act=EmbargoAct(step.act), by=viewer,
        at=viewer.at, lifts_at=step.lifts_at, reason=step.reason,
    )  # fmt: skip
    return queries.case_by_number(viewer, term.case.number)
