"""The audit log on its page, in files and over the API: who may read what."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta

import pytest
from django.http import StreamingHttpResponse
from django.test import Client

from hikeshi.ledger import chain
from hikeshi.ledger.models import ChainCheck, Event
from hikeshi.organisation.roles import Role
from hikeshi.project.cli import run
from tests.builders import NOW, firm, person
from tests.triage.cases import CANARY, opened
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db


def body(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    if isinstance(answer, StreamingHttpResponse):
        return b"".join(answer.streaming_content).decode()  # type: ignore[arg-type]
    return answer.content.decode()


def test_it_says_who_did_what_with_before_and_after() -> None:
    kazahaya = firm()
    client = logged_in(kazahaya.admin)
    said = body(client, "/settings/audit/?name=unit.created")
    assert "Network BU" in said
    assert "admin@kazahaya.example" not in body(client, "/settings/audit/?person=nobody")
    rows = client.get("/api/v1/audit", {"name": "unit.", "person": "admin"}).json()["rows"]
    assert {row["name"] for row in rows} == {"unit.created"}
    assert {row["by"] for row in rows} == {"admin@kazahaya.example"}


def test_filters_by_subject_and_time() -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    client = logged_in(kazahaya.admin)
    about = client.get("/api/v1/audit", {"subject": str(case.uid)}).json()["rows"]
    assert {row["subject_number"] for row in about} == {case.number}
    late = (NOW + timedelta(seconds=1)).isoformat()
    assert client.get("/api/v1/audit", {"since": late}).json()["rows"] == []
    assert client.get("/settings/audit/?since=soon").status_code == 422


def test_nothing_of_a_walled_case_shows_outside_in_page_file_or_api() -> None:
    kazahaya = firm()
    inside = person("in@kazahaya.example", kazahaya.company, Role.LEAD)
    case = opened(kazahaya, by=inside)
    addresses = [
        "/settings/audit/", "/settings/audit/audit.csv", "/settings/audit/audit.json",
        "/api/v1/audit?size=200",
    ]  # fmt: skip
    for address in addresses:
        outside = body(logged_in(kazahaya.admin), address)
        assert CANARY not in outside, address
        assert str(case.uid) not in outside, address
        assert CANARY in body(logged_in(inside), address), address


def test_a_record_that_was_walled_later_keeps_its_early_content_inside() -> None:
    kazahaya = firm()
    inside = person("in@kazahaya.example", kazahaya.company, Role.LEAD)
    case = opened(kazahaya, by=inside)
    # As if the case had been opened without a wall and walled afterwards.
    opening = Event.objects.get(name="case.opened")
    Event.objects.filter(pk=opening.pk).update(wall=None)
    rows = logged_in(kazahaya.admin).get("/api/v1/audit", {"name": "case.opened"}).json()["rows"]
    assert [(row["content"], row["after"]) for row in rows] == [("hidden", None)]
    assert case.number not in json.dumps(rows)


def test_files_hold_what_the_page_shows_and_no_formula() -> None:
    kazahaya = firm()
    client = logged_in(kazahaya.admin)
    rows = json.loads(body(client, "/settings/audit/audit.json?name=unit.created"))
    assert len(rows) == 2
    text = body(client, "/settings/audit/audit.csv?name=unit.created").removeprefix("\ufeff")
    table = list(csv.DictReader(io.StringIO(text)))
    assert [row["name"] for row in table] == ["unit.created"] * 2
    assert not any(cell[:1] in "=+-@" for row in table for cell in row.values() if cell)


def test_only_who_may_read_the_log_reads_it() -> None:
    kazahaya = firm()
    developer = person("dev@kazahaya.example", kazahaya.company, Role.DEVELOPER)
    client = logged_in(developer)
    assert client.get("/settings/audit/").status_code == 403
    assert client.get("/api/v1/audit").status_code == 403


def test_the_page_says_how_the_chain_stood_when_it_was_verified_last(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kazahaya = firm()
    client = logged_in(kazahaya.admin)
    assert "has not been verified yet" in body(client, "/settings/audit/")
    chain.seal_next(NOW)
    chain.check(NOW)
    assert "The chain holds." in body(client, "/settings/audit/")
    broken = Event.objects.order_by("pk")[1]
    Event.objects.filter(pk=broken.pk).update(name="unit.closed")
    chain.check(NOW + timedelta(hours=1))
    said = body(client, "/settings/audit/")
    assert "The chain is broken at batch 1." in said
    assert str(broken.uid) in said
    assert ChainCheck.objects.count() == 2
    assert run(["audit", "verify"]) == 1
    assert str(broken.uid) in capsys.readouterr().out


@pytest.mark.parametrize("asked", ["person=%00", "name=%00", "subject=%00", "since=0001-01-01"])
def test_an_odd_filter_is_answered(asked: str) -> None:
    client = logged_in(firm().admin)
    assert client.get(f"/settings/audit/?{asked}").status_code in {200, 422}
    assert client.get(f"/api/v1/audit?{asked}").status_code in {200, 422}
