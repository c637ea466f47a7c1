"""Today shows what needs the reader, why, and nothing from behind a wall."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from hikeshi.core.deadlines import Term, UnitOfTime
from hikeshi.core.tlp import TLP
from hikeshi.inventory.models import Release
from hikeshi.organisation import services as organisation
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Role
from hikeshi.records import approvals, clocks, tasks
from hikeshi.records.models import Record
from hikeshi.stakeholders.models import ContactKind
from hikeshi.stakeholders.services import add_contact
from hikeshi.triage.models import Case
from tests.builders import Firm, firm, person, seen_by
from tests.plugins.database import assert_queries
from tests.triage.cases import offering, opened, release

pytestmark = pytest.mark.django_db


def a_record(kazahaya: Firm, now: datetime, name: str = "S") -> Record:
    return add_contact(
        company=kazahaya.company, kind=ContactKind.SUPPLIER, name=name, by=kazahaya.admin, at=now
    )


def pressing(kazahaya: Firm, **more: Any) -> Case:
    """A case that everybody of its unit sees, with a deadline tomorrow."""
    case, now = opened(kazahaya, walled=False, tlp=TLP.GREEN, **more), timezone.now()
    clocks.start_clock(
        subject=case, regime="embargo", stage="lift", by=kazahaya.admin, at=now,
        due_at=now + timedelta(hours=30),
    )  # fmt: skip
    return case


def page(client: Client, reader: Account, query: str = "") -> str:
    client.force_login(reader)
    return client.get(f"/?lang=en{query}").content.decode()


def test_the_soonest_comes_first_and_the_overdue_is_counted(client: Client) -> None:
    kazahaya, now = firm(), timezone.now()
    record = a_record(kazahaya, now)
    for title, days in (("later", 5), ("overdue task", -1)):
        tasks.give_task(
            subject=record,
            title=title,
            by=seen_by(kazahaya.admin, now),
            at=now,
            assignee=kazahaya.admin,
            due_at=now + timedelta(days=days),
        )
    body = page(client, kazahaya.admin)
    assert body.index(">overdue task<") < body.index(">later<")
    assert "1 is overdue." in body


def test_a_walled_clock_is_seen_inside_its_wall_alone(client: Client) -> None:
    kazahaya, now = firm(), timezone.now()
    insider = person("in@kazahaya.example", kazahaya.company)
    wall = organisation.raise_wall(company=kazahaya.company, members=[insider], at=now, by=insider)
    record = add_contact(
        company=kazahaya.company,
        kind=ContactKind.FINDER,
        name="F",
        wall=wall,
        by=insider,
        at=now,
    )
    clocks.start_clock(
        subject=record,
        regime="r",
        stage="canary-stage",
        term=Term(1, UnitOfTime.DAYS),
        by=insider,
        at=now,
    )
    assert "canary-stage" not in page(client, kazahaya.admin, "&whose=all")
    assert "canary-stage" in page(client, insider)


def test_what_another_owns_is_on_the_list_of_all_and_not_on_mine(client: Client) -> None:
    kazahaya = firm()
    lead = person("lead@kazahaya.example", kazahaya.company, Role.LEAD)
    case = pressing(kazahaya, by=lead, owner=lead)
    assert case.number in page(client, lead)
    assert case.number not in page(client, kazahaya.admin)
    body = page(client, kazahaya.admin, "&whose=all")
    assert case.number in body
    assert "lead owns it." in body


def test_a_member_of_a_unit_sees_the_matters_of_the_unit_apart(client: Client) -> None:
    kazahaya = firm()
    case = pressing(kazahaya, owner=kazahaya.admin)
    member = person("m@kazahaya.example", kazahaya.company, Role.RESPONDER, unit=kazahaya.network)
    other = person("o@kazahaya.example", kazahaya.company, Role.RESPONDER, unit=kazahaya.control)
    assert case.number not in page(client, member)
    assert case.number in page(client, member, "&whose=units")
    assert case.number not in page(client, other, "&whose=units")


def test_a_deadline_that_was_warned_of_stays_though_its_end_is_far(client: Client) -> None:
    kazahaya, now = firm(), timezone.now()
    record = a_record(kazahaya, now, "Far")
    clocks.start_clock(
        subject=record, regime="embargo", stage="lift", by=kazahaya.admin, at=now,
        started_at=now - timedelta(days=80), due_at=now + timedelta(days=20),
    )  # fmt: skip
    clock = clocks.open_clock(record, "embargo", "lift")
    assert clock is not None
    assert clock.warned_percent == 75
    assert "75% of its time is gone." in page(client, kazahaya.admin)


def test_an_approval_is_asked_of_who_may_decide_and_waits_for_who_proposed(client: Client) -> None:
    kazahaya, now = firm(), timezone.now()
    lead = person("lead@kazahaya.example", kazahaya.company, Role.LEAD)
    reader = person("reader@kazahaya.example", kazahaya.company, Role.READER)
    approvals.propose(
        subject=a_record(kazahaya, now), purpose="test", content={"a": 1},
        viewer=seen_by(kazahaya.admin, now), at=now,
    )  # fmt: skip
    assert "admin asks for your decision." in page(client, lead)
    own = page(client, kazahaya.admin)
    assert "nobody has decided yet" in own
    assert "asks for your decision" not in own
    assert "decided yet" not in page(client, reader)


def test_a_task_given_to_another_waits_for_them(client: Client) -> None:
    kazahaya, now = firm(), timezone.now()
    person("dev@kazahaya.example", kazahaya.company, Role.DEVELOPER)
    dev = Account.objects.get(email="dev@kazahaya.example")
    tasks.give_task(
        subject=a_record(kazahaya, now), title="try the fix", at=now, assignee=dev,
        by=seen_by(kazahaya.admin, now),
    )  # fmt: skip
    assert "You gave it to dev." in page(client, kazahaya.admin)
    assert "Given to you." in page(client, dev)


def test_support_that_ends_and_roles_that_end_are_told_in_time(client: Client) -> None:
    kazahaya, now = firm(), timezone.now()
    shipped = release(offering(kazahaya), "1.0")
    Release.objects.for_system("a test acts").filter(pk=shipped.pk).update(
        support_ends_on=now.date() + timedelta(days=30)
    )
    person("guest@kazahaya.example", kazahaya.company, Role.GUEST, until=now + timedelta(days=9))
    body = page(client, kazahaya.admin)
    assert "KZ-Gate 300 1.0" in body
    assert "This role ends by itself." in body
    member = person("m@kazahaya.example", kazahaya.company, Role.READER)
    assert "This role ends by itself." not in page(client, member)


def test_the_first_steps_can_be_called_back(client: Client) -> None:
    kazahaya = firm()
    assert "First steps" in page(client, kazahaya.admin)
    client.post("/first-steps/hide/")
    body = page(client, kazahaya.admin)
    assert ">First steps" not in body
    assert "Show the first steps again" in body
    client.post("/first-steps/hide/", {"show": "1"})
    assert "First steps" in page(client, kazahaya.admin)


def test_more_lines_cost_no_more_queries(client: Client) -> None:
    kazahaya, now = firm(), timezone.now()
    client.force_login(kazahaya.admin)

    def more(name: str) -> None:
        tasks.give_task(
            subject=a_record(kazahaya, now), title=name, at=now, assignee=kazahaya.admin,
            by=seen_by(kazahaya.admin, now),
        )  # fmt: skip
        opened(kazahaya, vulnerabilities=[f"CVE-2026-{name}"], walled=False, tlp=TLP.GREEN)

    more("10001")
    client.get("/?lang=en")
    with CaptureQueriesContext(connection) as few:
        client.get("/")
    for name in ("10002", "10003", "10004"):
        more(name)
    with assert_queries(len(few)):
        client.get("/")
    assert len(few) <= 60


def test_a_visitor_is_sent_to_the_login(client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")
