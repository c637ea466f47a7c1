"""Units and people as CSV: what comes out goes in again, and a wrong line stops all of it."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from hikeshi.core.errors import Malformed, TooLarge
from hikeshi.ledger.models import Event
from hikeshi.organisation import exchange, services
from hikeshi.organisation.models import Account, Appointment, Unit
from hikeshi.organisation.roles import Role
from tests.builders import NOW, Firm, firm, person, seen_by

pytestmark = pytest.mark.django_db


def units_from(kazahaya: Firm, text: str, *, apply: bool = True) -> exchange.Report:
    return exchange.import_units(
        viewer=seen_by(kazahaya.admin),
        company=kazahaya.company,
        rows=exchange.read_rows(text.encode(), exchange.UNIT_COLUMNS),
        at=NOW,
        apply=apply,
    )


def people_from(kazahaya: Firm, text: str, *, apply: bool = True) -> exchange.Report:
    return exchange.import_people(
        viewer=seen_by(kazahaya.admin),
        company=kazahaya.company,
        rows=exchange.read_rows(text.encode(), exchange.PERSON_COLUMNS),
        at=NOW,
        apply=apply,
    )


def test_new_units_may_hang_below_new_units_of_the_same_file() -> None:
    kazahaya = firm()
    report = units_from(
        kazahaya,
        "parent,name_ja,name_en,kind,team_type\n"
        "Network BU,小諸工場,Komoro plant,plant,\n"
        "小諸工場,工場PSIRT,Plant PSIRT,team,fsirt\n",
    )
    assert [(line.number, line.action) for line in report.lines] == [(2, "created"), (3, "created")]
    assert Unit.objects.get(name__en="Plant PSIRT").team_type == "fsirt"
    assert Event.objects.filter(name="unit.created").count() == 4


def test_a_preview_says_what_will_happen_and_writes_nothing() -> None:
    kazahaya = firm()
    text = "parent,name_en\nNetwork BU,Komoro plant\n"
    before = (Unit.objects.count(), Event.objects.count())
    preview = units_from(kazahaya, text, apply=False)
    assert (Unit.objects.count(), Event.objects.count()) == before
    assert not preview.applied
    done = units_from(kazahaya, text)
    assert done.applied
    assert preview.lines == done.lines


def test_one_wrong_line_stops_all_and_every_wrong_line_is_named() -> None:
    kazahaya = firm()
    before = Unit.objects.count()
    report = units_from(
        kazahaya,
        "parent,name_en,zone,owner\n"
        "Network BU,Good,,\n"
        "Nowhere,Bad parent,,\n"
        ",Bad zone,Asia/Atlantis,\n"
        ",,,\n"
        ",Bad owner,,who@nowhere.example\n"
        "Network BU,,Asia/Tokyo,\n",
    )
    assert [(line.number, line.action) for line in report.lines] == [
        (2, "created"), (3, "refused"), (4, "refused"), (6, "refused"), (7, "refused"),
    ]  # fmt: skip
    assert report.lines[1].error == "“Nowhere” names 0 open units; write the uid of one."
    assert not report.applied
    assert Unit.objects.count() == before


def test_what_was_exported_comes_back_unchanged_and_an_edit_is_a_change() -> None:
    kazahaya = firm()
    units_from(kazahaya, "parent,name_en,protected_asset\nNetwork BU,Plant,=HYPERLINK()\n")
    text = exchange.export_units(seen_by(kazahaya.admin), kazahaya.company)
    again = units_from(kazahaya, text)
    assert {line.action for line in again.lines} == {"unchanged"}
    edited = units_from(kazahaya, text.replace("Plant", "Komoro plant"))
    assert (edited.count("changed"), edited.count("unchanged")) == (1, 2)


def test_a_cell_that_a_spreadsheet_would_compute_is_quoted() -> None:
    kazahaya = firm()
    services.create_unit(company=kazahaya.company, name={"en": "=1+1"}, at=NOW)
    text = exchange.export_units(seen_by(kazahaya.admin), kazahaya.company)
    cells = [row["name_en"] for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))]
    assert "'=1+1" in cells
    assert "=1+1" not in cells


def test_people_get_accounts_roles_and_invitations() -> None:
    kazahaya = firm()
    report = people_from(
        kazahaya,
        "email,name,role,unit,duty,load_percent,until,language\n"
        "Tanaka@Kazahaya.example,田中 誠,developer,Network BU,concurrent,20,,ja\n"
        "lab@lab.example,Lab,guest,,,,2027-01-31,en\n",
    )
    assert report.count("created") == 2
    tanaka = Appointment.objects.get(account__email="tanaka@kazahaya.example")
    assert (tanaka.role, tanaka.unit, tanaka.load_percent) == ("developer", kazahaya.network, 20)
    # The company's midnight: 31 January begins in Tokyo at 15:00 UTC of the 30th.
    lab = Appointment.objects.get(account__email="lab@lab.example")
    assert lab.until == datetime(2027, 1, 30, 15, tzinfo=UTC)
    assert Account.objects.get(email="lab@lab.example").language == "en"


def test_people_exported_come_back_unchanged() -> None:
    kazahaya = firm()
    people_from(
        kazahaya, "email,role,unit,load_percent,until\na@x.example,guest,Network BU,5,2027-01-31\n"
    )
    text = exchange.export_people(seen_by(kazahaya.admin), kazahaya.company)
    report = people_from(kazahaya, text)
    assert {line.action for line in report.lines} == {"unchanged"}
    report = people_from(kazahaya, text.replace(",5,", ",50,"))
    assert report.count("changed") == 1


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("a@x.example,boss,,,", "“boss” is no role."),
        ("nothing,reader,,,", "“nothing” is no mail address."),
        ("a@x.example,guest,,,", "A guest needs a day on which access ends."),
        ("a@x.example,reader,,101,", "The load is a whole number from 0 to 100."),
        (f"a@x.example,reader,,{'9' * 5000},", "The load is a whole number from 0 to 100."),
        (f"{'a' * 60}@{'b.' * 120}example,reader,,,", "“aaa"),
        ("a@x.example,reader,,,2027-02-30", "“2027-02-30” is no day; write 2026-11-24."),
    ],
)
def test_a_wrong_person_is_refused_with_the_reason(line: str, error: str) -> None:
    report = people_from(firm(), f"email,role,unit,load_percent,until\n{line}\n")
    assert report.lines[0].error.startswith(error)


def test_a_cell_longer_than_its_column_or_in_an_unknown_language_is_refused() -> None:
    kazahaya = firm()
    report = people_from(
        kazahaya,
        f"email,name,role,language\na@x.example,{'n' * 121},reader,en\n"
        "b@x.example,B,reader,klingon\n",
    )
    assert [line.error for line in report.lines] == [
        "“nnnnnnnnnnnnnnnnnnnn…” in name is longer than 120 characters.",
        "“klingon” is no language of these pages. They speak: ja, en.",
    ]
    assert not Account.objects.filter(email__endswith="@x.example").exists()
    report = units_from(kazahaya, f"name_en,kind\nPlant,{'k' * 61}\n")
    assert report.lines[0].error.endswith("in kind is longer than 60 characters.")


def test_an_import_does_no_more_than_its_author_may() -> None:
    kazahaya = firm()
    lead = person("lead@kazahaya.example", kazahaya.company, Role.LEAD, unit=kazahaya.network)
    rows = exchange.read_rows(
        b"email,role,unit\na@x.example,admin,Network BU\nb@x.example,reader,Control BU\n",
        exchange.PERSON_COLUMNS,
    )
    report = exchange.import_people(
        viewer=seen_by(lead), company=kazahaya.company, rows=rows, at=NOW, apply=True
    )
    assert report.count("refused") == 2
    assert not Account.objects.filter(email__endswith="@x.example").exists()


def test_files_of_japanese_excel_and_other_separators_are_read() -> None:
    text = "name_ja\tkind\n小諸工場\t工場\n"
    expected = ("小諸工場", "工場")
    for content in (
        text.encode("cp932"),
        text.encode("utf-8-sig"),
        text.replace("\t", ";").encode(),
    ):
        ((number, row),) = exchange.read_rows(content, exchange.UNIT_COLUMNS)
        assert (number, row["name_ja"], row["kind"]) == (2, *expected)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "The first line names"),
        (b"colour\nred\n", "“colour”"),
        (b"name_en\na,b\n", "Line 2 has more fields"),
        (b"name_en\n\x81\x30\n", "neither UTF-8 nor Shift_JIS"),
        (b"name_en\na\x00b\n", "neither UTF-8 nor Shift_JIS"),
        (b'name_en\n"' + b"x" * 200_000 + b'"\n', "Line 2 cannot be read as CSV"),
        (b'"' + b"x" * 200_000 + b'"\nname_en\n', "Line 1 cannot be read as CSV"),
    ],
)
def test_what_is_no_such_table_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(Malformed, match=message):
        exchange.read_rows(content, exchange.UNIT_COLUMNS)


def test_too_large_and_too_long_files_are_refused() -> None:
    with pytest.raises(TooLarge, match="2 MiB"):
        exchange.read_rows(b"x" * (exchange.MOST_BYTES + 1), exchange.UNIT_COLUMNS)
    with pytest.raises(TooLarge, match="2,000 lines"):
        exchange.read_rows(b"name_en\n" + b"a\n" * 2001, exchange.UNIT_COLUMNS)
