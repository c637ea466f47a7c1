"""Who may keep a copy of an answer: nobody of inside pages, anybody of public ones."""

from __future__ import annotations

import pytest
from django.test import Client

from hikeshi.disclosure.models import PublishedDocument
from hikeshi.disclosure.publishing import publish_advisory
from tests.builders import NOW, seen_by
from tests.disclosure.drafts import Stage, approved, decided, stage
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def one() -> Stage:
    held = decided(stage())
    publish_advisory(advisory=approved(held), by=seen_by(held.approver), at=NOW)
    return held


def test_no_copy_of_an_inside_page_or_an_error_is_kept(one: Stage) -> None:
    client = logged_in(one.approver)
    inside = ("/", "/cases/", f"/cases/{one.case.number}/", "/publications/", "/products/",
              "/cases/NO-1/", "/nowhere/", "/api/v1/cases")  # fmt: skip
    for address in inside:
        kept = client.get(address)["Cache-Control"]
        assert "no-store" in kept, address
        assert "public" not in kept, address
    assert "no-store" in Client().get("/account/login/")["Cache-Control"]


def test_public_pages_keep_a_minute_and_carry_no_cookie(one: Stage) -> None:
    document = PublishedDocument.objects.filter(kind="csaf").first()
    assert document is not None
    number = document.revision.number
    for address in ("/advisories/", f"/advisories/{number}/", "/advisories/feed.atom",
                    f"/advisories/{document.name}"):  # fmt: skip
        answer = Client().get(address)
        assert answer.status_code == 200, address
        assert answer["Cache-Control"] == "public, max-age=60", address
        assert not answer.cookies, address
    assert "no-store" in Client().get("/advisories/KZ-SA-1999-0001/")["Cache-Control"]


def test_a_reader_who_holds_the_document_gets_no_second_copy(one: Stage) -> None:
    document = PublishedDocument.objects.filter(kind="csaf").first()
    assert document is not None
    first = Client().get(f"/advisories/{document.name}")
    again = Client().get(f"/advisories/{document.name}", headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
