"""Pages of retention: what is due, what erasing would take, legal holds."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hikeshi.core.errors import Conflict, InputRefused, NotFound, gettext_noop
from hikeshi.organisation.access import Request, needs
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import unseal
from hikeshi.records import retention
from hikeshi.records.subjects import subjects
from hikeshi.ui.errors import explain
from hikeshi.ui.paging import page_of


@needs(Permission.CASE_LEAD)
@require_GET
def due(request: Request) -> HttpResponse:
    """List records that are due, held or erased."""
    state = request.GET.get("state", "due")
    state = state if state in {"due", "held", "erased"} else "due"
    rows = retention.marks_of(request.viewer)
    if state == "due":
        rows = rows.filter(due_at__lte=request.viewer.at, erased_at__isnull=True)
        page = page_of(rows, order=("due_at", "pk"), after=request.GET.get("after"))
    else:
        rows = rows.filter(**{f"{state}_at__isnull": False})
        page = page_of(rows, order=(f"-{state}_at", "-pk"), after=request.GET.get("after"))
    unseal([mark for mark in page.rows if mark.hold_reason], "hold_reason")
    named = subjects(request.viewer, [(m.subject_kind, m.subject_uid) for m in page.rows])
    lines = [(m, named[m.subject_uid]) for m in page.rows if m.subject_uid in named]
    context = {"page": page, "lines": lines, "state": state, "years": retention.YEARS["case"]}
    return render(request, "records/retention.html", context)


@needs(Permission.CASE_LEAD)
@require_GET
def one(request: Request, uid: UUID) -> HttpResponse:
    """Show what erasing a record would take, and ask for the reason."""
    mark = retention.mark_by_uid(request.viewer, uid)
    row = retention.record_of(request.viewer, mark)
    unseal([mark] if mark.hold_reason else [], "hold_reason")
    found = subjects(request.viewer, [(mark.subject_kind, mark.subject_uid)])
    is_due = mark.due_at is not None and mark.due_at <= request.viewer.at
    context = {
        "mark": mark, "subject": found.get(mark.subject_uid), "is_due": is_due,
        "extent": retention.extent_of(row), "years": retention.YEARS.get(row.retention),
    }  # fmt: skip
    return render(request, "records/retention_one.html", context)


@needs(Permission.CASE_LEAD)
@require_POST
def act(request: Request, uid: UUID, act: str) -> HttpResponse:
    """Hold, release or erase a record of the list, for a reason."""
    mark = retention.mark_by_uid(request.viewer, uid)
    if act not in {"hold", "release", "erase"}:
        raise NotFound(gettext_noop("There is no such page."))
    row = retention.record_of(request.viewer, mark)
    service = {"hold": retention.hold, "release": retention.release, "erase": retention.erase}[act]
    said = {
        "hold": _("The legal hold lies on it. Nothing of it is erased."),
        "release": _("The legal hold was lifted."),
        "erase": _("Its texts and files were erased."),
    }[act]
    reason = request.POST.get("reason", "")
    try:
        service(row=row, by=request.viewer, at=request.viewer.at, reason=reason)
    except (Conflict, InputRefused) as error:
        messages.error(request, explain(error))
    else:
        messages.success(request, said)
    return redirect("records:retention-one", uid=uid)


@needs(Permission.CASE_LEAD)
@require_POST
def hold(request: Request) -> HttpResponse:
    """Put a legal hold on a record by its number, due or not."""
    number, reason = request.POST.get("number", "").strip(), request.POST.get("reason", "")
    try:
        row = retention.record_by_number(request.viewer, number)
        mark = retention.hold(row=row, by=request.viewer, at=request.viewer.at, reason=reason)
    except (Conflict, InputRefused, NotFound) as error:
        messages.error(request, explain(error))
        return redirect("records:retention")
    messages.success(request, _("The legal hold lies on it. Nothing of it is erased."))
    return redirect("records:retention-one", uid=mark.uid)
