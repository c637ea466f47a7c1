"""What people do to jobs and messages: each act goes on record with who did it."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from hikeshi.core.errors import Conflict, InputRefused, NotAllowed, gettext_noop
from hikeshi.ledger import outbox, queue
from hikeshi.ledger.events import record
from hikeshi.ledger.models import Job, OutboxMessage
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer

_REASON_LIMIT = 500


def _account(by: Viewer) -> Account:
    if by.account is None or not by.may_somewhere(Permission.ORGANISATION_MANAGE):
        raise NotAllowed(gettext_noop("Only who manages a company may do this."))
    return by.account


def cancel_job(*, job: Job, by: Viewer, at: datetime) -> None:
    """Cancel a waiting job, or ask a running one to stop.

    The caller has read the job as its viewer. Raises Conflict when it has ended already.
    """
    account = _account(by)
    with transaction.atomic():
        if not queue.cancel(job):
            raise Conflict(gettext_noop("This job has ended already."))
        record("job.cancelled", subject=job, by=account, at=at, after={"job": job.name})


def resume_job(*, job: Job, by: Viewer, at: datetime) -> None:
    """Let a failed or cancelled job go on. Raises Conflict as ``queue.resume``."""
    account = _account(by)
    with transaction.atomic():
        queue.resume(job)
        record("job.resumed", subject=job, by=account, at=at, after={"job": job.name})


def retry_message(*, message: OutboxMessage, by: Viewer, at: datetime) -> None:
    """Let a message go out once more. Raises Conflict as ``outbox.send_again``."""
    outbox.send_again(message=message, by=_account(by), at=at)


def drop_message(*, message: OutboxMessage, by: Viewer, at: datetime, reason: str) -> None:
    """Keep a message from going out.

    Raises InputRefused without a reason, Conflict as ``outbox.stop``.
    """
    reason = reason.strip()[:_REASON_LIMIT]
    if not reason:
        raise InputRefused(gettext_noop("Say why the message is dropped."))
    outbox.stop(message=message, by=_account(by), at=at, reason=reason)
