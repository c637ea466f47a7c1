"""News: what others did lately about what a person takes part in; the bell and its page.

1. Each area says at start-up which of its rows are a viewer's ``matters``: the cases they take part
   in, the tasks given to them, the conversations they read. What was closed before ``KEPT`` has no
   news.
2. Each area then says which of its rows ``belong`` to matters: their deadlines, files, advisories.
3. News are the events of ``TOLD`` about those rows, by others and within ``KEPT``, as far as the
   viewer may see them. Nothing is written for a reader when something happens; kept is only up to
   which moment they have read.

Uids go from query to query as values: one statement of everything took longer to put together than
to run, and its plan was at the mercy of what the tables hold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest

from hikeshi.core.errors import NotAllowed, gettext_noop
from hikeshi.ledger.models import Event
from hikeshi.ledger.names import EVENTS
from hikeshi.organisation.models import Account
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.models import Approval, Blob, Clock, Task
from hikeshi.records.subjects import Subject, subjects

KEPT: Final = timedelta(days=30)
MANY: Final = 99
# Of how many matters a reader hears, the newest first; a statement takes 32,766 values at most.
MATTERS: Final = 4000
TOLD: Final = tuple(
    name
    for name in EVENTS
    if name.partition(".")[0] in {"embargo", "approval", "task", "message", "file"}
    or name
    in {
        "case.moved", "case.changed", "case.participant_admitted", "case.participant_dismissed",
        "case.fact_noted", "case.vulnerability_added", "assessment.made", "clock.warned",
        "clock.corrected", "round.answered", "round.closed", "advisory.approved",
        "advisory.returned", "advisory.scheduled", "advisory.unscheduled",
        "advisory.publish_refused", "advisory.published", "advisory.withdrawn",
    }
)  # fmt: skip

_ICONS: Final = {
    "embargo": "clock", "clock": "clock", "task": "box", "approval": "check",
    "assessment": "check", "message": "mail", "round": "mail", "advisory": "pub", "file": "file",
}  # fmt: skip

Matters = Callable[[Viewer], QuerySet[Any, Any]]
Belongings = Callable[[Viewer, Sequence[UUID]], QuerySet[Any, Any]]
_matters: list[Matters] = []
_belongings: list[Belongings] = []


def matters(provider: Matters) -> None:
    """Let an area select the uids of its rows that concern a viewer; at start-up.

    The provider starts from ``visible_to`` and returns ``values_list("uid")``.
    """
    if provider not in _matters:
        _matters.append(provider)


def belong(provider: Belongings) -> None:
    """Let an area select the uids of its rows that belong to matters; at start-up."""
    if provider not in _belongings:
        _belongings.append(provider)


def _tasks(viewer: Viewer) -> QuerySet[Any, Any]:
    # One branch per index: an OR over them reads the whole table.
    lately = Task.objects.visible_to(viewer).filter(
        Q(closed_at__isnull=True) | Q(closed_at__gt=viewer.at - KEPT)
    )
    mine = Q(assignee_id=viewer.account_id)
    of_teams = Q(assignee__isnull=True, assigned_unit_id__in=viewer.teams)
    given = Q(given_by_id=viewer.account_id)
    first, *others = (
        lately.filter(branch).values_list("uid") for branch in (mine, of_teams, given)
    )
    return first.union(*others)


def _approvals(viewer: Viewer) -> QuerySet[Any, Any]:
    mine = Approval.objects.visible_to(viewer).filter(
        Q(decided_at__isnull=True) | Q(decided_at__gt=viewer.at - KEPT),
        proposed_by_id=viewer.account_id,
    )
    return mine.values_list("uid")


def _told_about(viewer: Viewer, found: Sequence[UUID]) -> QuerySet[Any, Any]:
    first, *others = (
        rows.filter(subject_uid__in=found).values_list("uid")
        for rows in (
            Clock.objects.visible_to(viewer),
            Approval.objects.visible_to(viewer),
            Blob.objects.visible_to(viewer),
        )
    )
    return first.union(*others)


def _concerning(viewer: Viewer) -> list[UUID]:
    """Return the uids of the viewer's newest matters and of what belongs to them."""
    first, *others = (provider(viewer) for provider in (_tasks, _approvals, *_matters))
    # uids sort by the time of their making.
    found = _uids(first.union(*others).order_by("-uid")[:MATTERS])
    if not found:
        return []
    first, *others = (provider(viewer, found) for provider in (_told_about, *_belongings))
    return found + _uids(first.union(*others).order_by("-uid")[: MATTERS * 4])


def _uids(rows: QuerySet[Any, Any]) -> list[UUID]:
    return [uid for (uid,) in rows]


@dataclass(frozen=True, slots=True)
class News:
    """One line: an event, what it is about, whether the reader has read so far."""

    event: Event
    subject: Subject | None
    is_new: bool

    @property
    def icon(self) -> str:
        """Return the sign of what happened."""
        return _ICONS.get(self.event.name.partition(".")[0], "case")

    @property
    def who(self) -> str:
        """Return who did it, "" for the program itself or somebody without an account."""
        return self.event.by.name if self.event.by is not None else ""


def news_of(viewer: Viewer, *, unread: bool = False) -> QuerySet[Event]:
    """Select the events that are news to the viewer; those after their mark with ``unread``."""
    if viewer.account is None:
        return Event.objects.none()
    since = viewer.at - KEPT
    if unread and viewer.account.news_read_at is not None:
        since = max(since, viewer.account.news_read_at)
    return (
        Event.objects.visible_to(viewer)
        .filter(subject_uid__in=_concerning(viewer), name__in=TOLD, at__gt=since)
        .exclude(by_id=viewer.account_id)
        .select_related("by")
    )


def count_unread(viewer: Viewer) -> int:
    """Return how many news the viewer has not read, one more than ``MANY`` for many."""
    newest = news_of(viewer, unread=True).order_by().values("pk")[: MANY + 1]
    return newest.count()


def as_news(viewer: Viewer, events: Sequence[Event]) -> list[News]:
    """Name what events are about; a fixed number of queries."""
    read = viewer.account.news_read_at if viewer.account is not None else None
    named: dict[UUID, Subject] = subjects(
        viewer, {(e.subject_kind, e.subject_uid) for e in events if e.subject_uid is not None}
    )
    return [
        News(
            event,
            named.get(event.subject_uid) if event.subject_uid is not None else None,
            read is None or event.at > read,
        )
        for event in events
    ]


def mark_read(viewer: Viewer, until: datetime) -> None:
    """Note that the viewer has read their news up to a moment; never back, never ahead of now.

    Raises NotAllowed for who has no account.
    """
    if viewer.account is None:
        raise NotAllowed(gettext_noop("Log in first."))
    moment = min(until, viewer.at)
    rows = Account.objects.filter(pk=viewer.account.pk)
    rows.filter(news_read_at__isnull=True).update(news_read_at=moment)
    rows.update(news_read_at=Greatest(F("news_read_at"), moment))
