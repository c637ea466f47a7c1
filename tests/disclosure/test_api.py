"""Advisories over the API and the command line, with the same walls as the pages."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from hikeshi.core.errors import NotFound
from hikeshi.disclosure import queries
from hikeshi.project.cli import run
from tests.builders import seen_by
from tests.disclosure.drafts import CVE, TEXTS, approved, decided, drafted, stage
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db


def send(client: Client, path: str, said: dict[str, Any], *, method: str = "post") -> Any:
    """Ask as a program does; return what was answered, whose status must be one of success."""
    ask = getattr(client, method)
    answer = ask(f"/api/v1/advisories{path}", said, content_type="application/json")
    assert answer.status_code in {200, 201}, answer.content
    return answer.json()


def test_programs_take_an_advisory_from_the_case_to_its_withdrawal() -> None:
    one = decided(stage())
    writer, approver = logged_in(one.writer), logged_in(one.approver)
    made = send(writer, "", {"case": one.case.number, "vulnerabilities": [CVE]})
    assert (made["state"], made["names"], made["case"]) == ("draft", [CVE], one.case.number)
    base = f"/{made['number']}"
    written = send(writer, base, {"revision": made["revision"]} | TEXTS, method="patch")
    assert written["texts"]["remedy"] == TEXTS["remedy"]
    assert not any(problem["stops"] for problem in written["problems"])
    send(writer, f"{base}/propose", {})
    read = approver.get(f"/api/v1/advisories{base}").json()
    send(approver, f"{base}/approve", {"content_hash": read["content_hash"]})
    public = send(approver, f"{base}/publish", {})
    assert (public["state"], public["edition"]) == ("published", 1)
    assert [edition["kind"] for edition in public["editions"]] == ["publication"]
    csaf = json.loads(writer.get(f"/api/v1/advisories{base}/csaf?language=en").content)
    assert csaf["document"]["title"] == TEXTS["title"]["en"]
    gone = send(approver, f"{base}/withdraw", {"reasons": {"ja": "誤り", "en": "a mistake"}})
    assert [edition["kind"] for edition in gone["editions"]] == ["withdrawal", "publication"]


@pytest.mark.parametrize(
    ("act", "said", "status"),
    [
        ("publish", {}, 409),
        ("approve", {"content_hash": "0" * 64}, 409),
        ("return", {}, 422),
        ("schedule", {}, 422),
        ("call-off", {}, 409),
        ("withdraw", {}, 409),
        ("erase", {}, 422),
    ],
)
def test_a_step_out_of_turn_is_refused_and_changes_nothing(
    act: str, said: dict[str, Any], status: int
) -> None:
    one = decided(stage())
    advisory = drafted(one)
    answer = logged_in(one.approver).post(
        f"/api/v1/advisories/{advisory.number}/{act}", said, content_type="application/json"
    )
    assert answer.status_code == status, answer.content
    assert queries.advisory_by_number(seen_by(one.writer), advisory.number).state == "draft"


def test_a_stale_or_empty_change_is_refused() -> None:
    one = decided(stage())
    advisory = drafted(one)
    client, path = logged_in(one.writer), f"/api/v1/advisories/{advisory.number}"
    for said, status in (
        ({"revision": advisory.revision - 1, "title": {"en": "x"}}, 409),
        ({"revision": advisory.revision}, 422),
        ({"revision": advisory.revision, "title": {"fr": "x"}}, 422),
        ({"revision": advisory.revision, "references": [{"url": "javascript:1"}]}, 422),
    ):
        answer = client.patch(path, said, content_type="application/json")
        assert answer.status_code == status, answer.content


def test_nobody_outside_learns_of_an_advisory(capsys: pytest.CaptureFixture[str]) -> None:
    one = decided(stage())
    advisory = drafted(one)
    outsider = logged_in(one.firm.admin)
    assert outsider.get("/api/v1/advisories").json()["rows"] == []
    assert outsider.get(f"/api/v1/advisories/{advisory.number}").status_code == 404
    with pytest.raises(NotFound):
        queries.advisory_by_number(seen_by(one.firm.admin), advisory.number)
    inside = logged_in(one.writer)
    for asked, count in (("", 1), ("?state=draft", 1), ("?state=approved", 0), ("?case=KZ-0", 0)):
        assert inside.get(f"/api/v1/advisories{asked}").json()["count"] == count
    for command in (["check", advisory.number], ["csaf", advisory.number]):
        assert run(["advisory", *command, "--as", one.firm.admin.email]) == 4
    assert TEXTS["title"]["en"] not in capsys.readouterr().out


def test_the_command_line_lists_checks_and_prints(capsys: pytest.CaptureFixture[str]) -> None:
    one = decided(stage())
    advisory = approved(one)
    as_writer = ["--as", one.writer.email, "--language", "en"]
    assert run(["advisory", "list", "--format", "json", *as_writer]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["number"], row["state"]) == (advisory.number, "approved")
    assert row["title"] == TEXTS["title"]["en"]
    assert run(["advisory", "check", advisory.number, *as_writer]) == 0
    assert run(["advisory", "csaf", advisory.number, *as_writer]) == 4
    send(logged_in(one.approver), f"/{advisory.number}/publish", {})
    capsys.readouterr()
    assert run(["advisory", "csaf", advisory.number.lower(), "--in", "ja", *as_writer]) == 0
    assert json.loads(capsys.readouterr().out)["document"]["title"] == TEXTS["title"]["ja"]


def test_check_answers_no_while_something_must_be_mended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one = decided(stage())
    advisory = drafted(one)
    path = f"/{advisory.number}"
    held = {"revision": advisory.revision, "tlp": "GREEN"}
    send(logged_in(one.writer), path, held, method="patch")
    order = ["advisory", "check", advisory.number, "--as", one.writer.email, "--format", "json"]
    assert run(order) == 1
    assert any(line["stops"] for line in json.loads(capsys.readouterr().out))
