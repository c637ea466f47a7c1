"""The directory as people, programs and scripts use it: ways, keys, search, out of use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from django.test import Client
from pysequoia import Tsk

from hikeshi.ledger.models import Event
from hikeshi.organisation import services as organisation
from hikeshi.organisation.models import Wall
from hikeshi.project.cli import run
from hikeshi.stakeholders import keys, queries, services
from hikeshi.stakeholders.models import ChannelKind, Contact, ContactKey, ContactKind
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.plugins.database import ClientAs
from tests.stakeholders.test_api import bearer

pytestmark = pytest.mark.django_db
MAIL = "psirt@nordvik.example"
PUBLIC = str(Tsk.generate(f"Nordvik PSIRT <{MAIL}>").extract_certificate())


@pytest.fixture
def kazahaya() -> Firm:
    return firm()


def supplier(kazahaya: Firm, wall: Wall | None = None) -> Contact:
    return services.add_contact(
        company=kazahaya.company,
        kind=ContactKind.SUPPLIER,
        name="Nordvik Embedded",
        channels=[
            services.Way(ChannelKind.MAIL, MAIL),
            services.Way(ChannelKind.PHONE, "+47 55 01"),
        ],
        languages=["en"],
        wall=wall,
        by=kazahaya.admin,
        at=NOW,
    )


def entered(contact: Contact, ways: list[tuple[int, str, str]], **changed: Any) -> dict[str, Any]:
    """Return what the form would send."""
    form = {
        "revision": contact.revision, "kind": contact.kind, "name": "Nordvik Embedded",
        "languages": "en", "rules": "", "zone": "", "member_of": "", "unit": "",
        "way-TOTAL_FORMS": len(ways), "way-INITIAL_FORMS": 0,
    }  # fmt: skip
    for line, (rank, kind, address) in enumerate(ways):
        form |= {f"way-{line}-rank": rank, f"way-{line}-kind": kind, f"way-{line}-address": address}
    return form | changed


@pytest.mark.requirement("R153")
def test_the_order_of_trying_is_changed_on_the_page(kazahaya: Firm, client_as: ClientAs) -> None:
    contact = supplier(kazahaya)
    client, address = client_as(kazahaya.admin), f"/directory/contacts/{contact.uid}/edit/"
    shown = client.get(address).content.decode()
    assert MAIL in shown
    ways = [(2, "mail", MAIL), (1, "phone", "+47 55 01"), (3, "web", "")]
    sent = entered(
        contact, ways, zone="Europe/Oslo", is_person="on", **{"way-1-for_emergency": "on"}
    )
    assert client.post(address, sent).status_code == 302
    seen = queries.contact_by_uid(seen_by(kazahaya.admin), contact.uid)
    assert [(way.address.value, way.for_emergency) for way in seen.channels.all()] == [
        ("+47 55 01", True),
        (MAIL, False),
    ]
    assert (seen.zone, seen.is_person, seen.revision) == ("Europe/Oslo", True, 2)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"way-0-address": "no mail"}, "有効なメールアドレス"),
        ({"languages": "Japanese!"}, "Japanese!"),
        ({"zone": "Mars/Base"}, "Mars/Base"),
        ({"way-TOTAL_FORMS": "a"}, "ManagementForm"),
        ({"way-TOTAL_FORMS": "5000"}, "最大で 20 個"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_saved(
    kazahaya: Firm, client_as: ClientAs, changed: dict[str, str], said: str
) -> None:
    contact = supplier(kazahaya)
    answer = client_as(kazahaya.admin).post(
        f"/directory/contacts/{contact.uid}/edit/",
        entered(contact, [(1, "mail", MAIL)], **changed),
    )
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert queries.contact_by_uid(seen_by(kazahaya.admin), contact.uid).revision == 1


def test_a_stale_edit_shows_both_sides_and_the_second_save_counts(
    kazahaya: Firm, client_as: ClientAs
) -> None:
    contact = supplier(kazahaya)
    mine = entered(contact, [(1, "mail", MAIL)], name="Nordvik AS")
    services.change_contact(
        contact=contact, revision=1, by=kazahaya.admin, at=NOW, name="Nordvik Systems"
    )
    client, address = client_as(kazahaya.admin), f"/directory/contacts/{contact.uid}/edit/"
    answer = client.post(address, mine)
    assert answer.status_code == 409
    assert "Nordvik Systems" in answer.content.decode()
    assert queries.contact_by_uid(seen_by(kazahaya.admin), contact.uid).revision == 2
    assert client.post(address, mine | {"revision": 2}).status_code == 302


def test_a_key_is_taken_in_compared_and_taken_away(kazahaya: Firm, client_as: ClientAs) -> None:
    contact = supplier(kazahaya)
    client, page = client_as(kazahaya.admin), f"/directory/contacts/{contact.uid}/"
    assert client.post(f"{page}keys/", {"material": PUBLIC}).status_code == 302
    key = ContactKey.objects.get()
    shown = client.get(page).content.decode()
    assert "未照合" in shown
    twice = client.post(f"{page}keys/", {"material": PUBLIC})
    assert (twice.status_code, "登録済み" in twice.content.decode()) == (422, True)
    assert client.post(f"{page}keys/{key.uid}/verify/").status_code == 302
    assert "未照合" not in client.get(page).content.decode()
    assert client.post(f"{page}keys/{key.uid}/remove/").status_code == 302
    assert not ContactKey.objects.exists()
    names = Event.objects.filter(subject_uid=contact.uid).order_by("pk")
    assert list(names.values_list("name", flat=True)) == [
        "contact.added", "contact.key_added", "contact.key_verified", "contact.key_removed",
    ]  # fmt: skip


def test_a_secret_key_is_not_kept(kazahaya: Firm, client_as: ClientAs) -> None:
    contact = supplier(kazahaya)
    secret = str(Tsk.generate("Nordvik <n@nordvik.example>"))
    answer = client_as(kazahaya.admin).post(
        f"/directory/contacts/{contact.uid}/keys/", {"material": secret}
    )
    assert answer.status_code == 422
    assert "秘密鍵" in answer.content.decode()
    assert not ContactKey.objects.exists()


def test_the_key_of_somebody_unnamed_is_sealed_behind_the_wall(kazahaya: Firm) -> None:
    insider = person("in@kazahaya.example", kazahaya.company)
    wall = organisation.raise_wall(company=kazahaya.company, members=[insider], at=NOW, by=insider)
    contact = supplier(kazahaya, wall)
    key = keys.add_key(contact=contact, content=PUBLIC.encode(), by=insider, at=NOW)
    stored = ContactKey.objects.get(pk=key.pk)
    assert b"PGP" not in stored.material.raw
    assert str(key.fingerprint.value).encode() not in stored.fingerprint.raw
    seen = queries.contact_by_uid(seen_by(insider), contact.uid)
    assert [one.fingerprint.value for one in seen.keys.all()] == [key.fingerprint.value]


def test_out_of_use_a_contact_is_offered_nowhere_and_can_come_back(
    kazahaya: Firm, client_as: ClientAs
) -> None:
    contact = supplier(kazahaya)
    client, page = client_as(kazahaya.admin), f"/directory/contacts/{contact.uid}/"
    assert client.post(f"{page}retire/", {"revision": 1}).status_code == 302
    assert "Nordvik" not in client.get("/directory/").content.decode()
    assert "Nordvik" in client.get("/directory/", {"retired": "1"}).content.decode()
    assert client.post(f"{page}return/", {"revision": 1}).status_code == 409
    assert client.post(f"{page}return/", {"revision": 2}).status_code == 302
    assert "Nordvik" in client.get("/directory/").content.decode()


def test_the_list_finds_by_name_address_and_number_within_the_walls(
    kazahaya: Firm, client_as: ClientAs
) -> None:
    insider = person("in@kazahaya.example", kazahaya.company)
    wall = organisation.raise_wall(company=kazahaya.company, members=[insider], at=NOW, by=insider)
    walled, plain = supplier(kazahaya, wall), supplier(kazahaya)

    def found(who: Any, text: str) -> set[str]:
        shown = client_as(who).get("/directory/", {"q": text}).content.decode()
        return {one.number for one in (walled, plain) if one.number in shown}

    for text in ("Nordvik", "psirt@nordvik.example", "embedded nordvik"):
        assert found(kazahaya.admin, text) == {plain.number}
        assert found(insider, text) == {walled.number, plain.number}
    assert found(insider, plain.number) == {plain.number}
    assert found(insider, "Sudvik") == set()


@pytest.mark.parametrize(("nda", "listed"), [("signed", True), ("soon", True), ("none", False)])
def test_the_list_is_narrowed_by_the_nda(
    kazahaya: Firm, client_as: ClientAs, nda: str, listed: bool
) -> None:
    contact = supplier(kazahaya)
    services.change_contact(
        contact=contact, revision=1, by=kazahaya.admin, at=NOW,
        has_nda=True, nda_until=NOW.date().replace(month=12, day=20),
    )  # fmt: skip
    shown = client_as(kazahaya.admin).get("/directory/", {"nda": nda}).content.decode()
    assert ("Nordvik" in shown) is listed


def test_a_program_changes_a_contact_and_its_keys(kazahaya: Firm, client: Client) -> None:
    contact, headers = supplier(kazahaya), bearer(kazahaya.admin)
    address = f"/api/v1/contacts/{contact.uid}"

    def send(method: str, path: str, body: dict[str, Any]) -> Any:
        return client.generic(
            method, f"{address}{path}", orjson.dumps(body), "application/json", headers=headers
        )

    ways = [{"kind": "phone", "address": "+47 55 99", "for_emergency": True}]
    changed = send("PATCH", "", {"revision": 1, "channels": ways, "languages": ["nb", "en"]})
    assert changed.json()["channels"] == ways
    assert (changed.json()["name"], changed.json()["languages"]) == (
        "Nordvik Embedded",
        ["nb", "en"],
    )
    assert send("PATCH", "", {"revision": 1, "name": "X"}).status_code == 409
    keyed = send("POST", "/keys", {"material": PUBLIC})
    assert keyed.status_code == 201
    key = keyed.json()["keys"][0]
    assert send("DELETE", f"/keys/{key['uid']}", {}).json()["keys"] == []
    assert send("POST", "/keys", {"material": "hello"}).status_code == 422
    assert send("POST", "/retire", {"revision": 2}).json()["retired_at"]
    listed = client.get("/api/v1/contacts", {"q": "nordvik"}, headers=headers).json()
    assert listed["rows"] == []


def test_a_script_adds_lists_shows_and_imports_contacts(
    kazahaya: Firm, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def say(*words: str) -> Any:
        assert run(["--as", kazahaya.admin.email, "--format", "json", *words]) == 0
        return orjson.loads(capsys.readouterr().out)

    added = say("contact", "add", "北浜半導体", "--mail", "psirt@kitahama.example")[0]
    lines = tmp_path / "list.csv"
    lines.write_text("kind,name,mail\nauthority,IPA,vuln@ipa.example\n", encoding="utf-8")
    assert say("contact", "import", str(lines)) == [{"imported": 1}]
    assert [row["name"] for row in say("contact", "list", "--kind", "authority")] == ["IPA"]
    shown = {row["what"]: row["value"] for row in say("contact", "show", added["number"])}
    assert (shown["name"], shown["mail"]) == ("北浜半導体", "psirt@kitahama.example")
    lines.write_text("kind,name\nalien,X\n", encoding="utf-8")
    assert run(["--as", kazahaya.admin.email, "contact", "import", str(lines)]) != 0
    assert "alien" in capsys.readouterr().err
    assert Contact.objects.for_system("the test counts all").count() == 2
