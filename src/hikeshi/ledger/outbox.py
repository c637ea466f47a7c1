"""The outbox: effects on the outside leave through here, and only what is live leaves.

``post`` is called in the transaction of the cause: where that rolls back, nothing is sent; where it
commits, the message is sent until it arrives or is given up. Areas register a handler per kind.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from hikeshi.ledger.models import OutboxMessage
from hikeshi.organisation.models import Company, Unit, Wall, new_uid

Handler = Callable[[OutboxMessage], None]
handlers: dict[str, Handler] = {}


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Register the function that carries messages of a kind out; called at import of ``jobs``."""

    def register(handler: Handler) -> Handler:
        handlers[kind] = handler
        return handler

    return register


def post(
    kind: str,
    *,
    key: str,
    company: Company,
    at: datetime,
    unit: Unit | None = None,
    wall: Wall | None = None,
    realm: str = "live",
    **ids: int,
) -> bool:
    """Queue an effect; return whether it is new. The same key again is the same effect: nothing.

    ids: row ids by name, the only arguments there are, so that no text lies in a queue.
    Raises RuntimeError outside a transaction: cause and effect stand or fall together.
    """
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{kind} posted outside a transaction")
    uid = new_uid()
    domain = company.mail_domain or "hikeshi.invalid"
    _row, made = OutboxMessage.objects.get_or_create(
        key=key,
        defaults={
            "uid": uid,
            "kind": kind,
            "company": company,
            "unit": unit,
            "wall": wall,
            "realm": realm,
            "ids": ids,
            "message_id": f"<{uid}@{domain}>",
            "not_before": at,
            "created_at": at,
        },
    )
    return made
