"""Today: the one ordered queue of what needs the reader now, and why."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hikeshi.organisation.access import Request, account_of, logged_in
from hikeshi.organisation.chosen import chosen_unit_ids
from hikeshi.organisation.people import change_own_settings
from hikeshi.organisation.queries import companies_of
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.project import waiting
from hikeshi.project.first_steps import first_steps
from hikeshi.project.waiting import Row, Whose

TABS: Final[dict[str, str | Promise]] = {
    "mine": pgettext_lazy("whose matters", "mine"),
    "units": pgettext_lazy("whose matters", "my units"),
    "all": pgettext_lazy("whose matters", "all"),
}


class Group(NamedTuple):
    """Lines of one kind. note: how they are ordered. more: where the rest is."""

    title: str | Promise
    note: str | Promise
    rows: list[Row]
    more: str = ""


@logged_in
@require_GET
def today(request: Request) -> HttpResponse:
    """Show what needs the reader now."""
    viewer = request.viewer
    tabs = _tabs(request)
    whose = _whose(request, tabs)
    groups = _groups(viewer, whose)
    urgent = groups[0].rows
    steps = first_steps(viewer)
    put_away = viewer.account is not None and viewer.account.first_steps_hidden
    return render(
        request,
        "project/today.html",
        {
            "groups": [group for group in groups if group.rows],
            "waits": sum(len(group.rows) for group in groups[:3]),
            "late": sum(row.state == "late" for row in urgent),
            "near": sum(row.state == "near" for row in urgent),
            "ending": waiting.ending(viewer, whose),
            "tabs": [(name, TABS[name]) for name in tabs],
            "whose": whose.name,
            "steps": steps,
            "steps_done": sum(step.done for step in steps),
            "steps_away": put_away and bool(first_steps(viewer, also_hidden=True)),
        },
    )


def _tabs(request: Request) -> list[str]:
    """Return the tabs that differ: one person alone has none, units only who has or chose some."""
    viewer = request.viewer
    if all(company.single_person for company in companies_of(viewer)):
        return []
    units = _own_units(viewer) or chosen_unit_ids(request)
    return ["mine", "units", "all"] if units else ["mine", "all"]


def _whose(request: Request, tabs: list[str]) -> Whose:
    viewer, asked = request.viewer, request.GET.get("whose", "")
    if not tabs:
        return Whose("all")
    if asked not in tabs:
        asked = "mine"
    if asked == "all":
        return Whose("all")
    units = chosen_unit_ids(request) or _own_units(viewer)
    return Whose(asked, frozenset(units) if units else None)


def _own_units(viewer: Viewer) -> set[int]:
    """Return the units, with those below, in which the viewer holds a role of their own."""
    return {
        unit
        for scope in viewer.scopes.values()
        for unit, held in scope.in_unit.items()
        if Permission.VIEW in held
    }


def _groups(viewer: Viewer, whose: Whose) -> list[Group]:
    asked, proposals = waiting.approvals(viewer)
    attacked, is_more = waiting.exploited(viewer, whose)
    return [
        Group(_("Deadlines and tasks"), _("soonest first"), waiting.deadlines(viewer, whose)),
        Group(
            _("Exploited, and not decided"), _("most urgent first"), attacked,
            "kev=1" if is_more else "",
        ),
        Group(_("Decisions asked of you"), _("longest waiting first"), asked),
        Group(
            _("Waiting for others"), _("longest silent first"),
            waiting.others(viewer, whose, proposals),
        ),
    ]  # fmt: skip


@logged_in
@require_POST
def hide_first_steps(request: Request) -> HttpResponse:
    """Put the first steps away, or call them back."""
    hidden = request.POST.get("show") != "1"
    change_own_settings(
        account=account_of(request), at=request.viewer.at, first_steps_hidden=hidden
    )
    return redirect("today")
