"""Search: words of both languages are found, and nothing from behind a wall is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from hikeshi.organisation import services as organisation
from hikeshi.organisation.roles import Role
from hikeshi.organisation.viewer import Viewer, anonymous
from hikeshi.records.models import SearchEntry, SearchToken
from hikeshi.records.search import recognised, refresh, search
from hikeshi.triage import services as triage
from tests.builders import NOW, firm, person, seen_by
from tests.plugins.database import assert_queries
from tests.records.things import CANARY, a_record
from tests.triage.cases import opened

pytestmark = pytest.mark.django_db


def numbers(viewer: Viewer, text: str) -> list[str]:
    return [hit.subject.number for hit in search(viewer, text).hits]


def test_words_of_both_languages_names_and_numbers_are_found() -> None:
    kazahaya = firm()
    contact, case = a_record(kazahaya, name="Nordvik 組込み"), opened(kazahaya)
    by = seen_by(kazahaya.admin)
    for text in ("nordvik", "組込", "Ｎｏｒｄｖｉｋ 組込み", contact.number.lower()):
        assert numbers(by, text) == [contact.number]
    for text in ("認証前の", "command EXECUTION", "CVE-2026-10001", case.number):
        assert numbers(by, text) == [case.number]
    for text in ("nordvik 認証", "x", "", "。", "-"):
        assert numbers(by, text) == []


def test_pairs_that_meet_by_chance_are_no_hit() -> None:
    kazahaya = firm()
    a_record(kazahaya, name="認証と証明")
    assert numbers(seen_by(kazahaya.admin), "認証明") == []


def test_who_is_outside_the_wall_finds_nothing_and_the_tables_hold_no_word(client: Client) -> None:
    kazahaya, other = firm(), firm("other", "OT")
    insider = person("in@k.example", kazahaya.company, Role.RESPONDER)
    case = opened(kazahaya, by=insider)
    assert numbers(seen_by(insider), CANARY[:6]) == [case.number]
    for outsider in (seen_by(kazahaya.admin), seen_by(other.admin), anonymous(NOW)):
        for text in ("認証前の", case.number, "CVE-2026-10001"):
            assert search(outsider, text) == search(outsider, "nothing-has-this")
    with connection.cursor() as cursor:
        for table in (SearchEntry._meta.db_table, SearchToken._meta.db_table):
            cursor.execute(f'SELECT * FROM "{table}"')
            said = str(cursor.fetchall()).lower()
            assert case.number.lower() not in said
            assert "canary" not in said
    client.force_login(kazahaya.admin)
    assert case.number not in client.get("/search/?q=認証前の").content.decode()
    client.force_login(insider)
    assert case.number in client.get("/search/?q=認証前の").content.decode()


def test_an_ended_wall_lets_its_company_find_what_it_hid() -> None:
    kazahaya, other = firm(), firm("other", "OT")
    insider = person("in@k.example", kazahaya.company, Role.RESPONDER)
    case = opened(kazahaya, by=insider)
    assert case.wall is not None
    organisation.end_wall(wall=case.wall, by=insider, at=NOW)
    assert numbers(seen_by(kazahaya.admin), "認証前") == [case.number]
    assert numbers(seen_by(other.admin), "認証前") == []


def test_changed_words_are_found_and_old_ones_are_not() -> None:
    kazahaya = firm()
    case, by = opened(kazahaya), seen_by(kazahaya.admin)
    triage.change_case(
        case=case, revision=case.revision, by=by, at=NOW + timedelta(hours=1),
        title={"ja": "権限の昇格"}, summary={},
    )  # fmt: skip
    assert numbers(by, "権限の昇格") == [case.number]
    assert numbers(by, "認証前") == []


def test_what_came_in_bulk_is_caught_up_with() -> None:
    kazahaya = firm()
    contact = a_record(kazahaya, name="Nordvik")
    SearchEntry.objects.all().delete()
    assert numbers(seen_by(kazahaya.admin), "nordvik") == []
    assert refresh() == 1
    assert refresh() == 0
    assert numbers(seen_by(kazahaya.admin), "nordvik") == [contact.number]


def test_hits_page_by_last_change_in_a_fixed_number_of_queries() -> None:
    kazahaya = firm()
    made = [a_record(kazahaya, name=f"Supplier {n}").number for n in range(60)]
    by = seen_by(kazahaya.admin)
    with assert_queries(8):
        first = search(by, "supplier")
    second = search(by, "supplier", after=first.next_cursor)
    assert [h.subject.number for h in [*first.hits, *second.hits]] == made[::-1]
    assert (len(first.hits), second.next_cursor) == (50, "")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("cpe:2.3:a:openssl:openssl:3.0.1:*:*:*:*:*:*:*", "CPE"),
        ("CVE-2023-38545", "CVE"),
        ("ghsa-abcd-0000-ffff", "GHSA"),
        ("pkg:npm/%40angular/core@1.0", "purl"),
        ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "CVSS"),
        ("KZ-2026-0042", "number"),
        ("KZ-P-2026-0042", "number"),
        ("openssl", ""),
    ],
)
def test_a_pasted_name_is_recognised(text: str, name: str) -> None:
    assert recognised(text) == name
