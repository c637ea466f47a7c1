"""What this area does by itself: warn of deadlines, also by mail, find what is due for erasing,
catch up with search, sweep files."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from hikeshi.core.errors import gettext_noop
from hikeshi.ledger.jobs import GiveUp, Run, every, job
from hikeshi.ledger.mailing import Mail, mails
from hikeshi.ledger.models import OutboxMessage
from hikeshi.ledger.outbox import NothingToSend
from hikeshi.organisation.models import Account
from hikeshi.organisation.queries import viewer_of
from hikeshi.records.blobs import sweep
from hikeshi.records.clocks import take_warnings
from hikeshi.records.models import Clock
from hikeshi.records.notices import CLOCK_WARNING
from hikeshi.records.regimes import stage_of
from hikeshi.records.retention import find_due
from hikeshi.records.search import refresh
from hikeshi.records.subjects import subjects
from hikeshi.ui.moments import moment_text


@job("records.warn", title=gettext_noop("Warn of deadlines"))
def warn(run: Run) -> None:
    """Put each warning before a deadline on record."""
    while take_warnings(at=timezone.now()):
        run.check()


every(warn, minutes=1)


@mails(CLOCK_WARNING, title=gettext_noop("Warning about a deadline"))
def clock_warning(message: OutboxMessage) -> Mail:
    """Say to one person that a deadline comes near or has passed.

    Behind a wall the mail says number and moment alone: what the deadline is for tells too much.
    Raises NothingToSend when the deadline was met, called off or moved meanwhile, or when the
    person is gone or no longer sees it.
    """
    at = timezone.now()
    account = Account.objects.filter(pk=message.ids["account"], is_active=True).first()
    if account is None:
        raise NothingToSend("gone")
    viewer = viewer_of(account, at)
    clock = (
        Clock.objects.visible_to(viewer)
        .filter(pk=message.ids["clock"], met_at__isnull=True, stopped_at__isnull=True)
        .filter(paused_at__isnull=True, warned_percent=message.ids["percent"])
        .select_related("company", "wall")
        .first()
    )
    if clock is None:
        raise NothingToSend("over")
    with translation.override(account.language), timezone.override(ZoneInfo(account.zone)):
        subject = subjects(viewer, [(clock.subject_kind, clock.subject_uid)]).get(clock.subject_uid)
        if subject is None:
            raise NothingToSend("not theirs to see")
        is_past = clock.due_at <= at
        facts = {"number": subject.number}
        text = render_to_string(
            "records/clock_warning.txt",
            {
                "account": account, "clock": clock, "subject": subject, "is_past": is_past,
                "walled": subject.walled or (clock.wall and clock.wall.ended_at is None),
                "label": stage_of(clock.regime, clock.stage).label,
                "due": moment_text(clock.due_at),
                "link": settings.BASE_URL + subject.url,
            },
        )  # fmt: skip
        title = (
            _("%(number)s: a deadline has passed") if is_past
            else _("%(number)s: a deadline ends soon")
        )  # fmt: skip
        return Mail(
            to=((account.name, account.email),),
            subject=title % facts,
            text=text,
            language=account.language,
        )


@job("records.index", title=gettext_noop("Make records findable"), lane="long")
def index_rest(run: Run) -> None:
    """Make findable what was loaded in bulk."""
    while refresh(200):
        run.check()


every(index_rest, minutes=10)


@job("records.sweep", title=gettext_noop("Clear away cut uploads"), max_tries=2, lane="long")
def sweep_files(run: Run) -> None:
    """Take away what cut uploads left; fail, for an operator to see, while files are missing."""
    run.check()
    missing = sweep(at=timezone.now()).missing
    if missing:
        first = ", ".join(str(uid) for uid in missing[:5])
        raise GiveUp(f"{len(missing)} stored files are not on disk, restore them: {first}")


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
