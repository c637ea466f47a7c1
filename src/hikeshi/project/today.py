"""Today: the one ordered queue of what needs the reader now, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hikeshi.organisation.access import Request, account_of, logged_in
from hikeshi.organisation.people import change_own_settings
from hikeshi.organisation.viewer import Viewer
from hikeshi.project.first_steps import first_steps
from hikeshi.records.clocks import clock_state, clocks_due
from hikeshi.records.subjects import Subject, subjects
from hikeshi.records.tasks import tasks_for
from hikeshi.stakeholders.queries import silent_rounds

HORIZON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue.

    kind: the word in the badge. due_at: None where nothing runs out. state: late, near or "".
    """

    kind: str
    what: str
    why: str
    subject: Subject | None
    due_at: datetime | None
    state: str


def _late(due_at: datetime | None, at: datetime) -> str:
    if due_at is None:
        return ""
    if due_at < at:
        return "late"
    return "near" if due_at - at < timedelta(days=1) else ""


def rows_for(viewer: Viewer) -> list[Row]:
    """Gather clocks that end within a week and tasks of the reader, soonest first."""
    clocks = clocks_due(viewer, viewer.at + HORIZON)
    tasks = tasks_for(viewer)
    wanted = {(clock.subject_kind, clock.subject_uid) for clock in clocks}
    wanted |= {(task.subject_kind, task.subject_uid) for task in tasks}
    named = subjects(viewer, wanted)
    rows = [
        Row(
            kind=_("Deadline"),
            what=f"{clock.regime} · {clock.stage}",
            why=_("Its time has passed. Meet it, or record why it waits.")
            if clock_state(clock, viewer.at) == "overdue"
            else _("This deadline ends within the week."),
            subject=named.get(clock.subject_uid),
            due_at=clock.due_at,
            state=_late(clock.due_at, viewer.at),
        )
        for clock in clocks
    ]
    rows += [
        Row(
            kind=_("Task"),
            what=task.title.value or "",
            why=_("Given to you.")
            if task.assignee_id == viewer.account_id
            else _("Given to your team; nobody has taken it up by name."),
            subject=named.get(task.subject_uid),
            due_at=task.due_at,
            state=_late(task.due_at, viewer.at),
        )
        for task in tasks
    ]
    rows.sort(key=lambda row: (row.due_at is None, row.due_at or viewer.at, row.what))
    return rows


@logged_in
@require_GET
def today(request: Request) -> HttpResponse:
    """Show what needs the reader now."""
    rows = rows_for(request.viewer)
    steps = first_steps(request.viewer)
    return render(
        request,
        "project/today.html",
        {
            "rows": rows,
            "late": sum(row.state == "late" for row in rows),
            "near": sum(row.state == "near" for row in rows),
            "rounds": silent_rounds(request.viewer),
            "steps": steps,
            "steps_done": sum(step.done for step in steps),
        },
    )


@logged_in
@require_POST
def hide_first_steps(request: Request) -> HttpResponse:
    """Put the first steps away for good."""
    change_own_settings(account=account_of(request), at=request.viewer.at, first_steps_hidden=True)
    return redirect("today")
