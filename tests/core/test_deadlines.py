"""Deadlines against days worked out by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikeshi.core.deadlines import Pause, Term, UnitOfTime, WorkingCalendar, due
from hikeshi.core.errors import InputRefused

pytestmark = pytest.mark.pure
JP = WorkingCalendar("JP", "Asia/Tokyo")
TOKYO, BRUSSELS = ZoneInfo("Asia/Tokyo"), ZoneInfo("Europe/Brussels")


def test_working_days_skip_weekends_and_named_holidays() -> None:
    # Thursday before the long weekend of Labour Thanksgiving Day, Monday 23 November 2026.
    start = datetime(2026, 11, 19, 15, 0, tzinfo=TOKYO)
    found = due(start, Term(3, UnitOfTime.WORKING_DAYS), JP)
    assert found.at == datetime(2026, 11, 25, 17, 0, tzinfo=TOKYO)
    assert [day for day, _name in found.skipped] == [date(2026, 11, 23)]


def test_statutory_hours_run_through_the_night_of_the_clock_change() -> None:
    start = datetime(2026, 10, 24, 20, 0, tzinfo=BRUSSELS)
    found = due(start, Term(24, UnitOfTime.HOURS), WorkingCalendar("ECB", "Europe/Brussels"))
    assert found.at.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=24)
    assert found.at.astimezone(BRUSSELS).hour == 19


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2027, 1, 31, 12, tzinfo=TOKYO), datetime(2027, 2, 28, 12, tzinfo=TOKYO)),
        (datetime(2028, 1, 31, 12, tzinfo=TOKYO), datetime(2028, 2, 29, 12, tzinfo=TOKYO)),
        (datetime(2026, 12, 5, 12, tzinfo=TOKYO), datetime(2027, 1, 5, 12, tzinfo=TOKYO)),
    ],
)
def test_a_month_ends_on_the_same_day_or_the_last_one(start: datetime, end: datetime) -> None:
    assert due(start, Term(1, UnitOfTime.MONTHS), JP).at == end


def test_overlapping_pauses_count_once() -> None:
    start = datetime(2026, 11, 24, 9, tzinfo=TOKYO)
    hour = timedelta(hours=1)
    pauses = [Pause(start + hour, start + 3 * hour), Pause(start + 2 * hour, start + 4 * hour)]
    found = due(start, Term(10, UnitOfTime.HOURS), JP, pauses)
    assert found.at == start + 13 * hour


@given(st.integers(0, 6 * 365 * 24 * 60), st.integers(1, 120))
def test_a_longer_term_never_ends_sooner(minutes: int, amount: int) -> None:
    start = datetime(2024, 1, 1, tzinfo=TOKYO) + timedelta(minutes=minutes)
    for unit in UnitOfTime:
        shorter, longer = (due(start, Term(n, unit), JP).at for n in (amount, amount + 1))
        assert start < shorter < longer


@pytest.mark.parametrize("amount", [0, -1, 10**9])
def test_a_term_of_nothing_or_of_ages_is_refused(amount: int) -> None:
    with pytest.raises(InputRefused):
        Term(amount, UnitOfTime.DAYS)


def test_an_unknown_calendar_is_refused_by_name() -> None:
    with pytest.raises(InputRefused, match="“XX”"):
        due(
            datetime(2026, 1, 1, tzinfo=UTC),
            Term(1, UnitOfTime.WORKING_DAYS),
            WorkingCalendar("XX"),
        )
