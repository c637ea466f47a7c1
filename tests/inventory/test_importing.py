"""A product list is previewed, then taken in whole or not at all; its columns are remembered."""

from __future__ import annotations

import io
from datetime import date
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from hikeshi.core.errors import InputRefused, NotAllowed
from hikeshi.formats.table.read import read_table
from hikeshi.inventory.importing import import_products, mapping_for
from hikeshi.inventory.models import (
    ChainLink,
    ColumnMapping,
    Connection,
    Containment,
    Offering,
    ProductModel,
    Release,
)
from hikeshi.ledger.models import Event
from hikeshi.organisation.exchange import Report
from hikeshi.organisation.roles import Role
from hikeshi.project.cli import run
from hikeshi.stakeholders.models import ContactKind
from hikeshi.stakeholders.services import add_contact
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.inventory.stock import gate, release
from tests.plugins.database import assert_queries

pytestmark = pytest.mark.django_db
LIST = (
    "型番,製品名,重要度,バージョン,サポート終了日,機種,台数\n"
    'KZG,KZ-Gate 500,主力,4.2.1,2031/03/31,,"1,200"\n'
    "KZG,KZ-Gate 500,,4.3.0,,KZG-E,\n"
    "KZS,KZ-Switch,その他,,,,\n"
)  # fmt: skip


def take(kz: Firm, text: str, mapping: dict[int, str] | None = None, apply: bool = True) -> Report:
    table = read_table(text.encode())
    return import_products(
        viewer=seen_by(kz.admin), company=kz.company, table=table,
        mapping=mapping_for(kz.company, table) if mapping is None else mapping, at=NOW, apply=apply,
    )  # fmt: skip


def outcomes(report: Report) -> list[str]:
    return [line.action for line in report.lines]


def offerings() -> Any:
    return Offering.objects.for_system("test")


@pytest.mark.requirement("R060")
def test_a_japanese_list_makes_products_models_and_releases() -> None:
    kz = firm()
    report = take(kz, LIST)
    assert [line.error for line in report.lines] == ["", "", ""]
    assert (report.applied, outcomes(report)) == (True, ["created"] * 3)
    gate = offerings().get(code="KZG")
    assert (gate.name, gate.rank) == ({"ja": "KZ-Gate 500"}, "flagship")
    releases = Release.objects.for_system("test").filter(offering=gate).order_by("version")
    assert [(r.version, r.support_ends_on, r.units_in_use) for r in releases] == [
        ("4.2.1", date(2031, 3, 31), 1200),
        ("4.3.0", None, None),
    ]
    assert ProductModel.objects.for_system("test").get().code == "KZG-E"
    assert Event.objects.filter(name="offering.imported").count() == 1


@pytest.mark.requirement("R063")
def test_the_same_list_again_changes_nothing_and_a_new_day_changes_one_line() -> None:
    kz = firm()
    take(kz, LIST)
    assert outcomes(take(kz, LIST)) == ["unchanged"] * 3
    assert outcomes(take(kz, LIST.replace("2031/03/31", "2032-03-31"))) == [
        "changed", "unchanged", "unchanged",
    ]  # fmt: skip
    assert offerings().count() == 2


def test_a_preview_says_what_would_be_done_and_writes_nothing() -> None:
    kz = firm()
    report = take(kz, LIST, apply=False)
    assert (report.applied, outcomes(report)) == (False, ["created"] * 3)
    assert not offerings().exists()
    assert not ColumnMapping.objects.exists()


def test_one_wrong_line_keeps_all_out_and_every_wrong_line_is_named() -> None:
    kz = firm()
    wrong = "code,name,rank,owner\nA,One,best,\nB,Two,,\nC,Three,,x@y.example\n,,other,\n"
    report = take(kz, wrong)
    assert outcomes(report) == ["refused", "created", "refused", "refused"]
    assert "“best” is not one of" in report.lines[0].error
    assert "x@y.example" in report.lines[2].error
    assert "neither a product code nor a name" in report.lines[3].error
    assert not offerings().exists()


def test_a_product_met_in_a_refused_line_is_not_taken_for_stored() -> None:
    report = take(firm(), "code,name,version,state\nA,One,1,never\nA,One,1,shipping\n", apply=False)
    assert outcomes(report) == ["refused", "created"]


