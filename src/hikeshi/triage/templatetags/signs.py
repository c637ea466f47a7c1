"""Signs of status, severity and label: a glyph, always with its word."""

from __future__ import annotations

from typing import Any, Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from hikeshi.triage.models import Band, StatusChoice
from hikeshi.triage.sentences import word

register = template.Library()

_STATUS: Final = {
    "known_affected": ("affected", "st-affected"),
    "under_investigation": ("investigating", "st-inv"),
    "fixed": ("fixed", "st-fixed"),
    "known_not_affected": ("not-affected", "st-not"),
}
_BARS: Final = {"critical": 4, "high": 3, "medium": 2, "low": 1, "none": 0}


@register.simple_tag
def status_sign(status: str) -> SafeString:
    """Show a product status."""
    style, glyph = _STATUS[str(status)]
    return format_html(
        '<span class="st st-{}"><svg class="glyph" aria-hidden="true"><use href="#g-{}"/></svg>{}'
        "</span>",
        style,
        glyph,
        word(StatusChoice, status),
    )


@register.simple_tag
def severity_sign(band: str, score: Any = None) -> SafeString:
    """Show a severity band with its score; an empty one says that nobody scored."""
    name = str(band or "")
    said = word(Band, name) if name else _("Not scored")
    return format_html(
        '<span class="sev sev-{}"><svg class="glyph" aria-hidden="true"><use href="#g-sev{}"/>'
        "</svg>{}{}</span>",
        name or "none",
        _BARS.get(name, 0),
        said,
        f" {score}" if score is not None else "",
    )


@register.simple_tag
def tlp_sign(label: str) -> SafeString:
    """Show a TLP label in its official colours."""
    style = str(label).split("+", maxsplit=1)[0].lower()
    return format_html('<span class="tlp tlp-{}">TLP:{}</span>', style, label)


@register.filter
def item(mapping: Any, key: Any) -> Any:
    """Look a key up; None when it is not there."""
    return mapping.get(key)
