"""The audit log for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from django.db import transaction
from ninja import Query, Router, Schema, Status
from pydantic import Field

from hikeshi.core.errors import NotAllowed, gettext_noop
from hikeshi.organisation.rest import Listed, ListQuery, Request, Rows, paged
from hikeshi.organisation.roles import Permission
from hikeshi.records import saved
from hikeshi.records.audit import audit_events, entries, wanted_of
from hikeshi.records.news import News, as_news, mark_read, news_of

router = Router(tags=["audit"])
views = Router(tags=["saved views"])
news = Router(tags=["notifications"])
router.add_router("", views)
router.add_router("", news)


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


class NewsOut(Schema):
    """What somebody else did about a matter of the caller; `by` is empty for the program itself."""

    uid: UUID
    at: datetime
    name: str = Field(description="The event's name, as `message.written`.")
    by: str
    subject_number: str | None
    subject_url: str | None
    is_new: bool


class NewsList(ListQuery):
    """Notifications of the last 30 days, newest first."""

    sorts: ClassVar = {"-at": ("-at", "-pk"), "at": ("at", "pk")}
    sort: Literal["at", "-at"] = "-at"
    unread: bool = Field(False, description="Only those not marked as read.")


class ReadIn(Schema):
    """Up to when; what comes later stays unread."""

    until: datetime


def _news_out(one: News) -> dict[str, Any]:
    subject = one.subject
    return {
        "uid": one.event.uid, "at": one.event.at, "name": one.event.name, "by": one.who,
        "subject_number": subject.number if subject else None,
        "subject_url": subject.url if subject else None, "is_new": one.is_new,
    }  # fmt: skip


@news.get("/notifications", response=Rows[NewsOut], summary=gettext_noop("List notifications"))
def list_news(request: Request, query: Query[NewsList]) -> Listed:
    """What others did lately about what the caller takes part in."""
    page = paged(request, news_of(request.viewer, unread=query.unread), query)
    page["rows"] = [_news_out(one) for one in as_news(request.viewer, page["rows"])]
    return page


@news.post(
    "/notifications/read", response={204: None}, summary=gettext_noop("Mark notifications as read")
)
def read_news(request: Request, given: ReadIn) -> Status[None]:
    """Mark what happened up to a moment as read."""
    mark_read(request.viewer, given.until)
    return Status(204, None)


class ViewOut(Schema):
    """A saved view; `readers` is `me`, `unit:<uid>` or `company:<short name>`."""

    uid: UUID
    list: str
    name: str
    query: str = Field(description="The part after `?` of the list's address.")
    readers: str
    owner: str
    is_own: bool
    is_start: bool


class ViewList(ListQuery):
    """Saved views, newest first."""

    sorts: ClassVar = {"-created": ("-created_at", "-pk"), "created": ("created_at", "pk")}
    filters: ClassVar = {"list": "kept"}
    sort: Literal["created", "-created"] = "-created"
    list: str | None = Field(None, max_length=20, description="`findings`, `cases` …")


class ViewIn(Schema):
    """A view to save; the same name for the same readers replaces the filters."""

    list: str = Field(max_length=20, description="`findings`, `cases`, `products` …")
    name: str = Field(min_length=1, max_length=saved.NAME_LIMIT)
    query: str = Field("", max_length=saved.QUERY_LIMIT)
    readers: str = Field("me", max_length=60)
    is_start: bool = False
    confirmed: bool = Field(
        False, description="Others may read its words although they lie behind a wall."
    )


class ViewChange(Schema):
    """What to change; what is left out stays."""

    name: str | None = Field(None, min_length=1, max_length=saved.NAME_LIMIT)
    query: str | None = Field(None, max_length=saved.QUERY_LIMIT)
    readers: str | None = Field(None, max_length=60)
    is_start: bool | None = None
    confirmed: bool = False


def _view_out(view: saved.Shown) -> dict[str, Any]:
    return {
        "uid": view.uid, "list": view.kept.key, "name": view.name, "query": view.query,
        "readers": view.readers.key, "owner": view.owner.name, "is_own": view.is_own,
        "is_start": view.is_start,
    }  # fmt: skip


@views.get("/views", response=Rows[ViewOut], summary=gettext_noop("List saved views"))
def list_views(request: Request, query: Query[ViewList]) -> Listed:
    """The views that the caller may open: own ones, and what is shared with them."""
    page = paged(request, saved.view_rows(request.viewer), query)
    page["rows"] = [_view_out(one) for one in saved.as_shown(request.viewer, page["rows"])]
    return page


@views.post("/views", response={201: ViewOut}, summary=gettext_noop("Save a view"))
def save_view(request: Request, given: ViewIn) -> Status[Any]:
    """Save a list's filters and sorting under a name."""
    uid = saved.save_view(
        kept=saved.list_named(given.list), name=given.name, query=given.query,
        readers=saved.readers_named(request.viewer, given.readers), is_start=given.is_start,
        confirmed=given.confirmed, by=request.viewer, at=request.viewer.at,
    )  # fmt: skip
    return Status(201, _view_out(saved.view_by_uid(request.viewer, uid)))


@views.patch("/views/{uid}", response=ViewOut, summary=gettext_noop("Change a saved view"))
def change_view(request: Request, uid: UUID, given: ViewChange) -> dict[str, Any]:
    """Give a view another name, other filters or other readers."""
    viewer, view = request.viewer, saved.view_by_uid(request.viewer, uid)
    with transaction.atomic():
        if {given.name, given.query, given.readers} != {None}:
            readers = given.readers
            saved.change_view(
                uid=uid, name=given.name or view.name, query=given.query,
                readers=saved.readers_named(viewer, readers) if readers else view.readers,
                confirmed=given.confirmed, by=viewer, at=viewer.at,
            )  # fmt: skip
        if given.is_start is not None and given.is_start != view.is_start:
            saved.start_with(kept=view.kept, uid=uid if given.is_start else None, by=viewer)
    return _view_out(saved.view_by_uid(viewer, uid))


@views.delete("/views/{uid}", response={204: None}, summary=gettext_noop("Delete a saved view"))
def delete_view(request: Request, uid: UUID) -> Status[Any]:
    """Delete a view; the list stays as it is."""
    saved.delete_view(uid=uid, by=request.viewer, at=request.viewer.at)
    return Status(204, None)
