"""The queue of jobs: declare one, enqueue it, run it once to its end.

1. A job is enqueued in the transaction of its cause: both stand or fall together.
2. Its arguments are ids (numbers, UUIDs, short words): they lie in clear.
3. A claim is a conditional UPDATE; its row count decides between workers.
4. A killed worker's job runs again (``worker.reap``). What an attempt has done for good it marks
   with ``Run.once``; an attempt that was taken for dead is refused there.
5. Errors are kept without their messages, which may quote what lies behind a wall; an error of our
   own tree has a sentence that is safe to keep.

The job's uid travels by Django's Tasks API as a wake-up call. A wake-up that gets lost is given
again, one too many does nothing; so any backend of that API will do.
"""

from __future__ import annotations

import inspect
import random
import re
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event as Flag
from typing import Any, Final, Protocol
from uuid import UUID

import structlog
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone

from hikeshi.core.errors import Conflict, HikeshiError, InputRefused, NotAvailable, gettext_noop
from hikeshi.ledger.heart import heart
from hikeshi.ledger.models import Job, JobEffect, JobState
from hikeshi.ledger.tasks import send, task
from hikeshi.organisation.models import Account, Company, Unit, Wall

log = structlog.get_logger()

MAX_LOSSES: Final = 5
LONGEST_WAIT: Final = timedelta(hours=6)
_WORD: Final = re.compile(r"[a-z][a-z0-9_.]{0,39}")
_PROGRESS_EVERY: Final = timedelta(seconds=1)
stopping: Final = Flag()
# Jobs that this process is at work on; set.add and set.discard are atomic.
at_work: Final[set[UUID]] = set()


class GiveUp(Exception):
    """Raised by a job whose next try could not succeed either; the text is kept, so no content."""


class Cancelled(Exception):
    """Raised inside a job that a person has cancelled."""


class Interrupted(Exception):
    """Raised inside a job whose worker is about to stop; the job waits for another worker."""


class Lost(Exception):
    """Raised inside a job that was taken from this worker, which had been silent for too long."""


class Work(Protocol):
    """What a job's function looks like: the run, then ids by name."""

    def __call__(self, run: Run, /, **ids: Any) -> None:
        """Do the work."""
        ...


@dataclass(frozen=True)
class JobKind:
    """A job as declared: its name, its function, and how it is tried again.

    lane: ``quick`` jobs never wait behind ``long`` ones.
    """

    name: str
    title: str
    function: Callable[..., None]
    max_tries: int
    backoff: timedelta
    lane: str
    parameters: frozenset[str] = field(compare=False)

    def wait(self, tries: int) -> timedelta:
        """Return how long to wait after the n-th error: doubled each time, and a little random."""
        plain = min(self.backoff * (1 << min(tries - 1, 20)), LONGEST_WAIT)
        return plain * random.uniform(0.9, 1.1)  # noqa: S311  # spreads retries, guards nothing

    def __call__(self, run: Run, **ids: Any) -> None:
        """Do the work."""
        self.function(run, **ids)


KINDS: Final[dict[str, JobKind]] = {}


def job(
    name: str,
    *,
    title: str = "",
    max_tries: int = 5,
    backoff: timedelta = timedelta(seconds=30),
    lane: str = "quick",
) -> Callable[[Callable[..., None]], JobKind]:
    """Declare a function ``(run, *, id…)`` as the job of this name.

    title: in English, marked for translation, for the pages that list jobs.
    lane: ``long`` for work of more than a few seconds.
    Raises RuntimeError for a name that another function has.
    """

    def declare(function: Callable[..., None]) -> JobKind:
        held = KINDS.get(name)
        if held is not None and held.function.__qualname__ != function.__qualname__:
            raise RuntimeError(f"two jobs are called {name}")
        _run, *rest = inspect.signature(function).parameters
        kind = JobKind(name, title, function, max_tries, backoff, lane, frozenset(rest))
        KINDS[name] = kind
        return kind

    return declare


def enqueue(
    kind: JobKind | str,
    *,
    subject: models.Model | None = None,
    company: Company | None = None,
    unit: Unit | None = None,
    wall: Wall | None = None,
    by: Account | None = None,
    key: str | None = None,
    run_at: datetime | None = None,
    **ids: int | str | UUID | None,
) -> Job:
    """Put a job into the queue, in the caller's transaction; return its row.

    kind: the declared job or its name (services name jobs, which lie above them).
    subject: a walled row that brings its company, unit and wall; the job inherits them.
    key: when a job of this name and key waits already, that one is returned.
    Raises KeyError for an unknown job, TypeError for arguments that it does not take or that are
    not ids.
    """
    declared = KINDS[kind] if isinstance(kind, str) else kind
    if set(ids) != declared.parameters:
        raise TypeError(f"job {declared.name} takes {sorted(declared.parameters)}")
    check_ids(declared.name, ids)
    now = timezone.now()
    due = run_at or now
    row = Job(
        name=declared.name,
        key=key,
        company=company or getattr(subject, "company", None),
        unit=unit or getattr(subject, "unit", None),
        wall=wall or getattr(subject, "wall", None),
        by=by,
        arguments={name: str(v) if isinstance(v, UUID) else v for name, v in ids.items()},
        created_at=now,
        run_at=due,
        woken_at=due,
    )
    with transaction.atomic():
        try:
            # A savepoint of its own: losing the race for the key must not spoil the caller's act.
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            waiting = _jobs().filter(name=declared.name, key=key, state=JobState.QUEUED).first()
            if key is None or waiting is None:
                raise
            return waiting
        wake_call(row, declared)
    return row


