"""Approvals: three powers apart, bound to exact content (R012)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from hikeshi.core.errors import (
    AlreadyDone,
    Conflict,
    HikeshiError,
    InputRefused,
    NotAllowed,
    NotFound,
)
from hikeshi.ledger.models import Event
from hikeshi.organisation import services as organisation
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Role
from hikeshi.records import approvals
from hikeshi.records.models import Approval, Record
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.records.things import CANARY, a_record

pytestmark = pytest.mark.django_db
TEXT = {"ja": "公表文", "en": "text"}


def proposed(
    record: Record, by: Account, content: Any = TEXT, *, needs_review: bool = False
) -> Approval:
    return approvals.propose(
        subject=record, purpose="publish", content=content, viewer=seen_by(by), at=NOW,
        needs_review=needs_review,
    )  # fmt: skip


def people(kazahaya: Firm) -> tuple[Account, Account, Account]:
    names = (("p", Role.RESPONDER), ("r", Role.RESPONDER), ("a", Role.LEAD))
    one, two, three = (person(f"{n}@k.example", kazahaya.company, role) for n, role in names)
    return one, two, three


@pytest.mark.requirement("R012")
def test_proposer_reviewer_and_approver_are_three_people() -> None:
    kazahaya = firm()
    proposer, reviewer, approver = people(kazahaya)
    also_lead = person("l@k.example", kazahaya.company, Role.LEAD)
    record = a_record(kazahaya)
    approval = proposed(record, also_lead, needs_review=True)
    step: dict[str, Any] = {"approval": approval, "content": TEXT, "at": NOW}
    with pytest.raises(NotAllowed, match="cannot review"):
        approvals.review(viewer=seen_by(also_lead), **step)
    with pytest.raises(NotAllowed, match="cannot approve it; ask somebody else"):
        approvals.approve(viewer=seen_by(also_lead), **step)
    with pytest.raises(Conflict, match="must review it first"):
        approvals.approve(viewer=seen_by(approver), **step)
    approvals.review(viewer=seen_by(reviewer), **step)
    with pytest.raises(NotAllowed, match="needs the right"):
        approvals.approve(viewer=seen_by(proposer), **step)
    assert approvals.approval_for(record, "publish", TEXT) is None
    approvals.approve(viewer=seen_by(approver), **step)
    held = approvals.require_approval(record, "publish", TEXT)
    assert (held.proposed_by, held.reviewed_by, held.decided_by) == (also_lead, reviewer, approver)
    assert approvals.how_decided(held) == ""


def test_the_reviewer_does_not_approve_too() -> None:
    kazahaya = firm()
    proposer, _two, approver = people(kazahaya)
    approval = proposed(a_record(kazahaya), proposer, needs_review=True)
    step: dict[str, Any] = {"approval": approval, "content": TEXT, "at": NOW}
    approvals.review(viewer=seen_by(approver), **step)
    with pytest.raises(NotAllowed, match="Who reviewed it cannot approve it"):
        approvals.approve(viewer=seen_by(approver), **step)


@pytest.mark.requirement("R025")
def test_a_single_person_decides_alone_and_the_record_says_so() -> None:
    kazahaya = firm()
    organisation.change_company(
        company=kazahaya.company, by=kazahaya.admin, at=NOW, revision=1, single_person=True
    )
    approval = proposed(a_record(kazahaya), kazahaya.admin, needs_review=True)
    decided = approvals.approve(
        approval=approval, content=TEXT, viewer=seen_by(kazahaya.admin), at=NOW
    )
    assert decided.decided_alone
    assert approvals.how_decided(decided) == "decided alone, single-person team"
    assert Event.objects.get(name="approval.approved").payload.content.value["after"]["alone"]


def test_an_approval_is_of_this_content_and_no_other() -> None:
    kazahaya = firm()
    proposer, _two, approver = people(kazahaya)
    record = a_record(kazahaya)
    approval = proposed(record, proposer)
    approvals.approve(approval=approval, content=TEXT, viewer=seen_by(approver), at=NOW)
    with pytest.raises(Conflict, match="was not approved"):
        approvals.require_approval(record, "publish", TEXT | {"en": "other"})
    with pytest.raises(Conflict, match="was not approved"):
        approvals.require_approval(record, "withdraw", TEXT)


def test_approving_changed_content_voids_the_proposal() -> None:
    kazahaya = firm()
    proposer, _two, approver = people(kazahaya)
    approval = proposed(a_record(kazahaya), proposer)
    with pytest.raises(Conflict, match="content changed"):
        approvals.approve(approval=approval, content="b", viewer=seen_by(approver), at=NOW)
    with pytest.raises(AlreadyDone, match="decided already"):
        approvals.approve(approval=approval, content=TEXT, viewer=seen_by(approver), at=NOW)
    approval.refresh_from_db()
    assert approval.state == "void"


def test_saving_other_content_voids_what_was_approved() -> None:
    kazahaya = firm()
    proposer, _two, approver = people(kazahaya)
    record = a_record(kazahaya)
    approval = proposed(record, proposer)
    approvals.approve(approval=approval, content=TEXT, viewer=seen_by(approver), at=NOW)
    made: dict[str, Any] = {"subject": record, "purpose": "publish", "by": proposer, "at": NOW}
    assert approvals.void_changed(content=TEXT, **made) == 0
    assert approvals.void_changed(content="b", **made) == 1
    # Typing the approved text back does not bring the approval back.
    assert approvals.approval_for(record, "publish", TEXT) is None
    assert Event.objects.filter(name="approval.voided").count() == 1


def test_a_new_proposal_takes_the_place_of_an_older_one() -> None:
    kazahaya = firm()
    proposer, *_others = people(kazahaya)
    record = a_record(kazahaya)
    first = proposed(record, proposer, "a")
    second = proposed(record, proposer, "b")
    first.refresh_from_db()
    assert (first.state, second.state) == ("void", "proposed")
    with pytest.raises(AlreadyDone, match="waits for a decision already"):
        proposed(record, proposer, "b")


def test_a_refusal_has_a_reason_that_stays_behind_the_wall() -> None:
    kazahaya = firm()
    proposer, reviewer, _three = people(kazahaya)
    record = a_record(kazahaya, inside=(proposer, reviewer))
    approval = proposed(record, proposer, {"ja": CANARY})
    with pytest.raises(InputRefused, match="needs a reason"):
        approvals.refuse(approval=approval, viewer=seen_by(reviewer), at=NOW, reason=" ")
    approvals.refuse(approval=approval, viewer=seen_by(reviewer), at=NOW, reason=CANARY)
    (seen,) = approvals.approvals_about(seen_by(proposer), record.uid)
    assert (seen.state, seen.reason.value) == ("refused", CANARY)
    assert approvals.approvals_about(seen_by(kazahaya.admin), record.uid) == []
    stored = Approval.objects.get()
    assert CANARY.encode() not in stored.reason.raw + stored.content.raw


def test_who_is_outside_the_wall_decides_nothing() -> None:
    kazahaya = firm()
    proposer, reviewer, approver = people(kazahaya)
    approval = proposed(a_record(kazahaya, inside=(proposer, reviewer)), proposer)
    with pytest.raises(NotFound):
        approvals.approve(approval=approval, content=TEXT, viewer=seen_by(approver), at=NOW)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_decides() -> None:
    kazahaya = firm()
    proposer, _two, approver = people(kazahaya)
    approval = proposed(a_record(kazahaya), proposer)
    step: dict[str, Any] = {"viewer": seen_by(approver), "at": NOW}
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def decide(act: Callable[..., Approval], **more: Any) -> None:
        mine = Approval.objects.get(pk=approval.pk)
        try:
            start.wait()
            outcomes.append(act(approval=mine, **step, **more).state)
        except HikeshiError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=decide, args=(approvals.approve,), kwargs={"content": TEXT}),
        threading.Thread(target=decide, args=(approvals.refuse,), kwargs={"reason": "no"}),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outcomes) == 2
    assert "already-done" in outcomes
    assert Event.objects.filter(name__in=["approval.approved", "approval.refused"]).count() == 1


keys = st.text(max_size=5)
contents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(keys, contents, min_size=2, max_size=5))
def test_the_hash_knows_content_and_not_the_order_of_keys(content: dict[str, Any]) -> None:
    turned = dict(reversed(content.items()))
    assert approvals.hash_of(content) == approvals.hash_of(turned)
    changed = content | {next(iter(content)): "changed-0"}
    assert (approvals.hash_of(content) == approvals.hash_of(changed)) == (content == changed)
