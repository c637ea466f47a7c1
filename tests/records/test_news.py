"""Notifications: what others did about what one takes part in, and nothing from behind a wall."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Role
from hikeshi.records.news import KEPT, MANY, as_news, count_unread, mark_read, news_of
from hikeshi.records.tasks import TaskState, give_task, move_task
from hikeshi.stakeholders import services as talks
from hikeshi.triage.models import Case, CaseRole
from hikeshi.triage.participants import admit_participant, dismiss_participant
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.triage.cases import CANARY, opened

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def told(account: Account, at: datetime = NOW + 3 * HOUR, **more: Any) -> list[str]:
    """The names of the events that are news to somebody, newest first."""
    found = news_of(seen_by(account, at), **more).order_by("-at", "-pk")
    return [event.name for event in found]


def colleague(kazahaya: Firm, email: str = "c@kazahaya.example") -> Account:
    return person(email, kazahaya.company, Role.RESPONDER)


def invited(kazahaya: Firm, case: Case, account: Account) -> None:
    admit_participant(
        case=case, account=account, role=CaseRole.OWNER_UNIT, by=seen_by(kazahaya.admin), at=NOW
    )


def test_who_takes_part_is_told_and_who_did_it_is_not() -> None:
    kazahaya = firm()
    mate = colleague(kazahaya)
    case = opened(kazahaya)
    invited(kazahaya, case, mate)
    assert "case.participant_admitted" in told(mate)
    assert told(kazahaya.admin) == []
    give_task(
        subject=case, title=CANARY, assignee=kazahaya.admin, by=seen_by(mate, NOW + HOUR),
        at=NOW + HOUR,
    )  # fmt: skip
    assert told(kazahaya.admin) == ["task.given"]
    line = as_news(seen_by(kazahaya.admin, NOW + HOUR), list(news_of(seen_by(kazahaya.admin))))[0]
    assert line.subject is not None
    assert line.subject.number == case.number
    assert line.who == mate.name


def test_who_is_outside_the_wall_or_was_sent_away_is_told_nothing() -> None:
    kazahaya = firm()
    mate, outsider = colleague(kazahaya), colleague(kazahaya, "o@kazahaya.example")
    case = opened(kazahaya)
    invited(kazahaya, case, mate)
    assert told(outsider) == []
    assert told(person("x@other.example", firm("other", "OT").company, Role.ADMIN)) == []
    until = NOW + 2 * HOUR
    assert told(mate, until - HOUR) != []
    dismiss_participant(
        participant=case.participants.get(account=mate),
        by=seen_by(kazahaya.admin, until), at=until,
    )  # fmt: skip
    assert told(mate, until + HOUR) == []


def test_who_gave_a_task_hears_what_came_of_it() -> None:
    kazahaya = firm()
    mate = colleague(kazahaya)
    case = opened(kazahaya)
    invited(kazahaya, case, mate)
    task = give_task(
        subject=case, title="t", assignee=mate, by=seen_by(kazahaya.admin), at=NOW + HOUR
    )
    move_task(task=task, state=TaskState.DONE, by=seen_by(mate, NOW + 2 * HOUR), at=NOW + 2 * HOUR)
    assert told(kazahaya.admin) == ["task.moved"]
    assert told(mate)[0] == "task.given"


def test_a_conversation_tells_its_members_alone() -> None:
    kazahaya = firm()
    mate, other = colleague(kazahaya), colleague(kazahaya, "o@kazahaya.example")
    case = opened(kazahaya)
    invited(kazahaya, case, mate)
    invited(kazahaya, case, other)
    talk = talks.start_conversation(
        subject_kind="triage.case", subject=case, title="t", accounts=[mate],
        by=kazahaya.admin, at=NOW,
    )  # fmt: skip
    talks.write_message(
        conversation=talk, body="hello", viewer=seen_by(kazahaya.admin), at=NOW + HOUR
    )
    assert "message.written" in told(mate)
    assert "message.written" not in told(other)


def test_what_was_read_is_not_new_and_a_later_event_is() -> None:
    kazahaya = firm()
    mate = colleague(kazahaya)
    case = opened(kazahaya)
    invited(kazahaya, case, mate)
    assert count_unread(seen_by(mate, NOW + HOUR)) == len(told(mate)) > 0
    mark_read(seen_by(mate, NOW + HOUR), NOW + HOUR)
    mate.refresh_from_db()
    assert count_unread(seen_by(mate, NOW + HOUR)) == 0
    assert told(mate) != []
    give_task(subject=case, title="t", assignee=mate, by=seen_by(kazahaya.admin), at=NOW + 2 * HOUR)
    assert count_unread(seen_by(mate, NOW + 3 * HOUR)) == 1
    # Neither an older page nor a moment to come moves the mark where it must not be.
    mark_read(seen_by(mate, NOW + HOUR), NOW)
    mate.refresh_from_db()
    assert mate.news_read_at == NOW + HOUR
    mark_read(seen_by(mate, NOW + HOUR), NOW + 9 * HOUR)
    mate.refresh_from_db()
    assert mate.news_read_at == NOW + HOUR


def test_what_is_older_than_a_month_is_left_to_the_audit_log() -> None:
    kazahaya = firm()
    mate = colleague(kazahaya)
    case = opened(kazahaya)
    invited(kazahaya, case, mate)
    assert told(mate, NOW + KEPT - HOUR) != []
    assert told(mate, NOW + KEPT) == []


def test_the_bell_the_page_and_a_press(client: Client) -> None:
    kazahaya = firm()
    mate = colleague(kazahaya)
    case = opened(kazahaya)
    invited(kazahaya, case, mate)
    now = timezone.now()
    give_task(subject=case, title="t", assignee=mate, by=seen_by(kazahaya.admin, now), at=now)
    client.force_login(mate)
    page = client.get(reverse("records:news"), headers={"Accept-Language": "en"})
    text = page.content.decode()
    assert f'<span class="mono">{case.number}</span>' in text
    assert f'hx-get="{reverse("records:bell")}"' in text
    assert 'class="bell-count"' in client.get(reverse("records:bell")).content.decode()
    until = page.context["until"]
    assert client.post(reverse("records:news-read"), {"until": until}).status_code == 302
    text = client.get(f"{reverse('records:news')}?show=new").content.decode()
    assert case.number not in text
    assert 'class="bell-count"' not in client.get(reverse("records:bell")).content.decode()
    assert client.post(reverse("records:news-read"), {"until": "soon"}).status_code == 422


def test_a_program_lists_them_and_marks_them_read(client: Client) -> None:
    kazahaya = firm()
    mate = colleague(kazahaya)
    case = opened(kazahaya)
    invited(kazahaya, case, mate)
    now = timezone.now()
    give_task(subject=case, title="t", assignee=mate, by=seen_by(kazahaya.admin, now), at=now)
    client.force_login(mate)
    rows = client.get("/api/v1/notifications?unread=true").json()["rows"]
    assert (rows[0]["name"], rows[0]["subject_number"]) == ("task.given", case.number)
    answer = client.post(
        "/api/v1/notifications/read", {"until": now.isoformat()}, content_type="application/json"
    )
    assert answer.status_code == 204
    assert client.get("/api/v1/notifications?unread=true").json()["rows"] == []


def test_many_lines_cost_no_more_queries(client: Client) -> None:
    kazahaya = firm()
    mate = colleague(kazahaya)
    case = opened(kazahaya)
    invited(kazahaya, case, mate)
    viewer = seen_by(mate, timezone.now())

    def queries_for(count: int) -> int:
        for _each in range(count):
            give_task(
                subject=case, title="t", assignee=mate, by=seen_by(kazahaya.admin), at=viewer.at
            )
        client.force_login(mate)
        client.get(reverse("records:news"))
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("records:news"))
        return len(asked)

    assert queries_for(1) == queries_for(20)


def test_the_bell_stops_counting_at_many(client: Client) -> None:
    kazahaya = firm()
    mate = colleague(kazahaya)
    case = opened(kazahaya)
    invited(kazahaya, case, mate)
    now = timezone.now()
    for _each in range(MANY + 3):
        give_task(subject=case, title="t", assignee=mate, by=seen_by(kazahaya.admin, now), at=now)
    assert count_unread(seen_by(mate, now)) == MANY + 1
    client.force_login(mate)
    assert f">{MANY}+</span>" in client.get(reverse("records:bell")).content.decode()
