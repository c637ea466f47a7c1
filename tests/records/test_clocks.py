"""Clocks: they run by their regime, stand still where they may, and warn once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import timezone, translation

from hikeshi.core.deadlines import Term, UnitOfTime
from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, NotFound, Stale
from hikeshi.ledger.models import Event
from hikeshi.organisation.roles import Role
from hikeshi.records import clocks
from hikeshi.records.clocks import clock_state, clocks_due, start_clock, take_warnings
from hikeshi.records.faces import clocks_about, lines_of
from hikeshi.records.models import Clock
from hikeshi.records.regimes import STAGES
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.records.things import CANARY, a_record

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def started(kazahaya: Firm, regime: str = "sla", stage: str = "fix", **more: Any) -> Clock:
    more.setdefault("subject", a_record(kazahaya))
    return start_clock(regime=regime, stage=stage, by=kazahaya.admin, at=NOW, **more)


@pytest.mark.parametrize(("regime", "stage"), list(STAGES))
def test_every_stage_of_every_regime_can_be_started(regime: str, stage: str) -> None:
    known = STAGES[regime, stage]
    due_at = None if known.term else NOW + 240 * HOUR
    clock = started(firm(), regime, stage, due_at=due_at)
    assert clock.due_at > NOW
    assert clock.pausable == known.pausable


def test_the_law_counts_hours_from_the_moment_of_awareness() -> None:
    kazahaya = firm()
    aware = NOW - 3 * HOUR
    clock = started(kazahaya, "cra", "early_warning", started_at=aware)
    assert (clock.due_at, clock.zone) == (aware + 24 * HOUR, "Europe/Brussels")
    final = started(kazahaya, "cra", "final_incident", started_at=aware)
    assert final.due_at == datetime(2026, 12, 23, 22, 59, tzinfo=UTC)


@pytest.mark.requirement("R070")
def test_a_paused_clock_runs_on_later_by_the_working_days_of_the_pause() -> None:
    kazahaya = firm()
    by = seen_by(kazahaya.admin)
    # Tuesday 24 November 2026, 09:12 in Tokyo.
    clock = started(kazahaya, term=Term(5, UnitOfTime.WORKING_DAYS))
    assert clock.due_at == datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
    clocks.pause_clock(clock=clock, reason=f"供給者の回答待ち {CANARY}", by=by, at=NOW + HOUR)
    (line,) = clocks_about(by, clock.subject_uid)
    assert line.state == "paused"
    assert line.pause is not None
    assert line.pause.reason.value.endswith(CANARY)
    assert take_warnings(at=NOW + 1000 * HOUR) == []
    with pytest.raises(Conflict, match="does not run"):
        clocks.pause_clock(clock=clock, reason="twice", by=by, at=NOW + HOUR)
    # Over the close of Tuesday and Wednesday: the five days are Thursday to the next Wednesday.
    resumed = clocks.resume_clock(clock=clock, by=by, at=NOW + 48 * HOUR)
    assert resumed.due_at == datetime(2026, 12, 2, 8, 0, tzinfo=UTC)
    with pytest.raises(Conflict, match="not paused"):
        clocks.resume_clock(clock=clock, by=by, at=NOW + 49 * HOUR)


def test_what_the_law_says_does_not_stand_still() -> None:
    kazahaya = firm()
    clock = started(kazahaya, "cra", "notification")
    with pytest.raises(Conflict, match="runs on whatever happens"):
        clocks.pause_clock(clock=clock, reason="x", by=seen_by(kazahaya.admin), at=NOW)


def test_a_corrected_start_moves_the_deadline_and_both_stay_on_record() -> None:
    kazahaya = firm()
    by = seen_by(kazahaya.admin)
    clock = started(kazahaya, "cra", "early_warning")
    earlier = NOW - 5 * HOUR
    with pytest.raises(InputRefused, match="Say why"):
        clocks.correct_clock(clock=clock, by=by, at=NOW, reason="", started_at=earlier)
    moved = clocks.correct_clock(
        clock=clock, by=by, at=NOW, reason="mail of 04:12", started_at=earlier
    )
    assert moved.due_at == earlier + 24 * HOUR
    payload = Event.objects.get(name="clock.corrected").payload.content.value
    assert payload["before"]["started_at"].startswith("2026-11-24T00:12")
    assert payload["after"]["started_at"].startswith("2026-11-23T19:12")
    with pytest.raises(Conflict, match="correct that"):
        clocks.correct_clock(clock=clock, by=by, at=NOW, reason="x", due_at=NOW + HOUR)


def test_who_corrects_what_another_has_changed_meanwhile_is_told_and_undoes_nothing() -> None:
    kazahaya = firm()
    by = seen_by(kazahaya.admin)
    clock = started(kazahaya, "embargo", "lift", due_at=NOW + 48 * HOUR)

    def correct(mine: Clock, hours: int) -> Clock:
        until = NOW + hours * HOUR
        return clocks.correct_clock(clock=mine, by=by, at=NOW, reason="3.8.7", due_at=until)

    stale, met = (Clock.objects.visible_to(by).get(pk=clock.pk) for _ in range(2))
    correct(clock, 96)
    with pytest.raises(Stale, match="changed this clock meanwhile"):
        correct(stale, 72)
    assert stale.due_at == NOW + 96 * HOUR, "read anew, for the next try"
    met.refresh_from_db()
    clocks.meet_clock(clock=clock, by=kazahaya.admin, at=NOW)
    with pytest.raises(Stale):
        correct(met, 72)
    clock.refresh_from_db()
    assert (clock.due_at, clock.warn_at) == (NOW + 96 * HOUR, None)
    assert Event.objects.filter(name="clock.corrected").count() == 1


def test_a_clock_that_was_corrected_while_it_stood_still_runs_on_from_there() -> None:
    kazahaya = firm()
    by = seen_by(kazahaya.admin)
    clock = started(kazahaya, term=Term(5, UnitOfTime.WORKING_DAYS))
    clocks.pause_clock(clock=clock, reason="x", by=by, at=NOW + HOUR)
    stale = Clock.objects.visible_to(by).get(pk=clock.pk)
    earlier = NOW - 24 * HOUR * 4
    clocks.correct_clock(clock=clock, by=by, at=NOW + HOUR, reason="x", started_at=earlier)
    assert clocks.resume_clock(clock=stale, by=by, at=NOW + 2 * HOUR).started_at == earlier


def test_an_agreed_moment_can_be_moved() -> None:
    kazahaya = firm()
    clock = started(kazahaya, "embargo", "lift", due_at=NOW + 48 * HOUR)
    moved = clocks.correct_clock(
        clock=clock, by=seen_by(kazahaya.admin), at=NOW, reason="3.8.7", due_at=NOW + 96 * HOUR
    )
    assert moved.due_at == NOW + 96 * HOUR
    with pytest.raises(InputRefused, match="needs a length or a moment"):
        started(kazahaya, "embargo", "lift")


def test_a_stage_has_one_clock_and_a_late_meeting_stays_late() -> None:
    kazahaya = firm()
    record = a_record(kazahaya)
    clock = started(kazahaya, "cra", "early_warning", subject=record)
    with pytest.raises(AlreadyDone, match="runs already"):
        started(kazahaya, "cra", "early_warning", subject=record)
    late = NOW + 25 * HOUR
    assert clock_state(clock, late) == "overdue"
    clocks.meet_clock(clock=clock, by=kazahaya.admin, at=late)
    assert clock_state(clock, late) == "late_met"
    with pytest.raises(AlreadyDone):
        clocks.meet_clock(clock=clock, by=kazahaya.admin, at=late)


def test_a_stopped_clock_may_start_anew() -> None:
    kazahaya = firm()
    record = a_record(kazahaya)
    clock = started(kazahaya, subject=record)
    assert clocks.open_clock(record, "sla", "fix") == clock
    clocks.stop_clock(clock=clock, by=None, at=NOW, reason="not ours")
    assert clocks.open_clock(record, "sla", "fix") is None
    assert started(kazahaya, subject=record).pk != clock.pk


def test_each_warning_is_taken_once_and_the_last_says_it_ran_out() -> None:
    kazahaya = firm()
    clock = started(kazahaya, "cra", "early_warning")
    taken = []
    for hours in (1, 17, 18, 19, 22, 23, 24, 25, 30):
        taken += [(hours, one.pk, percent) for one, percent in take_warnings(at=NOW + hours * HOUR)]
    assert taken == [(18, clock.pk, 75), (22, clock.pk, 90), (24, clock.pk, 100)]
    assert Event.objects.filter(name="clock.warned").count() == 3


def test_after_a_long_sleep_one_warning_stands_for_all() -> None:
    kazahaya = firm()
    clock = started(kazahaya, "cra", "early_warning")
    assert [(c.pk, p) for c, p in take_warnings(at=NOW + 100 * HOUR)] == [(clock.pk, 100)]
    assert take_warnings(at=NOW + 200 * HOUR) == []


def test_clocks_behind_a_wall_tick_for_those_inside_alone() -> None:
    kazahaya = firm()
    insider = person("in@k.example", kazahaya.company, Role.RESPONDER)
    clock = started(kazahaya, subject=a_record(kazahaya, inside=(insider,)))
    far = NOW + 10_000 * HOUR
    assert [one.pk for one in clocks_due(seen_by(insider), far)] == [clock.pk]
    assert clocks_due(seen_by(kazahaya.admin), far) == []
    assert clocks_about(seen_by(kazahaya.admin), clock.subject_uid) == []
    with pytest.raises(NotFound):
        clocks.pause_clock(clock=clock, reason="x", by=seen_by(kazahaya.admin), at=NOW)


def test_a_clock_says_what_is_left_and_how_it_was_worked_out() -> None:
    kazahaya = firm()
    start = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
    clock = start_clock(
        subject=a_record(kazahaya), regime="sla", stage="assess", by=None, at=start,
    )  # fmt: skip
    with timezone.override("Asia/Tokyo"):
        (line,) = lines_of([clock], start)
        with translation.override("en"):
            said = " ".join(render_to_string("records/clock.html", {"line": line}).split())
        assert "7 business days" in said
        assert "2 Dec 2026 17:00 JST" in said
        assert "left out: Labor Thanksgiving Day (23 Nov)" in said
        (over,) = lines_of([clock], start + timedelta(days=14))
        with translation.override("ja"):
            said = " ".join(render_to_string("records/clock.html", {"line": over}).split())
        assert "1営業日 <small>超過</small>" in said
        assert "勤労感謝の日" in said
        hours = started(kazahaya, "cra", "early_warning")
        (near,) = lines_of([hours], NOW + 7 * HOUR)
        with translation.override("en"):
            said = " ".join(render_to_string("records/clock.html", {"line": near}).split())
        assert "17:00" in said
        assert "CRA early warning" in said