def test_what_somebody_said_of_the_columns_is_remembered_for_such_lists() -> None:
    kz = firm()
    text = "Artikel,Bezeichnung\nA,One\n"
    with pytest.raises(InputRefused, match="which column holds"):
        take(kz, text)
    take(kz, text, {0: "code", 1: "name_en"})
    assert outcomes(take(kz, text)) == ["unchanged"]
    assert outcomes(take(kz, "Artikel,Bezeichnung\nB,Two\n")) == ["created"]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({0: "code", 1: "code"}, "Two columns"),
        ({0: "colour"}, "nothing that"),
        ({9: "code"}, "not have"),
    ],
)  # fmt: skip
def test_a_mapping_that_makes_no_sense_is_refused(mapping: dict[int, str], said: str) -> None:
    with pytest.raises(InputRefused, match=said):
        take(firm(), "a,b\n1,2\n", mapping)


def test_rights_are_weighed_line_by_line_and_a_reader_is_refused() -> None:
    kz = firm()
    editor = person("e@kazahaya.example", kz.company, Role.ADMIN, unit=kz.network)
    table = read_table(b"code,name,unit\nA,One,Network BU\nB,Two,Control BU\nC,Three,\n")
    report = import_products(
        viewer=seen_by(editor), company=kz.company, table=table,
        mapping=mapping_for(kz.company, table), at=NOW, apply=False,
    )  # fmt: skip
    assert outcomes(report) == ["created", "refused", "refused"]
    reader = person("r@kazahaya.example", kz.company, Role.READER)
    with pytest.raises(NotAllowed):
        import_products(
            viewer=seen_by(reader), company=kz.company, table=table, mapping={0: "code"}, at=NOW,
            apply=True,
        )  # fmt: skip


def test_a_long_list_takes_few_queries_and_a_changed_one_too() -> None:
    kz = firm()
    head = "code,name,version,model,quantity\n"
    lines = [f"P{n // 3},Product {n // 3},{n}.0,M{n % 2},{{count}}\n" for n in range(60)]
    text = head + "".join(lines)
    with assert_queries(75):
        assert outcomes(take(kz, text.format(count=1))) == ["created"] * 60
    with assert_queries(45):
        assert outcomes(take(kz, text.format(count=2))) == ["changed"] * 60
    assert {r.units_in_use for r in Release.objects.for_system("test")} == {2}
    assert Event.objects.filter(name="release.changed").count() == 60
    assert set(Release.objects.for_system("test").values_list("revision", flat=True)) == {2}


def test_a_list_of_ties_that_changes_none_takes_as_many_queries_as_a_short_one() -> None:
    kz = firm()
    inside = release(kz, gate(kz, code="MOD"))
    for name in ("Minato Parts", "Kita Castings"):
        add_contact(company=kz.company, kind=ContactKind.SUPPLIER, name=name, by=kz.admin, at=NOW)
    head = "code,name,version,supplier,connected,contains\n"
    lines = [
        f"T{n},Tied {n},1.0,Minato Parts;Kita Castings,T{(n + 1) % 40};MOD,{inside.number}\n"
        for n in range(40)
    ]
    assert outcomes(take(kz, head + "".join(lines))) == ["created"] * 40
    assert Connection.objects.count() == 80
    assert Containment.objects.filter(inner=inside).count() == 40
    assert ChainLink.objects.count() == 80
    queries = []
    for some in (lines[:2], lines):
        with CaptureQueriesContext(connection) as caught:
            assert outcomes(take(kz, head + "".join(some))) == ["unchanged"] * len(some)
        queries.append(len(caught))
    assert queries[0] == queries[1] < 45
    changed = head + "".join(lines).replace("Minato Parts;Kita Castings", "Kita Castings")
    assert outcomes(take(kz, changed)) == ["changed"] * 40
    assert ChainLink.objects.count() == 40


