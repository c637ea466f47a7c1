"""Cases over the API and the command line, with the same wall as the pages."""

from __future__ import annotations

import json

import pytest

from hikeshi.organisation.roles import Role
from hikeshi.project.cli import run
from hikeshi.triage.models import Assessment, Case
from tests.builders import firm, person
from tests.triage.cases import CANARY, offering, opened, release
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db


def test_a_program_opens_moves_and_decides() -> None:
    kazahaya = firm()
    gate = release(offering(kazahaya), "4.2.1")
    client = logged_in(kazahaya.admin)
    answer = client.post(
        "/api/v1/cases",
        {"company": str(kazahaya.company.uid), "title": {"en": "x"}, "releases": [str(gate.uid)],
         "vulnerabilities": ["cve-2026-10001"]},
        content_type="application/json",
    )  # fmt: skip
    assert answer.status_code == 201, answer.content
    case = answer.json()
    assert case["names"] == ["CVE-2026-10001"]
    base = f"/api/v1/cases/{case['number']}"
    moved = client.post(f"{base}/move", {"to": "triage"}, content_type="application/json")
    assert moved.json()["phase"] == "triage"
    refused = client.post(f"{base}/move", {"to": "discovery"}, content_type="application/json")
    assert refused.status_code == 409
    made = client.post(
        f"{base}/assessments",
        {"vulnerability": "CVE-2026-10001", "releases": [str(gate.uid)], "status": "fixed"},
        content_type="application/json",
    )
    assert made.status_code == 201, made.content
    assert Assessment.objects.get(superseded_at=None).status == "fixed"


def test_the_api_tells_nobody_outside_of_a_case() -> None:
    kazahaya = firm()
    insider = person("in@kazahaya.example", kazahaya.company, Role.RESPONDER)
    case = opened(kazahaya, by=insider)
    client = logged_in(kazahaya.admin)
    assert client.get("/api/v1/cases").json()["rows"] == []
    assert client.get(f"/api/v1/cases/{case.number}").status_code == 404
    post = {"to": "triage"}
    moved = client.post(f"/api/v1/cases/{case.number}/move", post, content_type="application/json")
    assert moved.status_code == 404
    assert CANARY in logged_in(insider).get("/api/v1/cases").content.decode()


def test_the_command_line_acts_with_the_rights_of_its_account(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kazahaya = firm()
    insider = person("in@kazahaya.example", kazahaya.company, Role.RESPONDER)
    as_insider = ["--as", insider.email, "--format", "json", "--language", "en"]
    assert (
        run(["case", "open", "From a shell", "--vulnerability", "CVE-2026-2000", *as_insider]) == 0
    )
    number = json.loads(capsys.readouterr().out)["number"]
    assert run(["case", "show", number, *as_insider]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "From a shell"
    assert run(["case", "list", *as_insider]) == 0
    assert [row["number"] for row in json.loads(capsys.readouterr().out)] == [number]
    as_admin = ["--as", kazahaya.admin.email, "--format", "json"]
    assert run(["case", "list", *as_admin]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert run(["case", "show", number, *as_admin]) == 4
    assert Case.objects.get().wall is not None


def test_search_finds_a_case_for_those_inside_alone() -> None:
    from django.utils import timezone

    from hikeshi.organisation.queries import viewer_of
    from hikeshi.records.search import search

    kazahaya = firm()
    insider = person("in@kazahaya.example", kazahaya.company, Role.RESPONDER)
    opened(kazahaya, by=insider)
    for text in ("CVE-2026-10001", "コマンド実行"):
        assert len(search(viewer_of(insider, timezone.now()), text).hits) == 1
        assert search(viewer_of(kazahaya.admin, timezone.now()), text).hits == []
