"""Which clocks a case's own events start and end (R070); the clocks themselves are in records."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from hikeshi.core.lifecycle import Phase
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.clocks import correct_clock, meet_clock, open_clock, start_clock, stop_clock
from hikeshi.records.models import Clock
from hikeshi.triage.models import Case, CaseKind

ASSESS: Final = ("sla", "assess")
FIX: Final = ("sla", "fix")
LIFT: Final = ("embargo", "lift")


def after_opening(*, case: Case, by: Viewer, at: datetime) -> None:
    """Give a vulnerability its time to be assessed."""
    if case.kind == CaseKind.VULNERABILITY:
        start_clock(subject=case, regime=ASSESS[0], stage=ASSESS[1], by=by.account, at=at)


def after_moving(*, case: Case, here: Phase, to: Phase, by: Viewer, at: datetime) -> None:
    """Meet what the phase that was left had to do, and start what the next one has."""
    if to is Phase.CLOSED:
        for regime, stage in (ASSESS, FIX, LIFT):
            running = open_clock(case, regime, stage)
            if running is not None:
                stop_clock(clock=running, by=by.account, at=at, reason=to.value)
        return
    if here is Phase.TRIAGE:
        _meet(case, ASSESS, by, at)
    if here is Phase.REMEDIATION and to is Phase.DISCLOSURE:
        _meet(case, FIX, by, at)
    if to is Phase.REMEDIATION and open_clock(case, *FIX) is None and not _ran(case, FIX):
        start_clock(subject=case, regime=FIX[0], stage=FIX[1], by=by.account, at=at)


def _ran(case: Case, which: tuple[str, str]) -> bool:
    """Tell whether a clock of this stage was met before: the same stage does not run twice."""
    return (
        Clock.objects.for_system("the caller has read the case")
        .filter(subject_uid=case.uid, regime=which[0], stage=which[1], stopped_at__isnull=True)
        .exists()
    )


def _meet(case: Case, which: tuple[str, str], by: Viewer, at: datetime) -> None:
    running = open_clock(case, *which)
    if running is not None:
        meet_clock(clock=running, by=by.account, at=at)


def after_embargo(
    *, case: Case, lifts_at: datetime | None, reason: str, by: Viewer, at: datetime
) -> None:
    """Let the clock of publication show the agreed moment; None ends it."""
    running = open_clock(case, *LIFT)
    if lifts_at is None:
        if running is not None:
            meet_clock(clock=running, by=by.account, at=at)
    elif running is None:
        start_clock(
            subject=case, regime=LIFT[0], stage=LIFT[1], by=by.account, at=at, due_at=lifts_at
        )
    elif running.due_at != lifts_at:
        correct_clock(clock=running, by=by, at=at, reason=reason or "–", due_at=lifts_at)
