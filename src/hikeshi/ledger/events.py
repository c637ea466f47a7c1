"""Write audit events, inside the transaction of the act they tell of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from django.db import models, transaction

from hikeshi.ledger.models import Event, EventPayload
from hikeshi.ledger.names import EVENTS
from hikeshi.organisation.models import Account, Company, Unit, Wall
from hikeshi.organisation.sealed import seal

Listener = Callable[[Sequence[models.Model]], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Tell a higher area of the subjects of acts, in their transaction; called at start-up."""
    if listener not in _listeners:
        _listeners.append(listener)


class Told(NamedTuple):
    """What one of several events says: whom it is about, what was and is."""

    subject: models.Model
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    company: Company | None = None
    unit: Unit | None = None
    wall: Wall | None = None


def record(
    name: str,
    *,
    subject: models.Model,
    by: Account | None,
    at: datetime,
    company: Company | None = None,
    unit: Unit | None = None,
    wall: Wall | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Event:
    """Write one audit event; a walled subject (a Record) brings its own company, unit and wall.

    Raises KeyError for a name that is not in ``ledger.names``, RuntimeError outside a transaction:
    an act and its audit line stand or fall together.
    """
    told = Told(subject, before=before, after=after, company=company, unit=unit, wall=wall)
    return record_all(name, [told], by=by, at=at)[0]


def record_all(name: str, told: Sequence[Told], *, by: Account | None, at: datetime) -> list[Event]:
    """Write an audit event of one name for each of several subjects, as ``record`` does for one."""
    if name not in EVENTS:
        raise KeyError(name)
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{name} recorded outside a transaction")
    events, contents = [], []
    for one in told:
        subject = one.subject
        company = one.company or getattr(subject, "company", None)
        wall = one.wall or getattr(subject, "wall", None)
        encoded = orjson.dumps(
            {"before": one.before, "after": one.after}, default=str, option=orjson.OPT_SORT_KEYS
        )
        event = Event(
            name=name, at=at, by=by, company=company, wall=wall,
            unit=one.unit or getattr(subject, "unit", None),
            realm=str(getattr(subject, "realm", None) or getattr(company, "realm", "live")),
            subject_kind=subject._meta.label_lower,
            subject_uid=getattr(subject, "uid", None),
            payload_hash=hashlib.sha256(encoded).digest(),
        )  # fmt: skip
        events.append(event)
        if one.before is not None or one.after is not None:
            contents.append((event, seal(orjson.loads(encoded), wall)))
    Event.objects.bulk_create(events, batch_size=500)
    EventPayload.objects.bulk_create(
        (EventPayload(event=event, content=content) for event, content in contents), batch_size=500
    )
    subjects = [one.subject for one in told]
    for listener in _listeners:
        listener(subjects)
    return events
