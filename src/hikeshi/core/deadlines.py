"""Deadlines: hours, days, months and working time, with holidays, pauses and how it was worked out.

1. Hours run through nights and holidays, by the length of an hour, also in the night in which
   clocks are changed (EU CRA, Article 14: 24 h and 72 h).
2. Days and months count from the day after the start, in the calendar's zone; the 31st becomes the
   last day of a shorter month (Regulation (EEC, Euratom) 1182/71, Article 3(2)(c)).
3. Working days are no Saturday, Sunday, holiday or closure. The count begins on the day after the
   start; a day counts when the clock runs at its close of business.
4. Working hours run between opening and close of business on working days.
5. A pause stands still: elapsed time for hours, days and months, working time for the others.
   A pause that begins after the deadline moves nothing.
6. Where a term says so, one that would end on a day off ends on the next working day
   (Regulation 1182/71, Article 3(4), for terms that are not in hours).

Rule 1 is stricter than Article 3(1) of that Regulation, which leaves out the hour of the start: we
are never later than the law. Holidays come from the ``holidays`` package; time is an argument.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

from hikeshi.core.errors import InputRefused, gettext_noop

FAR: Final = 3660
_DAY: Final = timedelta(days=1)
# Bodies of the EU: the days on which the ECB's TARGET is closed. Each institution adds days of its
# own every year, which no library knows; a company may add them as closures.
_FINANCIAL: Final = {"EU": "ECB", "ECB": "ECB"}


class UnitOfTime(StrEnum):
    """What a term is counted in."""

    HOURS = "hours"
    DAYS = "days"
    MONTHS = "months"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"


class Ends(StrEnum):
    """At what time of its last day a term ends."""

    MOMENT = "moment"  # the time of day at which it began
    CLOSE = "close"  # the close of business
    MIDNIGHT = "midnight"  # the last minute of the day


_UNITS_OF_DAYS: Final = {UnitOfTime.DAYS, UnitOfTime.MONTHS, UnitOfTime.WORKING_DAYS}


@dataclass(frozen=True, slots=True)
class Term:
    """How long: an amount of a unit, and how its last day ends.

    ends: for days, months and working days; None is the close of business for working days and
        the moment for the others.
    rolls: a last day that is a day off gives way to the next working day; such a term ends with a
        day or its close of business, never at a moment of it.
    """

    amount: int
    unit: UnitOfTime
    ends: Ends | None = None
    rolls: bool = False

    def __post_init__(self) -> None:
        """Refuse a term of nothing or of more than ten years."""
        most = 24 * FAR if self.unit in {UnitOfTime.HOURS, UnitOfTime.WORKING_HOURS} else FAR
        most = 120 if self.unit is UnitOfTime.MONTHS else most
        if not 0 < self.amount <= most:
            raise InputRefused(
                gettext_noop("A term of %(amount)s is not possible."), amount=self.amount
            )

    @property
    def end_of_day(self) -> Ends:
        """Return how the last day ends, the default filled in."""
        usual = Ends.CLOSE if self.unit is UnitOfTime.WORKING_DAYS else Ends.MOMENT
        ends = self.ends or usual
        # Were the time of day kept, who starts later on the day before could be due earlier.
        if ends is Ends.MOMENT and self.unit is UnitOfTime.WORKING_DAYS:
            # Whole days have no time of day of their own: one that began on a holiday would else be
            # due before one that began the evening before.
            return Ends.CLOSE
        return Ends.MIDNIGHT if self.rolls and ends is Ends.MOMENT else ends


@dataclass(frozen=True, slots=True)
class WorkingCalendar:
    """When people work.

    code: a country (``JP``), a part of one (``DE-BY``), ``EU`` for its bodies, "" for no holidays.
    closures: days on which this company is closed beside them.
    """

    code: str = "JP"
    zone: str = "Asia/Tokyo"
    opens: time = time(9)
    closes: time = time(17)
    closures: frozenset[date] = frozenset()

    def holiday_name(self, day: date) -> Mapping[str, str] | None:
        """Return what is celebrated as ``{language: name}``, else None."""
        found = {
            language: names[day]
            for language, names in _holidays(self.code).items()
            if day in names  # a look-up makes the package work out the year
        }
        if not found and day in self.closures:
            return MappingProxyType({"en": "company closed", "ja": "休業日"})
        return found or None

    def is_working_day(self, day: date) -> bool:
        """Tell whether people work on this day."""
        return day.weekday() < 5 and self.holiday_name(day) is None

    def opening(self, day: date) -> datetime:
        """Return when work begins on a day."""
        return datetime.combine(day, self.opens, ZoneInfo(self.zone))

    def closing(self, day: date) -> datetime:
        """Return the close of business on a day."""
        return datetime.combine(day, self.closes, ZoneInfo(self.zone))

    def day_of(self, moment: datetime) -> date:
        """Return the day that a moment falls on here."""
        return moment.astimezone(ZoneInfo(self.zone)).date()


@lru_cache(maxsize=64)
def _holidays(code: str) -> Mapping[str, Any]:
    """Return a calendar's holidays in each language we speak: ``{language: {day: name}}``.

    Raises InputRefused for a code that the package does not know.
    """
    if not code:
        return {}
    # Read when first needed: the package takes longer to load than most commands to run.
    import holidays

    try:
        if code in _FINANCIAL:
            return {"en": holidays.financial_holidays(_FINANCIAL[code])}
        country, _dash, part = code.partition("-")
        places = {"en": holidays.country_holidays(country, subdiv=part or None, language="en_US")}
        if country == "JP":
            places["ja"] = holidays.country_holidays(country, language="ja")
    except (NotImplementedError, KeyError) as error:
        raise InputRefused(
            gettext_noop("There is no holiday calendar “%(code)s”."), code=code
        ) from error
    return places


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which a clock stood still."""

    since: datetime
    until: datetime