def _jobs() -> models.QuerySet[Job]:
    return Job.objects.for_system("the queue shows nothing")


def check_ids(name: str, ids: Mapping[str, object]) -> None:
    """Raise TypeError for arguments that are not numbers, UUIDs, short words or None."""
    for argument, value in ids.items():
        if value is None or isinstance(value, int | UUID):
            continue
        if isinstance(value, str) and (_WORD.fullmatch(value) or _is_uuid(value)):
            continue
        # The value itself stays out of the message.
        raise TypeError(f"{name}: {argument} is not an id")


def _is_uuid(value: str) -> bool:
    try:
        return str(UUID(value)) == value
    except ValueError:
        return False


def wake_call(row: Job, kind: JobKind) -> None:
    """Send a job's wake-up call, in the caller's transaction."""
    soon = row.run_at <= timezone.now()
    send(wake.using(queue_name=kind.lane, run_after=None if soon else row.run_at), str(row.uid))


def wake_again(row: Job) -> bool:
    """Give a waiting job another wake-up call unless somebody just did; tell whether."""
    now = timezone.now()
    kind = KINDS.get(row.name)
    with transaction.atomic():
        mine = _jobs().filter(pk=row.pk, state=JobState.QUEUED, woken_at=row.woken_at)
        if kind is None or not mine.update(woken_at=now):
            return False
        wake_call(row, kind)
    return True


def cancel(row: Job) -> bool:
    """Cancel a waiting job at once, ask a running one to stop; tell whether there was either."""
    now = timezone.now()
    this = _jobs().filter(pk=row.pk)
    return bool(
        this.filter(state=JobState.QUEUED).update(
            state=JobState.CANCELLED, cancel_asked_at=now, finished_at=now
        )
        or this.filter(state=JobState.RUNNING).update(cancel_asked_at=now)
    )


def resume(row: Job) -> None:
    """Let a failed or cancelled job go on where it stopped.

    Raises Conflict when it is neither, or when another one does its work already.
    """
    now = timezone.now()
    this = _jobs().filter(pk=row.pk, state__in=[JobState.FAILED, JobState.CANCELLED])
    try:
        with transaction.atomic():
            resumed = this.update(
                state=JobState.QUEUED, tries=0, losses=0, error="", run_at=now, woken_at=now,
                cancel_asked_at=None, finished_at=None,
            )  # fmt: skip
            if resumed:
                row.refresh_from_db()
                wake_call(row, KINDS[row.name])
    except IntegrityError as error:
        raise Conflict(gettext_noop("Another waiting job does this work already.")) from error
    except KeyError as error:
        raise Conflict(gettext_noop("This version has no job of that name any more.")) from error
    if not resumed:
        raise Conflict(gettext_noop("Only a failed or cancelled job can be resumed."))


@dataclass
class Run:
    """One attempt at a job: says how far it is, and does each effect once."""

    job: Job
    owner_uid: UUID
    _told_at: datetime = field(default_factory=timezone.now)

    def _mine(self) -> models.QuerySet[Job]:
        return _jobs().filter(
            pk=self.job.pk, state=JobState.RUNNING, owner_uid=self.owner_uid,
            attempt=self.job.attempt,
        )  # fmt: skip

    @contextmanager
    def once(self, key: str) -> Iterator[bool]:
        """Open a transaction for one effect; yield True when it is not done yet.

            with run.once(f"release/{release}") as first:
                if first:
                    …

        The mark is written in the same transaction, so that a kill leaves both or neither.
        Raises Lost when the job was given to another worker.
        """
        with transaction.atomic():
            # The UPDATE locks the job's row until the effect is committed: who reaps waits.
            if not self._mine().update(attempt=F("attempt")):
                raise Lost
            _effect, first = JobEffect.objects.get_or_create(job_id=self.job.pk, key=key)
            yield first

    def check(self) -> None:
        """Stop here when the job was cancelled, taken away, or the worker is to stop."""
        asked = list(self._mine().values_list("cancel_asked_at", flat=True))
        if not asked:
            raise Lost
        if asked[0] is not None:
            raise Cancelled
        if stopping.is_set():
            raise Interrupted

    def progress(self, done: int, total: int | None = None) -> None:
        """Say how far the work is, at most once a second, and ``check``.

        done, total: in whatever unit the job counts; total None when unknown.
        """
        now = timezone.now()
        if now - self._told_at < _PROGRESS_EVERY and done != total:
            return
        self._told_at = now
        self._mine().update(done=done if total is None else min(done, total), total=total)
        self.check()


