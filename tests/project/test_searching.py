"""The search page over all areas: every kind is found, names lead straight, walls hold."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from hikeshi.intelligence.models import STAGE, Stage, Vulnerability, VulnerabilityName
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.organisation.roles import Role
from hikeshi.records import blobs, tasks
from hikeshi.records.search import grouped, search
from hikeshi.stakeholders import services as stakeholders
from hikeshi.stakeholders.models import ContactKind
from tests.builders import NOW, firm, person, seen_by
from tests.inventory.stock import cyclonedx, gate, npm, release
from tests.triage.cases import opened

pytestmark = pytest.mark.django_db


def kinds(viewer: Any, text: str) -> list[str]:
    return [group.kind for group in grouped(search(viewer, text).hits)]


def named(*names: str) -> Vulnerability:
    Stage.objects.update_or_create(name=STAGE, defaults={"last_closed": 1})
    found = Vulnerability.objects.create(name=names[0], opened_in=1)
    for name in names:
        VulnerabilityName.objects.create(
            name=name, vulnerability=found, opened_in=1, known_from=NOW
        )
    return found


def test_tasks_messages_and_files_are_found_by_members_of_the_wall_alone(client: Client) -> None:
    kazahaya, now = firm(), timezone.now()
    insider = person("in@k.example", kazahaya.company, Role.RESPONDER)
    case = opened(kazahaya, by=insider)
    by = seen_by(insider, now)
    tasks.give_task(subject=case, title="zelkova task", by=by, at=now, assignee=insider)
    talk = stakeholders.start_conversation(
        subject_kind="triage.case", subject=case, title="talk", by=insider, at=now, open_to_all=True
    )
    stakeholders.write_message(viewer=by, conversation=talk, body="zelkova 伝言", at=now)
    blobs.store(subject=case, name="zelkova.txt", content=[b"x"], by=insider, at=now)
    assert kinds(by, "zelkova") == ["records.task", "stakeholders.conversation", "records.blob"]
    hits = search(by, "zelkova").hits
    assert {hit.subject.number for hit in hits} == {case.number}
    with translation.override("ja"):
        (hit,) = search(by, case.number).hits
    assert hit.subject.title.startswith("認証前のコマンド実行")
    outsider = seen_by(kazahaya.admin, now)
    assert search(outsider, "zelkova") == search(outsider, "nothing-has-this")
    client.force_login(kazahaya.admin)
    text = client.get("/search/?q=zelkova&lang=en").content.decode()
    assert case.number not in text
    assert "Nothing you may see holds these words" in text
    client.force_login(insider)
    assert case.number in client.get("/search/?q=zelkova").content.decode()


def test_a_conversation_of_few_is_not_found_by_others_inside_the_wall() -> None:
    kazahaya, now = firm(), timezone.now()
    one, two = (person(f"{n}@k.example", kazahaya.company, Role.RESPONDER) for n in "ab")
    contact = stakeholders.add_contact(
        company=kazahaya.company, kind=ContactKind.SUPPLIER, name="S", by=one, at=now
    )
    talk = stakeholders.start_conversation(
        subject_kind="stakeholders.contact",
        subject=contact,
        title="talk",
        by=one,
        at=now,
        accounts=[one],
    )
    stakeholders.write_message(viewer=seen_by(one, now), conversation=talk, body="zelkova", at=now)
    later = now + timedelta(seconds=1)
    assert kinds(seen_by(one, later), "zelkova") == ["stakeholders.conversation"]
    assert kinds(seen_by(two, later), "zelkova") == []


def test_pasted_names_lead_straight_to_their_page(client: Client) -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    built = release(kazahaya, version="2.0")
    type(built).objects.update(purl="pkg:generic/gate@2.0", cpe="cpe:2.3:h:kazahaya:gate:2.0")
    named("CVE-2026-77777", "GHSA-abcd-efgh-2345")
    client.force_login(kazahaya.admin)
    for text, address in {
        "CVE-2026-77777": "/vulnerabilities/CVE-2026-77777/",
        " cve-2026-77777 ": "/vulnerabilities/CVE-2026-77777/",
        "ghsa-ABCD-efgh-2345": "/vulnerabilities/GHSA-abcd-efgh-2345/",
        case.number.lower(): f"/cases/{case.number}/",
        built.number: f"/products/releases/{built.number}/",
        built.offering.number: f"/products/{built.offering.number}/",
        "pkg:generic/gate@2.0": f"/products/releases/{built.number}/",
        "CPE:2.3:h:kazahaya:gate:2.0": f"/products/releases/{built.number}/",
    }.items():
        answer = client.get("/search/", {"q": text})
        assert (answer.status_code, answer.get("Location")) == (302, address), text
    assert client.get("/search/", {"q": "CVE-2026-00000"}).status_code == 200


def test_a_walled_number_leads_nowhere_for_others(client: Client) -> None:
    kazahaya = firm()
    insider = person("in@k.example", kazahaya.company, Role.RESPONDER)
    case = opened(kazahaya, by=insider)
    client.force_login(kazahaya.admin)
    there = client.get("/search/", {"q": case.number})
    nowhere = client.get("/search/", {"q": "KZ-2026-9999999"})
    assert there.status_code == nowhere.status_code == 200
    client.force_login(insider)
    assert client.get("/search/", {"q": case.number}).status_code == 302


def test_an_id_that_begins_so_is_listed_with_products_by_name(client: Client) -> None:
    kazahaya = firm()
    gate(kazahaya)
    for n in range(3):
        named(f"CVE-2026-7777{n}")
    client.force_login(kazahaya.admin)
    text = client.get("/search/?q=cve-2026-777&lang=en").content.decode()
    assert all(f"CVE-2026-7777{n}" in text for n in range(3))
    assert "Vulnerabilities" in text


def test_the_search_page_is_fit_to_look_at(look: Any) -> None:
    kazahaya = firm()
    case, built = opened(kazahaya), release(kazahaya, version="2.0")
    tasks.give_task(
        subject=case, title="認証 の確認", by=seen_by(kazahaya.admin), at=timezone.now(),
        assignee=kazahaya.admin,
    )  # fmt: skip
    assert built.number
    look("/search/?q=認証", as_=kazahaya.admin, name="search-hits")
    look("/search/", as_=kazahaya.admin, name="search-empty")
    look("/search/?q=nothing-has-this", as_=kazahaya.admin, name="search-none")


def test_the_name_of_a_package_leads_to_the_releases_that_ship_it(client: Client) -> None:
    kazahaya, other = firm(), firm("orihime", "OR")
    built = release(kazahaya, version="2.0")
    upload_sbom(release=built, content=cyclonedx(npm("qs", "6.5.1")), by=kazahaya.admin, at=NOW)
    client.force_login(kazahaya.admin)
    shown = client.get("/search/?q=QS&lang=en").content.decode()
    assert f"/products/releases/{built.number}/" in shown
    assert "/findings/?q=QS" in shown
    assert built.number not in client.get("/search/?q=qs2&lang=en").content.decode()
    client.force_login(other.admin)
    elsewhere = client.get("/search/?q=qs&lang=en").content.decode()
    assert built.number not in elsewhere
    assert "/findings/?q=qs" not in elsewhere


def test_an_address_that_only_takes_forms_says_so(client: Client) -> None:
    kazahaya = firm()
    built = release(kazahaya, version="2.0")
    client.force_login(kazahaya.admin)
    answer = client.get(f"/products/releases/{built.number}/sbom/?lang=en")
    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "only takes what a form sends" in answer.content.decode()
