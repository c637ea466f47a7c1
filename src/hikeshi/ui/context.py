"""What the shell around every page needs."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from hikeshi.ui.menu import ENTRIES, FOOT, entries_for


def shell(request: HttpRequest) -> dict[str, Any]:
    """Offer the viewer, the menu and the reader's own settings to templates."""
    account = getattr(request, "user", None)
    known = account is not None and account.is_authenticated
    return {
        "viewer": getattr(request, "viewer", None),
        "shell": {
            "entries": entries_for(request.path, ENTRIES) if known else [],
            "foot": entries_for(request.path, FOOT) if known else [],
            "search_url": _search_url(),
            "more_url": reverse("ui:more"),
            "theme": getattr(account, "theme", "auto"),
            "density": getattr(account, "density", "compact"),
            "shortcuts": getattr(account, "shortcuts", True),
        },
    }


def _search_url() -> str:
    try:
        return reverse("search")
    except NoReverseMatch:
        return ""
