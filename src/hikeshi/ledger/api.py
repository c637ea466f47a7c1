"""Jobs and messages to the outside, for programs."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from ninja import Query, Router, Schema
from pydantic import Field

from hikeshi.core.errors import NotAllowed, gettext_noop
from hikeshi.ledger import managing, queries
from hikeshi.ledger.models import Job, OutboxMessage
from hikeshi.organisation.rest import Listed, ListQuery, Request, Rows, paged
from hikeshi.organisation.roles import Permission

router = Router(tags=["machinery"])
JobStateName = Literal["queued", "running", "done", "failed", "cancelled"]
MessageStateName = Literal["waiting", "sending", "sent", "held", "dead", "stopped"]


class JobOut(Schema):
    """A job: how far it is, never what it works on."""

    uid: UUID
    name: str
    state: str
    done: int
    total: int | None
    tries: int
    error: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class MessageOut(Schema):
    """A message to the outside, without its content."""

    uid: UUID
    kind: str
    state: str
    tries: int
    error: str
    created_at: datetime
    next_at: datetime
    sent_at: datetime | None


class DropIn(Schema):
    """Why a message is dropped."""

    reason: str = Field(min_length=1, max_length=500)


class JobList(ListQuery):
    """Jobs, newest first."""

    sorts: ClassVar = {"-created": ("-created_at", "-pk"), "created": ("created_at", "pk")}
    filters: ClassVar = {"state": "state", "name": "name"}
    sort: Literal["created", "-created"] = "-created"
    state: JobStateName | None = None
    name: str | None = Field(None, max_length=60)


class MessageList(ListQuery):
    """Messages, newest first."""

    sorts: ClassVar = {"-created": ("-created_at", "-pk"), "created": ("created_at", "pk")}
    filters: ClassVar = {"state": "state", "kind": "kind"}
    sort: Literal["created", "-created"] = "-created"
    state: MessageStateName | None = None
    kind: str | None = Field(None, max_length=60)


def _require(request: Request) -> None:
    if not request.viewer.may_somewhere(Permission.ORGANISATION_MANAGE):
        raise NotAllowed(gettext_noop("Only who manages a company may do this."))


@router.get("/jobs", response=Rows[JobOut], summary=gettext_noop("List jobs"))
def list_jobs(request: Request, query: Query[JobList]) -> Listed:
    """Jobs of the companies that the caller manages, and of the installation."""
    _require(request)
    return paged(request, queries.jobs_of(request.viewer), query)


@router.get("/jobs/{uid}", response=JobOut, summary=gettext_noop("Read a job"))
def read_job(request: Request, uid: UUID) -> Job:
    """One job."""
    return queries.job_by_uid(request.viewer, uid)


@router.post("/jobs/{uid}/cancel", response=JobOut, summary=gettext_noop("Cancel a job"))
def cancel_job(request: Request, uid: UUID) -> Job:
    """Cancel a waiting job, or ask a running one to stop; it goes on record."""
    job = queries.job_by_uid(request.viewer, uid)
    managing.cancel_job(job=job, by=request.viewer, at=request.viewer.at)
    return queries.job_by_uid(request.viewer, uid)


@router.post("/jobs/{uid}/resume", response=JobOut, summary=gettext_noop("Resume a job"))
def resume_job(request: Request, uid: UUID) -> Job:
    """Let a failed or cancelled job go on; it goes on record."""
    job = queries.job_by_uid(request.viewer, uid)
    managing.resume_job(job=job, by=request.viewer, at=request.viewer.at)
    return queries.job_by_uid(request.viewer, uid)


@router.get("/outbox", response=Rows[MessageOut], summary=gettext_noop("List outgoing messages"))
def list_messages(request: Request, query: Query[MessageList]) -> Listed:
    """Messages of the companies that the caller manages."""
    _require(request)
    return paged(request, queries.messages_of(request.viewer), query)


@router.post(
    "/outbox/{uid}/retry", response=MessageOut, summary=gettext_noop("Send a message again")
)
def retry_message(request: Request, uid: UUID) -> OutboxMessage:
    """Let a message go out once more, under the same Message-ID."""
    message = queries.message_by_uid(request.viewer, uid)
    managing.retry_message(message=message, by=request.viewer, at=request.viewer.at)
    return queries.message_by_uid(request.viewer, uid)


@router.post("/outbox/{uid}/drop", response=MessageOut, summary=gettext_noop("Drop a message"))
def drop_message(request: Request, uid: UUID, given: DropIn) -> OutboxMessage:
    """Keep a message from going out, for a reason that goes on record."""
    message = queries.message_by_uid(request.viewer, uid)
    managing.drop_message(
        message=message, by=request.viewer, at=request.viewer.at, reason=given.reason
    )
    return queries.message_by_uid(request.viewer, uid)
