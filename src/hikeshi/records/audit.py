"""The audit log as people read it: who did what, when, to which record.

An event shows by its own company, unit and wall, to who may read the audit log there. What it says
before and after shows only to those who may see its subject today: a record that was walled after
the event keeps its early events' content to those inside.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from hikeshi.ledger.models import Event, EventPayload
from hikeshi.ledger.queries import events_of
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.known import read_moment
from hikeshi.records.subjects import Subject, is_named, subjects

EXPORT_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which events are asked for; empty fields ask for all.

    name: an event's name, or the start of one that ends in a dot. person: part of a name or a
    mail address. subject: a uid, or a kind such as ``triage.case``.
    """

    name: str = ""
    person: str = ""
    subject: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def condition(self) -> Q:
        """Return it as the database asks."""
        wanted = Q()
        if self.name:
            wanted &= (
                Q(name__startswith=self.name) if self.name.endswith(".") else Q(name=self.name)
            )
        if self.person:
            wanted &= Q(by__name__icontains=self.person) | Q(by__email__icontains=self.person)
        if self.subject:
            wanted &= _about(self.subject)
        if self.since:
            wanted &= Q(at__gte=self.since)
        if self.until:
            wanted &= Q(at__lt=self.until)
        return wanted


def _about(text: str) -> Q:
    try:
        return Q(subject_uid=UUID(text))
    except ValueError:
        return Q(subject_kind=text)


def wanted_of(asked: Any, now: datetime) -> Wanted:
    """Read a filter from an address. Raises Malformed for a moment that is none."""

    def text_of(name: str, limit: int) -> str:
        # PostgreSQL takes no NUL in a text, and no event holds one.
        return str(asked.get(name) or "").replace("\x00", "").strip()[:limit]

    def moment(name: str) -> datetime | None:
        text = text_of(name, 60)
        return (
            min(read_moment(text, datetime.max.replace(tzinfo=now.tzinfo)), now) if text else None
        )

    return Wanted(
        name=text_of("name", 60),
        person=text_of("person", 100),
        subject=text_of("subject", 60),
        since=moment("since"),
        until=moment("until"),
    )


def audit_events(viewer: Viewer, wanted: Wanted) -> QuerySet[Event]:
    """Select the events that the viewer may read and asks for."""
    return events_of(viewer).filter(wanted.condition())


@dataclass(frozen=True, slots=True)
class Entry:
    """One event as it is shown.

    subject: None where nothing names it to this viewer. says: "" with before and after shown,
    else why not: nothing, erased, hidden.
    """

    event: Event
    subject: Subject | None
    before: Any
    after: Any
    says: str

    def plain(self) -> dict[str, Any]:
        """Return it for files and programs."""
        return {
            "uid": str(self.event.uid),
            "at": self.event.at.isoformat(),
            "name": self.event.name,
            "by": self.event.by.email if self.event.by else None,
            "subject_kind": self.event.subject_kind,
            "subject_uid": str(self.event.subject_uid) if self.event.subject_uid else None,
            "subject_number": self.subject.number if self.subject else None,
            "batch": self.event.batch.number if self.event.batch else None,
            "before": self.before,
            "after": self.after,
            "content": self.says or "shown",
        }


def entries(viewer: Viewer, events: Sequence[Event]) -> list[Entry]:
    """Open events that the caller has read as its viewer; a fixed number of queries."""
    payloads = {row.event_id: row for row in EventPayload.objects.filter(event__in=list(events))}
    unseal([row for row in payloads.values() if row.content is not None], "content")
    named = subjects(
        viewer, {(e.subject_kind, e.subject_uid) for e in events if e.subject_uid is not None}
    )
    return [_entry(event, payloads.get(event.pk), named) for event in events]


def _entry(event: Event, payload: EventPayload | None, named: dict[UUID, Subject]) -> Entry:
    subject = named.get(event.subject_uid) if event.subject_uid else None
    if payload is None:
        return Entry(event, subject, None, None, "nothing")
    if payload.content is None or payload.content.is_erased:
        return Entry(event, subject, None, None, "erased")
    if subject is None and is_named(event.subject_kind):
        return Entry(event, None, None, None, "hidden")
    said = payload.content.value
    return Entry(event, subject, said.get("before"), said.get("after"), "")


def exported(viewer: Viewer, wanted: Wanted) -> Iterator[Entry]:
    """Yield the newest ``EXPORT_LIMIT`` events asked for."""
    rows = audit_events(viewer, wanted).order_by("-at", "-pk")[:EXPORT_LIMIT]
    batch: list[Event] = []
    for event in rows.iterator(chunk_size=500):
        batch.append(event)
        if len(batch) == 500:
            yield from entries(viewer, batch)
            batch = []
    yield from entries(viewer, batch)


def flat(row: dict[str, Any], columns: Iterable[str]) -> list[str]:
    """Write a row for CSV so that no spreadsheet takes a cell for a formula."""
    cells = ["" if row[name] is None else str(row[name]) for name in columns]
    return [f"'{cell}" if cell[:1] in {"=", "+", "-", "@", "\t", "\r"} else cell for cell in cells]
