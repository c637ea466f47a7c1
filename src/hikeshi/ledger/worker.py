"""The worker: claims wake-up calls, runs jobs, brings back what dead workers held.

One process with a few threads. The first thread takes only the ``quick`` lane, so that a mail never
waits behind an hour of reading feeds. The main thread ticks: timetable, reaper, stop signals.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

import structlog
from django.db import DatabaseError, IntegrityError, close_old_connections, connection, transaction
from django.db.models import F, Q
from django.utils import timezone
from django_tasks_db.models import DBTaskResult, get_date_max

from hikeshi.ledger import queue, schedule
from hikeshi.ledger.heart import LEASE, Heart, alive_since, heart, use_heart
from hikeshi.ledger.models import Job, JobState, Worker
from hikeshi.ledger.queue import MAX_LOSSES

log = structlog.get_logger()

QUICK: Final = ("quick",)
ALL_LANES: Final = ("quick", "long", "default")
READY, RUNNING = "READY", "RUNNING"


def take_one(lanes: tuple[str, ...]) -> bool:
    """Claim and run one wake-up call of these lanes; tell whether there was one."""
    now = timezone.now()
    ready = DBTaskResult.objects.filter(status=READY, queue_name__in=lanes)
    # "At once" is stored as the last moment there is.
    due = ready.filter(Q(run_after=get_date_max()) | Q(run_after__lte=now))[:5]
    for call in list(due):
        claimed = DBTaskResult.objects.filter(pk=call.pk, status=READY).update(
            status=RUNNING, started_at=now
        )
        if claimed:
            call.task.call(*call.args_kwargs["args"], **call.args_kwargs["kwargs"])
            # The job's row is the record; a call that was answered is worth nothing.
            DBTaskResult.objects.filter(pk=call.pk).delete()
            return True
    return False


def reap(now: datetime, lease: timedelta = LEASE) -> int:
    """Bring back the jobs of dead workers, and wake what waits unheard; return how many."""
    jobs = Job.objects.for_system("the reaper shows nothing")
    alive = alive_since(now, lease)
    brought = 0
    running = jobs.filter(state=JobState.RUNNING)
    dropped = Q(owner_uid=heart().uid, started_at__lt=now - lease) & ~Q(uid__in=queue.at_work)
    for row in running.filter(~Q(owner_uid__in=alive) | dropped)[:500]:
        brought += _bring_back(row, now)
    # Its call was lost with a worker, or with a backend that does not keep calls. Where calls only
    # wait their turn, more of them would not help.
    busy = set(
        DBTaskResult.objects.filter(status=READY, enqueued_at__lt=now - lease)
        .filter(Q(run_after=get_date_max()) | Q(run_after__lte=now))
        .values_list("queue_name", flat=True)
    )
    free = [name for name, kind in queue.KINDS.items() if kind.lane not in busy]
    unheard = jobs.filter(
        state=JobState.QUEUED, name__in=free, run_at__lte=now - lease, woken_at__lte=now - lease
    )
    for row in unheard[:500]:
        brought += queue.wake_again(row)
    if brought:
        log.warning("worker.reaped", jobs=brought)
    # Calls that a dead worker had claimed: their jobs have been woken anew above.
    DBTaskResult.objects.filter(status=RUNNING, started_at__lt=now - timedelta(days=1)).delete()
    Worker.objects.filter(beat_at__lt=now - timedelta(days=7)).delete()
    return brought


def _bring_back(row: Job, now: datetime) -> int:
    this = Job.objects.for_system("the reaper shows nothing").filter(
        pk=row.pk, state=JobState.RUNNING, attempt=row.attempt, owner_uid=row.owner_uid
    )
    if row.cancel_asked_at is not None:
        return this.update(state=JobState.CANCELLED, finished_at=now)
    if row.losses + 1 >= MAX_LOSSES:
        # A job that takes each worker down with it must not go round for ever.
        return this.update(
            state=JobState.FAILED, finished_at=now, losses=F("losses") + 1,
            error=f"its worker was lost {MAX_LOSSES} times",
        )  # fmt: skip
    try:
        with transaction.atomic():
            back = this.update(
                state=JobState.QUEUED, owner_uid=None, run_at=now, woken_at=now,
                losses=F("losses") + 1,
            )  # fmt: skip
            if back:
                row.refresh_from_db()
                kind = queue.KINDS.get(row.name)
                if kind is not None:
                    queue.wake_call(row, kind)
    except IntegrityError:
        return this.update(
            state=JobState.CANCELLED,
            finished_at=now,
            error="another waiting job does the same work",
        )
    return back


class WorkerProcess:
    """The loop of ``hikeshi worker``."""

    def __init__(
        self, *, threads: int = 2, poll_seconds: float = 0.5, lease: timedelta = LEASE
    ) -> None:
        self.threads = threads
        self.poll_seconds = poll_seconds
        self.lease = lease
        self.heart = Heart()
        self._stop = queue.stopping

    def stop(self) -> None:
        """Ask all threads to stop after what they are doing."""
        self._stop.set()

    def run(self) -> None:
        """Work until ``stop``."""
        self._stop.clear()
        use_heart(self.heart)
        self.heart.start(self.lease / 6)
        schedule.post_timetable(timezone.now())
        lanes = [QUICK if n == 0 and self.threads > 1 else ALL_LANES for n in range(self.threads)]
        crew = [
            threading.Thread(target=self._work, args=(lane,), name=f"jobs-{n}")
            for n, lane in enumerate(lanes)
        ]
        log.info("worker.started", worker=str(self.heart.uid), threads=self.threads)
        for thread in crew:
            thread.start()
        next_reap = timezone.now()
        pause = min(1.0, self.lease.total_seconds() / 4)
        while not self._stop.wait(pause):
            with _patience("tick"):
                now = timezone.now()
                schedule.tick(now)
                if now >= next_reap:
                    reap(now, self.lease)
                    next_reap = now + self.lease / 4
        for thread in crew:
            thread.join()
        self.heart.stop()
        use_heart(None)
        connection.close()
        log.info("worker.stopped", worker=str(self.heart.uid))

    def _work(self, lanes: tuple[str, ...]) -> None:
        while not self._stop.is_set():
            worked = False
            with _patience("work"):
                worked = take_one(lanes)
            if not worked:
                self._stop.wait(self.poll_seconds)
        connection.close()


@contextmanager
def _patience(what: str) -> Iterator[None]:
    """Outlive a database that is locked, restarting or away for a while, and a fault of ours.

    A thread that ended here would not be missed: its lane would stand still until a restart.
    """
    close_old_connections()
    try:
        yield
    except DatabaseError as error:
        log.warning("worker.database", during=what, error=type(error).__name__)
        connection.close()
        queue.stopping.wait(1.0)
    except Exception as error:  # noqa: BLE001  # see above
        # A traceback would repeat what the error quotes.
        log.warning("worker.fault", during=what, error=queue.redacted(error))
        queue.stopping.wait(1.0)


def drain(limit: int = 1000) -> int:
    """Run what is due now in this thread, without timetable; return how many calls were answered.

    For ``hikeshi worker --once`` and for tests.
    """
    own = Heart()
    before = use_heart(own)
    try:
        return next((n for n in range(limit) if not take_one(ALL_LANES)), limit)
    finally:
        own.stop()
        use_heart(before)
