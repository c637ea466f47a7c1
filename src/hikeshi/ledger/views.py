"""Pages of jobs and of messages to the outside. They show ids and states, never content."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hikeshi.core.errors import Conflict, InputRefused, NotFound, gettext_noop
from hikeshi.ledger import managing, queries
from hikeshi.ledger.models import JobState, OutboxState
from hikeshi.organisation.access import Request, needs
from hikeshi.organisation.roles import Permission
from hikeshi.ui.errors import explain
from hikeshi.ui.paging import page_of


@needs(Permission.ORGANISATION_MANAGE)
@require_GET
def jobs(request: Request) -> HttpResponse:
    """List jobs, newest first; what the timetable began and ended well only when asked for."""
    state = request.GET.get("state", "")
    rows = queries.jobs_of(request.viewer)
    if state in JobState.values:
        rows = rows.filter(state=state)
    elif state != "all":
        rows = rows.exclude(state=JobState.DONE, by__isnull=True, company__isnull=True)
    page = page_of(rows, order=("-created_at", "-pk"), after=request.GET.get("after"))
    states = [("", _("without routine work")), ("all", _("all, routine work too"))]
    context = {
        "page": page, "states": [*states, *JobState.choices], "state": state, "tab": "jobs",
    }  # fmt: skip
    return render(request, "ledger/jobs.html", context)


@needs(Permission.ORGANISATION_MANAGE)
@require_GET
def outbox(request: Request) -> HttpResponse:
    """List messages to the outside, newest first."""
    state = request.GET.get("state", "")
    rows = queries.messages_of(request.viewer)
    if state in OutboxState.values:
        rows = rows.filter(state=state)
    page = page_of(rows, order=("-created_at", "-pk"), after=request.GET.get("after"))
    states = [("", _("any state")), *OutboxState.choices]
    context = {"page": page, "states": states, "state": state, "tab": "outbox"}
    return render(request, "ledger/outbox.html", context)


@needs(Permission.ORGANISATION_MANAGE)
@require_POST
def job_act(request: Request, uid: UUID, act: str) -> HttpResponse:
    """Cancel or resume a job."""
    job = queries.job_by_uid(request.viewer, uid)
    chosen = {"cancel": managing.cancel_job, "resume": managing.resume_job}.get(act)
    if chosen is None:
        raise NotFound(gettext_noop("There is no such page."))
    said = _("The job was cancelled.") if act == "cancel" else _("The job goes on.")
    _do(request, lambda: chosen(job=job, by=request.viewer, at=request.viewer.at), said)
    return redirect("ledger:jobs")


@needs(Permission.ORGANISATION_MANAGE)
@require_POST
def message_act(request: Request, uid: UUID, act: str) -> HttpResponse:
    """Send a message once more, or drop it for a reason."""
    message = queries.message_by_uid(request.viewer, uid)
    if act == "retry":
        _do(
            request,
            lambda: managing.retry_message(
                message=message, by=request.viewer, at=request.viewer.at
            ),
            _("The message goes out once more."),
        )
    elif act == "drop":
        reason = request.POST.get("reason", "")
        _do(
            request,
            lambda: managing.drop_message(
                message=message, by=request.viewer, at=request.viewer.at, reason=reason
            ),
            _("The message was dropped."),
        )
    else:
        raise NotFound(gettext_noop("There is no such page."))
    return redirect("ledger:outbox")


def _do(request: Request, act: Callable[[], None], said: str) -> None:
    """Do an act that has no form of its own in which a refusal could stand."""
    try:
        act()
    except (Conflict, InputRefused) as error:
        messages.error(request, explain(error))
    else:
        messages.success(request, said)
