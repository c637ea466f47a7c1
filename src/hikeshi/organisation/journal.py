"""The door through which this area's acts reach the audit ledger and the outbox.

The ledger lies above this area, because its events name accounts, companies and walls. So the
ledger hands its writer and its poster down at start-up (docs/adr/0004); services here call
``record`` and ``post`` as all others call those of the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

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


class Poster(Protocol):
    """What the ledger offers; see ``ledger.outbox.post``."""

    def __call__(
        self,
        kind: str,
        *,
        key: str,
        subject: models.Model | None = None,
        company: Company | None = None,
        unit: Unit | None = None,
        wall: Wall | None = None,
        realm: str | None = None,
        at: datetime | None = None,
        **ids: int | str | UUID | None,
    ) -> object:
        """Queue one message in the caller's transaction; the same key twice is one message."""
        ...


_writer: Writer | None = None
_poster: Poster | None = None


def set_writer(writer: Writer) -> None:
    """Let the ledger take over; called once, at start-up."""
    global _writer  # noqa: PLW0603  # one process has one ledger
    _writer = writer


def set_poster(poster: Poster) -> None:
    """Let the ledger's outbox take over; called once, at start-up."""
    global _poster  # noqa: PLW0603  # one process has one outbox
    _poster = poster


def record(name: str, **event: Any) -> None:
    """Write one audit event in the caller's transaction; see ``Writer``."""
    if _writer is None:
        raise RuntimeError("the ledger has not registered its writer")
    _writer(name, **event)


def post(kind: str, **message: Any) -> None:
    """Queue one message in the caller's transaction; see ``Poster``."""
    if _poster is None:
        raise RuntimeError("the ledger has not registered its outbox")
    _poster(kind, **message)
