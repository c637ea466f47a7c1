"""The pages of cases, asked by the right person and by the wrong one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from hikeshi.core.vex import ProductStatus
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Role
from hikeshi.triage import queries
from hikeshi.triage.models import Assessment, Case, CaseRole, Participant
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.triage.cases import CANARY, offering, opened, release

pytestmark = pytest.mark.django_db
CVE = "CVE-2026-10001"


def logged_in(account: Account, language: str = "en") -> Client:
    account.language = language
    account.save(update_fields=["language"])
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def without_number(page: Any, number: str) -> str:
    return str(page.content.decode()).replace(number, "X")


def case_of(kazahaya: Firm) -> Case:
    gate = offering(kazahaya)
    return opened(kazahaya, releases=[release(gate, "4.2.1"), release(gate, "3.8.6")])


@pytest.mark.parametrize("language", ["ja", "en"])
def test_a_participant_reads_the_case(language: str) -> None:
    kazahaya = firm()
    case = case_of(kazahaya)
    client = logged_in(kazahaya.admin, language)
    page = client.get(f"/cases/{case.number}/")
    assert page.status_code == 200
    body = page.content.decode()
    assert CANARY in body
    assert "4.2.1" in body
    assert "is-embargoed" in body
    title = body[body.index("<title>") : body.index("</title>")]
    assert CANARY not in title
    assert CANARY in client.get("/cases/").content.decode()


@pytest.mark.parametrize(
    "path",
    ["", "edit/", "course/", "releases/", "decisions/00000000-0000-7000-8000-000000000000/"],
)
def test_whoever_is_outside_gets_the_page_of_no_such_case(path: str) -> None:
    kazahaya, other = firm(), firm("other", "OT")
    insider = person("in@kazahaya.example", kazahaya.company, Role.RESPONDER)
    case = opened(kazahaya, by=insider)
    for account in (kazahaya.admin, other.admin):
        client = logged_in(account)
        hidden = client.get(f"/cases/{case.number}/{path}")
        absent = client.get(f"/cases/KZ-2026-9999/{path}")
        assert (hidden.status_code, absent.status_code) == (404, 404)
        assert without_number(hidden, case.number) == without_number(absent, "KZ-2026-9999")
        assert CANARY not in client.get("/cases/?phase=all").content.decode()
    assert Client().get(f"/cases/{case.number}/").status_code == 302


ACTS: dict[str, dict[str, Any]] = {
    "move": {"to": "triage"},
    "people": {"party": "unit:x", "role": "quality"},
    "facts": {"fact": "public", "happened_at": "2026-11-24T09:00"},
    "embargo": {"act": "propose", "lifts_at": "2030-01-01T09:00"},
    "assess": {"vulnerability": CVE, "status": "fixed"},
    "vulnerabilities": {"name": "CVE-2026-2"},
    "tasks": {"title": "x"},
    "messages": {"body": "x"},
}


@pytest.mark.parametrize("act", sorted(ACTS))
def test_no_act_reaches_a_case_from_outside(act: str) -> None:
    kazahaya = firm()
    insider = person("in@kazahaya.example", kazahaya.company, Role.RESPONDER)
    case = opened(kazahaya, by=insider)
    before = Case.objects.get().revision
    page = logged_in(kazahaya.admin).post(f"/cases/{case.number}/{act}/", ACTS[act])
    assert page.status_code == 404
    assert Case.objects.get().revision == before
    assert Participant.objects.count() == 1


@pytest.mark.parametrize("act", sorted(ACTS))
def test_who_may_only_read_changes_nothing(act: str) -> None:
    kazahaya = firm()
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    case = opened(kazahaya, members=[(reader, CaseRole.LEGAL)])
    page = logged_in(reader).post(f"/cases/{case.number}/{act}/", ACTS[act])
    assert page.status_code in {403, 422}
    case.refresh_from_db()
    assert (case.phase, case.embargo, case.revision) == ("discovery", "none", 1)
    assert Participant.objects.count() == 2
    assert "Write a message" not in logged_in(reader).get(f"/cases/{case.number}/").content.decode()


def test_ticked_releases_are_decided_without_script() -> None:
    kazahaya = firm()
    case = case_of(kazahaya)
    by = seen_by(kazahaya.admin)
    cells = queries.matrices_of(by, case, [CVE], language="en")[CVE].cells()
    answer = logged_in(kazahaya.admin).post(
        f"/cases/{case.number}/assess/",
        {
            "vulnerability": CVE,
            "release": [str(cell.release.uid) for cell in cells],
            "status": "known_not_affected",
            "justification": "component_not_present",
            "grounds": "SBOM",
        },
    )
    assert answer.status_code == 302
    assert answer["Location"].endswith("#matrix")
    counts = queries.matrices_of(by, case, [CVE], language="en")[CVE].counts
    assert counts[ProductStatus.KNOWN_NOT_AFFECTED] == 2


def test_a_refused_decision_says_why_and_keeps_what_was_entered() -> None:
    kazahaya = firm()
    case = case_of(kazahaya)
    uid = str(Assessment.objects.exclude(release=None).values_list("release__uid", flat=True)[0])
    answer = logged_in(kazahaya.admin).post(
        f"/cases/{case.number}/assess/",
        {"vulnerability": CVE, "release": [uid], "status": "known_not_affected"},
    )
    assert answer.status_code == 422
    assert "needs a justification or grounds" in answer.content.decode()


def test_htmx_gets_the_card_alone() -> None:
    kazahaya = firm()
    case = case_of(kazahaya)
    client = logged_in(kazahaya.admin)
    card = client.post(
        f"/cases/{case.number}/tasks/", {"title": "検証"}, headers={"HX-Request": "true"}
    ).content.decode()
    assert card.strip().startswith('<section class="card" id="tasks"')
    assert "検証" in card
    assert "<html" not in card


def test_a_message_is_read_by_those_it_was_written_to() -> None:
    kazahaya = firm()
    lawyer = person("l@kazahaya.example", kazahaya.company, Role.DEVELOPER)
    engineer = person("e@kazahaya.example", kazahaya.company, Role.DEVELOPER)
    case = opened(kazahaya, members=[(lawyer, CaseRole.LEGAL), (engineer, CaseRole.OWNER_UNIT)])
    chosen = str(Participant.objects.get(account=lawyer).uid)
    client = logged_in(kazahaya.admin)
    client.post(
        f"/cases/{case.number}/messages/",
        {"conversation": "new", "title": "文面", "readers": [chosen], "body": "法務だけに相談"},
    )
    client.post(f"/cases/{case.number}/messages/", {"conversation": "", "body": "全員へ"})
    seen = {a.email: logged_in(a).get(f"/cases/{case.number}/").content.decode()
            for a in (lawyer, engineer)}  # fmt: skip
    assert "法務だけに相談" in seen[lawyer.email]
    assert "法務だけに相談" not in seen[engineer.email]
    assert "全員へ" in seen[engineer.email]


def test_a_case_is_opened_from_a_finding() -> None:
    kazahaya = firm()
    gate = release(offering(kazahaya), "4.2.1")
    client = logged_in(kazahaya.admin)
    form = client.get(f"/cases/open/?vulnerability={CVE}&release={gate.uid}").content.decode()
    assert CVE in form
    assert str(gate.uid) in form
    entered = {
        "company": kazahaya.company.pk, "unit": kazahaya.network.pk, "kind": "vulnerability",
        "title": "x", "vulnerabilities": CVE, "walled": "on", "release": [str(gate.uid)],
    }  # fmt: skip
    answer = client.post("/cases/open/", entered)
    case = Case.objects.get()
    assert answer["Location"] == f"/cases/{case.number}/"
    assert case.wall is not None
    assert Assessment.objects.get().status == "under_investigation"


def test_the_list_asks_a_fixed_number_of_questions() -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    kazahaya = firm()
    client = logged_in(kazahaya.admin)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/cases/").status_code == 200
        return len(captured)

    opened(kazahaya)
    asked()
    few = asked()
    for _ in range(5):
        opened(kazahaya)
    assert asked() == few


def test_the_case_page_asks_a_fixed_number_of_questions() -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    kazahaya = firm()
    client = logged_in(kazahaya.admin)
    case = case_of(kazahaya)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/cases/{case.number}/").status_code == 200
        return len(captured)

    for text in ("a", "b"):
        client.post(f"/cases/{case.number}/messages/", {"conversation": "", "body": text})
        client.post(f"/cases/{case.number}/tasks/", {"title": text})
    asked()
    few = asked()
    for number in range(5):
        client.post(f"/cases/{case.number}/messages/", {"conversation": "", "body": str(number)})
        client.post(f"/cases/{case.number}/tasks/", {"title": str(number)})
        client.post(f"/cases/{case.number}/vulnerabilities/", {"name": f"CVE-2026-{number}0000"})
    assert asked() == few


def test_the_course_is_cut_by_key() -> None:
    from hikeshi.triage import timeline

    kazahaya = firm()
    case, viewer = case_of(kazahaya), seen_by(kazahaya.admin)
    from hikeshi.triage.services import add_vulnerability

    for number in range(7):
        add_vulnerability(case=case, name=f"CVE-2026-{number}1111", by=viewer, at=NOW)
    seen: list[Any] = []
    before = ""
    while True:
        page = timeline.course_of(viewer, case, conversations=[], names={}, before=before, size=3)
        seen += [entry.uid for entry in page.entries]
        before = page.older
        if not before:
            break
    assert len(seen) == len(set(seen)) == 10


def test_the_course_names_the_task_and_the_clock() -> None:
    kazahaya = firm()
    case = case_of(kazahaya)
    client = logged_in(kazahaya.admin)
    client.post(f"/cases/{case.number}/tasks/", {"title": "compare the changelogs"})
    page = client.get(f"/cases/{case.number}/").content.decode()
    assert "gave the task “compare the changelogs”" in page
    assert "started the clock “Assessment”, due" in page
