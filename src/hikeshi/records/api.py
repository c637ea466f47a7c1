"""The audit log for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from ninja import Query, Router, Schema
from pydantic import Field

from hikeshi.core.errors import NotAllowed, gettext_noop
from hikeshi.organisation.rest import Listed, ListQuery, Request, Rows, paged
from hikeshi.organisation.roles import Permission
from hikeshi.records.audit import audit_events, entries, wanted_of

router = Router(tags=["audit"])


class EventOut(Schema):
    """One event; `content` says whether before and after are shown, and if not, why."""

    uid: UUID
    at: datetime
    name: str
    by: str | None
    subject_kind: str
    subject_uid: UUID | None
    subject_number: str | None
    batch: int | None
    before: Any
    after: Any
    content: Literal["shown", "nothing", "erased", "hidden"]


class EventList(ListQuery):
    """Events, newest first."""

    sorts: ClassVar = {"-at": ("-at", "-pk"), "at": ("at", "pk")}
    sort: Literal["at", "-at"] = "-at"
    name: str | None = Field(None, max_length=60, description="A name, or its start and a dot.")
    person: str | None = Field(None, max_length=100)
    subject: str | None = Field(None, max_length=60, description="A uid or a kind.")
    since: str | None = Field(None, max_length=40)
    until: str | None = Field(None, max_length=40)


@router.get("/audit", response=Rows[EventOut], summary=gettext_noop("List audit events"))
def list_events(request: Request, query: Query[EventList]) -> Listed:
    """What happened in the companies whose audit log the caller may read."""
    if not request.viewer.may_somewhere(Permission.AUDIT_READ):
        raise NotAllowed(gettext_noop("This needs the right to read the audit log."))
    wanted = wanted_of(query.dict(), request.viewer.at)
    page = paged(request, audit_events(request.viewer, wanted), query)
    page["rows"] = [entry.plain() for entry in entries(request.viewer, page["rows"])]
    return page
