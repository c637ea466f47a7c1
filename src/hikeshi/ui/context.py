"""What the shell around every page needs."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from hikeshi.ui.appearance import appearance_of
from hikeshi.ui.keys import GROUPS, KeyGroup
from hikeshi.ui.menu import ENTRIES, FOOT, entries_for
from hikeshi.ui.slots import gather


def shell(request: HttpRequest) -> dict[str, Any]:
    """Offer the viewer, the menu and the reader's own settings to templates."""
    return {"viewer": getattr(request, "viewer", None), "shell": Shell(request)}


class Shell:
    """What stands around a page; each part is worked out when a template asks for it.

    known: somebody is logged in; visitors have no menu.
    """

    def __init__(self, request: HttpRequest) -> None:
        account = getattr(request, "user", None)
        self.known = account is not None and account.is_authenticated
        self.shortcuts: bool = getattr(account, "shortcuts", True)
        look = appearance_of(request)
        self.theme = look["theme"]
        self.density = look["density"]
        self._request = request

    @cached_property
    def _menu(self) -> list[dict[str, Any]]:
        if not self.known:
            return []
        counts = gather("menu.counts", self._request)
        place = "".join(gather("menu.place", self._request)[:1])
        return entries_for(self._request.path, [*ENTRIES, *FOOT], counts, place)

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Return the eight entries of the menu with their counts."""
        return [entry for entry in self._menu if not entry["foot"]]

    @property
    def foot(self) -> list[dict[str, Any]]:
        """Return what stands at the foot of the menu."""
        return [entry for entry in self._menu if entry["foot"]]

    @property
    def more_url(self) -> str:
        """Return the page with the whole menu, for phones."""
        return reverse("ui:more")

    @property
    def search_url(self) -> str:
        """Return where the search form goes; "" while there is no search."""
        return _first("search") if self.known else ""

    @property
    def me_url(self) -> str:
        """Return the page about the person who is logged in."""
        return _first("organisation:me", "account_email") if self.known else ""

    @property
    def zone(self) -> str:
        """Return the short name of the zone in which moments are shown, such as JST."""
        return timezone.localtime().tzname() or timezone.get_current_timezone_name()

    @property
    def key_groups(self) -> tuple[KeyGroup, ...]:
        """Return the keys for the help overlay."""
        return GROUPS


def _first(*routes: str) -> str:
    for route in routes:
        try:
            return reverse(route)
        except NoReverseMatch:
            continue
    return ""
