"""Companies, units, people and roles over the API and the command line, as the pages have them."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.core.cache import caches
from django.test import Client
from django.utils import timezone

from hikeshi.ledger.models import Event
from hikeshi.organisation.links import LOGIN, SETUP, link_from
from hikeshi.organisation.models import Account, Appointment, Company, Unit
from hikeshi.organisation.roles import Permission, Role
from hikeshi.organisation.tokens import issue_token
from hikeshi.project.cli import run
from tests.builders import Firm, firm, person

pytestmark = pytest.mark.django_db


class Caller:
    """A program with a token."""

    def __init__(self, account: Account, *scopes: Permission) -> None:
        caches["memory"].clear()
        now = timezone.now()
        _token, text = issue_token(
            account=account, name="CI", scopes=scopes or tuple(Permission), at=now,
            expires_at=now + timedelta(days=1),
        )  # fmt: skip
        self.client = Client(headers={"Authorization": f"Bearer {text}", "Accept-Language": "en"})

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        send = getattr(self.client, method)
        answer = (
            send(f"/api/v1{path}", body)
            if method == "get"
            else send(f"/api/v1{path}", json.dumps(body), content_type="application/json")
        )
        return answer.status_code, answer.json()


@pytest.fixture
def kazahaya() -> Firm:
    return firm()


@pytest.fixture
def call(kazahaya: Firm) -> Caller:
    return Caller(kazahaya.admin)


@pytest.mark.requirement("R006")
def test_a_unit_is_made_changed_moved_and_closed_and_its_places_stay(
    kazahaya: Firm, call: Caller
) -> None:
    status, plant = call("post", "/units", {
        "company": str(kazahaya.company.uid), "parent": str(kazahaya.network.uid),
        "name": {"ja": "小諸工場"}, "kind": "plant", "owner": str(kazahaya.admin.uid),
    })  # fmt: skip
    assert (status, plant["owner"]) == (201, str(kazahaya.admin.uid))
    path = f"/units/{plant['uid']}"
    changed = {"revision": plant["revision"], "owner": None, "region": "長野"}
    status, plant = call("patch", path, changed)
    assert (status, plant["owner"], plant["region"], plant["kind"]) == (200, None, "長野", "plant")
    assert call("patch", path, changed)[0] == 409
    status, plant = call("post", f"{path}/move", {"parent": str(kazahaya.control.uid)})
    assert [move["parent"] for move in plant["moves"]] == [
        str(kazahaya.control.uid), str(kazahaya.network.uid),
    ]  # fmt: skip
    assert plant["moves"][1]["until"] == plant["moves"][0]["since"]
    status, plant = call("post", f"{path}/close", {"revision": plant["revision"]})
    assert (status, plant["is_closed"]) == (200, True)


@pytest.mark.requirement("R178")
def test_a_guest_needs_an_end_and_a_role_may_start_later(kazahaya: Firm, call: Caller) -> None:
    now = timezone.now()
    guest = {
        "company": str(kazahaya.company.uid), "role": "guest", "email": "lab@lab.example",
        "name": "Lab",
    }  # fmt: skip
    status, refused = call("post", "/people", guest)
    assert (status, refused["detail"]) == (422, "A guest needs a day on which access ends.")
    since, until = now + timedelta(days=5), now + timedelta(days=9)
    dated = guest | {"since": since.isoformat(), "until": until.isoformat()}
    status, made = call("post", "/people", dated)
    assert status == 201
    status, listed = call("get", "/appointments", {"person": made["uid"]})
    held = Appointment.objects.get(uid=listed["rows"][0]["uid"])
    assert (held.since, held.until) == (since, until)
    status, refused = call("post", "/people", dated | {"until": now.isoformat()})
    assert status == 422
    assert refused["detail"] == "The role would end before it starts; choose a later day."
    status, refused = call("post", "/people", dated | {"since": "2020-01-01T00:00:00Z"})
    assert status == 422
    status, ended = call("post", f"/appointments/{held.uid}/end")
    assert (status, ended["until"]) == (200, ended["since"]), "it never counts"
    status, _changed = call("patch", f"/people/{made['uid']}", {"expires_at": until.isoformat()})
    assert (status, Account.objects.get(uid=made["uid"]).expires_at) == (200, until)


def test_a_role_is_given_changed_stood_in_for_and_ended(kazahaya: Firm, call: Caller) -> None:
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    other = person("o@kazahaya.example", kazahaya.company, Role.READER)
    status, given = call("post", "/appointments", {
        "company": str(kazahaya.company.uid), "unit": str(kazahaya.network.uid),
        "role": "developer", "person": str(reader.uid), "load_percent": 20,
    })  # fmt: skip
    assert (status, given["unit"], given["stands_in"]) == (201, str(kazahaya.network.uid), False)
    path = f"/appointments/{given['uid']}"
    assert call("patch", path, {"load_percent": 150})[0] == 422
    status, changed = call("patch", path, {"load_percent": 60})
    assert (status, changed["load_percent"], changed["duty"]) == (200, 60, "concurrent")
    until = (timezone.now() + timedelta(days=3)).isoformat()
    status, stand_in = call("post", f"{path}/stand-in", {"person": str(other.uid), "until": until})
    assert (status, stand_in["stands_in"], stand_in["person"]) == (201, True, str(other.uid))
    assert call("post", f"{path}/end")[0] == 200
    assert call("post", f"{path}/end")[0] == 409
    assert Appointment.objects.get(uid=stand_in["uid"]).until is not None


def test_moments_at_the_ends_of_time_and_nul_on_a_page_are_answered(
    kazahaya: Firm, call: Caller
) -> None:
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    for moment in ("0001-01-01T00:00:00+09:00", "9999-12-31T23:59:59-09:00"):
        status, refused = call("patch", f"/people/{reader.uid}", {"expires_at": moment})
        assert status == 422
        assert "must be a moment" in refused["errors"][0]["detail"]
    call.client.force_login(kazahaya.admin)
    assert call.client.get("/settings/people/", {"q": "\x00"}).status_code == 422
    change = {"act": "end", "expires_on": "0001-01-01"}
    assert call.client.post(f"/settings/people/{reader.uid}/change/", change).status_code == 302
    reader.refresh_from_db()
    assert reader.expires_at is None


def test_who_may_not_appoint_is_refused_and_the_list_stays_readable(kazahaya: Firm) -> None:
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    call = Caller(reader)
    assert call("get", "/people")[1]["count"] == 2
    asked = {"company": str(kazahaya.company.uid), "role": "admin", "person": str(reader.uid)}
    assert call("post", "/appointments", asked)[0] == 403
    assert (
        call("post", "/units", {"company": str(kazahaya.company.uid), "name": {"en": "X"}})[0]
        == 403
    )
    assert (
        call("get", f"/companies/{kazahaya.company.uid}/people.csv".replace(".csv", "-csv"))[0]
        == 404
    )
    narrow = Caller(kazahaya.admin, Permission.VIEW)
    assert narrow("post", f"/people/{reader.uid}/disable")[0] == 403


def test_another_companys_people_and_units_are_not_there(call: Caller) -> None:
    other = firm("other", "OT")
    for path in (f"/units/{other.network.uid}", f"/people/{other.admin.uid}"):
        assert call("get", path)[0] == 404
    assert (
        call("post", f"/companies/{other.company.uid}/units/import", {"csv": "name_en\nX\n"})[0]
        == 404
    )


def test_a_further_company_has_its_own_prefix(kazahaya: Firm, call: Caller) -> None:
    wanted = {"slug": "systems", "name": {"en": "Kazahaya Systems"}, "prefix": "KZ",
              "parent": str(kazahaya.company.uid)}  # fmt: skip
    status, refused = call("post", "/companies", wanted)
    assert status == 409
    assert refused["detail"] == "Another company's numbers start with KZ; choose another."
    status, made = call("post", "/companies", wanted | {"prefix": "KS"})
    assert (status, made["prefix"]) == (201, "KS")
    status, changed = call("patch", f"/companies/{made['uid']}", {
        "revision": made["revision"], "name": {"ja": "風早システムズ"}, "zone": "Europe/Berlin",
    })  # fmt: skip
    assert (status, changed["name"], changed["zone"]) == (
        200, {"ja": "風早システムズ"}, "Europe/Berlin",
    )  # fmt: skip


def test_a_file_is_previewed_first_and_all_lines_or_none_are_taken_in(
    kazahaya: Firm, call: Caller
) -> None:
    path = f"/companies/{kazahaya.company.uid}/units/import"
    text = "name_en,parent\nKomoro plant,Network BU\n"
    status, report = call("post", path, {"csv": text})
    assert (status, report["applied"], report["lines"][0]["action"]) == (200, False, "created")
    assert (
        call("post", path, {"csv": text + "X,nowhere\n", "preview": False})[1]["applied"] is False
    )
    assert Unit.objects.count() == 2
    assert call("post", path, {"csv": text, "preview": False})[1]["applied"] is True
    assert Unit.objects.count() == 3


def test_companies_come_by_a_file_with_a_suggested_prefix(kazahaya: Firm, call: Caller) -> None:
    text = (
        "slug,parent,name_ja,name_en,prefix\n"
        "kazahaya-energy,kazahaya,風早エナジー,Kazahaya Zone Ltd.,\n"
        "plant-x,kazahaya-energy,,Plant,PX\n"
    )
    status, report = call("post", "/companies/import", {"csv": text, "preview": False})
    assert (status, report["applied"]) == (200, True)
    made = Company.objects.get(slug="kazahaya-energy")
    assert (made.prefix, made.parent) == ("KZ2", kazahaya.company)
    assert Company.objects.get(slug="plant-x").parent == made
    again = call("post", "/companies/import", {"csv": text, "preview": False})[1]
    assert [line["action"] for line in again["lines"]] == ["unchanged", "unchanged"]
    csv = call.client.get("/api/v1/companies.csv").content.decode()
    assert "kazahaya-energy,kazahaya,風早エナジー" in csv


def test_me_says_who_calls_and_what_they_may(kazahaya: Firm, call: Caller) -> None:
    status, me = call("get", "/me")
    assert (status, me["email"]) == (200, kazahaya.admin.email)
    assert me["rights"] == [
        {"company": "kazahaya", "rights": [right.value for right in Permission]}
    ]
    assert Caller(kazahaya.admin, Permission.VIEW)("get", "/me")[1]["rights"] == [
        {"company": "kazahaya", "rights": ["view"]}
    ]


def test_commands_list_export_and_import(
    kazahaya: Firm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    as_admin = ["--as", kazahaya.admin.email]
    assert run(["unit", "list", *as_admin, "--format", "json"]) == 0
    assert {row["name"] for row in orjson.loads(capsys.readouterr().out)} == {
        "Network BU", "Control BU",
    }  # fmt: skip
    for kind in ("unit", "person", "company"):
        assert run([kind, "export", *as_admin]) == 0
        file = tmp_path / f"{kind}.csv"
        file.write_text(capsys.readouterr().out, encoding="utf-8")
        assert run([kind, "import", str(file), *as_admin, "--format", "json"]) == 0
        lines = orjson.loads(capsys.readouterr().out)
        assert {line["outcome"] for line in lines} == {"unchanged"}, kind
    (tmp_path / "wrong.csv").write_text("email,role\nx@x.example,boss\n", encoding="utf-8")
    assert run(["person", "import", str(tmp_path / "wrong.csv"), *as_admin]) == 3
    assert run(["person", "list", *as_admin]) == 0
    assert "admin@kazahaya.example" in capsys.readouterr().out
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    assert run(["person", "export", "--as", reader.email]) == 4


def test_an_operator_gets_a_link_that_is_on_record(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["link"]) == 0
    secret = capsys.readouterr().out.strip().rstrip("/").rpartition("/")[2]
    assert link_from(secret, at=timezone.now()).purpose == SETUP
    kazahaya = firm()
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    for arguments, expected in (([], kazahaya.admin), (["--email", reader.email], reader)):
        assert run(["link", *arguments]) == 0
        secret = capsys.readouterr().out.strip().rstrip("/").rpartition("/")[2]
        link = link_from(secret, at=timezone.now())
        assert (link.purpose, link.account) == (LOGIN, expected)
    assert Event.objects.filter(name="account.link_made").count() == 2
    assert run(["link", "--email", "nobody@x.example"]) == 4
