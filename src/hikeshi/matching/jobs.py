"""The pull as a recurring job: a lower stage never learns who reads it."""

from __future__ import annotations

from django.utils import timezone

from hikeshi.ledger.jobs import Run, every, job
from hikeshi.matching.services import pull


@job("matching.pull", lane="long")
def pull_new(run: Run) -> None:
    """Match what is new."""
    pull(at=timezone.now())


every(pull_new, minutes=1)
