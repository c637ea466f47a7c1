"""Publish at a moment: set it, call it off, and do it when it comes.

1. A schedule is of the content that was approved when it was set (``publish_hash``). When the text
   or a product's status has changed by then, nothing is published and the people in charge see why.
2. Rights are weighed twice: when the moment is set, and for the same person when it comes.
3. The job looks for what is due by the clock, so that a lost or doubled wake-up changes nothing.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from hikeshi.core.errors import (
    Conflict,
    HikeshiError,
    InputRefused,
    NotAllowed,
    NotFound,
    Stale,
    gettext_noop,
)
from hikeshi.disclosure import publishing
from hikeshi.disclosure.models import Advisory, AdvisoryState
from hikeshi.disclosure.queries import due_advisories
from hikeshi.disclosure.services import require, require_approved
from hikeshi.ledger.queue import enqueue
from hikeshi.ledger.services import record
from hikeshi.organisation.queries import viewer_of
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer

JOB = "disclosure.publish_due"


def schedule_publication(
    *, advisory: Advisory, publish_at: datetime, by: Viewer, at: datetime
) -> Advisory:
    """Have what is approved published at a moment; another moment replaces the first.

    Raises InputRefused for a moment that has passed, Conflict when the content as it now is was not
    approved, NotAllowed without the right to publish.
    """
    require(advisory, by, Permission.PUBLISH)
    if publish_at <= at:
        raise InputRefused(gettext_noop("Choose a moment in the future, or publish now."))
    if advisory.state != AdvisoryState.APPROVED:
        raise Conflict(gettext_noop("Only what was approved is published."))
    require_approved(advisory)
    before = advisory.publish_at
    with transaction.atomic():
        _set(
            advisory, by, state=AdvisoryState.APPROVED, publish_at=publish_at,
            publish_by=by.account, publish_hash=advisory.content_hash, publish_problem="",
        )  # fmt: skip
        record(
            "advisory.scheduled", subject=advisory, by=by.account, at=at,
            before={"publish_at": before}, after={"publish_at": publish_at},
        )  # fmt: skip
        enqueue(JOB, subject=advisory, run_at=publish_at)
    return advisory


def call_off_publication(
    *, advisory: Advisory, by: Viewer, at: datetime, reason: str = ""
) -> Advisory:
    """Call a scheduled publication off; the approval stands.

    Raises Conflict when none is scheduled: it was called off, or is public already.
    """
    require(advisory, by, Permission.PUBLISH)
    before = advisory.publish_at
    if before is None:
        raise Conflict(gettext_noop("No publication is scheduled."))
    with transaction.atomic():
        _set(advisory, by, publish_at=None, publish_by=None, publish_hash="", publish_problem="")
        record(
            "advisory.unscheduled", subject=advisory, by=by.account, at=at,
            before={"publish_at": before}, after={"reason": reason.strip()},
        )  # fmt: skip
    return advisory


def _set(advisory: Advisory, by: Viewer, *, state: str = "", **changes: object) -> None:
    """Change a schedule unless somebody else did, or published, meanwhile."""
    rows = Advisory.objects.visible_to(by).filter(pk=advisory.pk, publish_at=advisory.publish_at)
    if advisory.publish_at is None:
        rows = Advisory.objects.visible_to(by).filter(pk=advisory.pk, publish_at__isnull=True)
    if state:
        rows = rows.filter(state=state)
    if not rows.update(**changes):
        raise Stale(gettext_noop("Somebody else moved this advisory meanwhile."))
    advisory.refresh_from_db()


def publish_due(*, at: datetime) -> int:
    """Publish what is due; return how many became public. Each stands or falls alone."""
    published = 0
    for advisory in due_advisories(at):
        try:
            _publish(advisory, at)
        except HikeshiError as error:
            _refuse(advisory, error, at)
        else:
            published += 1
    return published


def _publish(advisory: Advisory, at: datetime) -> None:
    if advisory.publish_by is None:
        raise Conflict(gettext_noop("Nobody is named who publishes this."))
    if advisory.content_hash != advisory.publish_hash:
        raise Conflict(
            gettext_noop(
                "The text, or the status of a product, changed since it was scheduled. "
                "Have it approved and schedule it anew."
            )
        )
    viewer = viewer_of(advisory.publish_by, at)
    publishing.publish_advisory(advisory=advisory, by=viewer, at=at)


def _refuse(advisory: Advisory, error: HikeshiError, at: datetime) -> None:
    """Take the moment away and say why nothing was published."""
    rows = Advisory.objects.for_system("what is due is published for whoever scheduled it")
    sentence = error.sentence
    if isinstance(error, NotAllowed | NotFound):
        sentence = gettext_noop("Who scheduled it may not publish it any more.")
    with transaction.atomic():
        stopped = rows.filter(pk=advisory.pk, publish_at=advisory.publish_at).update(
            publish_at=None, publish_problem=sentence[:300]
        )
        if stopped:
            record(
                "advisory.publish_refused", subject=advisory, by=None, at=at,
                before={"publish_at": advisory.publish_at}, after={"reason": sentence},
            )  # fmt: skip
