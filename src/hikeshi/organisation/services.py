"""Change the organisation: companies, units, people, walls, numbers."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, Stale, gettext_noop
from hikeshi.organisation import journal, keys
from hikeshi.organisation.links import able_to_log_in
from hikeshi.organisation.models import (
    Account,
    Appointment,
    Company,
    NumberSeries,
    Unit,
    UnitEdge,
    Wall,
    WallMember,
)
from hikeshi.organisation.queries import running, unended, unit_parents, units_below
from hikeshi.organisation.roles import Role
from hikeshi.organisation.sealed import seal


def found_company(
    *,
    slug: str,
    name: Mapping[str, str],
    prefix: str,
    at: datetime,
    by: Account | None = None,
    **settings: Any,
) -> Company:
    """Set up a company and its first key.

    name: ``{language: text}``. settings: further fields of Company.
    prefix: starts every number of the company; no other company has it.
    Raises AlreadyDone when the short name or the prefix is taken.
    """
    prefix = prefix.upper()
    settings.setdefault("languages", ["ja", "en"])
    try:
        with transaction.atomic():
            company = Company.objects.create(
                slug=slug, name=dict(name), prefix=prefix, created_at=at, **settings
            )
            keys.open_company_key(company)
            journal.record(
                "company.founded",
                subject=company,
                company=company,
                by=by,
                at=at,
                after={"slug": slug, "name": dict(name)},
            )
    except IntegrityError as error:
        if not Company.objects.filter(slug=slug).exists():
            raise AlreadyDone(
                gettext_noop("Another company's numbers start with %(prefix)s; choose another."),
                prefix=prefix,
            ) from error
        raise AlreadyDone(
            gettext_noop("A company with the short name “%(slug)s” exists already."), slug=slug
        ) from error
    return company


def change_company(
    *, company: Company, by: Account, at: datetime, revision: int, **changes: Any
) -> Company:
    """Change a company's settings; ``revision`` is the one the person saw.

    Raises Stale when somebody saved in between.
    """
    before = {field: getattr(company, field) for field in changes}
    with transaction.atomic():
        saved = Company.objects.filter(pk=company.pk, revision=revision).update(
            revision=revision + 1, **changes
        )
        if not saved:
            raise Stale(gettext_noop("Somebody else changed this company meanwhile."))
        journal.record(
            "company.changed",
            subject=company,
            company=company,
            by=by,
            at=at,
            before=before,
            after=changes,
        )
    company.refresh_from_db()
    return company


def create_unit(
    *,
    company: Company,
    name: Mapping[str, str],
    at: datetime,
    by: Account | None = None,
    parent: Unit | None = None,
    **settings: Any,
) -> Unit:
    """Create a unit below a parent, or at the top of the company.

    Raises Conflict when the parent belongs to another company.
    """
    if parent is not None and parent.company_id != company.pk:
        raise Conflict(gettext_noop("A unit cannot hang below a unit of another company."))
    with transaction.atomic():
        unit = Unit.objects.create(company=company, name=dict(name), created_at=at, **settings)
        UnitEdge.objects.create(unit=unit, parent=parent, since=at)
        journal.record(
            "unit.created",
            subject=unit,
            company=company,
            unit=unit,
            by=by,
            at=at,
            after={"name": dict(name), "parent": str(parent.uid) if parent else None},
        )
    return unit


def change_unit(*, unit: Unit, by: Account, at: datetime, revision: int, **changes: Any) -> Unit:
    """Change a unit's own fields; where it hangs is ``move_unit``."""
    before = {field: getattr(unit, field) for field in changes}
    with transaction.atomic():
        saved = Unit.objects.filter(pk=unit.pk, revision=revision).update(
            revision=revision + 1, **changes
        )
        if not saved:
            raise Stale(gettext_noop("Somebody else changed this unit meanwhile."))
        journal.record(
            "unit.changed",
            subject=unit,
            company=unit.company,
            unit=unit,
            by=by,
            at=at,
            before={k: str(v) for k, v in before.items()},
            after={k: str(v) for k, v in changes.items()},
        )
    unit.refresh_from_db()
    return unit


