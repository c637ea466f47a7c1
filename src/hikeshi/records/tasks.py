"""Tasks: give, change, take up, close (services), and who has what to do (queries)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import DateTimeField, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from hikeshi.core.errors import AlreadyDone, InputRefused, NotAllowed, NotFound, Stale, gettext_noop
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account, Unit
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import seal, unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records import rights
from hikeshi.records.models import Record, Task, TaskState

CLOSED: Final = (TaskState.DONE, TaskState.CANCELLED)
TITLE_LIMIT: Final = 300
NOTE_LIMIT: Final = 100_000
# Where a task without a date stands in lists by date; page_of takes no NULL.
_NEVER: Final = datetime.fromisoformat("9999-01-01T00:00:00+00:00")
SOONEST_FIRST: Final = ("due_order", "pk")


def give_task(
    *,
    subject: Record,
    title: str,
    by: Viewer,
    at: datetime,
    note: str = "",
    assignee: Account | None = None,
    unit: Unit | None = None,
    due_at: datetime | None = None,
) -> Task:
    """Give a task about a record; it lies behind the record's wall.

    note: what is to be done and why. unit: whose people are to do it, when not one person.
    Raises InputRefused for an empty title, Conflict for somebody who cannot see the record,
    NotFound and NotAllowed as ``rights.require``.
    """
    account = rights.require(subject, by, Permission.CASE_WORK)
    _check(title, note)
    _check_readers(subject, assignee, unit, at)
    with transaction.atomic():
        task = Task.objects.create(
            company=subject.company, unit=subject.unit, wall=subject.wall, realm=subject.realm,
            subject_kind=subject._meta.label_lower, subject_uid=subject.uid,
            title=seal(title.strip(), subject.wall), note=seal(note, subject.wall),
            given_by=account, assignee=assignee, assigned_unit=unit, due_at=due_at, created_at=at,
        )  # fmt: skip
        record("task.given", subject=task, by=account, at=at, after={
            "subject": str(subject.uid), "title": title.strip(), "note": note, "due_at": due_at,
            **_names(assignee, unit),
        })  # fmt: skip
    return task


def _check(title: str, note: str) -> None:
    if not title.strip():
        raise InputRefused(gettext_noop("A task needs a title."))
    if len(title) > TITLE_LIMIT or len(note) > NOTE_LIMIT:
        raise InputRefused(gettext_noop("The text is too long."))


def _check_readers(
    row: Record | Task, assignee: Account | None, unit: Unit | None, at: datetime
) -> None:
    if assignee is not None:
        rights.require_reader(row, assignee, at)
    if unit is not None:
        rights.require_reading_unit(row, unit, at)


def _names(assignee: Account | None, unit: Unit | None) -> dict[str, str | None]:
    return {
        "assignee": str(assignee.uid) if assignee else None,
        "assigned_unit": str(unit.uid) if unit else None,
    }


def change_task(*, task: Task, revision: int, by: Viewer, at: datetime, **changes: Any) -> Task:
    """Change a task's title, note, due_at, assignee or assigned_unit; texts are given bare.

    Raises Stale when somebody saved since ``revision``, else as ``give_task``.
    """
    account = rights.require(task, by, Permission.CASE_WORK)
    unseal([task], "title", "note")
    held = {"title": task.title.value, "note": task.note.value if task.note else ""}
    texts = held | {name: changes[name] for name in held if name in changes}
    _check(texts["title"], texts["note"])
    _check_readers(task, changes.get("assignee"), changes.get("assigned_unit"), at)
    stored = dict(changes)
    for name in held.keys() & stored.keys():
        stored[name] = seal(stored[name].strip(), task.wall)
    before = {name: _plain(getattr(task, name)) for name in changes}
    with transaction.atomic():
        saved = _update(task, revision, **stored)
        after = {name: _plain(value) for name, value in changes.items()}
        record("task.changed", subject=saved, by=account, at=at, before=before, after=after)
    return saved


def _plain(value: Any) -> Any:
    if hasattr(value, "open_with"):
        return value.value
    return str(value.uid) if hasattr(value, "uid") else value


def move_task(
    *,
    task: Task,
    state: TaskState,
    by: Viewer,
    at: datetime,
    revision: int | None = None,
    outcome: str | None = None,
) -> Task:
    """Move a task to another state; closing and opening again are both allowed.

    revision: the one the person saw; None where two moves at once do not matter.
    outcome: what came of it, for those who wait for it.
    Raises Stale when it was changed since, AlreadyDone when it is in that state already,
    NotAllowed for who neither works on such matters nor was given it.
    """
    account = rights.require_sight(task, by)
    mine = task.assignee_id == account.pk or task.assigned_unit_id in by.teams
    if not mine and not rights.may(task, by, Permission.CASE_WORK):
        raise NotAllowed(gettext_noop("This task was given to somebody else."))
    if task.state == state:
        raise AlreadyDone(gettext_noop("The task is in this state already."))
    if outcome is not None and len(outcome) > NOTE_LIMIT:
        raise InputRefused(gettext_noop("The text is too long."))
    before = task.state
    fields: dict[str, Any] = {"state": state, "closed_at": at if state in CLOSED else None}
    if outcome is not None:
        fields["outcome"] = seal(outcome, task.wall)
    with transaction.atomic():
        moved = _update(task, revision or task.revision, **fields)
        record("task.moved", subject=moved, by=account, at=at, before={"state": before},
               after={"state": str(state), "outcome": outcome})  # fmt: skip
    return moved


def _update(task: Task, revision: int, **fields: Any) -> Task:
    """Save fields if nobody saved since; return the row with its texts opened."""
    saved = (
        Task.objects.for_system("a task the caller has read")
        .filter(pk=task.pk, revision=revision)
        .update(revision=revision + 1, **fields)
    )
    if not saved:
        raise Stale(gettext_noop("Somebody else changed this task meanwhile."))
    task.refresh_from_db()
    return _opened([task])[0]


def _opened(tasks: list[Task]) -> list[Task]:
    unseal(tasks, "title", "note", "outcome")
    return tasks


def by_due(tasks: QuerySet[Task]) -> QuerySet[Task]:
    """Add the column that lists sort by: ``SOONEST_FIRST`` goes to ``page_of``."""
    never = Value(_NEVER, output_field=DateTimeField())
    return tasks.annotate(due_order=Coalesce(F("due_at"), never))


def tasks_about(viewer: Viewer, subject_uid: UUID) -> list[Task]:
    """Return a record's tasks, open ones first, by due moment, opened."""
    found = list(
        by_due(Task.objects.visible_to(viewer).filter(subject_uid=subject_uid))
        .select_related("assignee", "assigned_unit")
        .order_by(*SOONEST_FIRST)
    )
    found.sort(key=lambda task: task.closed_at is not None)
    return _opened(found)


