"""How a clock looks at a moment: what is left, the bar, its start (``records/clock.html``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.functional import Promise

from hikeshi.core.deadlines import Due, Left, UnitOfTime, left_until
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.clocks import calendar_of, clock_state, worked_out
from hikeshi.records.models import Clock, ClockPause
from hikeshi.records.regimes import WARN_PERCENTS, Stage, stage_of


@dataclass(frozen=True, slots=True)
class ClockLine:
    """A clock as a page shows it.

    state: running, near, paused, met, late_met, overdue, stopped.
    left: None once it was met or stopped. percent: how much of the time is gone, 0 to 100.
    pause: the open one, with its reason opened.
    worked_out: None where the moment was agreed on.
    """

    clock: Clock
    state: str
    stage: Stage
    left: Left | None
    percent: int
    worked_out: Due | None
    pause: ClockPause | None = None
    ticks: tuple[int, ...] = WARN_PERCENTS

    @property
    def label(self) -> str | Promise:
        """Return what the deadline is for."""
        return self.stage.label

    @property
    def shows_days(self) -> bool:
        """Tell whether days are said: over 72 hours; below, hours and minutes are."""
        return self.left is not None and self.left.elapsed > timedelta(hours=72)

    @property
    def css(self) -> str:
        """Return the class of the theme."""
        classes = {"near": "clock-near", "overdue": "clock-near", "met": "clock-met"}
        return classes.get(self.state, "clock-idle" if self.state in {"paused", "stopped"} else "")


def lines_of(clocks: Iterable[Clock], at: datetime) -> list[ClockLine]:
    """Return how clocks look at a moment; their pauses are prefetched by the caller."""
    rows = list(clocks)
    pauses = {clock.pk: _open_pause(clock) for clock in rows}
    unseal([pause for pause in pauses.values() if pause is not None], "reason")
    return [_line(clock, pauses[clock.pk], at) for clock in rows]


def _open_pause(clock: Clock) -> ClockPause | None:
    return next((pause for pause in clock.pauses.all() if pause.until is None), None)


def _line(clock: Clock, pause: ClockPause | None, at: datetime) -> ClockLine:
    now = clock.paused_at or at
    unit = UnitOfTime(clock.unit_of_time) if clock.unit_of_time else None
    ended = clock.met_at is not None or clock.stopped_at is not None
    whole = clock.due_at - clock.started_at
    gone = (now - clock.started_at) / whole if whole else 1.0
    return ClockLine(
        clock=clock,
        state=clock_state(clock, at),
        stage=stage_of(clock.regime, clock.stage),
        left=None if ended else left_until(clock.due_at, now, calendar_of(clock), unit),
        percent=round(100 * min(max(gone, 0.0), 1.0)),
        worked_out=worked_out(clock),
        pause=pause,
    )


def clocks_about(viewer: Viewer, subject_uid: UUID) -> list[ClockLine]:
    """Return a record's clocks, open ones first, soonest first, in three queries."""
    found = list(
        Clock.objects.visible_to(viewer)
        .filter(subject_uid=subject_uid, stopped_at__isnull=True)
        .prefetch_related("pauses")
        .order_by("due_at", "pk")
    )
    found.sort(key=lambda clock: clock.met_at is not None)
    return lines_of(found, viewer.at)
