"""The timetable: named jobs that recur.

An area's ``jobs.py`` says ``every(refresh, minutes=15)``. Each entry has a row; of several workers
the one whose conditional UPDATE moves the row on enqueues the job, in the same transaction. After
a pause the job runs once, not once for each time that was missed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from hikeshi.ledger.models import Schedule
from hikeshi.ledger.queue import JobKind, enqueue

_EPOCH: Final = datetime(2024, 1, 1, tzinfo=UTC)  # a Monday


@dataclass(frozen=True)
class Entry:
    """A line of the timetable: due at multiples of ``period`` after Monday 00:00 UTC + offset."""

    job: JobKind
    period: timedelta
    offset: timedelta

    def after(self, now: datetime) -> datetime:
        """Return the first moment after ``now`` at which the job is due."""
        passed = (now - _EPOCH - self.offset) // self.period
        return _EPOCH + self.offset + (passed + 1) * self.period


TIMETABLE: Final[dict[str, Entry]] = {}


def every(
    job: JobKind,
    *,
    days: int = 0,
    hours: int = 0,
    minutes: int = 0,
    seconds: int = 0,
    offset: timedelta = timedelta(0),
) -> None:
    """Let a job without arguments recur, named as the job is.

    offset: from Monday 00:00 UTC; ``days=1, offset=timedelta(hours=18)`` is daily at 18:00 UTC.
    """
    period = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if period <= timedelta(0) or job.parameters:
        raise TypeError(f"{job.name}: a recurring job has a period and no arguments")
    TIMETABLE[job.name] = Entry(job, period, offset)


def post_timetable(now: datetime) -> None:
    """Give each entry its row; rows of entries that are no more stay, and nothing reads them."""
    Schedule.objects.bulk_create(
        [Schedule(name=name, next_at=entry.after(now)) for name, entry in TIMETABLE.items()],
        ignore_conflicts=True,
    )


def tick(now: datetime) -> list[str]:
    """Enqueue what is due and return its names; safe in any number of workers at once."""
    due = Schedule.objects.filter(
        next_at__lte=now, paused_at__isnull=True, name__in=list(TIMETABLE)
    ).values_list("name", "next_at")
    begun = []
    for name, next_at in list(due):
        entry = TIMETABLE[name]
        with transaction.atomic():
            moved = Schedule.objects.filter(name=name, next_at=next_at).update(
                next_at=entry.after(now), last_at=F("next_at")
            )
            if moved:
                enqueue(entry.job, key="timetable")
                begun.append(name)
    return begun