def test_what_a_later_line_says_of_a_new_product_holds_for_all_of_it() -> None:
    kz = firm()
    head = "code,name,version,unit,quantity,last ship date\n"
    report = take(kz, head + "A,One,1,Network BU,5,\nA,,2,Control BU,,\nA,Two,1,,6,2026-05-01\n")
    assert outcomes(report) == ["created", "created", "changed"]
    made = Release.objects.for_system("test").select_related("offering").order_by("version")
    assert [(r.version, r.unit_id, r.units_in_use, str(r.last_shipped_on)) for r in made] == [
        ("1", kz.control.pk, 6, "2026-05-01"), ("2", kz.control.pk, None, "None"),
    ]  # fmt: skip
    assert (made[0].offering.unit_id, made[0].offering.name) == (kz.control.pk, {"ja": "Two"})
    first = Event.objects.get(name="release.created", subject_uid=made[0].uid)
    assert first.payload.content.value["after"]["units_in_use"] == 6


def test_a_code_of_a_product_that_the_reader_may_not_see_is_taken() -> None:
    kz = firm()
    gate(kz, code="KZG", unit=kz.control)
    editor = person("e@kazahaya.example", kz.company, Role.ADMIN, unit=kz.network)
    table = read_table(b"code,name,unit\nKZG,Mine,Network BU\n")
    report = import_products(
        viewer=seen_by(editor), company=kz.company, table=table,
        mapping=mapping_for(kz.company, table), at=NOW, apply=True,
    )  # fmt: skip
    assert "KZG" in report.lines[0].error
    assert (outcomes(report), offerings().count()) == (["refused"], 1)


def workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet: Any = book.active
    sheet.append(["Product code", "name_en", "Shipped on", "version"])
    sheet.append(["KZG", "KZ-Gate", date(2026, 4, 1), "1.0"])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def test_the_page_previews_an_excel_file_then_takes_it_in(client_as: Any) -> None:
    kz = firm()
    client = client_as(kz.admin)
    address = reverse("inventory:product_import")
    assert address in client.get("/products/").content.decode()
    looked = client.post(address, {"file": SimpleUploadedFile("list.xlsx", workbook())})
    assert outcomes(looked.context["report"]) == ["created"]
    assert not offerings().exists()
    columns = {
        f"column_{place}": field
        for place, field in enumerate(("code", "name_en", "shipped_on", "version"))
    }
    kept = looked.context["kept"]
    again = client.post(address, {"kept": kept, "look": "1", **columns, "column_0": "rank"})
    assert again.status_code == 422
    assert not offerings().exists()
    done = client.post(address, {"kept": kept, "apply": "1", **columns})
    assert done.status_code == 302
    release = Release.objects.for_system("test").get()
    assert (release.version, release.shipped_on) == ("1.0", date(2026, 4, 1))


def test_a_forged_or_broken_file_writes_nothing(client_as: Any) -> None:
    kz = firm()
    client = client_as(kz.admin)
    address = reverse("inventory:product_import")
    assert client.post(address, {"kept": "x", "apply": "1"}).status_code == 422
    broken = client.post(address, {"file": SimpleUploadedFile("l.xlsx", b"PK\x03\x04broken")})
    assert broken.status_code == 422
    assert "Excel" in broken.context["error"]
    assert not offerings().exists()


def test_a_script_previews_and_takes_in(tmp_path: Any, capsys: Any) -> None:
    kz = firm()
    file = tmp_path / "list.csv"
    file.write_text("Artikel,name\nA,One\n")
    asked = ["product", "import", str(file), "--column", "Artikel=code", "--as", kz.admin.email]
    assert run([*asked, "--preview", "--format", "json"]) == 0
    assert '"outcome":"created"' in capsys.readouterr().out
    assert not offerings().exists()
    assert run(asked) == 0
    assert offerings().get().code == "A"
    file.write_text("Artikel,name,rank\nA,One,best\n")
    assert run(asked) == 3


def test_programs_import_over_the_api(client_as: Any) -> None:
    kz = firm()
    client = client_as(kz.admin)
    form = {"company": str(kz.company.uid), "apply": "true"}
    file = SimpleUploadedFile("list.csv", b"code,name\nA,One\n")
    answer = client.post("/api/v1/offerings/import", {**form, "file": file})
    assert (answer.status_code, answer.json()["applied"]) == (200, True)
    assert offerings().get().name == {"ja": "One"}
