"""Begin, go on with, close and abandon runs.

1. One run at a time. A run under way holds a lease that each batch extends; a run whose process
   died is gone on with, or abandoned, when its lease has run out.
2. Closing is one short transaction: it moves the stage's number, and with it everything the run
   wrote becomes known at once.
3. Abandoning undoes what the run wrote, so that nothing half-read is ever known.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import models, transaction
from django.db.models import Q

from hikeshi.core.errors import Conflict, gettext_noop
from hikeshi.intelligence.models import (
    STAGE,
    AffectedRange,
    Claim,
    ClaimRevision,
    ClaimSubject,
    Document,
    Refusal,
    Run,
    RunPart,
    RunState,
    Signal,
    Stage,
    UndecidedRange,
    Vulnerability,
    VulnerabilityName,
)
from hikeshi.intelligence.naming import rename_known
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account

LEASE: Final = timedelta(seconds=60)
# Undoing goes in pieces, so that no write transaction is long.
_CHUNK: Final = 5_000
# Those that point at others come first.
_FACTS: Final[tuple[type[models.Model], ...]] = (
    ClaimSubject, VulnerabilityName, AffectedRange, UndecidedRange, ClaimRevision,
    Signal,
)  # fmt: skip
_ROWS: Final[tuple[type[models.Model], ...]] = (Claim, Vulnerability, Document)


def begin(
    *, family: str, origin: str, by: Account | None, at: datetime, take_over: bool = False
) -> Run:
    """Begin a run, or go on with the one from the same origin that was cut short.

    take_over: do not wait until the lease of a run under way has ended.
    Raises Conflict while another run is alive. A dead run from elsewhere is abandoned first.
    """
    with transaction.atomic():
        Stage.objects.get_or_create(name=STAGE)
        stage = Stage.objects.select_for_update().get(name=STAGE)
        if stage.running is None:
            return _new_run(stage, family, origin, by, at)
        if not take_over and stage.leased_until is not None and stage.leased_until > at:
            raise Conflict(
                gettext_noop(
                    "A feed is being read, or was until %(seconds)s seconds ago. Try again in a"
                    " minute, or say --take-over when you know that nothing reads it any more."
                ),
                seconds=round((at - (stage.leased_until - LEASE)).total_seconds()),
            )
        stage.leased_until = at + LEASE
        stage.save(update_fields=["leased_until"])
        run = Run.objects.get(number=stage.running)
        if (run.family, run.origin) == (family, origin):
            return run
    abandon(run=run, by=by, at=at)
    return begin(family=family, origin=origin, by=by, at=at)


def _new_run(stage: Stage, family: str, origin: str, by: Account | None, at: datetime) -> Run:
    number = (Run.objects.aggregate(last=models.Max("number"))["last"] or 0) + 1
    stage.running = number
    stage.leased_until = at + LEASE
    stage.save()
    return Run.objects.create(number=number, family=family, origin=origin, by=by, started_at=at)


def extend(*, run: Run, at: datetime) -> None:
    """Say that a run is alive. Raises Conflict when another process has taken it over."""
    alive = Stage.objects.filter(name=STAGE, running=run.number).update(leased_until=at + LEASE)
    if not alive:
        raise Conflict(gettext_noop("Another process has taken over the reading of this feed."))


def close(*, run: Run, at: datetime) -> None:
    """Make everything a run wrote known at once, and say it in the ledger.

    Raises Conflict when another process has closed or abandoned it meanwhile.
    """
    with transaction.atomic():
        stage = Stage.objects.select_for_update().get(name=STAGE)
        if stage.running != run.number:
            raise Conflict(gettext_noop("This run has ended already."))
        stage.running, stage.leased_until, stage.last_closed = None, None, run.number
        stage.save()
        rename_known(run.number)
        run.state, run.closed_at = RunState.CLOSED, at
        run.save(update_fields=["state", "closed_at"])
        counts: dict[str, Any] = {"origin": run.origin}
        for part in RunPart.objects.filter(run=run).select_related("source"):
            source = part.source
            source.records = part.new + part.changed + part.unchanged + part.older
            source.listed, source.refused = part.listed, part.refused
            source.newest_at, source.checked_at = part.newest_at, at
            source.save()
            for field in ("new", "changed", "unchanged", "withdrawn", "refused"):
                counts[field] = counts.get(field, 0) + getattr(part, field)
        record("feed.read", subject=run, by=run.by, at=at, after=counts)


def abandon(*, run: Run, by: Account | None, at: datetime) -> None:
    """Undo what an unfinished run wrote.

    May be cut short and called again: only the last step frees the stage.
    """
    number = run.number
    for model in _FACTS:
        _delete(model, Q(opened_in=number))
    for model in _FACTS:
        _reopen(model, number)
    for model in _ROWS:
        _delete(model, Q(opened_in=number))
    _delete(Refusal, Q(run=run))
    _delete(RunPart, Q(run=run))
    with transaction.atomic():
        Run.objects.filter(pk=run.pk).update(state=RunState.ABANDONED, closed_at=at)
        Stage.objects.filter(name=STAGE, running=number).update(running=None, leased_until=None)
        record("feed.abandoned", subject=run, by=by, at=at, after={"origin": run.origin})


def _delete(model: type[models.Model], what: Q) -> None:
    # Raw deletes: nothing points at these rows that was not deleted before them.
    while ids := list(model._default_manager.filter(what).values_list("pk", flat=True)[:_CHUNK]):
        rows = model._default_manager.filter(pk__in=ids)
        rows._raw_delete(rows.db)


def _reopen(model: type[models.Model], number: int) -> None:
    closed = model._default_manager.filter(closed_in=number)
    while ids := list(closed.values_list("pk", flat=True)[:_CHUNK]):
        model._default_manager.filter(pk__in=ids).update(closed_in=None, known_to=None)
