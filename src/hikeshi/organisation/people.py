"""What people do to accounts and roles, each act weighed against the rights of who does it.

The rule that keeps anybody from lifting themselves or a friend: a role may be given or ended by who
manages people there and holds every right of that role there. An account as a whole (disable,
extend, reset) may be changed by who could give every role it holds now, in all companies.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email
from django.db import transaction
from django.db.models import QuerySet

from hikeshi.core.errors import Conflict, InputRefused, NotAllowed, NotFound, gettext_noop
from hikeshi.organisation import journal, services
from hikeshi.organisation.links import INVITATION, able_to_log_in, issue_link
from hikeshi.organisation.models import (
    Account,
    Appointment,
    Company,
    OneTimeLink,
    Unit,
    Wall,
    WallKey,
    WallMember,
)
from hikeshi.organisation.queries import running, unended
from hikeshi.organisation.roles import PERMISSIONS, Permission, Role
from hikeshi.organisation.viewer import Viewer

EMAIL_LIMIT: Final = 254
OWN_SETTINGS: Final = ("name", "language", "zone", "theme", "density", "shortcuts")


def may_give(viewer: Viewer, role: Role, company_id: int, unit_id: int | None) -> bool:
    """Tell whether the viewer may give or end this role in this place."""
    needed = PERMISSIONS[role] | {Permission.PEOPLE_MANAGE}
    return all(viewer.may(permission, company_id, unit_id) for permission in needed)


def _require_may_give(viewer: Viewer, role: Role, company_id: int, unit_id: int | None) -> None:
    viewer.require(Permission.PEOPLE_MANAGE, company_id, unit_id)
    if not may_give(viewer, role, company_id, unit_id):
        raise NotAllowed(
            gettext_noop("You cannot give or end a role that may do more than you may here.")
        )


def appointments_seen_by(viewer: Viewer) -> QuerySet[Appointment]:
    """Select the appointments, past ones too, in companies of the viewer."""
    return Appointment.objects.filter(company_id__in=viewer.company_ids())


def people_ever_of(viewer: Viewer) -> QuerySet[Account]:
    """Select the people who hold or held a role in a company of the viewer."""
    known = appointments_seen_by(viewer).values("account_id")
    return Account.objects.filter(pk__in=known)


def clean_email(text: str) -> str:
    """Return a mail address as we keep it. Raises InputRefused for what is none."""
    email = text.strip().lower()
    try:
        validate_email(email)
        MaxLengthValidator(EMAIL_LIMIT)(email)
    except ValidationError as error:
        raise InputRefused(
            gettext_noop("“%(text)s” is no mail address."), text=text[:EMAIL_LIMIT]
        ) from error
    return email


def person_by_uid(viewer: Viewer, uid: UUID | str) -> Account:
    """Return a person who holds or held a role in a company of the viewer. Raises NotFound."""
    found = people_ever_of(viewer).filter(uid=uid).first()
    if found is None:
        raise NotFound(gettext_noop("There is no such person."))
    return found


def appointment_by_uid(viewer: Viewer, uid: UUID | str) -> Appointment:
    """Return an appointment in a company of the viewer. Raises NotFound."""
    found = (
        appointments_seen_by(viewer)
        .filter(uid=uid)
        .select_related("company", "unit", "account")
        .first()
    )
    if found is None:
        raise NotFound(gettext_noop("There is no such appointment."))
    return found


def appoint_person(
    *,
    viewer: Viewer,
    account: Account,
    company: Company,
    role: Role,
    at: datetime,
    unit: Unit | None = None,
    until: datetime | None = None,
    **details: Any,
) -> Appointment:
    """Give a person a role. Raises NotAllowed, Conflict for a closed unit, and as ``appoint``."""
    _require_may_give(viewer, role, company.pk, unit.pk if unit else None)
    if unit is not None and unit.closed_at is not None:
        raise Conflict(gettext_noop("That unit is closed; choose an open one."))
    return services.appoint(
        account=account, company=company, role=role, unit=unit, until=until,
        at=at, by=viewer.account, **details,
    )  # fmt: skip


def change_role(
    *, viewer: Viewer, appointment: Appointment, at: datetime, **changes: Any
) -> Appointment:
    """Change duty, load or end of a running role; the role itself is ended and given anew.

    Whoever stands in for the role does so no longer than it lasts.
    Raises NotAllowed, Conflict for a role that has ended and for a stand-in that would outlast its
    role, InputRefused for a guest without an end or an end that is past.
    """
    role = Role(appointment.role)
    _require_may_give(viewer, role, appointment.company_id, appointment.unit_id)
    until = changes.get("until", appointment.until)
    if appointment.until is not None and appointment.until <= at:
        raise Conflict(gettext_noop("This role has ended already."))
    if role is Role.GUEST and until is None:
        raise InputRefused(gettext_noop("A guest needs a day on which access ends."))
    if until is not None and until <= at:
        raise InputRefused(gettext_noop("That day is past; end the role instead."))
    if until is not None and until <= appointment.since:
        raise InputRefused(gettext_noop("The role would end before it starts; choose a later day."))
    whole = appointment.delegate_of.until if appointment.delegate_of is not None else None
    if whole is not None and (until is None or until > whole):
        raise Conflict(gettext_noop("The role itself ends before that day."))
    before = {field: getattr(appointment, field) for field in changes}
    with transaction.atomic():
        if until is not None and role is Role.ADMIN and appointment.unit_id is None:
            services.keep_an_administrator(appointment, at)
        Appointment.objects.filter(pk=appointment.pk).update(**changes)
        journal.record(
            "appointment.changed", subject=appointment, company=appointment.company,
            unit=appointment.unit, by=viewer.account, at=at, before=before, after=changes,
        )  # fmt: skip
        if until is not None:
            _shorten_stand_ins(appointment, until, viewer, at)
    appointment.refresh_from_db()
    return appointment


def _shorten_stand_ins(
    appointment: Appointment, until: datetime, viewer: Viewer, at: datetime
) -> None:
    for held in Appointment.objects.filter(delegate_of=appointment, until__gt=until):
        ends = max(until, held.since)
        Appointment.objects.filter(pk=held.pk).update(until=ends)
        journal.record(
            "appointment.changed", subject=held, company=appointment.company,
            unit=appointment.unit, by=viewer.account, at=at,
            before={"until": held.until}, after={"until": ends},
        )  # fmt: skip


def delegate_role(
    *, viewer: Viewer, appointment: Appointment, to: Account, until: datetime, at: datetime
) -> Appointment:
    """Let another person stand in for a role until a day; its holder or a manager may do so.

    They stand in from now on, or from when the role begins.
    Raises Conflict when the role has ended, or ends before that day.
    """
    if appointment.account_id != viewer.account_id:
        role = Role(appointment.role)
        _require_may_give(viewer, role, appointment.company_id, appointment.unit_id)
    if appointment.delegate_of_id is not None:
        raise Conflict(gettext_noop("Who stands in for somebody cannot pass it on."))
    if appointment.until is not None and appointment.until < until:
        raise Conflict(gettext_noop("The role itself ends before that day."))
    if to.pk == appointment.account_id:
        raise Conflict(gettext_noop("They hold this role themselves."))
    return services.appoint(
        account=to, company=appointment.company, role=Role(appointment.role),
        unit=appointment.unit, since=max(at, appointment.since), until=until, at=at,
        by=viewer.account, delegate_of=appointment,
    )  # fmt: skip


def end_role(*, viewer: Viewer, appointment: Appointment, at: datetime) -> None:
    """End a role and whoever stands in for it. Raises NotAllowed, Conflict as the service does."""
    _require_may_give(viewer, Role(appointment.role), appointment.company_id, appointment.unit_id)
    if appointment.until is not None and appointment.until <= at:
        raise Conflict(gettext_noop("This role has ended already."))
    with transaction.atomic():
        services.end_appointment(appointment=appointment, by=viewer.account, at=at)
        for delegate in Appointment.objects.filter(unended(at), delegate_of=appointment):
            services.end_appointment(appointment=delegate, by=viewer.account, at=at)


def invite_person(
    *,
    viewer: Viewer,
    email: str,
    name: str,
    company: Company,
    role: Role,
    at: datetime,
    unit: Unit | None = None,
    until: datetime | None = None,
    language: str = "",
    **details: Any,
) -> tuple[Account, str | None]:
    """Give a role to the person with this address, making an account and a link where needed.

    Returns the account and the secret of its one-time link; None when they can log in already. The
    link also goes by mail. Raises as ``appoint_person``.
    """
    _require_may_give(viewer, role, company.pk, unit.pk if unit else None)
    with transaction.atomic():
        account = Account.objects.filter(email=email.strip().lower()).first()
        is_new = account is None
        if account is None:
            account = services.create_account(
                email=email,
                name=name,
                at=at,
                by=viewer.account,
                language=language or (company.languages or ["en"])[0],
                zone=company.zone,
                realm=company.realm,
            )
        appoint_person(
            viewer=viewer, account=account, company=company, role=role, unit=unit,
            until=until, at=at, **details,
        )  # fmt: skip
        if not is_new:
            return account, None
        link, secret = issue_link(purpose=INVITATION, account=account, by=viewer.account, at=at)
        _send_invitation(link, account, company, viewer, at)
    return account, secret


def invite_again(*, viewer: Viewer, account: Account, at: datetime) -> str | None:
    """Send a new invitation to somebody who has not come yet.

    Returns the link's secret, to be handed over where mail does not work; None for a person who is
    inside a wall already, since whoever holds the link can be that person.
    Raises Conflict for somebody who has logged in before: they reset their password by mail, so
    that no administrator becomes them.
    """
    company = _require_may_change(viewer, account, at)
    if account.last_login is not None:
        raise Conflict(
            gettext_noop("They have logged in before. “Password forgotten” helps them by mail.")
        )
    with transaction.atomic():
        link, secret = issue_link(purpose=INVITATION, account=account, by=viewer.account, at=at)
        _send_invitation(link, account, company, viewer, at)
    inside = WallMember.objects.filter(running(at), account=account).exists()
    return None if inside else secret


def _send_invitation(
    link: OneTimeLink, account: Account, company: Company, viewer: Viewer, at: datetime
) -> None:
    journal.record("account.invited", subject=account, company=company, by=viewer.account, at=at)
    journal.post(
        "account.invitation", key=f"invitation/{link.uid}", company=company, realm=account.realm,
        at=at, link=link.pk,
    )  # fmt: skip


def set_enabled(*, viewer: Viewer, account: Account, enabled: bool, at: datetime) -> None:
    """Disable an account, or enable it again.

    Raises NotAllowed; Conflict for oneself, and for the last who administers a company or who is
    inside a wall.
    """
    company = _require_may_change(viewer, account, at)
    if account.pk == viewer.account_id:
        raise Conflict(gettext_noop("You cannot disable your own account; ask another."))
    if account.is_active == enabled:
        raise Conflict(gettext_noop("It is so already."))
    with transaction.atomic():
        if not enabled:
            _keep_an_administrator(account, at)
            _keep_somebody_inside(account, at)
        Account.objects.filter(pk=account.pk).update(is_active=enabled)
        name = "account.enabled" if enabled else "account.disabled"
        journal.record(name, subject=account, company=company, by=viewer.account, at=at)
    account.is_active = enabled


def set_end(*, viewer: Viewer, account: Account, expires_at: datetime | None, at: datetime) -> None:
    """Change the moment on which an account ends; None for no end (R178).

    Raises NotAllowed; Conflict for an end that would leave a company without an administrator or a
    wall without anybody inside.
    """
    company = _require_may_change(viewer, account, at)
    before = account.expires_at
    with transaction.atomic():
        if expires_at is not None and (before is None or expires_at < before):
            _keep_an_administrator(account, at)
            _keep_somebody_inside(account, max(at, expires_at))
        Account.objects.filter(pk=account.pk).update(expires_at=expires_at)
        journal.record(
            "account.extended", subject=account, company=company, by=viewer.account, at=at,
            before={"expires_at": before}, after={"expires_at": expires_at},
        )  # fmt: skip
    account.expires_at = expires_at


def reset_factors(*, viewer: Viewer, account: Account, at: datetime) -> int:
    """Remove a person's second factors and passkeys, because they are lost; return how many."""
    company = _require_may_change(viewer, account, at)
    with transaction.atomic():
        removed, _by_model = Authenticator.objects.filter(user_id=account.pk).delete()
        journal.record(
            "account.factors_reset", subject=account, company=company, by=viewer.account, at=at,
            after={"removed": removed},
        )  # fmt: skip
    return int(removed)


