"""What this area shows in the shell: where one works now."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from hikeshi.core.errors import NotFound
from hikeshi.organisation.access import Request
from hikeshi.organisation.chosen import chosen_company, chosen_place, chosen_unit
from hikeshi.ui import slots


def fill() -> None:
    """Fill the slots of lower areas."""
    slots.fill("shell.unit", unit_switcher)
    slots.fill("menu.place", place_of_lists)


def place_of_lists(request: HttpRequest, _subject: Any) -> list[str]:
    """Say what the lists behind the menu are narrowed to."""
    seen = cast(Request, request)
    viewer = getattr(seen, "viewer", None)
    if viewer is None or viewer.account is None:
        return []
    place = chosen_place(seen)
    return [place] if place else []


def unit_switcher(request: HttpRequest, _subject: Any) -> SafeString | None:
    """Show the chosen company and unit; a one-person PSIRT of one company has no switcher."""
    seen = cast(Request, request)
    viewer = getattr(seen, "viewer", None)
    if viewer is None or viewer.account is None:
        return None
    try:
        company = chosen_company(seen)
    except NotFound:
        return None
    if company.single_person and len(viewer.scopes) == 1:
        return None
    everywhere = len(viewer.scopes) > 1 and not chosen_place(seen)
    context = {"company": company, "unit": chosen_unit(seen), "everywhere": everywhere}
    return render_to_string("organisation/switcher.html", context)
