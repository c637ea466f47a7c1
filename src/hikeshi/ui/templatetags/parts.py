"""Tags for the parts of a record's page; each is fed with a face (``ui.faces``)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from hikeshi.ui.faces import Embargo, Entry, Fact, Matrix, Step, Tab

register = template.Library()


@register.inclusion_tag("ui/phases.html")
def phases(steps: Sequence[Step]) -> dict[str, Any]:
    """Draw the one line that a record walks along."""
    return {"steps": steps}


@register.inclusion_tag("ui/facts.html")
def facts(found: Sequence[Fact]) -> dict[str, Any]:
    """Draw key facts side by side, large."""
    return {"facts": found}


@register.inclusion_tag("ui/tabs.html")
def tabs(found: Sequence[Tab], label: object) -> dict[str, Any]:
    """Draw the tabs of a record. label: what they are tabs of."""
    return {"tabs": found, "label": label}


@register.inclusion_tag("ui/matrix.html")
def matrix(found: Matrix) -> dict[str, Any]:
    """Draw products against release lines."""
    return {"matrix": found}


@register.inclusion_tag("ui/timeline.html")
def timeline(entries: Iterable[Entry]) -> dict[str, Any]:
    """Draw what happened, newest first, with a rule under what is new to the reader."""
    shown = list(entries)
    seen = next((entry for entry in shown if not entry.new), None)
    return {"entries": shown, "rule_before": seen if shown and shown[0].new else None}


@register.inclusion_tag("ui/next.html")
def next_bar(  # a bar has these six places and no more
    title: object,
    why: object = "",
    href: str = "",
    action: object = "",
    second_href: str = "",
    second_action: object = "",
) -> dict[str, Any]:
    """Draw what to do now and why, with one primary button."""
    return {
        "title": title,
        "why": why,
        "href": href,
        "action": action,
        "second_href": second_href,
        "second_action": second_action,
    }


@register.inclusion_tag("ui/embargo.html")
def embargo_band(embargo: Embargo | None = None) -> dict[str, Any]:
    """Draw the band of a record under embargo."""
    return {"embargo": embargo or Embargo()}


@register.simple_tag
def copy(text: object, name: object = "") -> SafeString:
    """Offer to copy a text. name: what it is called, when the text itself is too long to read."""
    return format_html(
        '<button class="copy" type="button" data-copy="{}" data-copied="{}" aria-label="{}">'
        '<svg class="icon" aria-hidden="true"><use href="#i-copy"/></svg></button>',
        text,
        _("Copied: %(text)s") % {"text": name or text},
        _("Copy %(text)s") % {"text": name or text},
    )


@register.simple_tag
def meter(share: float, label: object, tone: str = "", wide: bool = False) -> SafeString:
    """Draw how full something is. share: 0 to 1. tone: good, warn, alarm or none."""
    width = round(min(max(share, 0.0), 1.0) * 100, 1)
    css = " ".join(
        ["meter", *([f"meter-{tone}"] if tone else []), *(["meter-wide"] if wide else [])]
    )
    return format_html(
        '<svg class="{}" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" '
        'aria-label="{}"><rect width="{}" height="6"/></svg>',
        css,
        label,
        width,
    )


@register.simple_tag
def track(percent: float, ticks: Iterable[float] = ()) -> SafeString:
    """Draw how much of a way is gone, with its warnings, both in percent of it."""
    marks = format_html_join(
        "", '<rect class="tick" x="{}" width="0.7" height="8"/>', ((tick,) for tick in ticks)
    )
    return format_html(
        '<svg class="track" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="way" y="2" width="100" height="4"/>'
        '<rect class="gone" y="2" width="{}" height="4"/>{}</svg>',
        percent,
        marks,
    )
