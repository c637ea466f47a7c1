"""The words, glyphs and classes of status, severity and labels: always word and shape, then colour.

Japanese words of severity are those of IPA; of product status those of the glossary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

from hikeshi.core.tlp import TLP
from hikeshi.core.vex import ProductStatus


@dataclass(frozen=True, slots=True)
class Mark:
    """How one value is shown: its word, its glyph in the sprite, its class in the theme."""

    word: str | Promise
    glyph: str
    css: str


STATUS: Final[dict[str, Mark]] = {
    ProductStatus.KNOWN_AFFECTED: Mark(
        pgettext_lazy("product status", "Affected"), "st-affected", "st-affected"
    ),
    ProductStatus.UNDER_INVESTIGATION: Mark(
        pgettext_lazy("product status", "Under investigation"), "st-inv", "st-investigating"
    ),
    ProductStatus.FIXED: Mark(pgettext_lazy("product status", "Fixed"), "st-fixed", "st-fixed"),
    ProductStatus.KNOWN_NOT_AFFECTED: Mark(
        pgettext_lazy("product status", "Not affected"), "st-not", "st-not-affected"
    ),
}

SEVERITY: Final[dict[str, Mark]] = {
    "critical": Mark(pgettext_lazy("severity", "Critical"), "sev4", "sev-critical"),
    "high": Mark(pgettext_lazy("severity", "High"), "sev3", "sev-high"),
    "medium": Mark(pgettext_lazy("severity", "Medium"), "sev2", "sev-medium"),
    "low": Mark(pgettext_lazy("severity", "Low"), "sev1", "sev-low"),
    "none": Mark(pgettext_lazy("severity", "None"), "sev0", "sev-none"),
}
NOT_SCORED: Final = Mark(pgettext_lazy("severity", "Not scored"), "sev0", "sev-none")

TLP_CSS: Final[dict[str, str]] = {
    TLP.CLEAR: "tlp-clear",
    TLP.GREEN: "tlp-green",
    TLP.AMBER: "tlp-amber",
    TLP.AMBER_STRICT: "tlp-amber",
    TLP.RED: "tlp-red",
}