@task()  # type: ignore[untyped-decorator]  # its module depends on Django's version
def wake(job_uid: str) -> None:
    """Run a job whose uid came by the Tasks API; never raises, so that nothing is kept there."""
    perform(UUID(job_uid))


def _claim(job_uid: UUID, owner_uid: UUID) -> Job | None:
    now = timezone.now()
    this = _jobs().filter(uid=job_uid, state=JobState.QUEUED, run_at__lte=now)
    try:
        with transaction.atomic():
            claimed = this.update(
                state=JobState.RUNNING, owner_uid=owner_uid, started_at=now,
                attempt=F("attempt") + 1,
            )  # fmt: skip
    except IntegrityError:
        # One with the same key runs: come back when it may be through.
        _later(_jobs().get(uid=job_uid), timedelta(seconds=5))
        return None
    return _jobs().get(uid=job_uid) if claimed else None


def _later(row: Job, wait: timedelta) -> None:
    due = timezone.now() + wait
    with transaction.atomic():
        if _jobs().filter(pk=row.pk, state=JobState.QUEUED).update(run_at=due, woken_at=due):
            row.run_at = due
            wake_call(row, KINDS[row.name])


def perform(job_uid: UUID) -> JobState | None:
    """Claim a job and run it; return how it stands then, None when there was nothing to do."""
    owner_uid = heart().uid
    row = _claim(job_uid, owner_uid)
    if row is None:
        return None
    kind = KINDS.get(row.name)
    run = Run(row, owner_uid)
    facts = {"job": row.name, "uid": str(row.uid), "attempt": row.attempt}
    log.info("job.started", **facts)
    at_work.add(row.uid)
    try:
        state = _attempt(run, kind)
    finally:
        # A database that fails here leaves the job running; the reaper sees nobody is at it.
        at_work.discard(row.uid)
    log.info("job.ended", state=state, **facts)
    return state


def _attempt(run: Run, kind: JobKind | None) -> JobState | None:
    row = run.job
    try:
        if kind is None:
            raise GiveUp("this version has no job of that name")
        kind(run, **row.arguments)
    except Lost:
        log.warning("job.lost", job=row.name, uid=str(row.uid), attempt=row.attempt)
        return None
    except Interrupted:
        return _requeue(run, kind, timedelta(0))
    except Cancelled:
        return _end(run, JobState.CANCELLED)
    except Exception as error:  # noqa: BLE001  # whatever a job raises is its failure, not ours
        return _fail(run, kind, error)
    return _end(run, JobState.DONE)


def _end(run: Run, state: JobState, **changes: Any) -> JobState:
    ended = run._mine().update(state=state, finished_at=timezone.now(), **changes)
    return state if ended else JobState(_jobs().get(pk=run.job.pk).state)


def _requeue(run: Run, kind: JobKind | None, wait: timedelta, **changes: Any) -> JobState:
    due = timezone.now() + wait
    try:
        with transaction.atomic():
            if run._mine().update(
                state=JobState.QUEUED, owner_uid=None, run_at=due, woken_at=due, **changes
            ):
                run.job.run_at = due
                if kind is not None:
                    wake_call(run.job, kind)
    except IntegrityError:
        # Another with the same key waits and will do this work.
        return _end(run, JobState.CANCELLED, error="another waiting job does the same work")
    return JobState.QUEUED


def _fail(run: Run, kind: JobKind | None, error: Exception) -> JobState:
    tries = run.job.tries + 1
    said = redacted(error)
    hopeless = isinstance(error, GiveUp | InputRefused)
    log.warning("job.failed", job=run.job.name, uid=str(run.job.uid), tries=tries, error=said)
    if kind is None or hopeless or tries >= kind.max_tries:
        return _end(run, JobState.FAILED, tries=tries, error=said)
    return _requeue(run, kind, kind.wait(tries), tries=tries, error=said)


def redacted(error: BaseException) -> str:
    """Say an error without what it quotes: its class and place; our own keep their sentence."""
    name = f"{type(error).__module__}.{type(error).__qualname__}".removeprefix("builtins.")
    if isinstance(error, GiveUp | NotAvailable):
        return f"{name}: {error}"
    if isinstance(error, HikeshiError):
        # The facts of an error may be a person's words; the sentence is ours.
        return f"{name}: {error.sentence}"
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    places = " < ".join(
        f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}"
        for frame in reversed(frames)
    )
    return f"{name} at {places}"
