"""The product pages: who may come, what they say, how forms answer."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from hikeshi.inventory import services
from hikeshi.inventory.models import SBOM, Offering, Rank, Release
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Role
from tests.builders import NOW, Firm, firm, person
from tests.inventory.stock import cyclonedx, gate, npm, release
from tests.plugins.database import ClientAs, assert_queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def kz() -> Firm:
    found = firm()
    Account.objects.update(language="en")
    return found


def the_file(*parts: tuple[str, str], name: str = "bom.json") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, cyclonedx(*(npm(*part) for part in parts)))


def test_an_empty_list_teaches_the_first_step(kz: Firm, client_as: ClientAs) -> None:
    page = client_as(kz.admin).get("/products/").content.decode()
    assert "No products yet" in page
    assert reverse("inventory:product_new") in page


def test_a_reader_is_not_offered_what_they_may_not_do(kz: Firm, client_as: ClientAs) -> None:
    reader = person("r@kazahaya.example", kz.company, Role.READER)
    Account.objects.update(language="en")
    place = release(kz)
    client = client_as(reader)
    assert reverse("inventory:product_new") not in client.get("/products/").content.decode()
    page = client.get(reverse("inventory:release", args=[place.number])).content.decode()
    assert "Drop an SBOM here" not in page
    for name, key in (("product_edit", place.offering.number), ("release_edit", place.number)):
        assert client.get(reverse(f"inventory:{name}", args=[key])).status_code == 403


def test_another_company_meets_the_404_of_what_does_not_exist(
    kz: Firm, client_as: ClientAs
) -> None:
    place = release(kz)
    stranger = client_as(firm("other", "OT").admin)
    for name, key in (
        ("product", place.offering.number),
        ("product_edit", place.offering.number),
        ("release", place.number),
        ("components", place.number),
        ("differences", place.number),
        ("versions", place.number),
    ):
        there = stranger.get(reverse(f"inventory:{name}", args=[key]))
        nowhere = stranger.get(reverse(f"inventory:{name}", args=["KZ-XX-2026-0000"]))
        assert (there.status_code, nowhere.status_code) == (404, 404)
        assert there.content == nowhere.content.replace(b"KZ-XX-2026-0000", key.encode())
    assert "KZ-Gate" not in stranger.get("/products/").content.decode()


def test_a_product_a_release_and_an_sbom_are_made_by_forms_alone(
    kz: Firm, client_as: ClientAs
) -> None:
    client = client_as(kz.admin)
    made = client.post(
        "/products/new/",
        {"name_en": "KZ-View C20", "kind": "product", "rank": "flagship",
         "unit": str(kz.network.pk), "owner": str(kz.admin.pk)},
    )  # fmt: skip
    offering = Offering.objects.get()
    assert made.headers["Location"] == reverse("inventory:release_new", args=[offering.number])
    made = client.post(made.headers["Location"], {"version": "1.0", "state": "shipping"})
    place = Release.objects.get()
    assert made.headers["Location"] == reverse("inventory:release", args=[place.number])
    done = client.post(
        reverse("inventory:upload", args=[place.number]),
        {"file": the_file(("qs", "6.5.1"), ("ms", "2.0.0")), "slot": "application"},
        follow=True,
    )
    page = done.content.decode()
    assert "The SBOM was read: 2 components. 2 new, 0 gone." in page
    assert SBOM.objects.get().file_name == "bom.json"


def test_a_refused_file_leaves_the_current_sbom(kz: Firm, client_as: ClientAs) -> None:
    place = release(kz)
    client = client_as(kz.admin)
    address = reverse("inventory:upload", args=[place.number])
    client.post(address, {"file": the_file(("qs", "6.5.1")), "slot": "application"})
    bad = SimpleUploadedFile("bom.json", b'{"bomFormat": "CycloneDX", ')
    answer = client.post(address, {"file": bad, "slot": "application"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "cut off" in page
    assert "The current SBOM stands as it was." in page
    assert SBOM.objects.get(replaced_at__isnull=True).components == 1


def test_an_upload_without_the_right_changes_nothing(kz: Firm, client_as: ClientAs) -> None:
    place = release(kz)
    there = person("c@kazahaya.example", kz.company, Role.RESPONDER, unit=kz.control)
    address = reverse("inventory:upload", args=[place.number])
    answer = client_as(there).post(address, {"file": the_file(("qs", "6.5.1")), "slot": "a"})
    assert answer.status_code == 404
    assert not SBOM.objects.exists()


def test_a_unit_without_the_right_is_refused_at_its_field(kz: Firm, client_as: ClientAs) -> None:
    there = person("c@kazahaya.example", kz.company, Role.RESPONDER, unit=kz.control)
    Account.objects.update(language="en")
    client = client_as(there)
    values = {"name_en": "X", "kind": "product", "rank": "other"}
    for unit in ("", str(kz.network.pk)):
        answer = client.post("/products/new/", values | {"unit": unit})
        assert answer.status_code == 422
        assert "Choose a unit whose products you may edit." in answer.content.decode()
    assert client.post("/products/new/", values | {"unit": str(kz.control.pk)}).status_code == 302


def test_a_stale_save_shows_both_texts_and_then_overwrites_knowingly(
    kz: Firm, client_as: ClientAs
) -> None:
    offering = gate(kz)
    client = client_as(kz.admin)
    address = reverse("inventory:product_edit", args=[offering.number])
    form = {"revision": "1", "name_en": "Mine", "kind": "product", "rank": "other",
            "unit": str(kz.network.pk), "code": "KZG"}  # fmt: skip
    services.change_offering(
        offering=offering, revision=1, by=kz.admin, at=NOW, name={"en": "Theirs"}
    )
    answer = client.post(address, form)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "<td>Theirs</td><td>Mine</td>" in page
    assert 'name="revision" value="2"' in page
    assert client.post(address, form | {"revision": "2"}).status_code == 302
    assert Offering.objects.get().name == {"en": "Mine"}


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"Gate", "Safe", "View"}),
        ("q=ｓａｆｅ", {"Safe"}),
        ("rank=safety", {"Safe"}),
        ("kind=service", set()),
        ("owner=me", {"View"}),
        ("owner=nobody", {"Gate", "Safe"}),
        ("support=ending", {"Gate"}),
        ("support=over", {"Safe"}),
        ("sbom=missing", {"Gate", "Safe"}),
    ],
)
@pytest.mark.requirement("R080")
@pytest.mark.requirement("R095")
def test_filters_stand_in_the_address(
    kz: Firm, client_as: ClientAs, query: str, shown: set[str]
) -> None:
    today = timezone.localdate()
    soon, gone = date.fromordinal(today.toordinal() + 90), date.fromordinal(today.toordinal() - 9)
    one = gate(kz, name={"en": "Gate"}, code="1")
    two = gate(kz, name={"en": "Safe"}, code="2", rank=Rank.SAFETY)
    gate(kz, name={"en": "View"}, code="3", owner=kz.admin)
    release(kz, one, support_ends_on=soon)
    release(kz, two, support_ends_on=gone)
    page = client_as(kz.admin).get(f"/products/?{query}").content.decode()
    assert {name for name in ("Gate", "Safe", "View") if f">{name}</a>" in page} == shown


@pytest.mark.parametrize("rows", [3, 60])
def test_the_list_runs_the_same_queries_for_any_length(
    kz: Firm, client_as: ClientAs, rows: int
) -> None:
    for number in range(rows):
        release(kz, gate(kz, code=f"C{number:02}"))
    client = client_as(kz.admin)
    client.get("/products/")
    with assert_queries(12):
        client.get("/products/")


@pytest.mark.parametrize("parts", [3, 60])
def test_release_pages_run_the_same_queries_for_any_length(
    kz: Firm, client_as: ClientAs, parts: int
) -> None:
    place = release(kz)
    client = client_as(kz.admin)
    for shift in (0, 1):
        file = the_file(*((f"p{n}", f"1.{n + shift}.0") for n in range(parts)))
        address = reverse("inventory:upload", args=[place.number])
        client.post(address, {"file": file, "slot": "application"})
    for name in ("release", "components", "differences", "versions"):
        with assert_queries(22):
            client.get(reverse(f"inventory:{name}", args=[place.number]))


def test_differences_open_with_the_two_newest_versions_of_one_part(
    kz: Firm, client_as: ClientAs
) -> None:
    place = release(kz)
    client = client_as(kz.admin)
    for slot, version in (("application", "1.0"), ("application", "1.1"), ("boot loader", "9")):
        client.post(
            reverse("inventory:upload", args=[place.number]),
            {"file": the_file(("qs", version)), "slot": slot},
        )
    shown = client.get(reverse("inventory:differences", args=[place.number])).context
    pair = [(one.slot.name, one.ordinal) for one in (shown["older"], shown["newer"])]
    assert pair == [("application", 1), ("application", 2)]


def test_bytes_come_back_as_they_went_in_and_run_nowhere(kz: Firm, client_as: ClientAs) -> None:
    place = release(kz)
    client = client_as(kz.admin)
    file = the_file(("qs", "6.5.1"), name="部品 表.json")
    content = file.read()
    file.seek(0)
    client.post(reverse("inventory:upload", args=[place.number]), {"file": file, "slot": "a"})
    answer = client.get(reverse("inventory:sbom", args=[SBOM.objects.get().uid]))
    assert answer.content == content
    assert answer["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in answer["Content-Security-Policy"]
    stranger = client_as(firm("other", "OT").admin)
    assert stranger.get(reverse("inventory:sbom", args=[SBOM.objects.get().uid])).status_code == 404


def test_htmx_gets_the_list_alone(kz: Firm, client_as: ClientAs) -> None:
    gate(kz)
    answer = client_as(kz.admin).get(
        "/products/?q=gate", headers={"HX-Request": "true", "HX-Target": "list"}
    )
    page = answer.content.decode()
    assert "<html" not in page
    assert "KZ-Gate 500" in page
