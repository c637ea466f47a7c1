"""Clocks: start, pause, correct, meet, stop (services), and what runs out next (queries).

Clocks start, end and are met by the services whose events they follow; these have weighed the
right. People pause, resume and correct them by themselves.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from hikeshi.core.deadlines import Due, Ends, Pause, Term, UnitOfTime, WorkingCalendar, due
from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, Stale, gettext_noop
from hikeshi.ledger.models import Event
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import seal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records import rights
from hikeshi.records.models import Clock, ClockPause, Record
from hikeshi.records.notices import post_warning
from hikeshi.records.regimes import WARN_PERCENTS, stage_of


def start_clock(
    *,
    subject: Record,
    regime: str,
    stage: str,
    by: Account | None,
    at: datetime,
    term: Term | None = None,
    due_at: datetime | None = None,
    started_at: datetime | None = None,
    started_by: Event | None = None,
) -> Clock:
    """Start a clock of a record from a recorded event.

    term: how long, when not as ``records.regimes`` says. due_at: the moment, when one was agreed
        on. started_at: when it began to run, when not now. Calendar and zone are the company's,
        unless the regime counts elsewhere.
    Raises AlreadyDone when this stage runs or ran already, InputRefused without a length.
    """
    known = stage_of(regime, stage)
    term = None if due_at is not None else term or known.term
    if term is None and due_at is None:
        raise InputRefused(gettext_noop("A clock needs a length or a moment."))
    company, start = subject.company, started_at or at
    clock = Clock(
        company=company, unit=subject.unit, wall=subject.wall, realm=subject.realm,
        subject_kind=subject._meta.label_lower, subject_uid=subject.uid, regime=regime, stage=stage,
        started_by=started_by.uid if started_by is not None else None, started_at=start,
        amount=term.amount if term else None, unit_of_time=term.unit.value if term else "",
        ends=term.ends.value if term and term.ends else "", rolls=bool(term and term.rolls),
        calendar=known.calendar or company.calendar, zone=known.zone or company.zone,
        pausable=known.pausable,
    )  # fmt: skip
    clock.due_at = due_at or due(start, term_of(clock), calendar_of(clock)).at
    clock.warn_at, clock.warned_percent = next_warning(start, clock.due_at, at)
    try:
        with transaction.atomic():
            clock.save(force_insert=True)
            record("clock.started", subject=clock, by=by, at=at, after={
                "regime": regime, "stage": stage, "started_at": start, "due_at": clock.due_at,
            })  # fmt: skip
    except IntegrityError as error:
        raise AlreadyDone(gettext_noop("This clock runs already.")) from error
    return clock


def term_of(clock: Clock) -> Term:
    """Return a clock's term. Call it for one that has a length."""
    assert clock.amount is not None  # noqa: S101  # said above
    ends = Ends(clock.ends) if clock.ends else None
    return Term(clock.amount, UnitOfTime(clock.unit_of_time), ends, clock.rolls)


def calendar_of(clock: Clock) -> WorkingCalendar:
    """Return the calendar that a clock counts in."""
    return WorkingCalendar(clock.calendar, clock.zone)


def worked_out(clock: Clock) -> Due | None:
    """Return how a clock's deadline was worked out; None where the moment was agreed on."""
    if clock.amount is None:
        return None
    pauses = [
        Pause(pause.since, pause.until) for pause in clock.pauses.all() if pause.until is not None
    ]
    return due(clock.started_at, term_of(clock), calendar_of(clock), pauses)


def next_warning(
    started_at: datetime, due_at: datetime, at: datetime
) -> tuple[datetime | None, int]:
    """Return the next moment at which to warn after ``at``, and the share that is behind."""
    passed = 0
    for percent in (*WARN_PERCENTS, 100):
        moment = started_at + (due_at - started_at) * percent / 100
        if moment > at:
            return moment, passed
        passed = percent
    # What is over at its start is still warned of once.
    return due_at, WARN_PERCENTS[-1]


