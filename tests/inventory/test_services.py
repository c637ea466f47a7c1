"""Offerings, models and releases are added and changed with their audit lines."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, Stale
from hikeshi.inventory import services
from hikeshi.inventory.models import Offering, OfferingKind, Rank, Release
from hikeshi.inventory.services import add_all, new_offering, new_release
from hikeshi.ledger.models import Event
from hikeshi.matching.models import ReachDue
from hikeshi.organisation.roles import Role
from hikeshi.records.search import search
from tests.builders import NOW, firm, person, seen_by
from tests.inventory.stock import gate, release

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("R024")
@pytest.mark.parametrize("kind", list(OfferingKind))
def test_an_offering_is_of_any_kind(kind: OfferingKind) -> None:
    kz = firm()
    offering = gate(kz, kind=kind, rank=Rank.FLAGSHIP)
    assert (offering.kind, offering.rank, offering.unit) == (kind, Rank.FLAGSHIP, kz.network)
    assert offering.number.startswith("KZ-PRD-2026-")
    assert Event.objects.filter(name="offering.created", subject_uid=offering.uid).exists()


def test_a_product_needs_a_name() -> None:
    kz = firm()
    with pytest.raises(InputRefused, match="needs a name"):
        services.create_offering(company=kz.company, name={"ja": " "}, by=None, at=NOW)


def test_a_code_is_unique_in_its_company_alone() -> None:
    kz, other = firm(), firm("other", "OT")
    gate(kz)
    gate(other, unit=other.network)
    with pytest.raises(AlreadyDone, match="code “KZG” exists"):
        gate(kz)


def test_a_unit_of_another_company_is_refused() -> None:
    kz, other = firm(), firm("other", "OT")
    with pytest.raises(Conflict, match="another company"):
        gate(kz, unit=other.network)


def test_a_stale_save_changes_nothing() -> None:
    kz = firm()
    offering = gate(kz)
    services.change_offering(offering=offering, revision=1, by=kz.admin, at=NOW, rank=Rank.SAFETY)
    with pytest.raises(Stale):
        services.change_offering(
            offering=offering, revision=1, by=kz.admin, at=NOW, rank=Rank.OTHER
        )
    assert Offering.objects.get().rank == Rank.SAFETY


def test_what_derives_from_an_offering_follows_its_unit() -> None:
    kz = firm()
    place = release(kz)
    reader = person("r@kazahaya.example", kz.company, Role.READER, unit=kz.control)
    assert not Release.objects.visible_to(seen_by(reader)).exists()
    services.change_offering(
        offering=place.offering, revision=1, by=kz.admin, at=NOW, unit=kz.control
    )
    assert Release.objects.visible_to(seen_by(reader)).get() == place


def test_the_search_key_holds_code_and_all_names_folded() -> None:
    kz = firm()
    offering = gate(kz)
    saved = services.change_offering(
        offering=offering, revision=1, by=None, at=NOW, name={"ja": "ＫＺゲート", "en": "Gate  X"}
    )
    assert saved.search_key == "kzg gate x kzゲート"


def test_a_release_exists_once_per_offering_and_once_per_model() -> None:
    kz = firm()
    offering = gate(kz)
    release(kz, offering)
    model = services.create_model(offering=offering, code="KZG-500-JP", by=None, at=NOW)
    services.create_release(
        offering=offering, product_model=model, version="4.2.1", by=None, at=NOW
    )
    with pytest.raises(AlreadyDone, match=r"4\.2\.1"):
        release(kz, offering)
    with pytest.raises(AlreadyDone, match="KZG-500-JP"):
        services.create_model(offering=offering, code=" KZG-500-JP ", by=None, at=NOW)


@pytest.mark.requirement("R095")
def test_support_ends_after_shipping() -> None:
    kz = firm()
    place = release(kz)
    days = {"shipped_on": date(2026, 4, 1), "support_ends_on": date(2031, 3, 31)}
    saved = services.change_release(release=place, revision=1, by=None, at=NOW, **days)
    assert saved.support_ends_on == date(2031, 3, 31)
    with pytest.raises(InputRefused, match="before shipping on 2026-04-01"):
        services.change_release(
            release=saved, revision=2, by=None, at=NOW, support_ends_on=date(2026, 3, 31)
        )


def test_the_csaf_product_id_stays_when_the_version_is_corrected() -> None:
    place = release(firm())
    before = place.csaf_product_id
    saved = services.change_release(release=place, revision=1, by=None, at=NOW, version="4.2.1a")
    assert (saved.version, saved.csaf_product_id) == ("4.2.1a", before)


def test_many_are_added_in_the_queries_of_few_each_with_number_audit_line_and_words() -> None:
    kz = firm()

    def add(names: list[str]) -> int:
        product = [new_offering(company=kz.company, name={"en": name}, at=NOW) for name in names]
        release = [new_release(offering=one.row, version=f"{one.row.name['en']}.1", at=NOW)
                   for one in product]  # fmt: skip
        with CaptureQueriesContext(connection) as caught:
            for new in (product, release):
                add_all(new, by=kz.admin, at=NOW)
        return len(caught)

    add(["First in its series"])
    few, many = add(["Alpha", "Beta", "Delta"]), add([f"Gamma {n:02}" for n in range(40)])
    assert few == many
    numbers = [one.number for one in Offering.objects.for_system("test").order_by("pk")]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) == 44
    made = Release.objects.for_system("test").select_related("offering").get(version="Gamma 39.1")
    assert made.csaf_product_id.startswith(made.number)
    said = Event.objects.get(name="release.created", subject_uid=made.uid)
    assert said.payload.content.value["after"] == {"version": "Gamma 39.1", "state": "shipping"}
    hits = search(seen_by(kz.admin), made.offering.number).hits
    assert [hit.subject.number for hit in hits] == [made.offering.number]
    assert set(ReachDue.objects.values_list("offering__number", flat=True)) == set(numbers)