def change_own_settings(*, account: Account, at: datetime, **changes: Any) -> Account:
    """Change how pages look and speak to oneself, or put the first steps away."""
    assert set(changes) <= {*OWN_SETTINGS, "first_steps_hidden"}  # noqa: S101  # the form offers no others
    before = {field: getattr(account, field) for field in changes}
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(**changes)
        journal.record(
            "account.changed", subject=account, by=account, at=at, before=before, after=changes
        )
    account.refresh_from_db()
    return account


def welcome(
    *, account: Account, name: str, password: str | None, language: str, at: datetime
) -> None:
    """Take in who came by an invitation; without a password they add a passkey next."""
    with transaction.atomic():
        account.name = name.strip()
        account.language = language
        account.set_password(password)
        account.save(update_fields=["name", "language", "password"])
        journal.record(
            "account.welcomed", subject=account, by=account, at=at, after={"name": account.name}
        )


def may_change(viewer: Viewer, account: Account, at: datetime) -> bool:
    """Tell whether the viewer may change the account as a whole."""
    return _company_to_change_in(viewer, account, at) is not None


def _require_may_change(viewer: Viewer, account: Account, at: datetime) -> Company:
    """Return a company in which the viewer may change the account as a whole.

    Raises NotAllowed when it holds a role that they could not give.
    """
    company = _company_to_change_in(viewer, account, at)
    if company is None:
        raise NotAllowed(
            gettext_noop("You cannot change the account of a person who may do more than you.")
        )
    return company


