"""Deadlines: each rule by example, then against a slow count minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hikeshi.core.deadlines import (
    Due,
    Ends,
    Pause,
    Term,
    UnitOfTime,
    WorkingCalendar,
    due,
    left_until,
    working_days_between,
)
from hikeshi.core.errors import InputRefused

pytestmark = pytest.mark.pure
TOKYO = ZoneInfo("Asia/Tokyo")
BRUSSELS = ZoneInfo("Europe/Brussels")
JP = WorkingCalendar()
EU = WorkingCalendar("EU", "Europe/Brussels")


def tokyo(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TOKYO)


def brussels(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BRUSSELS)


@pytest.mark.parametrize("amount", [24, 72])
def test_statutory_hours_run_through_nights_weekends_and_holidays(amount: int) -> None:
    start = tokyo("2026-12-31 18:00")
    found = due(start, Term(amount, UnitOfTime.HOURS), JP)
    assert found.at - start == timedelta(hours=amount)
    assert (found.skipped, found.weekend_days, found.rolled_from) == ((), 0, None)


def test_an_hour_is_an_hour_in_the_night_in_which_clocks_are_changed() -> None:
    start = brussels("2026-10-24 12:00")
    found = due(start, Term(24, UnitOfTime.HOURS), EU)
    assert found.at.astimezone(UTC) - start.astimezone(UTC) == timedelta(hours=24)
    assert found.at.isoformat() == "2026-10-25T11:00:00+01:00"


def test_days_keep_the_time_of_day_when_clocks_are_changed() -> None:
    found = due(brussels("2026-10-24 12:00"), Term(2, UnitOfTime.DAYS), EU)
    assert found.at.isoformat() == "2026-10-26T12:00:00+01:00"


def test_an_sla_in_days_ends_at_the_close_of_business() -> None:
    found = due(tokyo("2026-11-04 09:58"), Term(30, UnitOfTime.DAYS, Ends.CLOSE), JP)
    assert found.at == tokyo("2026-12-04 17:00")


def test_the_31st_becomes_the_last_day_of_a_shorter_month() -> None:
    term = Term(1, UnitOfTime.MONTHS, Ends.MIDNIGHT)
    assert due(brussels("2027-01-31 10:00"), term, EU).at == brussels("2027-02-28 23:59")


def test_a_term_that_would_end_on_a_day_off_ends_on_the_next_working_day() -> None:
    # 25 December 2026 is a Friday, the 26th a Saturday.
    term = Term(14, UnitOfTime.DAYS, Ends.MIDNIGHT, rolls=True)
    found = due(brussels("2026-12-11 15:00"), term, EU)
    assert (found.at, found.rolled_from) == (brussels("2026-12-28 23:59"), date(2026, 12, 25))


def test_working_days_skip_holidays_and_name_them() -> None:
    found = due(tokyo("2026-11-20 11:00"), Term(2, UnitOfTime.WORKING_DAYS), JP)
    assert found.at == tokyo("2026-11-25 17:00")
    assert [(one.day, one.name["ja"], one.name["en"]) for one in found.skipped] == [
        (date(2026, 11, 23), "勤労感謝の日", "Labor Thanksgiving Day")
    ]
    assert found.weekend_days == 2


def test_the_day_of_the_start_does_not_count() -> None:
    for moment in ("2026-11-24 00:05", "2026-11-24 12:00", "2026-11-24 23:00"):
        found = due(tokyo(moment), Term(1, UnitOfTime.WORKING_DAYS), JP)
        assert found.at == tokyo("2026-11-25 17:00")


def test_the_day_is_that_of_the_calendars_zone() -> None:
    # 16:00 UTC on the 24th is the 25th in Tokyo.
    start = datetime(2026, 11, 24, 16, tzinfo=UTC)
    assert due(start, Term(1, UnitOfTime.WORKING_DAYS), JP).at == tokyo("2026-11-26 17:00")


def test_a_company_closes_on_days_of_its_own() -> None:
    year_end = frozenset(date(2026, 12, day) for day in (29, 30, 31))
    calendar = WorkingCalendar(closures=year_end)
    found = due(tokyo("2026-12-28 10:00"), Term(1, UnitOfTime.WORKING_DAYS), calendar)
    # New Year's Day is a holiday, 2 and 3 January 2027 are a weekend.
    assert found.at == tokyo("2027-01-04 17:00")
    assert [one.day.day for one in found.skipped] == [29, 30, 31, 1]


def test_working_hours_run_between_opening_and_close() -> None:
    found = due(tokyo("2026-11-20 16:00"), Term(3, UnitOfTime.WORKING_HOURS), JP)
    assert found.at == tokyo("2026-11-24 11:00")
    assert found.at.tzinfo is not None


def test_working_hours_that_start_at_night_begin_at_opening() -> None:
    found = due(tokyo("2026-11-24 23:00"), Term(8, UnitOfTime.WORKING_HOURS), JP)
    assert found.at == tokyo("2026-11-25 17:00")


def test_a_pause_moves_hours_by_its_length() -> None:
    start = tokyo("2026-11-24 09:00")
    pauses = [Pause(tokyo("2026-11-24 10:00"), tokyo("2026-11-24 12:00"))]
    found = due(start, Term(24, UnitOfTime.HOURS), JP, pauses)
    assert (found.at, found.paused) == (tokyo("2026-11-25 11:00"), timedelta(hours=2))


def test_overlapping_pauses_count_once_and_late_ones_not_at_all() -> None:
    start = tokyo("2026-11-24 09:00")
    pauses = [
        Pause(tokyo("2026-11-24 11:00"), tokyo("2026-11-24 13:00")),
        Pause(tokyo("2026-11-24 10:00"), tokyo("2026-11-24 12:00")),
        Pause(tokyo("2026-11-27 10:00"), tokyo("2026-11-28 12:00")),
        Pause(tokyo("2026-11-20 10:00"), tokyo("2026-11-24 09:00")),
    ]
    found = due(start, Term(24, UnitOfTime.HOURS), JP, pauses)
    assert (found.at, found.paused) == (tokyo("2026-11-25 12:00"), timedelta(hours=3))


def test_a_working_day_counts_when_the_clock_runs_at_its_close() -> None:
    start, term = tokyo("2026-11-24 09:00"), Term(2, UnitOfTime.WORKING_DAYS)
    over_noon = [Pause(tokyo("2026-11-25 10:00"), tokyo("2026-11-25 14:00"))]
    over_two_days = [Pause(tokyo("2026-11-25 10:00"), tokyo("2026-11-27 10:00"))]
    assert due(start, term, JP, over_noon).at == tokyo("2026-11-26 17:00")
    found = due(start, term, JP, over_two_days)
    assert (found.at, found.paused_days) == (tokyo("2026-11-30 17:00"), 2)


@pytest.mark.parametrize(
    ("amount", "unit"),
    [
        (0, UnitOfTime.HOURS),
        (-1, UnitOfTime.DAYS),
        (3661, UnitOfTime.DAYS),
        (121, UnitOfTime.MONTHS),
    ],
)
def test_a_term_of_nothing_or_of_ages_is_refused(amount: int, unit: UnitOfTime) -> None:
    with pytest.raises(InputRefused, match="is not possible"):
        Term(amount, unit)


@pytest.mark.parametrize("code", ["XX", "DE-ZZ", "nonsense"])
def test_an_unknown_calendar_is_refused(code: str) -> None:
    with pytest.raises(InputRefused, match=f"no holiday calendar “{code}”"):
        WorkingCalendar(code).is_working_day(date(2026, 11, 24))


def test_calendars_of_parts_of_a_country_differ() -> None:
    ascension = date(2026, 1, 6)
    assert WorkingCalendar("DE-BY", "Europe/Berlin").holiday_name(ascension) == {"en": "Epiphany"}
    assert WorkingCalendar("DE", "Europe/Berlin").holiday_name(ascension) is None
    assert WorkingCalendar("", "UTC").holiday_name(date(2026, 1, 1)) is None


def test_what_is_left_says_working_days_where_the_term_counts_in_them() -> None:
    at, end = tokyo("2026-11-20 09:00"), tokyo("2026-11-25 17:00")
    found = left_until(end, at, JP, UnitOfTime.WORKING_DAYS)
    assert (found.is_over, found.days, found.working_days) == (False, 5, 2)
    over = left_until(end, tokyo("2026-11-26 17:00"), JP, UnitOfTime.WORKING_DAYS)
    assert (over.is_over, over.working_days) == (True, 1)
    hours = left_until(end, tokyo("2026-11-24 23:32"), JP, UnitOfTime.HOURS)
    assert (hours.hours, hours.minutes, hours.working_days) == (17, 28, None)


def test_a_term_of_working_days_never_has_more_left_than_it_is_long() -> None:
    start = tokyo("2026-11-24 09:00")
    found = due(start, Term(7, UnitOfTime.WORKING_DAYS), JP)
    assert left_until(found.at, start, JP, UnitOfTime.WORKING_DAYS).working_days == 7
    on_the_day = left_until(found.at, found.at - timedelta(hours=2), JP, UnitOfTime.WORKING_DAYS)
    assert on_the_day.working_days == 0


moments = st.integers(0, 480_000).map(
    lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
calendars = st.sampled_from(
    [JP, EU, WorkingCalendar("US", "America/New_York", time(8, 30), time(16, 45))]
)


stretches = st.lists(
    st.tuples(moments, st.integers(0, 20_000)).map(
        lambda pair: Pause(pair[0], pair[0] + timedelta(minutes=pair[1]))
    ),
    max_size=4,
)


def slow_working_hours(
    start: datetime, hours: int, calendar: WorkingCalendar, pauses: list[Pause]
) -> datetime:
    """Count minute by minute."""
    zone, left, moment = ZoneInfo(calendar.zone), hours * 60, start
    while True:
        local = moment.astimezone(zone)
        works = calendar.is_working_day(local.date())
        works = works and calendar.opens <= local.time() < calendar.closes
        if works and not any(p.since <= moment < p.until for p in pauses):
            left -= 1
        moment += timedelta(minutes=1)
        if left == 0:
            return moment


@settings(max_examples=25, deadline=None)
@given(moments, st.integers(1, 60), calendars, stretches)
def test_working_hours_are_those_counted_minute_by_minute(
    start: datetime, hours: int, calendar: WorkingCalendar, pauses: list[Pause]
) -> None:
    found = due(start, Term(hours, UnitOfTime.WORKING_HOURS), calendar, pauses)
    assert found.at == slow_working_hours(start, hours, calendar, pauses)


@given(moments, st.integers(1, 60), calendars, stretches)
def test_working_days_end_on_the_day_on_which_the_count_is_full(
    start: datetime, days: int, calendar: WorkingCalendar, pauses: list[Pause]
) -> None:
    found = due(start, Term(days, UnitOfTime.WORKING_DAYS), calendar, pauses)
    end = calendar.day_of(found.at)
    first = calendar.day_of(start)
    closes = [
        calendar.closing(first + timedelta(days=n + 1))
        for n in range((end - first).days)
        if calendar.is_working_day(first + timedelta(days=n + 1))
    ]
    counted = [c for c in closes if not any(max(p.since, start) <= c < p.until for p in pauses)]
    assert len(counted) == days
    assert found.at == counted[-1]
    assert len(closes) - len(counted) == found.paused_days
    assert len(found.skipped) + found.weekend_days + len(closes) == (end - first).days


@given(
    moments, st.integers(0, 10_000), st.integers(1, 90), st.sampled_from(list(UnitOfTime)),
    st.sampled_from([None, *Ends]), st.booleans(), calendars, stretches,
)  # fmt: skip
@example(
    datetime(2026, 1, 1, tzinfo=UTC), 300, 1, UnitOfTime.WORKING_DAYS, Ends.MOMENT, False,
    WorkingCalendar("US", "America/New_York", time(8, 30), time(16, 45)), [],
)  # fmt: skip
def test_who_starts_later_is_never_due_earlier(
    start: datetime,
    later: int,
    amount: int,
    unit: UnitOfTime,
    ends: Ends | None,
    rolls: bool,
    calendar: WorkingCalendar,
    pauses: list[Pause],
) -> None:
    term = Term(amount, unit, ends, rolls)
    first: Due = due(start, term, calendar, pauses)
    second = due(start + timedelta(minutes=later), term, calendar, pauses)
    assert first.at <= second.at
    assert first.at.astimezone(UTC) > start or ends is Ends.CLOSE


@given(moments, st.integers(1, 119), st.sampled_from(list(UnitOfTime)), calendars)
def test_a_longer_term_never_ends_sooner(
    start: datetime, amount: int, unit: UnitOfTime, calendar: WorkingCalendar
) -> None:
    shorter, longer = (due(start, Term(n, unit), calendar).at for n in (amount, amount + 1))
    assert start < shorter < longer


@given(moments, st.integers(0, 400_000), calendars)
def test_working_days_between_is_the_inverse_of_adding_them(
    start: datetime, minutes: int, calendar: WorkingCalendar
) -> None:
    end = start + timedelta(minutes=minutes)
    counted = working_days_between(start, end, calendar)
    days = (end.date() - start.date()).days + 3
    slow = sum(
        start < calendar.closing(day) <= end
        for day in (start.date() + timedelta(days=n - 1) for n in range(days))
        if calendar.is_working_day(day)
    )
    assert counted == slow
