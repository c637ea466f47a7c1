"""Tags for status, severity and labels; each writes a glyph and a word."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from hikeshi.ui.marks import NOT_SCORED, SEVERITY, STATUS, TLP_CSS, Mark

register = template.Library()


@register.simple_tag
def product_status(status: str | None) -> SafeString:
    """Show a product's status (``core.vex.ProductStatus``); none at all is "no such release"."""
    if not status:
        return format_html(
            '<span class="st st-none"><span aria-hidden="true">–</span>'
            '<span class="visually-hidden">{}</span></span>',
            _("no such release"),
        )
    return _glyph(STATUS[str(status)], "st")


@register.simple_tag
def severity(band: str | None, score: Decimal | float | str | None = None) -> SafeString:
    """Show a severity band with its score: ``High 8.1``; without a band "not scored"."""
    mark = SEVERITY[str(band).lower()] if band else NOT_SCORED
    return _glyph(mark, "sev", "" if score in {None, ""} else f" {score}")


@register.simple_tag
def tlp(label: str | None) -> SafeString:
    """Show a TLP label in its official form; nothing for none."""
    if not label:
        return SafeString()
    return format_html('<span class="tlp {}">TLP:{}</span>', TLP_CSS[str(label)], label)


@register.simple_tag
def kev(listed: bool = True) -> SafeString:
    """Show that a vulnerability stands in a catalogue of known exploited ones."""
    return _badge("flag", _("KEV"), "alarm") if listed else SafeString()


@register.simple_tag
def exploited(known: bool = True) -> SafeString:
    """Show that our own product is exploited: another fact than KEV, in another place."""
    return _badge("alert", _("our product exploited"), "alarm") if known else SafeString()


@register.simple_tag
def embargo_badge(held: object = True) -> SafeString:
    """Show in a mixed list that a row is under embargo."""
    return _badge("lock", _("embargo"), "") if held else SafeString()


@register.simple_tag
def badge(word: object, tone: str = "", icon: str = "") -> SafeString:
    """Show a word in a badge. tone: alarm, warn, good, accent or none."""
    return _badge(icon, word, tone)


def _badge(icon: str, word: object, tone: str) -> SafeString:
    css = f"badge badge-{tone}" if tone else "badge"
    drawn = (
        format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', icon)
        if icon
        else ""
    )
    return format_html('<span class="{}">{}{}</span>', css, drawn, word)


def _glyph(mark: Mark, kind: str, more: str = "") -> SafeString:
    return format_html(
        '<span class="{} {}"><svg class="glyph" aria-hidden="true"><use href="#g-{}"/></svg>'
        "{}{}</span>",
        kind,
        mark.css,
        mark.glyph,
        mark.word,
        more,
    )