class Skipped(NamedTuple):
    """A holiday on a weekday that did not count, with its names."""

    day: date
    name: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline and how it was worked out.

    skipped: holidays on weekdays between start and end that were left out; weekend_days: Saturdays
        and Sundays left out. Both are empty for hours, days and months, which run through.
    paused: elapsed time by which pauses moved the deadline; paused_days: working days so.
    rolled_from: the day off on which it would have ended.
    """

    at: datetime
    started_at: datetime
    term: Term
    skipped: tuple[Skipped, ...] = ()
    weekend_days: int = 0
    paused: timedelta = timedelta()
    paused_days: int = 0
    rolled_from: date | None = None


@dataclass(slots=True)
class _Tally:
    """What was left out on the way."""

    skipped: list[Skipped] = field(default_factory=list)
    weekend_days: int = 0
    paused: timedelta = timedelta()
    paused_days: int = 0


def due(
    start: datetime, term: Term, calendar: WorkingCalendar, pauses: Sequence[Pause] = ()
) -> Due:
    """Work out when a term that starts at a moment is over, in the calendar's zone.

    start: aware. pauses: ended ones, in any order; overlapping ones count once.
    Raises InputRefused for a calendar that is not known.
    Source: rules 1 to 6 of this module.
    """
    merged = _merged(pauses, start)
    tally = _Tally()
    if term.unit is UnitOfTime.WORKING_HOURS:
        end = _working_hours(start, timedelta(hours=term.amount), calendar, merged, tally)
    elif term.unit is UnitOfTime.WORKING_DAYS:
        end = _working_days(start, term, calendar, merged, tally)
    else:
        end = _elapsed(start, term, calendar, merged, tally)
    rolled_from = None
    if term.rolls and term.unit in _UNITS_OF_DAYS:
        day = calendar.day_of(end)
        last = next(d for d in _days_from(day) if calendar.is_working_day(d))
        if last != day:
            rolled_from = day
            end = end.astimezone(ZoneInfo(calendar.zone)) + (last - day)
    return Due(
        at=end.astimezone(ZoneInfo(calendar.zone)), started_at=start, term=term,
        skipped=tuple(tally.skipped), weekend_days=tally.weekend_days,
        paused=tally.paused, paused_days=tally.paused_days, rolled_from=rolled_from,
    )  # fmt: skip


def _merged(pauses: Sequence[Pause], start: datetime) -> list[Pause]:
    found: list[Pause] = []
    for pause in sorted(pauses, key=lambda p: p.since):
        since, until = max(pause.since, start), pause.until
        if found and since <= found[-1].until:
            found[-1] = Pause(found[-1].since, max(found[-1].until, until))
        elif until > since:
            found.append(Pause(since, until))
    return found


def _days_from(day: date) -> Iterator[date]:
    while True:
        yield day
        day += _DAY


def _elapsed(
    start: datetime, term: Term, calendar: WorkingCalendar, pauses: list[Pause], tally: _Tally
) -> datetime:
    zone = ZoneInfo(calendar.zone)
    if term.unit is UnitOfTime.HOURS:
        end = start.astimezone(UTC) + timedelta(hours=term.amount)
    elif term.unit is UnitOfTime.DAYS:
        end = start.astimezone(zone) + timedelta(days=term.amount)
    else:
        end = _add_months(start.astimezone(zone), term.amount)
    for pause in pauses:
        # Between moments of one zone Python subtracts wall clocks; in UTC an hour is an hour.
        if pause.since >= end:
            break
        stood = pause.until.astimezone(UTC) - pause.since.astimezone(UTC)
        end = (end.astimezone(UTC) + stood).astimezone(zone)
        tally.paused += stood
    if term.unit is UnitOfTime.HOURS:
        return end
    return _end_of(calendar.day_of(end), end, term, calendar)


def _end_of(day: date, moment: datetime, term: Term, calendar: WorkingCalendar) -> datetime:
    if term.end_of_day is Ends.CLOSE:
        return calendar.closing(day)
    if term.end_of_day is Ends.MIDNIGHT:
        return datetime.combine(day, time(23, 59), ZoneInfo(calendar.zone))
    return datetime.combine(
        day, moment.astimezone(ZoneInfo(calendar.zone)).time(), ZoneInfo(calendar.zone)
    )


def _add_months(moment: datetime, amount: int) -> datetime:
    index = moment.year * 12 + moment.month - 1 + amount
    year, month = index // 12, index % 12 + 1
    day = min(moment.day, months.monthrange(year, month)[1])
    return moment.replace(year=year, month=month, day=day)


def _counts(day: date, calendar: WorkingCalendar, tally: _Tally) -> bool:
    """Tell whether a day is a working day, noting why it is not."""
    if day.weekday() >= 5:
        tally.weekend_days += 1
        return False
    name = calendar.holiday_name(day)
    if name is not None:
        tally.skipped.append(Skipped(day, name))
    return name is None


def _working_days(
    start: datetime, term: Term, calendar: WorkingCalendar, pauses: list[Pause], tally: _Tally
) -> datetime:
    left = term.amount
    day = calendar.day_of(start)
    while left:
        day += _DAY
        if not _counts(day, calendar, tally):
            continue
        close = calendar.closing(day)
        if any(pause.since <= close < pause.until for pause in pauses):
            tally.paused_days += 1
        else:
            left -= 1
    return _end_of(day, start, term, calendar)


def _working_hours(
    start: datetime,
    need: timedelta,
    calendar: WorkingCalendar,
    pauses: list[Pause],
    tally: _Tally,
) -> datetime:
    for day in _days_from(calendar.day_of(start)):
        if not _counts(day, calendar, tally):
            continue
        opening, close = calendar.opening(day).astimezone(UTC), calendar.closing(day)
        for since, until in _running(max(opening, start), close.astimezone(UTC), pauses, tally):
            if until - since >= need:
                return since + need
            need -= until - since
    raise AssertionError  # the days never end


def _running(
    since: datetime, until: datetime, pauses: list[Pause], tally: _Tally
) -> Iterator[tuple[datetime, datetime]]:
    """Cut the pauses out of a stretch of work."""
    since = since.astimezone(UTC)
    for pause in pauses:
        if pause.until <= since or pause.since >= until:
            continue
        if pause.since > since:
            yield since, pause.since.astimezone(UTC)
        # Counted once the caller comes back for more: a deadline before the pause is not moved.
        stood_until = min(pause.until.astimezone(UTC), until)
        tally.paused += stood_until - max(pause.since.astimezone(UTC), since)
        since = stood_until
    if since < until:
        yield since, until


@dataclass(frozen=True, slots=True)
class Left:
    """How much time a deadline leaves, or by how much it is over.

    working_days: working days from tomorrow up to and with the last one, as terms are counted
        (rule 3), so that a term of seven never has eight left; once it is over, the closes of
        business since. Only where the term counts in them.
    """

    is_over: bool
    elapsed: timedelta
    working_days: int | None = None

    @property
    def days(self) -> int:
        """Return whole days."""
        return self.elapsed.days

    @property
    def hours(self) -> int:
        """Return all whole hours."""
        return int(self.elapsed.total_seconds()) // 3600

    @property
    def minutes(self) -> int:
        """Return the minutes beside the whole hours."""
        return int(self.elapsed.total_seconds()) % 3600 // 60


def left_until(
    due_at: datetime, at: datetime, calendar: WorkingCalendar, unit: UnitOfTime | None = None
) -> Left:
    """Work out what is left at a moment."""
    elapsed = due_at.astimezone(UTC) - at.astimezone(UTC)
    is_over = elapsed < timedelta()
    between = None
    if unit in {UnitOfTime.WORKING_DAYS, UnitOfTime.WORKING_HOURS}:
        if is_over:
            between = working_days_between(due_at, at, calendar)
        else:
            between = _working_days_after(calendar.day_of(at), calendar.day_of(due_at), calendar)
    return Left(is_over, abs(elapsed), between)


def _working_days_after(today: date, last: date, calendar: WorkingCalendar) -> int:
    days = (today + timedelta(days=n + 1) for n in range(min((last - today).days, FAR)))
    return sum(calendar.is_working_day(day) for day in days)


def working_days_between(since: datetime, until: datetime, calendar: WorkingCalendar) -> int:
    """Count the closes of business after one moment up to another, at most ten years of them."""
    first, last = calendar.day_of(since), calendar.day_of(until)
    days = (first + timedelta(days=n) for n in range(min((last - first).days, FAR) + 1))
    return sum(
        since < calendar.closing(day) <= until for day in days if calendar.is_working_day(day)
    )