def move_unit(*, unit: Unit, parent: Unit | None, by: Account | None, at: datetime) -> UnitEdge:
    """Hang a unit elsewhere from now on; where it hung before stays on record (R006).

    Raises Conflict for a parent of another company or below the unit itself.
    """
    with transaction.atomic():
        # Locking the company's row makes two moves that together form a ring wait for each other.
        Company.objects.select_for_update().get(pk=unit.company_id)
        if parent is not None:
            if parent.company_id != unit.company_id:
                raise Conflict(gettext_noop("A unit cannot hang below a unit of another company."))
            if parent.pk in units_below(unit_parents([unit.company_id], at), unit.pk):
                raise Conflict(gettext_noop("A unit cannot hang below itself."))
        open_edge = UnitEdge.objects.get(unit=unit, until__isnull=True)
        if open_edge.since >= at:
            raise Conflict(gettext_noop("The unit was moved at this very moment; try again."))
        open_edge.until = at
        open_edge.save(update_fields=["until"])
        edge = UnitEdge.objects.create(unit=unit, parent=parent, since=at)
        journal.record(
            "unit.moved",
            subject=unit,
            company=unit.company,
            unit=unit,
            by=by,
            at=at,
            before={"parent_id": open_edge.parent_id},
            after={"parent_id": edge.parent_id},
        )
    return edge


def create_account(
    *,
    email: str,
    name: str,
    at: datetime,
    by: Account | None = None,
    password: str | None = None,
    **settings: Any,
) -> Account:
    """Create an account; without a password it logs in by a link or a passkey only.

    Raises AlreadyDone when the address is taken.
    """
    account = Account(email=email.strip().lower(), name=name.strip(), created_at=at, **settings)
    account.set_password(password)
    try:
        with transaction.atomic():
            account.save(force_insert=True)
            journal.record("account.created", subject=account, by=by, at=at)
    except IntegrityError as error:
        raise AlreadyDone(
            gettext_noop("An account for %(email)s exists already."), email=account.email
        ) from error
    return account


def appoint(
    *,
    account: Account,
    company: Company,
    role: Role,
    at: datetime,
    by: Account | None = None,
    unit: Unit | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    **details: Any,
) -> Appointment:
    """Give a person a dated role in a company or unit.

    since: a moment to come; None for now.
    Raises InputRefused for a guest without an end, for a start that is past (it would change who
    could do what in the past) and for an end before the start, Conflict for a unit of another
    company.
    """
    since = since or at
    if since < at:
        raise InputRefused(gettext_noop("A role cannot start in the past; choose today or later."))
    if role is Role.GUEST and until is None:
        raise InputRefused(gettext_noop("A guest needs a day on which access ends."))
    if until is not None and until <= since:
        raise InputRefused(gettext_noop("The role would end before it starts; choose a later day."))
    if unit is not None and unit.company_id != company.pk:
        raise Conflict(gettext_noop("The unit belongs to another company."))
    with transaction.atomic():
        appointment = Appointment.objects.create(
            account=account, company=company, unit=unit, role=role.value, since=since, until=until,
            appointed_by=by, **details,
        )  # fmt: skip
        journal.record(
            "appointment.made",
            subject=appointment,
            company=company,
            unit=unit,
            by=by,
            at=at,
            after={"account": str(account.uid), "role": role.value, "since": since, "until": until},
        )
    return appointment


def end_appointment(*, appointment: Appointment, by: Account | None, at: datetime) -> None:
    """End a role now; the row stays as history. One that has not begun never counts.

    Raises Conflict for the last administrator of a company: nobody could appoint another.
    """
    with transaction.atomic():
        if appointment.role == Role.ADMIN.value and appointment.unit_id is None:
            keep_an_administrator(appointment, at)
        appointment.until = max(at, appointment.since)
        appointment.save(update_fields=["until"])
        journal.record(
            "appointment.ended",
            subject=appointment,
            company=appointment.company,
            unit=appointment.unit,
            by=by,
            at=at,
        )


def keep_an_administrator(appointment: Appointment, at: datetime) -> None:
    """Raise Conflict when nobody else administers the company; call it inside a transaction."""
    Company.objects.select_for_update().get(pk=appointment.company_id)
    others = Appointment.objects.filter(
        running(at), company=appointment.company, role=Role.ADMIN.value, unit__isnull=True,
        until__isnull=True, account__in=able_to_log_in(at),
    ).exclude(pk=appointment.pk)  # fmt: skip
    if not others.exists():
        raise Conflict(gettext_noop("This is the last administrator; appoint another one first."))


