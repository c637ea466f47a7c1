"""Today shows what needs the reader, and nothing from behind a wall."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from hikeshi.core.deadlines import Term, UnitOfTime
from hikeshi.organisation import services as organisation
from hikeshi.records import clocks, tasks
from hikeshi.stakeholders.models import ContactKind
from hikeshi.stakeholders.services import add_contact
from tests.builders import firm, person, seen_by

pytestmark = pytest.mark.django_db


def test_the_soonest_comes_first_and_the_overdue_is_counted(client: Client) -> None:
    kazahaya, now = firm(), timezone.now()
    record = add_contact(
        company=kazahaya.company, kind=ContactKind.SUPPLIER, name="S", by=kazahaya.admin, at=now
    )
    for title, days in (("later", 5), ("overdue", -1)):
        tasks.give_task(
            subject=record,
            title=title,
            by=seen_by(kazahaya.admin, now),
            at=now,
            assignee=kazahaya.admin,
            due_at=now + timedelta(days=days),
        )
    client.force_login(kazahaya.admin)
    body = client.get("/?lang=en").content.decode()
    assert body.index("overdue ·") < body.index("later ·")
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
        regime="canary-regime",
        stage="s",
        term=Term(1, UnitOfTime.DAYS),
        by=insider,
        at=now,
    )
    client.force_login(kazahaya.admin)
    assert "canary-regime" not in client.get("/").content.decode()
    client.force_login(insider)
    assert "canary-regime" in client.get("/").content.decode()


def test_a_visitor_is_sent_to_the_login(client: Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 302
    assert answer["Location"].startswith("/account/login/")
