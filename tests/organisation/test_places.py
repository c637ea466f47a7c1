"""Places that lists are narrowed to: whole companies, and units with all below them."""

from __future__ import annotations

import pytest

from hikeshi.organisation import places
from hikeshi.organisation.models import Unit
from hikeshi.organisation.roles import Role
from hikeshi.organisation.services import appoint, create_unit
from tests.builders import NOW, Firm, firm, person, seen_by

pytestmark = pytest.mark.django_db


def below(kz: Firm) -> Unit:
    return create_unit(
        company=kz.company, name={"en": "Plant"}, at=NOW, by=kz.admin, kind="plant",
        parent=kz.network,
    )  # fmt: skip


def test_a_unit_is_asked_for_with_those_below_it_and_a_company_whole() -> None:
    kz = firm()
    plant, viewer = below(kz), seen_by(kz.admin)
    assert places.place_named(viewer, str(kz.network.uid)) == places.Place(
        units=frozenset({kz.network.pk, plant.pk})
    )
    assert places.place_named(viewer, kz.company.slug) == places.Place(company=kz.company.pk)
    assert places.place_named(viewer, "no such place") is None


def test_companies_are_offered_where_there_are_several_and_strangers_none_of_ours() -> None:
    kz, other = firm(), firm("other", "OT")
    assert kz.company.slug not in dict(places.place_choices(seen_by(kz.admin)))
    both = person("both@kazahaya.example", kz.company, Role.READER)
    appoint(account=both, company=other.company, role=Role.READER, at=NOW, by=other.admin)
    assert {kz.company.slug, other.company.slug} <= set(dict(places.place_choices(seen_by(both))))
    assert places.place_named(seen_by(other.admin), str(kz.network.uid)) is None
    assert places.place_named(seen_by(other.admin), kz.company.slug) is None


def test_the_unit_that_an_address_names_is_among_the_choices_however_many_there_are(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kz = firm()
    plant = below(kz)
    monkeypatch.setattr(places, "_MOST", 1)
    viewer = seen_by(kz.admin)
    assert str(plant.uid) not in dict(places.place_choices(viewer))
    assert str(plant.uid) in dict(places.place_choices(viewer, str(plant.uid)))
