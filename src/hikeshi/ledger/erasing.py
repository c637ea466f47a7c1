"""Erase what events say before and after, or hold it for a court; the events themselves stay."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import models, transaction

from hikeshi.core.errors import Conflict, gettext_noop
from hikeshi.ledger.events import record
from hikeshi.ledger.models import Event, EventPayload
from hikeshi.organisation.models import Account


def _payloads(subject_uid: UUID) -> models.QuerySet[EventPayload]:
    return EventPayload.objects.filter(event__subject_uid=subject_uid, erased_at__isnull=True)


def erase_payloads(*, subject_uid: UUID, by: Account | None, at: datetime) -> int:
    """Erase what all events of a subject say; return how many. Each erasure is an event.

    Raises Conflict while a legal hold lies on any of them; nothing is erased then.
    """
    with transaction.atomic():
        if _payloads(subject_uid).filter(legal_hold=True).exists():
            raise Conflict(gettext_noop("A legal hold lies on this. Lift it first."))
        found = list(_payloads(subject_uid).select_related("event"))
        for payload in found:
            event: Event = payload.event
            record(
                "payload.erased", subject=event, by=by, at=at,
                company=event.company, unit=event.unit, wall=event.wall,
            )  # fmt: skip
        EventPayload.objects.filter(pk__in=[payload.pk for payload in found]).update(
            content=None, erased_at=at
        )
    return len(found)


def hold_payloads(*, subject_uid: UUID, held: bool, by: Account, at: datetime) -> int:
    """Put a legal hold on what a subject's events say, or lift it; return how many changed."""
    with transaction.atomic():
        changed = _payloads(subject_uid).filter(legal_hold=not held)
        first = changed.select_related("event").first()
        if first is None:
            return 0
        event: Event = first.event
        count = changed.update(legal_hold=held)
        record(
            "payload.held" if held else "payload.released", subject=event, by=by, at=at,
            company=event.company, unit=event.unit, wall=event.wall, after={"events": count},
        )  # fmt: skip
    return count
