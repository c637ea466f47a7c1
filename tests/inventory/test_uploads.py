"""An upload replaces what a slot holds, set-wise, and numbers what it changed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hikeshi.core.component import BillOfMaterials, Component
from hikeshi.core.errors import InputRefused
from hikeshi.inventory import queries
from hikeshi.inventory.models import SBOM, Batch, Occurrence, Release
from hikeshi.inventory.uploads import Upload, store_sbom
from hikeshi.ledger.models import Event
from tests.builders import NOW, firm
from tests.inventory.stock import bom, npm, release

pytestmark = pytest.mark.django_db


def take(place: Release, file: BillOfMaterials, day: int = 0, slot: str = "application") -> Upload:
    return store_sbom(
        release=place, bom=file, content=repr(file).encode(), by=None,
        at=NOW + timedelta(days=day), slot=slot,
    )  # fmt: skip


def names(place: Release) -> set[str]:
    now = Occurrence.objects.filter(release=place, known_to__isnull=True)
    return {str(row.component) for row in now.select_related("component")}


def test_the_first_upload_opens_every_component() -> None:
    kz = firm()
    place = release(kz)
    upload = take(place, bom(npm("lodash", "4.17.20"), npm("qs", "6.5.1"), Component("webd")))
    assert (upload.is_new, upload.opened, upload.closed) == (True, 3, 0)
    assert upload.sbom.components == 3
    assert upload.sbom.gaps == {"no_name": 1}
    assert (
        queries.content_of(upload.sbom)
        == repr(bom(npm("lodash", "4.17.20"), npm("qs", "6.5.1"), Component("webd"))).encode()
    )
    assert names(place) == {"lodash 4.17.20", "qs 6.5.1", "webd"}
    assert Event.objects.filter(name="sbom.uploaded", subject_uid=upload.sbom.uid).count() == 1


@pytest.mark.requirement("R063")
def test_a_new_version_keeps_what_stays_and_closes_what_is_gone() -> None:
    place = release(firm())
    first = take(place, bom(npm("lodash", "4.17.20"), npm("qs", "6.5.1")))
    stays = Occurrence.objects.get(component__name="qs")
    second = take(place, bom(npm("lodash", "4.17.21"), npm("qs", "6.5.1", "other-ref")), day=1)
    assert (second.opened, second.closed) == (1, 1)
    gone = Occurrence.objects.get(component__version="4.17.20")
    assert (gone.known_to, gone.closed_in) == (NOW + timedelta(days=1), second.sbom.batch)
    stays.refresh_from_db()
    assert (stays.known_to, stays.opened_in, stays.bom_ref) == (None, first.sbom.batch, "qs-6.5.1")
    first.sbom.refresh_from_db()
    assert first.sbom.replaced_at == NOW + timedelta(days=1)
    assert second.sbom.ordinal == 2


def test_the_same_bytes_again_change_nothing() -> None:
    place = release(firm())
    first = take(place, bom(npm("qs", "6.5.1")))
    again = take(place, bom(npm("qs", "6.5.1")), day=1)
    assert (again.is_new, again.sbom) == (False, first.sbom)
    assert Batch.objects.count() == SBOM.objects.count() == 1


def test_slots_of_a_release_do_not_touch_each_other() -> None:
    place = release(firm())
    take(place, bom(npm("qs", "6.5.1")))
    upload = take(place, bom(npm("lodash", "4.17.20")), day=1, slot="  root file  system ")
    assert upload.closed == 0
    assert upload.sbom.slot.name == "root file system"
    assert names(place) == {"qs 6.5.1", "lodash 4.17.20"}


def test_batches_are_numbered_in_the_order_of_their_commit() -> None:
    kz = firm()
    place = release(kz)
    uploads = [take(place, bom(npm("qs", f"6.5.{n}")), day=n) for n in range(3)]
    batches = list(Batch.objects.order_by("number"))
    assert [batch.sbom_id for batch in batches] == [upload.sbom.pk for upload in uploads]
    numbers = [batch.number for batch in batches]
    assert numbers == list(range(numbers[0], numbers[0] + 3))
    assert [(batch.opened, batch.closed) for batch in batches] == [(1, 0), (1, 1), (1, 1)]


def test_a_component_listed_twice_is_one_occurrence() -> None:
    upload = take(release(firm()), bom(npm("qs", "6.5.1", "a"), npm("qs", "6.5.1", "b")))
    assert (upload.opened, upload.sbom.components) == (1, 1)


def test_a_slot_needs_a_name() -> None:
    with pytest.raises(InputRefused, match="name of the part"):
        take(release(firm()), bom(), slot="  ")


@pytest.mark.requirement("R063")
def test_the_difference_of_two_versions_names_each_change() -> None:
    place = release(firm())
    old = take(place, bom(npm("lodash", "4.17.20"), npm("qs", "6.5.1"), Component("webd")))
    take(place, bom(npm("express", "1.1.1")), day=1)
    new = take(place, bom(npm("lodash", "4.17.21"), Component("webd"), npm("ms", "2.0.0")), day=2)
    changes = queries.diff(old.sbom, new.sbom)
    assert [(c.kind, c.name, c.before, c.after) for c in changes] == [
        ("changed", "lodash", ["4.17.20"], ["4.17.21"]),
        ("added", "ms", [], ["2.0.0"]),
        ("removed", "qs", ["6.5.1"], []),
    ]
