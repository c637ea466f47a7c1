"""What every kind of record does alike: take a number, save against a revision."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

from hikeshi.core.errors import Stale, gettext_noop
from hikeshi.organisation.models import Company
from hikeshi.organisation.services import next_number
from hikeshi.records.models import Record

R = TypeVar("R", bound=Record)


def number_for(*, company: Company, series: str, at: datetime) -> str:
    """Return the next number, ``KZ-2026-0042``, or ``KZ-R-2026-0042`` of series R.

    series: "" for cases, else the letters that stand for the kind.
    """
    middle = f"{series}-" if series else ""
    number = next_number(company=company, series=f"{series or 'case'}/{at.year}")
    return f"{company.prefix}-{middle}{at.year}-{number:04d}"


def save_record(record: R, *, revision: int, at: datetime, **changes: Any) -> R:
    """Save fields of a record if nobody saved since ``revision``; return it as it now is.

    Raises Stale with nothing written; the page shows both texts side by side.
    """
    saved = (
        type(record)
        .objects.for_system("the caller has read this row as its viewer")
        .filter(pk=record.pk, revision=revision)
        .update(revision=revision + 1, changed_at=at, **changes)
    )
    if not saved:
        raise Stale(gettext_noop("Somebody else changed this meanwhile. Nothing was overwritten."))
    record.refresh_from_db()
    return record
