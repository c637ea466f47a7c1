"""Write audit events, inside the transaction of the act they tell of."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import orjson
from django.db import models, transaction

from hikeshi.ledger.models import Event, EventPayload
from hikeshi.ledger.names import EVENTS
from hikeshi.organisation.models import Account, Company, Unit, Wall
from hikeshi.organisation.sealed import seal

Listener = Callable[[models.Model], None]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Tell a higher area of each act's subject, in the act's transaction; called at start-up."""
    if listener not in _listeners:
        _listeners.append(listener)


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
    if name not in EVENTS:
        raise KeyError(name)
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{name} recorded outside a transaction")
    company = company or getattr(subject, "company", None)
    unit = unit or getattr(subject, "unit", None)
    wall = wall or getattr(subject, "wall", None)
    payload = {"before": before, "after": after}
    encoded = orjson.dumps(payload, default=str, option=orjson.OPT_SORT_KEYS)
    event = Event.objects.create(
        name=name, at=at, by=by, company=company, unit=unit, wall=wall,
        realm=str(getattr(subject, "realm", None) or getattr(company, "realm", "live")),
        subject_kind=subject._meta.label_lower,
        subject_uid=getattr(subject, "uid", None),
        payload_hash=hashlib.sha256(encoded).digest(),
    )  # fmt: skip
    if before is not None or after is not None:
        EventPayload.objects.create(event=event, content=seal(orjson.loads(encoded), wall))
    for listener in _listeners:
        listener(subject)
    return event
