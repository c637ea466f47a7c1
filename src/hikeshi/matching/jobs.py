"""The pull as a job: a lower stage never learns who reads it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models
from django.utils import timezone

from hikeshi.core.errors import gettext_noop
from hikeshi.intelligence.models import Run as Reading
from hikeshi.inventory.models import SBOM
from hikeshi.ledger.jobs import Run, enqueue, every, job
from hikeshi.ledger.services import listen
from hikeshi.matching.services import pull
from hikeshi.matching.standings import note_change


@job("matching.pull", title=gettext_noop("Match SBOMs against feeds"), lane="long")
def pull_new(run: Run) -> None:
    """Match what is new."""
    pull(at=timezone.now())


def _match_at_once(subjects: Sequence[models.Model]) -> None:
    """Let nobody wait for the timetable who has just uploaded an SBOM or read a feed."""
    if any(isinstance(subject, SBOM | Reading) for subject in subjects):
        enqueue(pull_new, key="timetable")


every(pull_new, minutes=1)
listen(_match_at_once)
listen(note_change)