def _company_to_change_in(viewer: Viewer, account: Account, at: datetime) -> Company | None:
    rows = Appointment.objects.filter(account=account).select_related("company")
    held = list(rows.filter(running(at)))
    if not held:
        # Nothing runs any more: who could give what they last held here may.
        held = list(rows.filter(company_id__in=viewer.company_ids()).order_by("-pk")[:1])
    if not held or not all(
        may_give(viewer, Role(row.role), row.company_id, row.unit_id) for row in held
    ):
        return None
    return held[0].company


def _keep_an_administrator(account: Account, at: datetime) -> None:
    """Raise Conflict when a company would be left without an administrator who can log in."""
    mine = Appointment.objects.filter(
        running(at), account=account, role=Role.ADMIN.value, unit__isnull=True
    )
    for company_id in mine.values_list("company_id", flat=True):
        Company.objects.select_for_update().get(pk=company_id)
        others = Appointment.objects.filter(
            running(at), company_id=company_id, role=Role.ADMIN.value, unit__isnull=True,
            account__in=able_to_log_in(at),
        ).exclude(account=account)  # fmt: skip
        if not others.exists():
            raise Conflict(
                gettext_noop("This is the last administrator; appoint another one first.")
            )


def _keep_somebody_inside(account: Account, at: datetime) -> None:
    """Raise Conflict when what lies behind a wall could be opened by nobody any more.

    The rule of ``services.dismiss``. It tells an administrator that there is a wall, not which.
    """
    inside = WallMember.objects.filter(running(at), wall__ended_at__isnull=True)
    shredded = WallKey.objects.filter(shredded_at__isnull=False).values("wall")
    mine = inside.filter(account=account, account__in=able_to_log_in(at)).values("wall")
    walls = Wall.objects.filter(pk__in=mine).exclude(pk__in=shredded).order_by("pk")
    # Locked, so that of two who are the last inside not both are disabled at once.
    held = {wall.pk for wall in walls.select_for_update()}
    others = inside.filter(wall__in=held, account__in=able_to_log_in(at)).exclude(account=account)
    if held - set(others.values_list("wall_id", flat=True)):
        raise Conflict(
            gettext_noop(
                "%(name)s is the last person inside a wall. Have another person let in first, or "
                "nobody could open what lies behind it."
            ),
            name=account.name or account.email,
        )
