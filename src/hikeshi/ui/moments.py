"""Moments, days and what is left until one, written for a reader.

1. A moment carries its zone: ``24 Nov 2026 09:12 JST``, ``2026年11月24日（火）09:12 JST``.
   Lists may leave out the year of today and the weekday.
2. What is left: over 72 hours in days, below in days and hours, below 24 hours as ``17:28``.
3. Everything is text of the server, right without script.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from django.utils import timezone, translation
from django.utils.dates import MONTHS_3
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_DAYS_JA: Final = "月火水木金土日"
_IN_DAYS_FROM: Final = timedelta(hours=72)


def moment_text(at: datetime, *, short: bool = False) -> str:
    """Write a moment in the reader's language and zone, with the zone's name.

    short: without weekday, and without the year when it is this one.
    """
    local = timezone.localtime(at)
    # In Japanese the time follows the full-width bracket without a gap; a digit needs one.
    gap = "" if _is_ja() and not short else " "
    return f"{day_text(local.date(), short=short)}{gap}{local:%H:%M} {local.tzname()}"


def day_text(on: date, *, short: bool = False) -> str:
    """Write a day in the reader's language."""
    this_year = short and on.year == timezone.localdate().year
    if _is_ja():
        if short:
            return f"{on.month}/{on.day}" if this_year else f"{on.year}/{on.month}/{on.day}"
        return f"{on.year}年{on.month}月{on.day}日（{_DAYS_JA[on.weekday()]}）"
    day = f"{on.day} {MONTHS_3[on.month]}".title()
    return day if this_year else f"{day} {on.year}"


def utc_text(at: datetime) -> str:
    """Write a moment in UTC, the same in every language."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def span_text(span: timedelta) -> str:
    """Write how long: ``3 days``, ``2 d 08:48``, ``17:28``; never negative."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    days, rest = divmod(minutes, 24 * 60)
    clock = f"{rest // 60}:{rest % 60:02d}"
    if span >= _IN_DAYS_FROM:
        return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}
    if days:
        return _("%(days)d d %(clock)s") % {"days": days, "clock": clock}
    return clock


def left_text(due_at: datetime, now: datetime) -> str:
    """Say what is left until a moment, or by how much it is past."""
    if due_at > now:
        return _("%(span)s left") % {"span": span_text(due_at - now)}
    return _("%(span)s overdue") % {"span": span_text(now - due_at)}


def ago_text(at: datetime, now: datetime) -> str:
    """Say how long ago something was, in the one unit that matters."""
    minutes = max(int((now - at).total_seconds()) // 60, 0)
    if minutes < 1:
        return _("just now")
    if minutes < 60:
        return ngettext("%(n)d min ago", "%(n)d min ago", minutes) % {"n": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(n)d hour ago", "%(n)d hours ago", hours) % {"n": hours}
    return ngettext("%(n)d day ago", "%(n)d days ago", hours // 24) % {"n": hours // 24}


def _is_ja() -> bool:
    return (translation.get_language() or "").startswith("ja")
