"""Pages on which several findings are decided at once: the effect first, then the act."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hikeshi.core.errors import HikeshiError
from hikeshi.matching.forms import FindingFilter
from hikeshi.matching.narrowing import Narrowing
from hikeshi.organisation.access import Request, needs
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.triage import bulk
from hikeshi.triage.bulk_forms import DecideForm
from hikeshi.ui.errors import explain, status_of


@needs(Permission.ASSESS)
@require_http_methods(["GET", "POST"])
def decide(request: Request) -> HttpResponse:
    """Show what a decision about the chosen findings is about, and make it."""
    viewer = request.viewer
    given = request.POST if request.method == "POST" else request.GET
    query = given.get("all") or given.get("query", "")
    names = [] if "all" in given else given.getlist("pick")
    if not names and "all" not in given:
        return redirect(_list(query))
    narrowing = _narrowing(viewer, query, all_states=bool(names))
    targets = bulk.targets_of(viewer, bulk.chosen(viewer, names, narrowing), narrowing)
    form = DecideForm(request.POST if "status" in given else None, initial={"walled": True})
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                done = _done(form, targets, viewer)
            except HikeshiError as error:
                form.add_error(None, explain(error))
                status = status_of(error)
            else:
                return _after(done, query)
    context: dict[str, Any] = {
        "form": form, "targets": targets, "query": query, "names": names,
        "is_all": "all" in given, "list": _list(query),
        "releases": sum(len(one.releases) for one in targets),
        "decided": sum(one.decided for one in targets),
        "denied": sum(one.denied for one in targets),
        "may_open": viewer.may_somewhere(Permission.CASE_OPEN),
    }  # fmt: skip
    return render(request, "triage/decide.html", context, status=status)


def _narrowing(viewer: Viewer, query: str, *, all_states: bool) -> Narrowing:
    """Read the list's filter; what was picked by name was seen, whatever its state is now."""
    asked = FindingFilter(QueryDict(query), viewer=viewer).narrowing()
    return asked._replace(state="all") if all_states else asked


def _done(form: DecideForm, targets: list[bulk.Target], viewer: Viewer) -> bulk.Done:
    said = form.cleaned_data
    title = {get_language() or "en": said["title"].strip()} if said["opens_case"] else None
    return bulk.decide(
        targets=targets, statement=form.statement(), by=viewer, at=viewer.at,
        case_title=title, walled=said["walled"],
    )  # fmt: skip


def _after(done: bulk.Done, query: str) -> HttpResponse:
    if done.case is not None:
        return redirect("triage:case", number=done.case.number)
    address = reverse("triage:decided", args=[done.token])
    return redirect(f"{address}?{QueryDict(query).urlencode()}")


def _list(query: str) -> str:
    return f"{reverse('matching:findings')}?{query}" if query else reverse("matching:findings")


@needs(Permission.ASSESS)
@require_GET
def decided(request: Request, token: str) -> HttpResponse:
    """Say what was decided, and offer to take it back."""
    rows = bulk.made_by(token, request.viewer)
    context = {
        "rows": rows, "token": token, "first": rows[0] if rows else None,
        "vulnerabilities": len({row.vulnerability for row in rows}),
        "list": _list(request.GET.urlencode()),
        "minutes": int(bulk.TAKEN_BACK_FOR.total_seconds() // 60),
    }  # fmt: skip
    return render(request, "triage/decided.html", context)


@needs(Permission.ASSESS)
@require_POST
def take_back(request: Request, token: str) -> HttpResponse:
    """Take the decisions of one act back."""
    bulk.take_back(token=token, by=request.viewer, at=request.viewer.at)
    return redirect(_list(request.POST.get("query", "")))
