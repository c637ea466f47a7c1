"""The door through which this area's acts reach the audit ledger.

The ledger lies above this area, because its events name accounts, companies and walls. So the
ledger hands its writer down at start-up (docs/adr/0004); services here call ``record`` as all
others call ``ledger.services.record``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from django.db import models

if TYPE_CHECKING:
    from hikeshi.organisation.models import Account, Company, Unit, Wall


class Writer(Protocol):
    """What the ledger offers; see ``ledger.services.record``."""

    def __call__(
        self,
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
    ) -> object:
        """Write one audit event in the caller's transaction."""
        ...


_writer: Writer | None = None


def set_writer(writer: Writer) -> None:
    """Let the ledger take over; called once, at start-up."""
    global _writer  # noqa: PLW0603  # one process has one ledger
    _writer = writer


def record(name: str, **event: Any) -> None:
    """Write one audit event in the caller's transaction; see ``Writer``."""
    if _writer is None:
        raise RuntimeError("the ledger has not registered its writer")
    _writer(name, **event)
