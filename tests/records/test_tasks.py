"""Tasks: behind the wall of what they are about, given only to who can see it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hikeshi.core.errors import (
    AlreadyDone,
    Conflict,
    InputRefused,
    NotAllowed,
    NotFound,
    Stale,
)
from hikeshi.ledger.models import Event
from hikeshi.organisation import services as organisation
from hikeshi.organisation.roles import Role
from hikeshi.records.models import Task, TaskState
from hikeshi.records.tasks import (
    SOONEST_FIRST,
    change_task,
    give_task,
    move_task,
    task_by_uid,
    tasks_about,
    tasks_for,
    waiting_tasks,
)
from hikeshi.ui.paging import page_of
from tests.builders import NOW, firm, person, seen_by
from tests.records.things import CANARY, a_record

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


@pytest.mark.requirement("R090")
def test_a_task_with_a_day_waits_for_its_assignee_inside_the_wall() -> None:
    kazahaya = firm()
    developer = person("d@kazahaya.example", kazahaya.company, Role.DEVELOPER)
    lead = person("l@kazahaya.example", kazahaya.company, Role.LEAD)
    record = a_record(kazahaya, inside=(lead, developer))
    due = NOW + timedelta(days=3)
    give_task(
        subject=record, title=f"4.2.2 を検証する {CANARY}", by=seen_by(lead), at=NOW,
        assignee=developer, due_at=due,
    )  # fmt: skip
    (found,) = tasks_for(seen_by(developer))
    assert (found.title.value, found.due_at) == (f"4.2.2 を検証する {CANARY}", due)
    assert CANARY.encode() not in bytes(Task.objects.get(pk=found.pk).title.raw)
    assert tasks_for(seen_by(kazahaya.admin)) == []
    assert tasks_about(seen_by(kazahaya.admin), record.uid) == []
    with pytest.raises(NotFound, match="no such task"):
        task_by_uid(seen_by(kazahaya.admin), found.uid)


def test_nobody_gets_a_task_about_what_they_cannot_see() -> None:
    kazahaya, other = firm(), firm("other", "OT")
    outsider = person("o@kazahaya.example", kazahaya.company, Role.DEVELOPER)
    record, by = a_record(kazahaya, inside=(kazahaya.admin,)), seen_by(kazahaya.admin)
    for stranger in (outsider, other.admin):
        with pytest.raises(Conflict, match="invite them first"):
            give_task(subject=record, title="t", by=by, at=NOW, assignee=stranger)
    for unit in (kazahaya.network, other.network):
        with pytest.raises(Conflict, match="invite it first"):
            give_task(subject=record, title="t", by=by, at=NOW, unit=unit)
    assert not Task.objects.exists()


def test_an_invited_units_teams_get_its_tasks() -> None:
    kazahaya = firm()
    plant = organisation.create_unit(
        company=kazahaya.company, name={"ja": "工場"}, at=NOW, parent=kazahaya.network
    )
    quality = person("q@kazahaya.example", kazahaya.company, Role.DEVELOPER, plant)
    record, by = a_record(kazahaya, inside=(kazahaya.admin,)), seen_by(kazahaya.admin)
    organisation.admit(wall=record.wall, unit=kazahaya.network, at=NOW, by=kazahaya.admin)
    task = give_task(subject=record, title="t", by=by, at=NOW, unit=plant)
    assert [one.pk for one in tasks_for(seen_by(quality))] == [task.pk]


def test_a_unit_gets_tasks_about_its_own_matters_alone() -> None:
    kazahaya = firm()
    record, by = a_record(kazahaya, unit=kazahaya.network), seen_by(kazahaya.admin)
    give_task(subject=record, title="t", by=by, at=NOW, unit=kazahaya.network)
    with pytest.raises(Conflict, match="invite it first"):
        give_task(subject=record, title="t", by=by, at=NOW, unit=kazahaya.control)


def test_a_task_that_has_a_name_on_it_waits_for_nobody_else() -> None:
    kazahaya = firm()
    one, two = (
        person(f"{n}@kazahaya.example", kazahaya.company, Role.DEVELOPER, kazahaya.network)
        for n in "ab"
    )
    record = a_record(kazahaya, unit=kazahaya.network)
    give_task(
        subject=record, title="t", by=seen_by(one), at=NOW, unit=kazahaya.network, assignee=one
    )
    assert len(tasks_for(seen_by(one))) == 1
    assert tasks_for(seen_by(two)) == []


def test_the_assignee_moves_a_task_and_says_what_came_of_it() -> None:
    kazahaya = firm()
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    other = person("o@kazahaya.example", kazahaya.company, Role.READER)
    record, by = a_record(kazahaya), seen_by(kazahaya.admin)
    task = give_task(subject=record, title="t", by=by, at=NOW, assignee=reader)
    with pytest.raises(NotAllowed, match="given to somebody else"):
        move_task(task=task, state=TaskState.DONE, by=seen_by(other), at=NOW)
    done = move_task(
        task=task, state=TaskState.DONE, by=seen_by(reader), at=LATER, outcome="再現せず"
    )
    assert (done.state, done.closed_at, done.outcome.value) == ("done", LATER, "再現せず")
    assert tasks_for(seen_by(reader)) == []
    again = move_task(task=done, state=TaskState.OPEN, by=by, at=LATER)
    assert (again.state, again.closed_at) == ("open", None)


def test_a_task_that_somebody_moved_is_not_moved_over_them() -> None:
    kazahaya = firm()
    by = seen_by(kazahaya.admin)
    task = give_task(subject=a_record(kazahaya), title="t", by=by, at=NOW)
    same = Task.objects.get(pk=task.pk)
    move_task(task=task, state=TaskState.DOING, by=by, at=NOW, revision=1)
    with pytest.raises(Stale, match="Somebody else changed this task"):
        move_task(task=same, state=TaskState.DONE, by=by, at=NOW, revision=1)
    with pytest.raises(AlreadyDone):
        move_task(task=task, state=TaskState.DOING, by=by, at=NOW)
    assert Event.objects.filter(name="task.moved").count() == 1


def test_a_changed_task_keeps_its_former_words_in_the_ledger() -> None:
    kazahaya = firm()
    by = seen_by(kazahaya.admin)
    task = give_task(subject=a_record(kazahaya), title="old", by=by, at=NOW)
    changed = change_task(
        task=task, revision=1, by=by, at=LATER, title="new", assignee=kazahaya.admin
    )
    assert (changed.title.value, changed.revision) == ("new", 2)
    payload = Event.objects.get(name="task.changed").payload.content.value
    assert payload["before"] == {"assignee": None, "title": "old"}
    assert payload["after"] == {"assignee": str(kazahaya.admin.uid), "title": "new"}
    with pytest.raises(Stale):
        change_task(task=changed, revision=1, by=by, at=LATER, title="newer")


@pytest.mark.parametrize("title", ["", "   ", "x" * 301])
def test_an_empty_or_endless_title_is_refused(title: str) -> None:
    kazahaya = firm()
    with pytest.raises(InputRefused):
        give_task(subject=a_record(kazahaya), title=title, by=seen_by(kazahaya.admin), at=NOW)


def test_tasks_page_by_due_moment_and_those_without_one_come_last() -> None:
    kazahaya = firm()
    record, by = a_record(kazahaya), seen_by(kazahaya.admin)
    for title, days in (("none", None), ("late", 9), ("soon", 1), ("middle", 5)):
        due = NOW + timedelta(days=days) if days else None
        give_task(subject=record, title=title, by=by, at=NOW, assignee=kazahaya.admin, due_at=due)
    seen, after = [], None
    while after != "":
        page = page_of(waiting_tasks(by), order=SOONEST_FIRST, after=after, size=1)
        seen += [row.title.value for row in page.rows]
        after = page.next_cursor
    assert seen == ["soon", "middle", "late", "none"]