def raise_wall(
    *,
    company: Company,
    members: list[Account],
    at: datetime,
    by: Account | None,
    reason: str = "embargo",
) -> Wall:
    """Raise a wall with its own key around its first members."""
    with transaction.atomic():
        wall = Wall.objects.create(company=company, opened_at=at, reason=reason)
        keys.make_wall_key(wall)
        WallMember.objects.bulk_create(
            WallMember(wall=wall, account=member, since=at, role="founder")
            for member in {member.pk: member for member in members}.values()
        )
        journal.record("wall.raised", subject=wall, company=company, wall=wall, by=by, at=at)
    return wall


def admit(
    *,
    wall: Wall,
    at: datetime,
    by: Account | None,
    account: Account | None = None,
    unit: Unit | None = None,
    party: tuple[str, Any] | None = None,
    reason: str = "",
    role: str = "member",
    until: datetime | None = None,
) -> WallMember:
    """Let a person, a unit or an outside party inside a wall.

    Raises AlreadyDone when they are inside, also when they are until a day; Conflict when the wall
    has ended.
    """
    if wall.ended_at is not None:
        raise Conflict(gettext_noop("The wall has ended; nobody needs to be admitted any more."))
    try:
        with transaction.atomic():
            # Two memberships at once would leave somebody inside whom one of them sent away.
            Wall.objects.select_for_update().get(pk=wall.pk)
            if WallMember.objects.filter(
                running(at), wall=wall, account=account, unit=unit,
                party_uid=party[1] if party else None,
            ).exists():  # fmt: skip
                raise AlreadyDone(gettext_noop("They are inside this wall already."))
            member = WallMember.objects.create(
                wall=wall, account=account, unit=unit, party_kind=party[0] if party else "",
                party_uid=party[1] if party else None, reason=seal(reason, wall), role=role,
                since=at,
                until=until,
            )  # fmt: skip
            journal.record(
                "wall.admitted",
                subject=wall,
                company=wall.company,
                wall=wall,
                by=by,
                at=at,
                after={
                    "account": str(account.uid) if account else None,
                    "unit": str(unit.uid) if unit else None,
                    "party": [party[0], str(party[1])] if party else None,
                    "reason": reason,
                },
            )
    except IntegrityError as error:
        raise AlreadyDone(gettext_noop("They are inside this wall already.")) from error
    return member


def dismiss(*, member: WallMember, by: Account | None, at: datetime) -> None:
    """Close a wall to somebody from now on.

    Raises Conflict for the last person inside who can log in: nobody could open the case any more;
    AlreadyDone for who has left: when they did stays on record.
    """
    with transaction.atomic():
        wall = Wall.objects.select_for_update().get(pk=member.wall_id)
        others = WallMember.objects.filter(
            running(at), wall=wall, account__in=able_to_log_in(at)
        ).exclude(pk=member.pk)
        if not others.exists():
            raise Conflict(gettext_noop("The last person inside a wall cannot leave it."))
        if not WallMember.objects.filter(unended(at), pk=member.pk).update(until=at):
            raise AlreadyDone(gettext_noop("They have left this wall already."))
        member.until = at
        journal.record(
            "wall.dismissed",
            subject=wall,
            company=wall.company,
            wall=wall,
            by=by,
            at=at,
            before={"member": member.pk},
        )


def end_wall(*, wall: Wall, by: Account | None, at: datetime) -> bool:
    """End a wall because its matter is public; return whether this call ended it."""
    with transaction.atomic():
        ended = Wall.objects.filter(pk=wall.pk, ended_at__isnull=True).update(ended_at=at)
        if ended:
            journal.record(
                "wall.ended", subject=wall, company=wall.company, wall=wall, by=by, at=at
            )
            wall.ended_at = at
    return bool(ended)


def next_number(*, company: Company, series: str) -> int:
    """Give the next number of a series, for good only with the transaction that uses it."""
    return next_numbers(company=company, series=series, count=1)[0]


def next_numbers(*, company: Company, series: str, count: int) -> list[int]:
    """Give the next numbers of a series, rising, for good only with the transaction that uses them.

    Numbers rise by a random step of 1 to 9: were they consecutive, a gap would betray a walled
    record to whoever sees its neighbours.
    """
    dice = random.SystemRandom()
    with transaction.atomic():
        # The lock needs a transaction: without one, two callers would read the same number.
        row, _made = NumberSeries.objects.select_for_update().get_or_create(
            company=company, series=series
        )
        given = []
        for _ in range(count):
            row.last += dice.randint(1, 9)
            given.append(row.last)
        row.save(update_fields=["last"])
    return given
