"""The list of cases: narrowed and sorted by its address, and several changed at once."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from django.test import Client

from hikeshi.core.tlp import TLP
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Role
from hikeshi.records import clocks
from hikeshi.records.models import Task
from hikeshi.triage.models import Case
from tests.builders import NOW, Firm, firm, person
from tests.triage.cases import opened

pytestmark = pytest.mark.django_db


def shown(client: Client, reader: Account, query: str = "") -> list[str]:
    """The numbers of the cases listed, in their order."""
    client.force_login(reader)
    body = client.get(f"/cases/?{query}").content.decode()
    held = {number: body.find(f'href="/cases/{number}/"') for number in numbers()}
    return sorted((n for n, at in held.items() if at >= 0), key=lambda number: held[number])


def numbers() -> list[str]:
    return list(Case.objects.for_system("a test looks").values_list("number", flat=True))


def a_case(kazahaya: Firm, **more: object) -> Case:
    return opened(kazahaya, walled=False, tlp=TLP.GREEN, **more)


def test_the_list_is_narrowed_by_owner_unit_severity_and_lateness(client: Client) -> None:
    kazahaya = firm()
    lead = person("lead@kazahaya.example", kazahaya.company, Role.LEAD)
    mine = a_case(kazahaya, owner=kazahaya.admin)
    other = a_case(kazahaya, owner=lead)
    free = a_case(kazahaya, vectors=["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"])
    Case.objects.for_system("a test acts").filter(pk=free.pk).update(owner=None)
    clocks.start_clock(
        subject=other, regime="embargo", stage="lift", by=lead, at=NOW,
        due_at=NOW + timedelta(hours=1),
    )  # fmt: skip
    admin = kazahaya.admin
    assert set(shown(client, admin)) == {mine.number, other.number, free.number}
    assert shown(client, admin, "owner=me") == [mine.number]
    assert shown(client, admin, f"owner={lead.uid}") == [other.number]
    assert shown(client, admin, "owner=nobody") == [free.number]
    assert shown(client, admin, "severity=critical") == [free.number]
    assert shown(client, admin, "overdue=1") == [other.number]
    assert shown(client, admin, "kind=incident") == []
    assert len(shown(client, admin, f"unit={kazahaya.network.uid}")) == 3
    assert shown(client, admin, f"unit={kazahaya.control.uid}") == []
    assert len(shown(client, admin, "unit=unknown&owner=unknown")) == 3


def test_the_list_sorts_by_severity_and_by_the_next_deadline(client: Client) -> None:
    kazahaya = firm()
    plain = a_case(kazahaya)
    severe = a_case(kazahaya, vectors=["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"])
    clocks.start_clock(
        subject=plain, regime="embargo", stage="lift", by=kazahaya.admin, at=NOW,
        due_at=NOW + timedelta(days=1),
    )  # fmt: skip
    assert shown(client, kazahaya.admin, "sort=-severity") == [severe.number, plain.number]
    assert shown(client, kazahaya.admin, "sort=due") == [plain.number, severe.number]


def test_several_cases_get_an_owner_and_a_task(client: Client) -> None:
    kazahaya = firm()
    lead = person("lead@kazahaya.example", kazahaya.company, Role.LEAD)
    open_one, walled = a_case(kazahaya), opened(kazahaya)
    client.force_login(kazahaya.admin)
    picked = {"pick": [open_one.number, walled.number], "query": "owner=me"}
    asked = client.post("/cases/together/?lang=en", picked).content.decode()
    assert "2 cases are chosen." in asked
    said = {"owner": str(lead.uid), "title": "read the report", "assignee": "", "due": ""}
    answer = client.post("/cases/together/", picked | said, follow=True)
    body = answer.content.decode()
    # The lead is outside the wall: that case is left out and named, with the reason.
    assert f"{walled.number}: " in body
    open_one.refresh_from_db()
    walled.refresh_from_db()
    assert (open_one.owner, walled.owner) == (lead, kazahaya.admin)
    assert Task.objects.for_system("a test looks").get().subject_uid == open_one.uid


def test_nobody_changes_several_cases_that_they_do_not_see(client: Client) -> None:
    kazahaya = firm()
    outsider = person("out@kazahaya.example", kazahaya.company, Role.LEAD)
    walled = opened(kazahaya)
    client.force_login(outsider)
    said = {"pick": walled.number, "owner": str(outsider.uid), "title": ""}
    answer = client.post("/cases/together/", said | {"query": quote("phase=all")})
    assert answer.status_code == 302
    walled.refresh_from_db()
    assert walled.owner == kazahaya.admin
