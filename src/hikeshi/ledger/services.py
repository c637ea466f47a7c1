"""What other areas call: ``record`` an audit event, ``post`` a message to the outside.

``record_all`` writes the events of many subjects at once. All work in the caller's transaction: an
act, its audit line and its message stand or fall together.
"""

from __future__ import annotations

from hikeshi.ledger.events import Told, listen, record, record_all
from hikeshi.ledger.outbox import post

__all__ = ["Told", "listen", "post", "record", "record_all"]