def pause_clock(*, clock: Clock, reason: str, by: Viewer, at: datetime) -> None:
    """Let a clock stand still, for a reason.

    Raises InputRefused without a reason, Conflict when it does not run or may not stand still.
    """
    account = rights.require(clock, by, Permission.CASE_WORK)
    if not reason.strip():
        raise InputRefused(gettext_noop("Say why the clock is paused."))
    if not clock.pausable:
        raise Conflict(gettext_noop("This deadline runs on whatever happens."))
    with transaction.atomic():
        if not _open(clock).filter(paused_at__isnull=True).update(paused_at=at, warn_at=None):
            raise Conflict(gettext_noop("This clock does not run."))
        ClockPause.objects.create(clock=clock, since=at, reason=seal(reason, clock.wall))
        record("clock.paused", subject=clock, by=account, at=at, after={"reason": reason})
    clock.refresh_from_db()


def resume_clock(*, clock: Clock, by: Viewer, at: datetime) -> Clock:
    """Let a paused clock run on; its deadline moves by the pause.

    Raises Conflict when it is not paused.
    """
    account = rights.require(clock, by, Permission.CASE_WORK)
    with transaction.atomic():
        if not ClockPause.objects.filter(clock=clock, until__isnull=True).update(until=at):
            raise Conflict(gettext_noop("This clock is not paused."))
        clock.refresh_from_db()
        return _reckon(clock, "clock.resumed", account, at, paused_at=None)


def correct_clock(
    *,
    clock: Clock,
    by: Viewer,
    at: datetime,
    reason: str,
    started_at: datetime | None = None,
    due_at: datetime | None = None,
) -> Clock:
    """Correct when a clock began, or move the moment that was agreed on; both stay on record.

    Raises InputRefused without a reason or with nothing to correct, Conflict when it was stopped,
    Stale when somebody changed it since it was read.
    """
    account = rights.require(clock, by, Permission.CASE_WORK)
    if not reason.strip():
        raise InputRefused(gettext_noop("Say why the clock is corrected."))
    if started_at is None and due_at is None:
        raise InputRefused(gettext_noop("Say what the clock is corrected to."))
    if clock.stopped_at is not None:
        raise Conflict(gettext_noop("This clock does not run."))
    if due_at is not None and clock.amount is not None:
        raise Conflict(gettext_noop("This deadline is worked out from its start; correct that."))
    changes: dict[str, Any] = {"started_at": started_at or clock.started_at}
    if due_at is not None:
        changes["due_at"] = due_at
    with transaction.atomic():
        return _reckon(clock, "clock.corrected", account, at, reason=reason, **changes)


def _reckon(
    clock: Clock, event: str, by: Account, at: datetime, *, reason: str = "", **changes: Any
) -> Clock:
    """Work the deadline out anew and write down both.

    Raises Stale when the clock is not any more as it was read: what was worked out from that would
    undo what somebody else did meanwhile.
    """
    before = {"started_at": clock.started_at, "due_at": clock.due_at}
    as_read = {name: getattr(clock, name) for name in ("paused_at", "met_at", "stopped_at")}
    for name, value in changes.items():
        setattr(clock, name, value)
    found = worked_out(clock)
    clock.due_at = found.at if found is not None else clock.due_at
    clock.warn_at, clock.warned_percent = next_warning(clock.started_at, clock.due_at, at)
    if clock.paused_at is not None or clock.met_at is not None:
        clock.warn_at = None
    written = ("due_at", "warn_at", "warned_percent", *changes)
    rows = Clock.objects.for_system("a clock the caller has read").filter(pk=clock.pk)
    if not rows.filter(**before, **as_read).update(**{n: getattr(clock, n) for n in written}):
        clock.refresh_from_db()
        raise Stale(
            gettext_noop("Somebody else changed this clock meanwhile. Look at it and try again.")
        )
    after = {"started_at": clock.started_at, "due_at": clock.due_at, "reason": reason}
    record(event, subject=clock, by=by, at=at, before=before, after=after)
    return clock


def meet_clock(*, clock: Clock, by: Account | None, at: datetime) -> Clock:
    """Say that what the clock asked for was done; a late meeting stays late on record.

    Raises AlreadyDone when it was met or stopped before.
    """
    return _end(clock, "clock.met", by, at, {"late": at > clock.due_at}, met_at=at)


