"""Deadlines: hours, days, months and working days, with holidays, pauses and how it was worked out.

1. Hours run through nights and holidays (EU CRA Article 14: 24 h, 72 h).
2. Days and months end at the same local time of day in the calendar's zone; the 31st becomes the
   last day of a shorter month (Regulation 1182/71, Article 3, for months).
3. A working day is no Saturday, Sunday or holiday of the calendar; the count starts on the next
   working day and the deadline falls at the close of business of the last one.
4. A pause moves the deadline by the time that it took: elapsed time for hours, days and months,
   working days for working days.

Holidays come from the ``holidays`` package; time is always an argument.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from hikeshi.core.errors import InputRefused, gettext_noop

FAR = 3660


class UnitOfTime(StrEnum):
    """What a term is counted in."""

    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working_days"
    MONTHS = "months"


@dataclass(frozen=True, slots=True)
class Term:
    """How long: an amount of a unit."""

    amount: int
    unit: UnitOfTime

    def __post_init__(self) -> None:
        """Refuse a term of nothing or of more than ten years of days."""
        if not 0 < self.amount <= 24 * FAR:
            raise InputRefused(
                gettext_noop("A term of %(amount)s is not possible."), amount=self.amount
            )


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """When people work: a country's holidays (``JP``, ``DE``, ``ECB`` for EU bodies) and a zone."""

    code: str = "JP"
    zone: str = "Asia/Tokyo"
    opens: time = time(9)
    closes: time = time(17)

    def holiday_name(self, day: date) -> str | None:
        """Return what is celebrated, else None."""
        return _holidays(self.code).get(day)

    def is_working_day(self, day: date) -> bool:
        """Tell whether people work on this day."""
        return day.weekday() < 5 and self.holiday_name(day) is None


@lru_cache(maxsize=64)
def _holidays(code: str) -> holidays.HolidayBase:
    try:
        if code in holidays.list_supported_financial():
            return holidays.financial_holidays(code)
        return holidays.country_holidays(code)
    except NotImplementedError as error:
        raise InputRefused(
            gettext_noop("There is no holiday calendar “%(code)s”."), code=code
        ) from error


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline and how it was worked out.

    skipped: holidays that fell between start and end, with their names; weekends are not listed.
    """

    at: datetime
    started_at: datetime
    term: Term
    skipped: tuple[tuple[date, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which a clock stood still."""

    since: datetime
    until: datetime


def due(
    start: datetime, term: Term, calendar: WorkingCalendar, pauses: Sequence[Pause] = ()
) -> Due:
    """Work out when a term that starts at a moment is over.

    start: aware. pauses: ended ones, in any order; overlapping ones count once.
    Source: rules 1 to 4 of this module.
    """
    zone = ZoneInfo(calendar.zone)
    merged = _merged(pauses, start)
    if term.unit is UnitOfTime.WORKING_DAYS:
        paused_days = sum(_working_days_in(pause, calendar, zone) for pause in merged)
        end, skipped = _working_end(start, term.amount + paused_days, calendar, zone)
        return Due(end, start, term, skipped)
    if term.unit is UnitOfTime.HOURS:
        # In UTC: an hour is an hour, also in the night in which clocks are changed.
        end = (start.astimezone(UTC) + timedelta(hours=term.amount)).astimezone(start.tzinfo)
    elif term.unit is UnitOfTime.DAYS:
        end = start.astimezone(zone) + timedelta(days=term.amount)
    else:
        end = _add_months(start.astimezone(zone), term.amount)
    paused = sum((pause.until - pause.since for pause in merged), timedelta())
    return Due((end.astimezone(UTC) + paused).astimezone(zone), start, term)


def _merged(pauses: Sequence[Pause], start: datetime) -> list[Pause]:
    found: list[Pause] = []
    for pause in sorted(pauses, key=lambda p: p.since):
        since, until = max(pause.since, start), pause.until
        if found and since <= found[-1].until:
            found[-1] = Pause(found[-1].since, max(found[-1].until, until))
        elif until > since:
            found.append(Pause(since, until))
    return found


def _working_end(
    start: datetime, amount: int, calendar: WorkingCalendar, zone: ZoneInfo
) -> tuple[datetime, tuple[tuple[date, str], ...]]:
    day = start.astimezone(zone).date()
    left, skipped = amount, []
    while left:
        day += timedelta(days=1)
        if calendar.is_working_day(day):
            left -= 1
        elif (name := calendar.holiday_name(day)) is not None and day.weekday() < 5:
            skipped.append((day, name))
    return datetime.combine(day, calendar.closes, zone), tuple(skipped)


def _working_days_in(pause: Pause, calendar: WorkingCalendar, zone: ZoneInfo) -> int:
    first, last = pause.since.astimezone(zone).date(), pause.until.astimezone(zone).date()
    days = min((last - first).days, FAR)
    return sum(calendar.is_working_day(first + timedelta(days=n + 1)) for n in range(days))


def _add_months(moment: datetime, amount: int) -> datetime:
    index = moment.year * 12 + moment.month - 1 + amount
    year, month = index // 12, index % 12 + 1
    day = min(moment.day, months.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)
