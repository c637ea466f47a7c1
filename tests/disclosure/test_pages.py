"""The editor inside and the public site outside, in both languages, asked by the wrong person."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from hikeshi.disclosure import services
from hikeshi.disclosure.models import Advisory, AdvisoryRevision, PublishedDocument
from hikeshi.disclosure.publishing import publish_advisory, withdraw_advisory
from tests.builders import NOW, firm, seen_by
from tests.disclosure.drafts import CVE, Stage, approved, decided, drafted, stage
from tests.triage.cases import CANARY
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db


def published(one: Stage) -> Advisory:
    advisory = approved(one)
    publish_advisory(advisory=advisory, by=seen_by(one.approver), at=NOW)
    return advisory


@pytest.mark.parametrize(
    ("language", "words"),
    [("ja", ("KZ-Gate のコマンド実行の脆弱性", "影響を受ける製品", "4.2.2 へ更新してください。")),
     ("en", ("KZ-Gate: command execution", "Affected products", "Update to version 4.2.2."))],
)  # fmt: skip
def test_anybody_reads_an_advisory_without_login_and_cookie(
    language: str, words: tuple[str, ...]
) -> None:
    one = decided(stage())
    advisory = published(one)
    client = Client()
    page = client.get(f"/advisories/{advisory.number}/?lang={language}")
    body = page.content.decode()
    assert page.status_code == 200
    for word in (*words, CVE, "風早電機" if language == "ja" else "Kazahaya Electric"):
        assert word in body
    assert not page.cookies
    assert "Hikeshi" not in body.replace("hikeshi.css", "")
    for secret in (CANARY, one.case.number, "internal-grounds", one.writer.email):
        assert secret not in body


def test_before_publishing_there_is_nothing_outside() -> None:
    one = decided(stage())
    advisory = approved(one)
    client = Client()
    for path in (f"{advisory.number}/", f"{advisory.number.lower()}.json"):
        assert client.get(f"/advisories/{path}").status_code == 404
    listed = client.get("/advisories/").content.decode()
    feed = client.get("/advisories/feed.atom").content.decode()
    assert advisory.number not in listed + feed
    assert CANARY not in listed + feed


def test_the_list_and_the_feed_name_what_is_public() -> None:
    advisory = published(decided(stage()))
    client = Client()
    assert advisory.number in client.get("/advisories/?lang=en").content.decode()
    feed = client.get("/advisories/feed.atom?lang=en")
    assert feed["Content-Type"].startswith("application/atom+xml")
    assert "KZ-Gate: command execution" in feed.content.decode()


def test_the_document_is_served_byte_for_byte() -> None:
    advisory = published(decided(stage()))
    served = Client().get(f"/advisories/{advisory.number.lower()}.json")
    kept = PublishedDocument.objects.get(kind="csaf", language="ja")
    assert served.content == bytes(kept.content)
    assert served["Content-Type"] == "application/json"
    assert json.loads(served.content)["document"]["tracking"]["id"] == advisory.number
    assert not served.cookies


@pytest.mark.parametrize(
    ("version", "word"),
    [("4.2.1", "Update to version 4.2.2."), ("v4.2.2", "Fixed"), ("1.0", "Not affected"),
     ("9.9", "not named in the advisory"), ("<script>", "not named in the advisory")],
)  # fmt: skip
def test_a_reader_checks_a_version_without_script(version: str, word: str) -> None:
    advisory = published(decided(stage()))
    page = Client().get(f"/advisories/{advisory.number}/", {"version": version, "lang": "en"})
    aside = page.content.decode().split("<aside")[1]
    assert word in aside
    assert "<script>" not in aside


def test_an_old_edition_says_so_and_a_withdrawal_too() -> None:
    one = decided(stage())
    advisory = published(one)
    withdraw_advisory(
        advisory=advisory, by=seen_by(one.approver), at=NOW + timedelta(days=1),
        reason={"ja": "誤報でした。", "en": "It was wrong."},
    )  # fmt: skip
    client = Client()
    now = client.get(f"/advisories/{advisory.number}/?lang=en").content.decode()
    assert "This advisory was withdrawn." in now
    assert "It was wrong." in now
    old = client.get(f"/advisories/{advisory.number}/?lang=en&edition=1").content.decode()
    assert "This is an old edition." in old
    assert "Update to version 4.2.2." in old
    assert client.get(f"/advisories/{advisory.number}/?edition=7").status_code == 404


def test_a_host_shows_its_own_company_alone() -> None:
    one = decided(stage())
    ours = published(one)
    other = firm("other", "OT")
    other.company.host = "psirt.other.example"
    other.company.save(update_fields=["host"])
    from django.test import override_settings

    with override_settings(ALLOWED_HOSTS=["*"]):
        client = Client(headers={"host": "psirt.other.example"})
        assert client.get(f"/advisories/{ours.number}/").status_code == 404
        assert ours.number not in client.get("/advisories/").content.decode()


def test_the_editor_saves_shows_a_preview_and_the_checks() -> None:
    one = decided(stage())
    advisory = services.draft_advisory(case=one.case, by=seen_by(one.writer), at=NOW)
    client = logged_in(one.writer)
    address = f"/publications/{advisory.number}/"
    assert "has no text" not in client.get(address).content.decode()
    saved = client.post(address, {
        "revision": advisory.revision, "title_ja": "題", "title_en": "T", "summary_ja": "概要文",
        "summary_en": "A summary", "credits": "宮原 玲", "references": "https://j.example J",
    })  # fmt: skip
    assert saved.status_code == 302
    page = client.get(address + "?preview=en").content.decode()
    assert "A summary" in page
    assert "宮原 玲" in page
    refused = client.post(address, {"revision": 1, "title_ja": "別"})
    assert refused.status_code == 422
    assert "Nothing was overwritten" in refused.content.decode()


def test_a_text_goes_its_way_by_pages_alone() -> None:
    one = decided(stage())
    advisory = drafted(one)
    writer, approver = logged_in(one.writer), logged_in(one.approver)
    address = f"/publications/{advisory.number}/"
    writer.post(address + "propose/")
    page = approver.get(address).content.decode()
    content = page.split('name="content" value="')[1].split('"')[0]
    approver.post(address + "approve/", {"content": content})
    approver.post(address + "publish/")
    assert AdvisoryRevision.objects.get().number == advisory.number
    assert Client().get(f"/advisories/{advisory.number}/").status_code == 200


@pytest.mark.parametrize("step", ["propose", "review", "approve", "return", "publish", "withdraw"])
def test_no_step_reaches_an_advisory_from_outside(step: str) -> None:
    one = decided(stage())
    advisory = drafted(one)
    outsider = logged_in(one.firm.admin)
    hidden: Any = outsider.post(f"/publications/{advisory.number}/{step}/", {"reason": "x"})
    assert hidden.status_code == 404
    advisory.refresh_from_db()
    assert advisory.state == "draft"
    assert outsider.get(f"/publications/{advisory.number}/").status_code == 404
    listed = outsider.get("/publications/").content.decode()
    assert advisory.number not in listed
    assert Client().get("/publications/").status_code == 302


def test_the_case_shows_its_advisories_and_starts_one() -> None:
    one = decided(stage())
    client = logged_in(one.writer)
    answer = client.post(f"/publications/draft/{one.case.number}/")
    advisory = Advisory.objects.get()
    assert answer["Location"] == f"/publications/{advisory.number}/"
    page = client.get(f"/cases/{one.case.number}/").content.decode()
    assert advisory.number in page
    assert "started an advisory" in page
