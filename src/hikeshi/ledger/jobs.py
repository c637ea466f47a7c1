"""What other areas use of the queue, and this area's own jobs."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from hikeshi.core.errors import gettext_noop
from hikeshi.ledger import chain, outbox, upkeep
from hikeshi.ledger.models import Job, JobState
from hikeshi.ledger.queue import GiveUp, JobKind, Run, cancel, enqueue, job, resume
from hikeshi.ledger.schedule import every
from hikeshi.ui.once import forget_old

__all__ = ["GiveUp", "JobKind", "Run", "cancel", "enqueue", "every", "job", "resume"]


@job("ledger.send", title=gettext_noop("Send a message"), max_tries=8)
def send(run: Run, *, message: int) -> None:
    """Send one message of the outbox, which keeps its own count of tries."""
    outbox.deliver(message, run.job.uid, run.job.attempt)


@job("ledger.seal", title=gettext_noop("Seal the audit log"))
def seal(run: Run) -> None:
    """Seal the events since the last time into the chain."""
    while chain.seal_next(timezone.now()) == chain.BATCH:
        run.check()


every(seal, minutes=1)


@job("ledger.verify", title=gettext_noop("Verify the audit log"), max_tries=2, lane="long")
def verify(run: Run) -> None:
    """Verify the whole chain, so that its page can say when it last held."""
    chain.check(timezone.now(), progress=run.progress)


every(verify, days=1, offset=timedelta(hours=17, minutes=40))


@job("ledger.sweep", title=gettext_noop("Find messages left behind"))
def sweep(run: Run) -> None:
    """Give a job to messages that have none, after a restore or a fault of ours."""
    for message in outbox.overdue(timezone.now()):
        enqueue(send, subject=message, key=f"message/{message.pk}", message=message.pk)


every(sweep, minutes=10)


@job("ledger.survey", title=gettext_noop("Survey the database"))
def survey(run: Run) -> None:
    """Let the database plan by what its tables hold now."""
    upkeep.survey()


every(survey, minutes=10)


@job("ledger.tidy", title=gettext_noop("Clear away old jobs"), max_tries=2, lane="long")
def tidy(run: Run) -> None:
    """Forget jobs that ended well a month ago, others after half a year, and old forms' keys."""
    now = timezone.now()
    forget_old(now)
    rows = Job.objects.for_system("old jobs of all companies go alike")
    for states, days in (
        ([JobState.DONE, JobState.CANCELLED], 30),
        ([JobState.FAILED], 180),
    ):
        old = rows.filter(state__in=states, finished_at__lt=now - timedelta(days=days))
        while keys := list(old.values_list("pk", flat=True)[:500]):
            run.check()
            rows.filter(pk__in=keys).delete()


every(tidy, days=1, offset=timedelta(hours=18, minutes=20))
