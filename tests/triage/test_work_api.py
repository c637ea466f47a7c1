"""Work on a case by programs: parties, tasks, messages, facts, embargo, behind the same wall."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from hikeshi.organisation.roles import Role
from hikeshi.stakeholders.models import Conversation
from hikeshi.triage.models import CaseRole
from tests.builders import NOW, firm, person
from tests.triage.cases import opened
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db


def send(client: Client, path: str, said: dict[str, Any], status: int) -> Any:
    """Post as a program does; return what was answered."""
    answer = client.post(f"/api/v1/{path}", said, content_type="application/json")
    assert answer.status_code == status, answer.content
    return answer.json()


@pytest.mark.requirement("R010")
def test_a_program_invites_gives_tasks_and_writes() -> None:
    kazahaya = firm()
    lead = person("lead@kazahaya.example", kazahaya.company, Role.LEAD)
    helper = person("helper@kazahaya.example", kazahaya.company, Role.RESPONDER)
    case = opened(kazahaya, by=lead)
    base, client = f"cases/{case.number}", logged_in(lead)
    inside = send(
        client, f"{base}/participants", {"account": str(helper.uid), "role": "legal"}, 201
    )
    assert (inside["kind"], inside["name"]) == ("account", helper.name)
    again = {"account": str(helper.uid), "role": "legal"}
    send(client, f"{base}/participants", again, 409)
    send(client, f"{base}/participants", {"role": "legal"}, 422)
    listed = client.get(f"/api/v1/{base}/participants?role=legal").json()
    assert [row["uid"] for row in listed["rows"]] == [str(helper.uid)]

    due = (NOW + timedelta(days=9)).isoformat()
    said = {"title": "read the licence", "assignee": str(helper.uid), "due_at": due}
    task = send(client, f"{base}/tasks", said, 201)
    theirs = logged_in(helper)
    (found,) = theirs.get(f"/api/v1/tasks?assignee={helper.uid}&state=open").json()["rows"]
    assert (found["title"], found["subject"]) == ("read the licence", str(case.uid))
    move = {"state": "done", "revision": task["revision"], "outcome": "no objection"}
    assert send(theirs, f"tasks/{task['uid']}/move", move, 200)["outcome"] == "no objection"
    send(client, f"tasks/{task['uid']}/move", {**move, "state": "open"}, 409)

    first = send(client, f"{base}/messages", {"body": "to all"}, 201)
    second = send(theirs, f"{base}/messages", {"body": "to all too"}, 201)
    assert first["conversation"] == second["conversation"]
    few = {"body": "among us", "readers": [str(helper.uid)], "title": "licence"}
    third = send(client, f"{base}/messages", few, 201)
    on = {"body": "answered", "conversation": third["conversation"]}
    send(theirs, f"{base}/messages", on, 201)
    send(theirs, f"{base}/messages", {**on, "readers": [str(lead.uid)]}, 422)
    rows = theirs.get(f"/api/v1/{base}/messages?sort=written").json()["rows"]
    assert [row["body"] for row in rows] == ["to all", "to all too", "among us", "answered"]


def test_a_program_adds_names_facts_and_the_embargo() -> None:
    kazahaya = firm()
    lead = person("lead@kazahaya.example", kazahaya.company, Role.LEAD)
    case = opened(kazahaya, by=lead)
    base, client = f"cases/{case.number}", logged_in(lead)
    send(client, f"{base}/vulnerabilities", {"name": "CVE-2026-40001"}, 201)
    send(client, f"{base}/vulnerabilities", {"name": "cve-2026-40001"}, 409)
    assert "CVE-2026-40001" in client.get(f"/api/v1/{base}").json()["names"]
    fact = {"fact": "fix_ready", "happened_at": NOW.isoformat()}
    assert "fix_ready" in {one["fact"] for one in send(client, f"{base}/facts", fact, 201)}
    send(client, f"{base}/facts", fact, 409)
    send(client, f"{base}/embargo", {"act": "accept"}, 409)
    lifts = "2099-01-01T00:00:00+09:00"
    stands = send(client, f"{base}/embargo", {"act": "propose", "lifts_at": lifts}, 200)
    assert stands["embargo"] == "proposed"
    assert send(client, f"{base}/embargo", {"act": "accept"}, 200)["embargo"] == "active"


def test_who_is_outside_finds_none_of_it_and_a_party_only_what_they_read() -> None:
    kazahaya = firm()
    lead = person("lead@kazahaya.example", kazahaya.company, Role.LEAD)
    other = person("other@kazahaya.example", kazahaya.company, Role.RESPONDER)
    third = person("third@kazahaya.example", kazahaya.company, Role.RESPONDER)
    members = [(other, CaseRole.PSIRT), (third, CaseRole.PSIRT)]
    case = opened(kazahaya, by=lead, members=members)
    base, client = f"cases/{case.number}", logged_in(lead)
    task = send(client, f"{base}/tasks", {"title": "t"}, 201)
    send(client, f"{base}/messages", {"body": "hush", "readers": [str(other.uid)]}, 201)
    outside = logged_in(kazahaya.admin)
    for path in ("participants", "messages"):
        assert outside.get(f"/api/v1/{base}/{path}").status_code == 404
    assert outside.get("/api/v1/tasks").json() | {"count_is_exact": True} == {
        "rows": [], "next": None, "count": 0, "count_is_exact": True,
    }  # fmt: skip
    send(outside, f"tasks/{task['uid']}/move", {"state": "done"}, 404)
    for path, said in (
        ("tasks", {"title": "x"}),
        ("messages", {"body": "x"}),
        ("vulnerabilities", {"name": "CVE-2026-1"}),
        ("facts", {"fact": "public", "happened_at": NOW.isoformat()}),
        ("embargo", {"act": "terminate"}),
        ("participants", {"account": str(kazahaya.admin.uid), "role": "psirt"}),
    ):
        send(outside, f"{base}/{path}", said, 404)
    assert logged_in(third).get(f"/api/v1/{base}/messages").json()["rows"] == []
    hush = Conversation.objects.for_system("a test").get()
    on = {"body": "let me in", "conversation": str(hush.uid)}
    send(logged_in(third), f"{base}/messages", on, 404)
    send(client, f"{base}/messages", {"body": "x", "readers": [str(kazahaya.admin.uid)]}, 404)
