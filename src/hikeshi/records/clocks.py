"""Clocks: start, pause, meet (services), and what runs out next (queries)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from hikeshi.core.deadlines import Due, Pause, Term, UnitOfTime, WorkingCalendar, due
from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, gettext_noop
from hikeshi.ledger.models import Event
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account
from hikeshi.organisation.sealed import seal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.models import Clock, ClockPause, Record


def start_clock(
    *,
    subject: Record,
    regime: str,
    stage: str,
    term: Term,
    by: Account | None,
    at: datetime,
    started_by: Event | None = None,
) -> Clock:
    """Start a clock of a record from a recorded event, in its company's calendar and zone.

    Raises AlreadyDone when this stage runs already.
    """
    company = subject.company
    calendar = WorkingCalendar(company.calendar, company.zone)
    try:
        with transaction.atomic():
            clock = Clock.objects.create(
                company=company,
                unit=subject.unit,
                wall=subject.wall,
                realm=subject.realm,
                subject_kind=subject._meta.label_lower,
                subject_uid=subject.uid,
                regime=regime,
                stage=stage,
                started_by=started_by.uid if started_by is not None else None,
                started_at=at,
                amount=term.amount,
                unit_of_time=term.unit.value,
                calendar=calendar.code,
                zone=calendar.zone,
                due_at=due(at, term, calendar).at,
            )
            record("clock.started", subject=clock, by=by, at=at,
                   after={"regime": regime, "stage": stage, "due_at": clock.due_at})  # fmt: skip
    except IntegrityError as error:
        raise AlreadyDone(gettext_noop("This clock runs already.")) from error
    return clock


def worked_out(clock: Clock) -> Due:
    """Return the clock's deadline with how it was worked out, ended pauses counted in."""
    pauses = [
        Pause(pause.since, pause.until) for pause in clock.pauses.all() if pause.until is not None
    ]
    term = Term(clock.amount, UnitOfTime(clock.unit_of_time))
    return due(clock.started_at, term, WorkingCalendar(clock.calendar, clock.zone), pauses)


def pause_clock(*, clock: Clock, reason: str, by: Account, at: datetime) -> None:
    """Let a clock stand still, for a reason.

    Raises InputRefused without a reason, Conflict when it does not run.
    """
    if not reason.strip():
        raise InputRefused(gettext_noop("Say why the clock is paused."))
    with transaction.atomic():
        paused = _running(clock).update(paused_at=at)
        if not paused:
            raise Conflict(gettext_noop("This clock does not run."))
        ClockPause.objects.create(clock=clock, since=at, reason=seal(reason, clock.wall))
        record("clock.paused", subject=clock, by=by, at=at, after={"reason": reason})
    clock.paused_at = at


def resume_clock(*, clock: Clock, by: Account, at: datetime) -> Clock:
    """Let a paused clock run on; its deadline moves by the pause.

    Raises Conflict when it is not paused.
    """
    with transaction.atomic():
        ended = ClockPause.objects.filter(clock=clock, until__isnull=True).update(until=at)
        if not ended:
            raise Conflict(gettext_noop("This clock is not paused."))
        new_due = worked_out(clock).at
        Clock.objects.for_system("a clock the caller has read").filter(pk=clock.pk).update(
            paused_at=None, due_at=new_due
        )
        record("clock.resumed", subject=clock, by=by, at=at,
               before={"due_at": clock.due_at}, after={"due_at": new_due})  # fmt: skip
    clock.refresh_from_db()
    return clock


def meet_clock(*, clock: Clock, by: Account | None, at: datetime) -> None:
    """Say that what the clock asked for was done; a late meeting stays late on record.

    Raises Conflict when it was met or stopped before.
    """
    with transaction.atomic():
        met = (
            Clock.objects.for_system("a clock the caller has read")
            .filter(pk=clock.pk, met_at__isnull=True, stopped_at__isnull=True)
            .update(met_at=at, paused_at=None)
        )
        if not met:
            raise Conflict(gettext_noop("This clock was stopped already."))
        ClockPause.objects.filter(clock=clock, until__isnull=True).update(until=at)
        record("clock.met", subject=clock, by=by, at=at, after={"late": at > clock.due_at})
    clock.met_at = at


def _running(clock: Clock) -> QuerySet[Clock]:
    return Clock.objects.for_system("a clock the caller has read").filter(
        pk=clock.pk, met_at__isnull=True, stopped_at__isnull=True, paused_at__isnull=True
    )


@dataclass(frozen=True, slots=True)
class ClockLine:
    """A clock as a page shows it.

    state: running, near (a quarter of the time or a day is left), paused, met, late_met, overdue.
    """

    clock: Clock
    state: str
    worked_out: Due


def clock_state(clock: Clock, at: datetime) -> str:
    """Name the state of a clock at a moment; see ``ClockLine``."""
    if clock.met_at is not None:
        return "met" if clock.met_at <= clock.due_at else "late_met"
    if clock.paused_at is not None:
        return "paused"
    left = clock.due_at - at
    if left.total_seconds() < 0:
        return "overdue"
    whole = clock.due_at - clock.started_at
    return "near" if left <= whole / 4 or left.total_seconds() < 86_400 else "running"


def clocks_about(viewer: Viewer, subject_uid: UUID) -> list[ClockLine]:
    """Return a record's clocks, soonest first, in two queries."""
    found = (
        Clock.objects.visible_to(viewer)
        .filter(subject_uid=subject_uid, stopped_at__isnull=True)
        .prefetch_related("pauses")
        .order_by("due_at", "pk")
    )
    return [ClockLine(c, clock_state(c, viewer.at), worked_out(c)) for c in found]


def clocks_due(viewer: Viewer, until: datetime, limit: int = 100) -> list[Clock]:
    """Return running clocks that the viewer may see and that end before a moment, soonest first."""
    return list(
        Clock.objects.visible_to(viewer)
        .filter(met_at__isnull=True, stopped_at__isnull=True, paused_at__isnull=True)
        .filter(due_at__lte=until)
        .order_by("due_at", "pk")[:limit]
    )
