"""Let parties into a case and out again: the wall moves with them, in one service."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, gettext_noop
from hikeshi.ledger.services import record
from hikeshi.organisation import services as organisation
from hikeshi.organisation.models import Account, Unit, WallMember
from hikeshi.organisation.queries import running
from hikeshi.organisation.viewer import Viewer
from hikeshi.stakeholders.models import Contact
from hikeshi.triage import rights
from hikeshi.triage.models import Case, CaseRole, Participant


def note_founders(*, case: Case, people: Iterable[tuple[Account, CaseRole]], at: datetime) -> None:
    """Write down as participants those around whom the wall was raised."""
    members: dict[int | None, WallMember] = {}
    if case.wall_id is not None:
        members = {
            member.account_id: member for member in WallMember.objects.filter(wall=case.wall)
        }
    Participant.objects.bulk_create(
        Participant(case=case, account=account, role=role, since=at, member=members.get(account.pk))
        for account, role in people
    )


def admit_participant(
    *,
    case: Case,
    role: CaseRole,
    by: Viewer,
    at: datetime,
    reason: str = "",
    account: Account | None = None,
    unit: Unit | None = None,
    contact: Contact | None = None,
    until: datetime | None = None,
) -> Participant:
    """Let a person, a unit or a contact take part, and inside the wall when there is one.

    reason: why they need to know; kept with the membership.
    until: when it ends by itself; a guest's should.
    Raises NotAllowed for who does not lead the case, AlreadyDone when they take part.
    """
    rights.require_lead(case, by)
    party = account or unit or contact
    if party is None or sum(one is not None for one in (account, unit, contact)) != 1:
        raise InputRefused(gettext_noop("Name one person, one unit or one contact."))
    if unit is not None and unit.company_id != case.company_id:
        raise Conflict(gettext_noop("The unit belongs to another company."))
    if contact is not None and contact.company_id != case.company_id:
        raise Conflict(gettext_noop("The contact belongs to another company."))
    try:
        with transaction.atomic():
            # Two at once would leave somebody taking part whom one dismissal sent away.
            Case.objects.select_for_update().get(pk=case.pk)
            if case.participants.filter(
                running(at), account=account, unit=unit, contact=contact
            ).exists():
                raise AlreadyDone(gettext_noop("They take part in this case already."))
            member = None
            if case.wall is not None and case.wall.ended_at is None:
                member = organisation.admit(
                    wall=case.wall, account=account, unit=unit, role="member", reason=reason,
                    party=("contact", contact.uid) if contact else None, until=until,
                    at=at, by=by.account,
                )  # fmt: skip
            participant = Participant.objects.create(
                case=case, account=account, unit=unit, contact=contact, role=role, member=member,
                since=at, until=until,
            )  # fmt: skip
            record(
                "case.participant_admitted", subject=case, by=by.account, at=at,
                after={**_named(participant), "reason": reason, "until": until},
            )  # fmt: skip
    except IntegrityError as error:
        raise AlreadyDone(gettext_noop("They take part in this case already.")) from error
    return participant


def dismiss_participant(
    *, participant: Participant, by: Viewer, at: datetime, reason: str = ""
) -> None:
    """Close the case to a party from now on; what they did stays on record.

    Raises Conflict for the owner, who must hand over first, and for the last person inside.
    """
    case = participant.case
    rights.require_lead(case, by)
    if participant.account_id is not None and participant.account_id == case.owner_id:
        raise Conflict(gettext_noop("The owner cannot leave; name another owner first."))
    with transaction.atomic():
        # A guest whose day to leave has not come may be sent away before it.
        taking_part = Participant.objects.filter(running(at), pk=participant.pk)
        left = taking_part.update(until=at)
        if not left:
            raise AlreadyDone(gettext_noop("They have left this case already."))
        if participant.member is not None:
            organisation.dismiss(member=participant.member, by=by.account, at=at)
        record(
            "case.participant_dismissed", subject=case, by=by.account, at=at,
            before={**_named(participant), "reason": reason},
        )  # fmt: skip
    participant.until = at


def _named(participant: Participant) -> dict[str, str]:
    kind, uid = party_of(participant)
    return {"party": kind, "uid": str(uid), "role": participant.role}


def party_of(participant: Participant) -> tuple[str, UUID]:
    """Return what kind of party it is, and its uid."""
    if participant.account is not None:
        return "account", participant.account.uid
    if participant.unit is not None:
        return "unit", participant.unit.uid
    assert participant.contact is not None  # noqa: S101  # participant_is_one_thing
    return "contact", participant.contact.uid
