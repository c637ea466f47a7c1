"""What this area tells others: which of its lists keep views."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from hikeshi.records.saved import keep


def fill() -> None:
    """Fill the slots; called once, at start-up."""
    keep("products", "inventory:products", _("Products"))
