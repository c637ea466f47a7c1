"""The tree of units: any type and depth, moved by dated edges, closed but never lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hikeshi.core.errors import Conflict, NotAllowed, NotFound, Stale
from hikeshi.organisation import services, units
from hikeshi.organisation.models import Appointment, OrgModel
from hikeshi.organisation.queries import unit_parents
from hikeshi.organisation.roles import Permission, Role
from tests.builders import NOW, Firm, firm, person, seen_by

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
YEAR = NOW + timedelta(days=365)


def add(kazahaya: Firm, name: str, parent=None, **settings):
    return units.add_unit(
        viewer=seen_by(kazahaya.admin), company=kazahaya.company, name={"en": name}, parent=parent,
        at=NOW, **settings,
    )  # fmt: skip


def outline(kazahaya: Firm, at=NOW) -> list[tuple[int, str]]:
    tree = units.unit_tree(seen_by(kazahaya.admin, at), kazahaya.company, language="en")
    return [(node.depth, node.unit.name["en"]) for node in tree]


@pytest.mark.requirement("R007")
@pytest.mark.requirement("R009")
def test_units_hang_in_a_tree_of_any_depth() -> None:
    kazahaya = firm()
    plant = add(kazahaya, "Komoro plant", kazahaya.network, kind="plant")
    quality = add(kazahaya, "Quality assurance", plant, kind="department")
    add(kazahaya, "Plant PSIRT", quality, kind="team", team_type="psirt")
    assert outline(kazahaya) == [
        (0, "Control BU"),
        (0, "Network BU"),
        (1, "Komoro plant"),
        (2, "Quality assurance"),
        (3, "Plant PSIRT"),
    ]


@pytest.mark.requirement("R001")
@pytest.mark.requirement("R002")
def test_a_team_has_a_type_an_owner_and_what_it_protects() -> None:
    kazahaya = firm()
    fsirt = add(
        kazahaya, "FSIRT", team_type="fsirt", protected_asset="plants", owner=kazahaya.admin
    )
    own = add(kazahaya, "Readiness", team_type="msirt of ours", protected_asset="methods")
    assert (fsirt.team_type, fsirt.protected_asset, fsirt.owner) == (
        "fsirt",
        "plants",
        kazahaya.admin,
    )
    assert own.team_type == "msirt of ours"


@pytest.mark.requirement("R003")
def test_a_company_says_how_it_places_its_psirt() -> None:
    kazahaya = firm()
    services.change_company(
        company=kazahaya.company, by=kazahaya.admin, at=NOW, revision=1, org_model=OrgModel.HYBRID
    )
    assert kazahaya.company.org_model == "hybrid"


@pytest.mark.requirement("R005")
def test_a_unit_works_for_itself_and_the_centre_sees_all() -> None:
    kazahaya = firm()
    lead = person("n@kazahaya.example", kazahaya.company, Role.LEAD, unit=kazahaya.network)
    here, centre = seen_by(lead), seen_by(kazahaya.admin)
    company = kazahaya.company.pk
    assert here.may(Permission.CASE_LEAD, company, kazahaya.network.pk)
    assert not here.may(Permission.VIEW, company, kazahaya.control.pk)
    assert centre.may(Permission.VIEW, company, kazahaya.control.pk)


@pytest.mark.requirement("R011")
def test_a_team_can_be_outsourced_to_a_group_company() -> None:
    kazahaya, group = firm(), firm("group", "GR")
    ssirt = add(kazahaya, "SSIRT", team_type="ssirt", outsourced_to=group.company)
    assert ssirt.outsourced_to == group.company


@pytest.mark.requirement("R006")
def test_a_move_keeps_where_the_unit_hung_before() -> None:
    kazahaya = firm()
    plant = add(kazahaya, "Plant", kazahaya.network)
    reader = person("c@kazahaya.example", kazahaya.company, Role.READER, unit=kazahaya.control)
    units.rehang_unit(viewer=seen_by(kazahaya.admin), unit=plant, parent=kazahaya.control, at=LATER)
    company = kazahaya.company.pk
    assert unit_parents([company], NOW)[plant.pk] == kazahaya.network.pk
    assert unit_parents([company], LATER)[plant.pk] == kazahaya.control.pk
    assert [edge.parent for edge in units.moves_of(plant)] == [kazahaya.control, kazahaya.network]
    assert not seen_by(reader, NOW).may(Permission.VIEW, company, plant.pk)
    assert seen_by(reader, LATER).may(Permission.VIEW, company, plant.pk)


def test_a_unit_cannot_hang_below_itself() -> None:
    kazahaya = firm()
    plant = add(kazahaya, "Plant", kazahaya.network)
    with pytest.raises(Conflict, match="below itself"):
        units.rehang_unit(
            viewer=seen_by(kazahaya.admin), unit=kazahaya.network, parent=plant, at=LATER
        )


def test_a_right_in_one_unit_reaches_it_and_below_alone() -> None:
    kazahaya = firm()
    plant = add(kazahaya, "Plant", kazahaya.network)
    chief = person("n@kazahaya.example", kazahaya.company, Role.ADMIN, unit=kazahaya.network)
    viewer = seen_by(chief)
    units.edit_unit(viewer=viewer, unit=plant, revision=1, at=NOW, region="Nagano")
    with pytest.raises(NotAllowed):
        units.edit_unit(viewer=viewer, unit=kazahaya.control, revision=1, at=NOW, region="X")
    with pytest.raises(NotAllowed):
        units.rehang_unit(viewer=viewer, unit=plant, parent=kazahaya.control, at=LATER)
    with pytest.raises(NotAllowed):
        units.rehang_unit(viewer=viewer, unit=plant, parent=None, at=LATER)


def test_a_stale_change_is_refused_with_nothing_written() -> None:
    kazahaya = firm()
    viewer = seen_by(kazahaya.admin)
    units.edit_unit(viewer=viewer, unit=kazahaya.network, revision=1, at=NOW, region="Nagano")
    with pytest.raises(Stale):
        units.edit_unit(viewer=viewer, unit=kazahaya.network, revision=1, at=NOW, region="Kyoto")
    kazahaya.network.refresh_from_db()
    assert kazahaya.network.region == "Nagano"


def test_closing_waits_for_units_below_and_ends_the_roles() -> None:
    kazahaya = firm()
    viewer = seen_by(kazahaya.admin)
    plant = add(kazahaya, "Plant", kazahaya.network)
    worker = person("w@kazahaya.example", kazahaya.company, Role.DEVELOPER, unit=plant)
    with pytest.raises(Conflict, match="hang below"):
        units.close_unit(viewer=viewer, unit=kazahaya.network, revision=1, at=LATER)
    units.close_unit(viewer=viewer, unit=plant, revision=1, at=LATER)
    assert Appointment.objects.get(account=worker).until == LATER
    assert outline(kazahaya, LATER) == [(0, "Control BU"), (0, "Network BU")]
    assert units.unit_by_uid(viewer, plant.uid).closed_at == LATER
    with pytest.raises(Stale):
        units.close_unit(viewer=viewer, unit=plant, revision=2, at=LATER)


def test_a_closed_unit_gets_no_units_below_and_no_role_in_it_begins() -> None:
    kazahaya = firm()
    viewer = seen_by(kazahaya.admin)
    coming = person("c@kazahaya.example", kazahaya.company, Role.READER)
    services.appoint(
        account=coming, company=kazahaya.company, unit=kazahaya.network, role=Role.LEAD, at=NOW,
        since=YEAR,
    )  # fmt: skip
    closed = units.close_unit(viewer=viewer, unit=kazahaya.network, revision=1, at=LATER)
    with pytest.raises(Conflict, match="closed"):
        add(kazahaya, "Plant", closed)
    assert not seen_by(coming, YEAR).may(Permission.CASE_LEAD, kazahaya.company.pk, closed.pk)


def test_units_of_other_companies_are_unknown() -> None:
    kazahaya, other = firm(), firm("other", "OT")
    with pytest.raises(NotFound):
        units.unit_by_uid(seen_by(kazahaya.admin), other.network.uid)


def test_the_tree_takes_three_queries_whatever_its_size(django_assert_num_queries) -> None:
    kazahaya = firm()
    viewer = seen_by(kazahaya.admin)
    for number in range(20):
        add(kazahaya, f"U{number}", kazahaya.network)
    with django_assert_num_queries(3):
        units.unit_tree(viewer, kazahaya.company, language="ja")
