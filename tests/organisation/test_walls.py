"""The wall in the data layer, shown on the audit events, which are walled rows."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hikeshi.core.errors import AlreadyDone, Conflict
from hikeshi.ledger.models import Event
from hikeshi.organisation import people, services
from hikeshi.organisation.models import WallKey, WallMember
from hikeshi.organisation.roles import Role
from hikeshi.organisation.viewer import anonymous
from tests.builders import NOW, firm, person, seen_by

pytestmark = pytest.mark.django_db


def test_a_walled_row_is_seen_by_wall_members_alone() -> None:
    kazahaya = firm()
    insider = person("in@kazahaya.example", kazahaya.company, Role.READER)
    wall = services.raise_wall(
        company=kazahaya.company, members=[insider], at=NOW, by=kazahaya.admin
    )
    walled = Event.objects.filter(wall=wall)
    assert walled.visible_to(seen_by(insider)).count() == 1
    assert walled.visible_to(seen_by(kazahaya.admin)).count() == 0
    assert walled.visible_to(anonymous(NOW)).count() == 0


def test_an_ended_wall_hides_nothing_from_those_in_scope() -> None:
    kazahaya, other = firm(), firm("other", "OT")
    insider = person("in@kazahaya.example", kazahaya.company, Role.READER)
    wall = services.raise_wall(company=kazahaya.company, members=[insider], at=NOW, by=insider)
    assert services.end_wall(wall=wall, by=insider, at=NOW) is True
    assert services.end_wall(wall=wall, by=insider, at=NOW) is False
    walled = Event.objects.filter(wall=wall)
    assert walled.visible_to(seen_by(kazahaya.admin)).count() == 2
    assert walled.visible_to(seen_by(other.admin)).count() == 0


def test_a_membership_of_a_wall_ends_on_its_day() -> None:
    kazahaya = firm()
    guest = person("lab@lab.example", kazahaya.company, Role.GUEST, until=NOW + timedelta(days=30))
    wall = services.raise_wall(
        company=kazahaya.company, members=[kazahaya.admin], at=NOW, by=kazahaya.admin
    )
    services.admit(
        wall=wall, account=guest, at=NOW, by=kazahaya.admin, until=NOW + timedelta(days=7)
    )
    walled = Event.objects.filter(wall=wall)
    assert walled.visible_to(seen_by(guest)).exists()
    assert not walled.visible_to(seen_by(guest, NOW + timedelta(days=7))).exists()


def test_a_unit_sees_its_own_rows_and_those_of_units_below() -> None:
    kazahaya = firm()
    plant = services.create_unit(
        company=kazahaya.company, name={"ja": "小諸工場"}, at=NOW, parent=kazahaya.network
    )
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER, unit=kazahaya.network)
    seen = Event.objects.filter(name="unit.created").visible_to(seen_by(reader))
    assert set(seen.values_list("unit_id", flat=True)) == {kazahaya.network.pk, plant.pk}


def test_who_is_inside_until_a_day_is_not_let_in_twice_and_can_be_sent_away() -> None:
    kazahaya = firm()
    guest = person("lab@lab.example", kazahaya.company, Role.GUEST, until=NOW + timedelta(days=30))
    wall = services.raise_wall(
        company=kazahaya.company, members=[kazahaya.admin], at=NOW, by=kazahaya.admin
    )
    week, later = NOW + timedelta(days=7), NOW + timedelta(hours=1)
    member = services.admit(wall=wall, account=guest, at=NOW, by=kazahaya.admin, until=week)
    with pytest.raises(AlreadyDone, match="inside this wall already"):
        services.admit(wall=wall, account=guest, at=NOW, by=kazahaya.admin)
    services.dismiss(member=member, by=kazahaya.admin, at=later)
    assert not Event.objects.filter(wall=wall).visible_to(seen_by(guest, later)).exists()
    with pytest.raises(AlreadyDone, match="left this wall already"):
        services.dismiss(member=member, by=kazahaya.admin, at=week)
    member.refresh_from_db()
    assert member.until == later, "when they left stays on record"


def test_the_last_person_inside_who_can_log_in_cannot_leave() -> None:
    kazahaya = firm()
    gone = person("gone@kazahaya.example", kazahaya.company, Role.READER)
    wall = services.raise_wall(
        company=kazahaya.company, members=[kazahaya.admin, gone], at=NOW, by=kazahaya.admin
    )
    people.set_enabled(viewer=seen_by(kazahaya.admin), account=gone, enabled=False, at=NOW)
    last = WallMember.objects.get(wall=wall, account=kazahaya.admin)
    with pytest.raises(Conflict, match="last person"):
        services.dismiss(member=last, by=kazahaya.admin, at=NOW)


def test_the_account_of_the_last_person_inside_is_neither_disabled_nor_ended() -> None:
    kazahaya = firm()
    admin = seen_by(kazahaya.admin)
    last = person("last@kazahaya.example", kazahaya.company, Role.READER)
    other = person("other@kazahaya.example", kazahaya.company, Role.READER)
    week = NOW + timedelta(days=7)
    wall = services.raise_wall(company=kazahaya.company, members=[last], at=NOW, by=last)
    until = NOW + timedelta(days=3)
    services.admit(wall=wall, account=other, at=NOW, by=last, until=until)
    people.set_end(viewer=admin, account=last, expires_at=until - timedelta(days=1), at=NOW)
    people.set_end(viewer=admin, account=last, expires_at=None, at=NOW)
    with pytest.raises(Conflict, match=r"last is the last person inside a wall.*let in first"):
        # The other one has left by then.
        people.set_end(viewer=admin, account=last, expires_at=week, at=NOW)
    people.set_enabled(viewer=admin, account=other, enabled=False, at=NOW)
    with pytest.raises(Conflict, match="last person inside"):
        people.set_enabled(viewer=admin, account=last, enabled=False, at=NOW)
    last.refresh_from_db()
    assert last.is_active
    assert last.expires_at is None

    services.admit(wall=wall, account=kazahaya.admin, at=NOW, by=last)
    people.set_enabled(viewer=admin, account=last, enabled=False, at=NOW)


def test_nothing_keeps_the_last_person_once_a_wall_has_ended_or_was_shredded() -> None:
    kazahaya = firm()
    last = person("last@kazahaya.example", kazahaya.company, Role.READER)
    ended, shredded = (
        services.raise_wall(company=kazahaya.company, members=[last], at=NOW, by=last)
        for _ in range(2)
    )
    services.end_wall(wall=ended, by=last, at=NOW)
    WallKey.objects.filter(wall=shredded).update(wrapped=None, shredded_at=NOW)
    people.set_enabled(viewer=seen_by(kazahaya.admin), account=last, enabled=False, at=NOW)
