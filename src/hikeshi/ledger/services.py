"""What other areas call: ``record`` an audit event, ``post`` a message to the outside.

Both work in the caller's transaction: an act, its audit line and its message stand or fall
together.
"""

from __future__ import annotations

from hikeshi.ledger.events import listen, record
from hikeshi.ledger.outbox import post

__all__ = ["listen", "post", "record"]
