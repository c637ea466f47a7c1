"""The list of cases, and the page on which several of them get an owner or a task."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from typing import Final

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from hikeshi.organisation.access import Request, logged_in, needs
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import unseal
from hikeshi.triage import queries
from hikeshi.triage.list_forms import CaseListFilter, TogetherForm
from hikeshi.triage.models import Case, PhaseChoice
from hikeshi.triage.together import MOST, do_together
from hikeshi.ui.errors import explain
from hikeshi.ui.lists import BulkAct, Column, Empty, SavedView, asked_keys, listing, render_list

COLUMNS: Final = (
    Column("number", _("Case"), ("number", "pk")),
    Column("severity", _("Severity"), ("band_order", "pk"), css="tight"),
    Column("phase", _("Phase"), ("phase_order", "pk"), css="tight"),
    Column("owner", _("Case owner"), ("owner_order", "pk")),
    Column("due", _("Next deadline"), ("due_order", "pk")),
    Column("changed", _("Last change"), ("changed_at", "pk"), css="hide-s"),
)
_DEFAULT: Final = "-changed"


@logged_in
@require_GET
def case_list(request: Request) -> HttpResponse:
    """List cases by clear columns, newest change first."""
    viewer = request.viewer
    form = CaseListFilter(request.GET, viewer=viewer)
    may_open = viewer.may_somewhere(Permission.CASE_OPEN)
    cases = form.rows()
    sorted_by = [key.removeprefix("-") for key in asked_keys(request, COLUMNS, _DEFAULT)]
    found = listing(
        request,
        queries.in_order(viewer, cases, sorted_by),
        columns=COLUMNS,
        default=_DEFAULT,
        row="triage/case_row.html",
        caption=_("Cases"),
        filters=form,
        views=_views(request),
        acts=_acts(request),
        empty=Empty(
            _("No case here"),
            _("Cases begin in the inbox or from a finding, or you open one yourself. A case behind"
              " a wall is seen by its participants alone."),
            reverse("triage:open") if may_open else "",
            _("Open a case") if may_open else "",
            "case",
        ),
        counting=cases,
    )  # fmt: skip
    found.page = replace(found.page, rows=queries.list_lines(viewer, found.page.rows))
    return render_list(request, "triage/case_list.html", found, {"may_open": may_open})


def _views(request: Request) -> list[SavedView]:
    counts = queries.phase_counts(request.viewer)
    running = sum(count for phase, count in counts.items() if phase != "closed")
    return [
        SavedView(_("Open cases"), "", running),
        *(
            SavedView(label, f"phase={phase}", counts.get(phase, 0))
            for phase, label in PhaseChoice.choices
        ),
        SavedView(_("Mine"), "owner=me"),
        SavedView(_("Overdue"), "overdue=1"),
    ]


def _acts(request: Request) -> list[BulkAct]:
    if not request.viewer.may_somewhere(Permission.CASE_WORK):
        return []
    return [BulkAct(_("Owner or task …"), reverse("triage:together"), primary=True, key="a")]


@needs(Permission.CASE_WORK)
@require_POST
def together(request: Request) -> HttpResponse:
    """Ask what is to be done with the chosen cases, and do it."""
    viewer, given = request.viewer, request.POST
    query = given.get("all") or given.get("query", "")
    back = f"{reverse('triage:cases')}?{query}" if query else reverse("triage:cases")
    cases = _chosen(request, query)
    if not cases:
        return redirect(back)
    form = TogetherForm(given if "title" in given else None, viewer=viewer)
    if form.is_bound and form.is_valid():
        said = form.cleaned_data
        due = said.get("due")
        outcome = do_together(
            cases=cases, by=viewer, at=viewer.at, owner=form.person("owner"),
            task=said["title"], assignee=form.person("assignee"),
            due_at=timezone.make_aware(datetime.combine(due, time(17))) if due else None,
        )  # fmt: skip
        messages.success(
            request,
            ngettext("%(n)s case was changed.", "%(n)s cases were changed.", outcome.done)
            % {"n": outcome.done},
        )
        for case, error in outcome.left_out:
            messages.warning(request, f"{case.number}: {explain(error)}")
        return redirect(back)
    unseal(cases, "title")
    context = {
        "form": form, "cases": cases, "query": query, "list": back, "is_all": "all" in given,
        "names": [] if "all" in given else [one.number for one in cases],
    }  # fmt: skip
    status = 422 if form.is_bound else 200
    return render(request, "triage/together.html", context, status=status)


def _chosen(request: Request, query: str) -> list[Case]:
    """Return the picked cases that the viewer may know of, or all of the narrowed list."""
    if "all" in request.POST:
        rows = CaseListFilter(QueryDict(query), viewer=request.viewer).rows()
    else:
        picked = request.POST.getlist("pick")[:MOST]
        rows = queries.cases_of(request.viewer).filter(number__in=picked)
    return list(rows.order_by("-changed_at", "-pk")[:MOST])
