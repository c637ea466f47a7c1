"""What a clock says in words; see ``records.faces.ClockLine``."""

from __future__ import annotations

from datetime import date

from django import template
from django.utils import translation
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hikeshi.core.deadlines import Left, Term, UnitOfTime
from hikeshi.records.faces import ClockLine
from hikeshi.ui.moments import moment_text
from hikeshi.ui.templatetags.ui import tr

register = template.Library()


@register.simple_tag
def clock_left(line: ClockLine) -> SafeString:
    """Say what is left, or how it ended."""
    ended = {
        "met": _("met"),
        "late_met": _("met too late"),
        "stopped": _("called off"),
    }.get(line.state)
    if ended is not None or line.left is None:
        return format_html("{}", ended or "")
    words = {"overdue": _("over"), "paused": _("left, paused")}.get(line.state, _("left"))
    return format_html("{} <small>{}</small>", _amount(line.left, line.shows_days), words)


def _amount(left: Left, shows_days: bool) -> str:
    # On the last day no close of business is left; then the hours are said.
    if left.working_days:
        return ngettext("%(n)s business day", "%(n)s business days", left.working_days) % {
            "n": left.working_days
        }
    if shows_days:
        return ngettext("%(n)s day", "%(n)s days", left.days) % {"n": left.days}
    return f"{left.hours}:{left.minutes:02}"


def term_text(term: Term) -> str:
    """Say how long a term is."""
    words = {
        UnitOfTime.HOURS: ngettext("%(n)s hour", "%(n)s hours", term.amount),
        UnitOfTime.DAYS: ngettext("%(n)s day", "%(n)s days", term.amount),
        UnitOfTime.MONTHS: ngettext("%(n)s month", "%(n)s months", term.amount),
        UnitOfTime.WORKING_HOURS: ngettext(
            "%(n)s business hour", "%(n)s business hours", term.amount
        ),
        UnitOfTime.WORKING_DAYS: ngettext("%(n)s business day", "%(n)s business days", term.amount),
    }[term.unit]
    return words % {"n": term.amount}


@register.simple_tag
def clock_origin(line: ClockLine) -> SafeString:
    """Say how the deadline was worked out: from when, what was left out, what moved it."""
    found = line.worked_out
    start = moment_text(line.clock.started_at)
    if found is None:
        return format_html("{}", _("agreed on; runs since %(start)s") % {"start": start})
    said = [_("%(term)s from %(start)s") % {"term": term_text(found.term), "start": start}]
    if found.skipped:
        days = _(", ").join(f"{tr(one.name)} ({_short(one.day)})" for one in found.skipped)
        said.append(_("left out: %(days)s") % {"days": days})
    if found.paused_days:
        said.append(
            ngettext(
                "moved by a pause of %(n)s business day",
                "moved by a pause of %(n)s business days",
                found.paused_days,
            )
            % {"n": found.paused_days}
        )
    if found.paused:
        hours = int(found.paused.total_seconds()) // 3600
        minutes = int(found.paused.total_seconds()) % 3600 // 60
        said.append(_("moved by a pause of %(time)s") % {"time": f"{hours}:{minutes:02}"})
    if found.rolled_from is not None:
        said.append(_("%(day)s is a day off") % {"day": _short(found.rolled_from)})
    return format_html_join(" · ", "{}", ((one,) for one in said))


def _short(day: date) -> str:
    if translation.get_language() == "ja":
        return f"{day.month}/{day.day}"
    return date_format(day, "j M")
