"""Tags for moments and what is left until them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from hikeshi.ui.moments import ago_text, day_text, left_text, moment_text, utc_text

register = template.Library()
_NEAR = timedelta(hours=24)


@register.simple_tag
def moment(at: datetime | None, short: bool = False) -> SafeString:
    """Show a moment with its zone; a press shows UTC, ``datetime`` carries it for programs.

    short: for lists, without weekday and this year's number.
    """
    if at is None:
        return SafeString("–")
    return _time(at, moment_text(at, short=short))


@register.simple_tag
def day(on: date | None, short: bool = False) -> SafeString:
    """Show a day."""
    if on is None:
        return SafeString("–")
    return format_html('<time datetime="{}">{}</time>', on.isoformat(), day_text(on, short=short))


@register.simple_tag
def when(due_at: datetime | None, now: datetime | None = None) -> SafeString:
    """Show what is left until a moment: ``17:28 left``, ``3 days overdue``."""
    if due_at is None:
        return SafeString("–")
    now = now or timezone.now()
    state = "late" if due_at <= now else "near" if due_at - now <= _NEAR else "far"
    return format_html(
        '<time class="when when-{}" datetime="{}" title="{}">{}</time>',
        state,
        due_at.astimezone(UTC).isoformat(timespec="seconds"),
        moment_text(due_at),
        left_text(due_at, now),
    )


@register.simple_tag
def ago(at: datetime | None, now: datetime | None = None) -> SafeString:
    """Show how long ago something was; the moment itself is in the tooltip and a press away."""
    if at is None:
        return SafeString("–")
    return _time(at, ago_text(at, now or timezone.now()))


def _time(at: datetime, text: str) -> SafeString:
    return format_html(
        '<time datetime="{}" data-utc="{}" title="{}">{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        utc_text(at),
        utc_text(at),
        text,
    )