def stop_clock(*, clock: Clock, by: Account | None, at: datetime, reason: str) -> Clock:
    """Call a clock off, because what started it was none or has ended; it may start anew.

    Raises AlreadyDone when it was stopped before.
    """
    return _end(clock, "clock.stopped", by, at, {"reason": reason}, stopped_at=at)


def _end(
    clock: Clock,
    event: str,
    by: Account | None,
    at: datetime,
    after: dict[str, Any],
    **fields: datetime,
) -> Clock:
    with transaction.atomic():
        if not _open(clock).update(paused_at=None, warn_at=None, **fields):
            raise AlreadyDone(gettext_noop("This clock was stopped already."))
        ClockPause.objects.filter(clock=clock, until__isnull=True).update(until=at)
        record(event, subject=clock, by=by, at=at, after=after)
    clock.refresh_from_db()
    return clock


def _open(clock: Clock) -> QuerySet[Clock]:
    return Clock.objects.for_system("a clock the caller has read").filter(
        pk=clock.pk, met_at__isnull=True, stopped_at__isnull=True
    )


def open_clock(subject: Record, regime: str, stage: str) -> Clock | None:
    """Return the clock of a stage that runs or stands still, for the service that ends it."""
    return (
        Clock.objects.for_system("the caller has read the subject")
        .filter(subject_uid=subject.uid, regime=regime, stage=stage)
        .filter(met_at__isnull=True, stopped_at__isnull=True)
        .first()
    )


def take_warnings(*, at: datetime, limit: int = 500) -> list[tuple[Clock, int]]:
    """Take the warnings that are due, each once; return the clocks with the share of time gone.

    Whoever is to know is told by mail, posted in the transaction that takes the warning.
    The percent is one of ``WARN_PERCENTS``, or 100 when the deadline has passed.
    """
    waiting = Clock.objects.for_system("warnings before deadlines").filter(
        warn_at__lte=at, met_at__isnull=True, stopped_at__isnull=True, paused_at__isnull=True
    )
    taken = []
    rows = waiting.select_related("company", "unit", "wall")
    for clock in rows.order_by("warn_at", "pk")[:limit]:
        following, percent = next_warning(clock.started_at, clock.due_at, at)
        if clock.due_at <= at:
            following, percent = None, 100
        with transaction.atomic():
            # The moment as read stands in the condition: of two workers one takes the warning.
            mine = (
                Clock.objects.for_system("warnings before deadlines")
                .filter(pk=clock.pk, warn_at=clock.warn_at, paused_at__isnull=True)
                .update(warn_at=following, warned_percent=percent)
            )
            if mine:
                told = post_warning(clock=clock, percent=percent, at=at)
                after = {"percent": percent, "told": told}
                record("clock.warned", subject=clock, by=None, at=at, after=after)
                taken.append((clock, percent))
    return taken


def clocks_due(
    viewer: Viewer, until: datetime, limit: int = 100, *, narrowed: Q | None = None
) -> list[Clock]:
    """Return running clocks that the viewer may see and that end before a moment, soonest first.

    Those that somebody was warned of are among them, however far off their end is.
    narrowed: a condition on the clocks' columns.
    """
    return list(
        running_clocks(viewer)
        .filter(narrowed or Q(), Q(due_at__lte=until) | Q(warned_percent__gt=0))
        .select_related("wall")
        .order_by("due_at", "pk")[:limit]
    )


def running_clocks(viewer: Viewer) -> QuerySet[Clock]:
    """Select the clocks that run now and that the viewer may see."""
    return Clock.objects.visible_to(viewer).filter(
        met_at__isnull=True, stopped_at__isnull=True, paused_at__isnull=True
    )


def clock_state(clock: Clock, at: datetime) -> str:
    """Name the state of a clock at a moment; see ``faces.ClockLine``."""
    if clock.stopped_at is not None:
        return "stopped"
    if clock.met_at is not None:
        return "met" if clock.met_at <= clock.due_at else "late_met"
    if clock.paused_at is not None:
        return "paused"
    if clock.due_at < at:
        return "overdue"
    left = clock.due_at - at
    is_near = left <= (clock.due_at - clock.started_at) / 4 or left < timedelta(days=1)
    return "near" if is_near else "running"
