"""Tasks, approvals and clocks, shown on a contact, which is a record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from hikeshi.core.deadlines import Term, UnitOfTime
from hikeshi.core.errors import AlreadyDone, Conflict, NotAllowed, Stale
from hikeshi.organisation import services as organisation
from hikeshi.organisation.roles import Role
from hikeshi.records import approvals, clocks, tasks
from hikeshi.records.models import Record, TaskState
from hikeshi.stakeholders.models import ContactKind
from hikeshi.stakeholders.services import add_contact
from tests.builders import NOW, Firm, firm, person, seen_by

pytestmark = pytest.mark.django_db


def a_record(kazahaya: Firm, walled: bool = False) -> Record:
    wall = None
    if walled:
        wall = organisation.raise_wall(
            company=kazahaya.company, members=[kazahaya.admin], at=NOW, by=kazahaya.admin
        )
    return add_contact(
        company=kazahaya.company,
        kind=ContactKind.SUPPLIER,
        name="S",
        wall=wall,
        by=kazahaya.admin,
        at=NOW,
    )


@pytest.mark.requirement("R090")
def test_a_task_with_a_day_waits_for_its_assignee_behind_the_wall_of_its_record() -> None:
    kazahaya = firm()
    developer = person("d@kazahaya.example", kazahaya.company, Role.DEVELOPER)
    record = a_record(kazahaya, walled=True)
    tasks.give_task(
        subject=record,
        title="4.2.2 を検証する",
        by=kazahaya.admin,
        at=NOW,
        assignee=developer,
        due_at=NOW + timedelta(days=3),
    )
    assert tasks.tasks_for(seen_by(developer)) == []
    organisation.admit(wall=record.wall, account=developer, at=NOW, by=kazahaya.admin)
    assert [t.title.value for t in tasks.tasks_for(seen_by(developer))] == ["4.2.2 を検証する"]


def test_a_task_that_somebody_moved_is_not_moved_over_them() -> None:
    kazahaya = firm()
    task = tasks.give_task(subject=a_record(kazahaya), title="t", by=kazahaya.admin, at=NOW)
    tasks.move_task(task=task, state=TaskState.DOING, by=kazahaya.admin, at=NOW, revision=1)
    task.state = TaskState.OPEN
    with pytest.raises(Stale):
        tasks.move_task(task=task, state=TaskState.DONE, by=kazahaya.admin, at=NOW, revision=1)


@pytest.mark.requirement("R012")
def test_who_proposes_does_not_approve_and_the_decision_binds_to_the_content() -> None:
    kazahaya = firm()
    lead = person("lead@kazahaya.example", kazahaya.company, Role.LEAD)
    record, text = a_record(kazahaya), {"ja": "公表文", "en": "text"}
    mine = seen_by(kazahaya.admin)
    approval = approvals.propose(
        subject=record, purpose="publish", content=text, viewer=mine, at=NOW
    )
    with pytest.raises(NotAllowed, match="cannot approve"):
        approvals.approve(approval=approval, content=text, viewer=mine, at=NOW)
    approvals.approve(approval=approval, content=text, viewer=seen_by(lead), at=NOW)
    assert approvals.approval_for(record, "publish", text) is not None
    assert approvals.approval_for(record, "publish", text | {"en": "other"}) is None


def test_a_proposal_is_void_once_its_content_changed() -> None:
    kazahaya = firm()
    lead = person("lead@kazahaya.example", kazahaya.company, Role.LEAD)
    record = a_record(kazahaya)
    approval = approvals.propose(
        subject=record, purpose="publish", content="a", viewer=seen_by(kazahaya.admin), at=NOW
    )
    with pytest.raises(Conflict, match="content changed"):
        approvals.approve(approval=approval, content="b", viewer=seen_by(lead), at=NOW)
    with pytest.raises(Conflict, match="decided already"):
        approvals.approve(approval=approval, content="a", viewer=seen_by(lead), at=NOW)


@pytest.mark.requirement("R025")
def test_a_single_person_decides_alone_and_the_record_says_so() -> None:
    kazahaya = firm()
    organisation.change_company(
        company=kazahaya.company, by=kazahaya.admin, at=NOW, revision=1, single_person=True
    )
    record = a_record(kazahaya)
    viewer = seen_by(kazahaya.admin)
    approval = approvals.propose(
        subject=record, purpose="publish", content="a", viewer=viewer, at=NOW
    )
    decided = approvals.approve(approval=approval, content="a", viewer=viewer, at=NOW)
    assert decided.decided_alone is True


@pytest.mark.requirement("R070")
def test_a_paused_clock_runs_on_later_by_the_working_days_of_the_pause() -> None:
    kazahaya = firm()
    # Tuesday 24 November 2026, 09:12 in Tokyo.
    clock = clocks.start_clock(
        subject=a_record(kazahaya),
        regime="sla",
        stage="fix",
        term=Term(5, UnitOfTime.WORKING_DAYS),
        by=kazahaya.admin,
        at=NOW,
    )
    assert clock.due_at == datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
    clocks.pause_clock(clock=clock, reason="供給者の回答待ち", by=kazahaya.admin, at=NOW)
    assert clocks.clock_state(clock, NOW) == "paused"
    resumed = clocks.resume_clock(clock=clock, by=kazahaya.admin, at=NOW + timedelta(days=2))
    assert resumed.due_at == datetime(2026, 12, 3, 8, 0, tzinfo=UTC)


def test_a_stage_has_one_clock_and_a_late_meeting_stays_late() -> None:
    kazahaya = firm()
    record = a_record(kazahaya)
    made = {"subject": record, "regime": "cra14", "stage": "early", "by": None, "at": NOW}
    clock = clocks.start_clock(term=Term(24, UnitOfTime.HOURS), **made)
    with pytest.raises(AlreadyDone):
        clocks.start_clock(term=Term(24, UnitOfTime.HOURS), **made)
    late = NOW + timedelta(hours=25)
    assert clocks.clock_state(clock, late) == "overdue"
    clocks.meet_clock(clock=clock, by=kazahaya.admin, at=late)
    assert clocks.clock_state(clock, late) == "late_met"
