"""What this area does by itself: warn of deadlines, find what is due for erasing,
catch up with search, sweep files."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from hikeshi.core.errors import gettext_noop
from hikeshi.ledger.jobs import Run, every, job
from hikeshi.records.blobs import sweep
from hikeshi.records.clocks import take_warnings
from hikeshi.records.retention import find_due
from hikeshi.records.search import refresh


@job("records.warn", title=gettext_noop("Warn of deadlines"))
def warn(run: Run) -> None:
    """Put each warning before a deadline on record."""
    while take_warnings(at=timezone.now()):
        run.check()


every(warn, minutes=1)


@job("records.index", title=gettext_noop("Make records findable"), lane="long")
def index_rest(run: Run) -> None:
    """Make findable what was loaded in bulk."""
    while refresh(200):
        run.check()


every(index_rest, minutes=10)


@job("records.sweep", title=gettext_noop("Clear away cut uploads"), max_tries=2, lane="long")
def sweep_files(run: Run) -> None:
    """Take away what cut uploads left."""
    run.check()
    sweep(at=timezone.now())


every(sweep_files, days=1)


@job(
    "records.retention",
    title=gettext_noop("List what is due for erasing"),
    max_tries=2,
    lane="long",
)
def list_due(run: Run) -> None:
    """List what its retention class says is due for erasing; a person confirms each."""
    find_due(at=timezone.now(), check=run.check)


every(list_due, days=1, offset=timedelta(hours=18, minutes=50))
