"""The eight entries of the menu and the foot of the navigation (docs/developer/pages.md).

An entry shows once its address exists: an area that is not built yet leaves no dead link. A ninth
entry needs a decision record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its address by name, its word, its icon, the start of its pages' addresses."""

    route: str
    label: str | Promise
    icon: str
    prefix: str


ENTRIES: Final = [
    Entry("today", _("Today"), "today", "/"),
    Entry("intake:inbox", _("Inbox"), "inbox", "/inbox/"),
    Entry("triage:cases", _("Cases"), "case", "/cases/"),
    Entry("matching:findings", _("Findings"), "find", "/findings/"),
    Entry("inventory:products", _("Products"), "box", "/products/"),
    Entry("disclosure:publications", _("Publications"), "pub", "/publications/"),
    Entry("stakeholders:contacts", _("Directory"), "dir", "/directory/"),
    Entry("maturity:readiness", _("Readiness"), "ready", "/readiness/"),
]
FOOT: Final = [
    Entry("intelligence:feeds", _("Feeds"), "feed", "/findings/feeds/"),
    Entry("organisation:settings", _("Settings"), "gear", "/settings/"),
]


def _address(route: str) -> str | None:
    try:
        return reverse(route)
    except NoReverseMatch:
        return None


def entries_for(path: str, entries: list[Entry]) -> list[dict[str, Any]]:
    """Return the entries that exist, the one the reader stands in marked."""
    found = []
    for entry in entries:
        url = _address(entry.route)
        if url is None:
            continue
        current = path == "/" if entry.prefix == "/" else path.startswith(entry.prefix)
        found.append({"url": url, "label": entry.label, "icon": entry.icon, "current": current})
    return found
