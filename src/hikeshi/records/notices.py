"""Tell people that a deadline comes near or has passed: written with the warning, sent after it.

1. Who is told: the owner of the matter, as its area names them. Where there is none who may see the
   clock, those inside its wall; without a wall, those who lead cases there. Silence is no answer.
2. One message for each warning and person: its key names clock, deadline, share and person, so that
   a warning taken up again after a crash tells nobody twice. A moved deadline warns anew.
3. The message holds ids. Its text is made when it is sent, from what the reader may see then.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from hikeshi.ledger.services import post
from hikeshi.organisation.models import Account, Appointment, WallMember
from hikeshi.organisation.queries import running, viewer_of
from hikeshi.organisation.roles import PERMISSIONS, Permission
from hikeshi.records.models import Clock
from hikeshi.records.rights import sees
from hikeshi.records.subjects import owner_of

CLOCK_WARNING: Final = "clock.warning"
# A matter without an owner is told to a few, not to a whole company.
MOST: Final = 20


def post_warning(*, clock: Clock, percent: int, at: datetime) -> int:
    """Post one message to each person who is to know of a warning; return how many.

    Call it inside the transaction that takes the warning.
    """
    told = people_to_tell(clock, at)
    for account in told:
        post(
            CLOCK_WARNING,
            key=f"clock/{clock.uid}/{clock.due_at:%Y%m%dT%H%M%S}/{percent}/{account.uid}",
            subject=clock, at=at, clock=clock.pk, account=account.pk, percent=percent,
        )  # fmt: skip
    return len(told)


def people_to_tell(clock: Clock, at: datetime) -> list[Account]:
    """Return who is to know that a clock runs out: rule 1."""
    owner = owner_of(clock.subject_kind, clock.subject_uid)
    if owner is not None and _seeing(clock, [owner], at):
        return [owner]
    if clock.wall is not None and clock.wall.ended_at is None:
        return _seeing(clock, _inside(clock, at), at)
    return [
        account
        for account in _seeing(clock, _leading(clock, at), at)
        if viewer_of(account, at).may(Permission.CASE_LEAD, clock.company_id, clock.unit_id)
    ][:MOST]


def _seeing(clock: Clock, accounts: Iterable[Account], at: datetime) -> list[Account]:
    return [one for one in accounts if one.is_active and sees(clock, viewer_of(one, at))]


def _inside(clock: Clock, at: datetime) -> list[Account]:
    """Return the people inside a clock's wall; those of its units where it names no person."""
    members = WallMember.objects.filter(running(at), wall=clock.wall_id)
    people = Account.objects.filter(pk__in=members.filter(account__isnull=False).values("account"))
    found = list(people.order_by("pk")[:MOST])
    if found:
        return found
    units = members.filter(unit__isnull=False).values("unit")
    held = Appointment.objects.filter(running(at), unit__in=units).values("account")
    return list(Account.objects.filter(pk__in=held).order_by("pk")[:MOST])


def _leading(clock: Clock, at: datetime) -> list[Account]:
    """Return who leads cases anywhere in a clock's company."""
    roles = [role.value for role, held in PERMISSIONS.items() if Permission.CASE_LEAD in held]
    held = Appointment.objects.filter(running(at), company=clock.company_id, role__in=roles)
    return list(Account.objects.filter(pk__in=held.values("account")).order_by("pk"))
