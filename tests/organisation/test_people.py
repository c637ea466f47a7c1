"""Who may give, end and delegate roles, and change accounts as a whole."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hikeshi.core.errors import Conflict, InputRefused, NotAllowed, NotFound
from hikeshi.ledger.models import Event, OutboxMessage
from hikeshi.organisation import people, services
from hikeshi.organisation.links import link_from
from hikeshi.organisation.models import Account, Appointment
from hikeshi.organisation.roles import Permission, Role
from tests.builders import NOW, firm, person, seen_by

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
MONTH = NOW + timedelta(days=30)


def held(account: Account, **where: object) -> Appointment:
    return Appointment.objects.get(account=account, **where)


@pytest.mark.requirement("R008")
@pytest.mark.requirement("R004")
def test_a_person_holds_roles_in_several_teams_with_duty_and_load() -> None:
    kazahaya = firm()
    viewer = seen_by(kazahaya.admin)
    tanaka, _secret = people.invite_person(
        viewer=viewer, email="Tanaka@Kazahaya.example", name="田中", company=kazahaya.company,
        role=Role.DEVELOPER, unit=kazahaya.network, at=NOW, duty="concurrent", load_percent=20,
    )  # fmt: skip
    people.appoint_person(
        viewer=viewer, account=tanaka, company=kazahaya.company, role=Role.APPROVER,
        unit=kazahaya.control, at=NOW, duty="full_time", load_percent=80,
    )  # fmt: skip
    assert tanaka.email == "tanaka@kazahaya.example"
    assert set(
        Appointment.objects.filter(account=tanaka).values_list("unit_id", "duty", "load_percent")
    ) == {
        (kazahaya.network.pk, "concurrent", 20),
        (kazahaya.control.pk, "full_time", 80),
    }
    seen = seen_by(tanaka)
    assert seen.may(Permission.ASSESS, kazahaya.company.pk, kazahaya.network.pk)
    assert not seen.may(Permission.ASSESS, kazahaya.company.pk, kazahaya.control.pk)
    assert seen.may(Permission.APPROVE, kazahaya.company.pk, kazahaya.control.pk)


@pytest.mark.requirement("R013")
def test_the_head_of_a_unit_appoints_in_the_unit_and_nowhere_else() -> None:
    kazahaya = firm()
    head = person("head@kazahaya.example", kazahaya.company, Role.LEAD, unit=kazahaya.network)
    promoter = person("p@kazahaya.example", kazahaya.company, Role.READER)
    given = people.appoint_person(
        viewer=seen_by(head), account=promoter, company=kazahaya.company, role=Role.RESPONDER,
        unit=kazahaya.network, at=NOW, until=MONTH,
    )  # fmt: skip
    assert (given.since, given.until, given.appointed_by) == (NOW, MONTH, head)
    for unit in (None, kazahaya.control):
        with pytest.raises(NotAllowed):
            people.appoint_person(
                viewer=seen_by(head), account=promoter, company=kazahaya.company,
                role=Role.RESPONDER, unit=unit, at=NOW,
            )  # fmt: skip


def test_nobody_gives_or_ends_a_role_that_may_do_more_than_they() -> None:
    kazahaya = firm()
    lead = person("lead@kazahaya.example", kazahaya.company, Role.LEAD)
    for target in (lead, person("r@kazahaya.example", kazahaya.company, Role.READER)):
        with pytest.raises(NotAllowed, match="may do more than you"):
            people.appoint_person(
                viewer=seen_by(lead), account=target, company=kazahaya.company, role=Role.ADMIN,
                at=NOW,
            )  # fmt: skip
    with pytest.raises(NotAllowed, match="may do more than you"):
        people.end_role(viewer=seen_by(lead), appointment=held(kazahaya.admin), at=LATER)


def test_the_last_administrator_stays() -> None:
    kazahaya = firm()
    viewer = seen_by(kazahaya.admin)
    with pytest.raises(Conflict, match="last administrator"):
        people.end_role(viewer=viewer, appointment=held(kazahaya.admin), at=LATER)
    with pytest.raises(Conflict, match="last administrator"):
        people.change_role(viewer=viewer, appointment=held(kazahaya.admin), at=NOW, until=MONTH)
    other = person("second@kazahaya.example", kazahaya.company)
    people.end_role(viewer=viewer, appointment=held(kazahaya.admin), at=LATER)
    with pytest.raises(Conflict, match="last administrator"):
        people.end_role(
            viewer=seen_by(other, LATER), appointment=held(other), at=LATER + timedelta(hours=1)
        )


def test_a_guest_needs_an_end_that_can_be_moved_but_not_removed() -> None:
    kazahaya = firm()
    viewer = seen_by(kazahaya.admin)
    with pytest.raises(InputRefused, match="A guest needs a day"):
        people.invite_person(
            viewer=viewer, email="lab@lab.example", name="Lab", company=kazahaya.company,
            role=Role.GUEST, at=NOW,
        )  # fmt: skip
    assert not Account.objects.filter(email="lab@lab.example").exists()
    lab, _secret = people.invite_person(
        viewer=viewer, email="lab@lab.example", name="Lab", company=kazahaya.company,
        role=Role.GUEST, until=MONTH, at=NOW,
    )  # fmt: skip
    people.change_role(
        viewer=viewer, appointment=held(lab), at=NOW, until=MONTH + timedelta(days=30)
    )
    with pytest.raises(InputRefused, match="A guest needs a day"):
        people.change_role(viewer=viewer, appointment=held(lab), at=NOW, until=None)
    with pytest.raises(InputRefused, match="That day is past"):
        people.change_role(viewer=viewer, appointment=held(lab), at=LATER, until=NOW)


def test_a_stand_in_has_the_role_until_the_day_and_ends_with_it() -> None:
    kazahaya = firm()
    lead = person("lead@kazahaya.example", kazahaya.company, Role.LEAD)
    deputy = person("deputy@kazahaya.example", kazahaya.company, Role.READER)
    stand_in = people.delegate_role(
        viewer=seen_by(lead), appointment=held(lead), to=deputy, until=MONTH, at=NOW
    )
    company = kazahaya.company.pk
    assert seen_by(deputy).may(Permission.PUBLISH, company)
    assert not seen_by(deputy, MONTH).may(Permission.PUBLISH, company)
    with pytest.raises(Conflict, match="cannot pass it on"):
        people.delegate_role(
            viewer=seen_by(deputy), appointment=stand_in, to=kazahaya.admin, until=MONTH, at=NOW
        )
    people.end_role(viewer=seen_by(kazahaya.admin), appointment=held(lead), at=LATER)
    assert not seen_by(deputy, LATER).may(Permission.PUBLISH, company)


def test_a_colleague_cannot_delegate_somebody_elses_role_to_themselves() -> None:
    kazahaya = firm()
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    with pytest.raises(NotAllowed):
        people.delegate_role(
            viewer=seen_by(reader), appointment=held(kazahaya.admin), to=reader, until=MONTH, at=NOW
        )


def test_an_invitation_opens_the_account_once_and_is_on_record() -> None:
    kazahaya = firm()
    account, secret = people.invite_person(
        viewer=seen_by(kazahaya.admin), email="new@kazahaya.example", name="New",
        company=kazahaya.company, role=Role.READER, at=NOW,
    )  # fmt: skip
    assert secret is not None
    assert link_from(secret, at=NOW).account == account
    assert not account.has_usable_password()
    assert Event.objects.filter(name="account.invited", subject_uid=account.uid).count() == 1
    message = OutboxMessage.objects.for_system("test").get(kind="account.invitation")
    assert secret not in str(message.ids)


def test_a_known_address_gets_the_role_and_no_link() -> None:
    kazahaya, other = firm(), firm("other", "OT")
    account, secret = people.invite_person(
        viewer=seen_by(kazahaya.admin), email=other.admin.email, name="ignored",
        company=kazahaya.company, role=Role.READER, at=NOW,
    )  # fmt: skip
    assert (account, secret) == (other.admin, None)
    assert account.name == "admin"


def test_an_administrator_never_becomes_a_person_who_has_come() -> None:
    kazahaya = firm()
    viewer = seen_by(kazahaya.admin)
    account, _secret = people.invite_person(
        viewer=viewer, email="new@kazahaya.example", name="New", company=kazahaya.company,
        role=Role.READER, at=NOW,
    )  # fmt: skip
    assert people.invite_again(viewer=viewer, account=account, at=NOW) is not None
    services.raise_wall(company=kazahaya.company, members=[account], at=NOW, by=account)
    assert people.invite_again(viewer=viewer, account=account, at=NOW) is None
    Account.objects.filter(pk=account.pk).update(last_login=NOW)
    account.refresh_from_db()
    with pytest.raises(Conflict, match="have logged in before"):
        people.invite_again(viewer=viewer, account=account, at=NOW)


def test_an_account_is_changed_by_who_could_give_all_its_roles_alone() -> None:
    kazahaya, other = firm(), firm("other", "OT")
    shared = person("shared@group.example", kazahaya.company, Role.READER)
    services.appoint(account=shared, company=other.company, role=Role.READER, at=NOW)
    for admin in (kazahaya.admin, other.admin):
        with pytest.raises(NotAllowed, match="may do more than you"):
            people.set_enabled(viewer=seen_by(admin), account=shared, enabled=False, at=NOW)
    services.appoint(account=kazahaya.admin, company=other.company, role=Role.ADMIN, at=NOW)
    people.set_enabled(viewer=seen_by(kazahaya.admin), account=shared, enabled=False, at=NOW)
    shared.refresh_from_db()
    assert not shared.is_active
    assert seen_by(shared).account is None


def test_nobody_disables_themselves_and_the_same_twice_is_said() -> None:
    kazahaya = firm()
    viewer = seen_by(kazahaya.admin)
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    with pytest.raises(Conflict, match="your own account"):
        people.set_enabled(viewer=viewer, account=kazahaya.admin, enabled=False, at=NOW)
    with pytest.raises(Conflict, match="so already"):
        people.set_enabled(viewer=viewer, account=reader, enabled=True, at=NOW)


@pytest.mark.requirement("R178")
def test_an_account_ends_on_its_moment() -> None:
    kazahaya = firm()
    lab = person("lab@lab.example", kazahaya.company, Role.GUEST, until=MONTH)
    people.set_end(viewer=seen_by(kazahaya.admin), account=lab, expires_at=LATER, at=NOW)
    assert seen_by(lab, NOW).account == lab
    assert seen_by(lab, LATER).account is None


def test_people_of_other_companies_are_unknown() -> None:
    kazahaya, other = firm(), firm("other", "OT")
    with pytest.raises(NotFound):
        people.person_by_uid(seen_by(kazahaya.admin), other.admin.uid)
    with pytest.raises(NotFound):
        people.appointment_by_uid(seen_by(kazahaya.admin), held(other.admin).uid)


@pytest.mark.requirement("R012")
def test_who_proposes_reviews_and_approves_can_be_three_people() -> None:
    kazahaya = firm()
    steps = (Permission.PROPOSE, Permission.REVIEW, Permission.APPROVE)
    rights = {}
    for role in (Role.DEVELOPER, Role.RESPONDER, Role.EXECUTIVE):
        seen = seen_by(person(f"{role}@kazahaya.example", kazahaya.company, role))
        rights[role] = {step for step in steps if seen.may(step, kazahaya.company.pk)}
    assert rights == {
        Role.DEVELOPER: {Permission.PROPOSE},
        Role.RESPONDER: {Permission.PROPOSE, Permission.REVIEW},
        Role.EXECUTIVE: {Permission.APPROVE},
    }


def test_a_stand_in_neither_begins_before_the_role_nor_outlasts_it() -> None:
    kazahaya = firm()
    lead = person("lead@kazahaya.example", kazahaya.company, Role.READER)
    deputy = person("deputy@kazahaya.example", kazahaya.company, Role.READER)
    admin, tomorrow = seen_by(kazahaya.admin), NOW + timedelta(days=1)
    role = people.appoint_person(
        viewer=admin, account=lead, company=kazahaya.company, role=Role.LEAD, at=NOW,
        since=tomorrow,
    )  # fmt: skip
    stand_in = people.delegate_role(
        viewer=seen_by(lead), appointment=role, to=deputy, until=MONTH, at=NOW
    )
    assert not seen_by(deputy).may(Permission.APPROVE, kazahaya.company.pk)
    assert seen_by(deputy, tomorrow).may(Permission.APPROVE, kazahaya.company.pk)

    week = NOW + timedelta(days=7)
    people.change_role(viewer=admin, appointment=role, at=NOW, until=week)
    assert not seen_by(deputy, week).may(Permission.APPROVE, kazahaya.company.pk)
    stand_in.refresh_from_db()
    with pytest.raises(Conflict, match="ends before that day"):
        people.change_role(viewer=admin, appointment=stand_in, at=NOW, until=MONTH)

    people.end_role(viewer=admin, appointment=role, at=LATER)
    assert not seen_by(deputy, tomorrow).may(Permission.APPROVE, kazahaya.company.pk)


def test_the_account_of_the_last_administrator_gets_no_end() -> None:
    kazahaya = firm()
    viewer = seen_by(kazahaya.admin)
    with pytest.raises(Conflict, match="last administrator"):
        people.set_end(viewer=viewer, account=kazahaya.admin, expires_at=MONTH, at=NOW)
    other = person("other@kazahaya.example", kazahaya.company)
    people.set_end(viewer=viewer, account=other, expires_at=LATER, at=NOW)
    role = held(kazahaya.admin)
    with pytest.raises(Conflict, match="last administrator"):
        # The other one's account has ended by then.
        people.end_role(viewer=seen_by(kazahaya.admin, LATER), appointment=role, at=LATER)