def open_tasks(viewer: Viewer) -> QuerySet[Task]:
    """Select the open tasks that the viewer may see, for a list by ``SOONEST_FIRST``."""
    return by_due(Task.objects.visible_to(viewer).exclude(state__in=CLOSED))


def given_to(viewer: Viewer) -> Q:
    """Return the condition of tasks given to the viewer, or to their teams and nobody by name."""
    mine = Q(assignee_id=viewer.account_id) if viewer.account_id else Q(pk__in=[])
    return mine | Q(assignee__isnull=True, assigned_unit_id__in=viewer.teams)


def waiting_tasks(viewer: Viewer) -> QuerySet[Task]:
    """Select the open tasks of the viewer or their teams, for a list by ``SOONEST_FIRST``."""
    return open_tasks(viewer).filter(given_to(viewer))


def tasks_for(viewer: Viewer, limit: int = 100, *, narrowed: Q | None = None) -> list[Task]:
    """Return what waits for the viewer or their teams, soonest first, opened.

    narrowed: another condition on the tasks' columns, in place of theirs.
    """
    found = waiting_tasks(viewer) if narrowed is None else open_tasks(viewer).filter(narrowed)
    rows = found.select_related("assignee", "assigned_unit", "wall")
    return _opened(list(rows.order_by(*SOONEST_FIRST)[:limit]))


def task_by_uid(viewer: Viewer, uid: UUID) -> Task:
    """Return one task, opened; NotFound also for one behind a wall."""
    task = Task.objects.visible_to(viewer).filter(uid=uid).first()
    if task is None:
        raise NotFound(gettext_noop("There is no such task."))
    return _opened([task])[0]
