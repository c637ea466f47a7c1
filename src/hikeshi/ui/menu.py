"""The eight entries of the menu and the foot of the navigation (docs/developer/pages.md).

An entry shows once its address exists: an area that is not built yet leaves no dead link. A ninth
entry needs a decision record.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: its address by name, its word, its icon, the start of its pages' addresses.

    go: the key that, after ``g``, leads there; "" for none. placed: its list can be narrowed to a
    unit (``?unit=``).
    """

    route: str
    label: str | Promise
    icon: str
    prefix: str
    go: str = ""
    placed: bool = False


@dataclass(frozen=True, slots=True)
class Count:
    """What the slot ``menu.counts`` gives: how many wait behind an entry, of what is seen.

    hot: something there is overdue.
    """

    route: str
    number: int
    hot: bool = False


ENTRIES: Final = [
    Entry("today", _("Today"), "today", "/", "t"),
    Entry("intake:inbox", _("Inbox"), "inbox", "/inbox/", "i"),
    Entry("triage:cases", _("Cases"), "case", "/cases/", "c", placed=True),
    Entry("matching:findings", _("Findings"), "find", "/findings/", "f", placed=True),
    Entry("inventory:products", _("Products"), "box", "/products/", "p", placed=True),
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


def entries_for(
    path: str, entries: list[Entry], counts: Iterable[Count] = (), place: str = ""
) -> list[dict[str, Any]]:
    """Return the entries that exist, the one the reader stands in marked.

    place: the unit or company that lists are narrowed to; "" for none.
    """
    narrowed = f"?{urlencode({'unit': place})}" if place else ""
    counted = {count.route: count for count in counts}
    found = [
        {
            "url": url + narrowed if entry.placed else url,
            "label": entry.label,
            "icon": entry.icon,
            "go": entry.go,
            "current": False,
            "prefix": entry.prefix,
            "count": counted.get(entry.route),
            "foot": entry in FOOT,
        }
        for entry in entries
        if (url := _address(entry.route)) is not None
    ]
    # The longest start wins: feeds lie under findings, and only one of them is where one stands.
    inside = [entry for entry in found if _is_in(path, str(entry["prefix"]))]
    if inside:
        max(inside, key=lambda entry: len(str(entry["prefix"])))["current"] = True
    return found


def _is_in(path: str, prefix: str) -> bool:
    return path == "/" if prefix == "/" else path.startswith(prefix)
