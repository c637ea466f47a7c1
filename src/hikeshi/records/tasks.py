"""Tasks: give, take up, close (services), and who has what to do (queries)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from hikeshi.core.errors import Conflict, InputRefused, NotFound, Stale, gettext_noop
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account, Unit
from hikeshi.organisation.sealed import seal, unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.models import Record, Task, TaskState

_CLOSED = {TaskState.DONE, TaskState.CANCELLED}


def give_task(
    *,
    subject: Record,
    title: str,
    by: Account,
    at: datetime,
    note: str = "",
    assignee: Account | None = None,
    unit: Unit | None = None,
    due_at: datetime | None = None,
) -> Task:
    """Give a task about a record; it lies behind the record's wall.

    Raises InputRefused for an empty title.
    """
    if not title.strip():
        raise InputRefused(gettext_noop("A task needs a title."))
    with transaction.atomic():
        task = Task.objects.create(
            company=subject.company,
            unit=subject.unit,
            wall=subject.wall,
            realm=subject.realm,
            subject_kind=subject._meta.label_lower,
            subject_uid=subject.uid,
            title=seal(title.strip(), subject.wall),
            note=seal(note, subject.wall),
            assignee=assignee,
            assigned_unit=unit,
            due_at=due_at,
            created_at=at,
        )
        record("task.given", subject=task, by=by, at=at, after={"subject": str(subject.uid)})
    return task


def move_task(
    *, task: Task, state: TaskState, by: Account, at: datetime, revision: int | None = None
) -> Task:
    """Move a task to another state; closing and opening again are both allowed.

    revision: the one the person saw; None where two moves at once do not matter.
    Raises Stale when it was moved since, Conflict when it is in that state already.
    """
    if task.state == state:
        raise Conflict(gettext_noop("The task is in this state already."))
    before = task.state
    with transaction.atomic():
        moved = (
            Task.objects.for_system("a task the caller has read")
            .filter(pk=task.pk, revision=revision or task.revision)
            .update(
                state=state,
                revision=(revision or task.revision) + 1,
                closed_at=at if state in _CLOSED else None,
            )
        )
        if not moved:
            raise Stale(gettext_noop("Somebody else changed this task meanwhile."))
        record("task.moved", subject=task, by=by, at=at, before={"state": before},
               after={"state": str(state)})  # fmt: skip
    task.refresh_from_db()
    return task


def tasks_about(viewer: Viewer, subject_uid: UUID) -> list[Task]:
    """Return a record's tasks, open ones first, by due moment."""
    found = list(
        Task.objects.visible_to(viewer)
        .filter(subject_uid=subject_uid)
        .select_related("assignee", "assigned_unit")
        .order_by("closed_at", "due_at", "pk")
    )
    found.sort(key=lambda task: task.closed_at is not None)
    unseal(found, "title", "note")
    return found


def tasks_for(viewer: Viewer, limit: int = 100) -> list[Task]:
    """Return what waits for the viewer or their teams, soonest first."""
    mine = Q(assignee_id=viewer.account_id) if viewer.account_id else Q(pk__in=[])
    found = list(
        Task.objects.visible_to(viewer)
        .filter(mine | Q(assigned_unit_id__in=viewer.teams))
        .exclude(state__in=_CLOSED)
        .order_by("due_at", "pk")[:limit]
    )
    unseal(found, "title")
    return found


def task_by_uid(viewer: Viewer, uid: UUID) -> Task:
    """Return one task; NotFound also for one behind a wall."""
    task = Task.objects.visible_to(viewer).filter(uid=uid).first()
    if task is None:
        raise NotFound(gettext_noop("There is no such task."))
    unseal([task], "title", "note")
    return task
