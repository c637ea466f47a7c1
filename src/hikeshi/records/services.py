"""What every kind of record does alike: take a number, save against a revision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeVar

from hikeshi.core.errors import Stale, gettext_noop
from hikeshi.organisation.models import Company
from hikeshi.organisation.services import next_numbers
from hikeshi.records.models import Record

R = TypeVar("R", bound=Record)
_AT_ONCE: Final = 500


def number_for(*, company: Company, series: str, at: datetime) -> str:
    """Return the next number, ``KZ-2026-0042``, or ``KZ-R-2026-0042`` of series R.

    series: "" for cases, else the letters that stand for the kind.
    """
    return numbers_for(company=company, series=series, at=at, count=1)[0]


def numbers_for(*, company: Company, series: str, at: datetime, count: int) -> list[str]:
    """Return the next numbers of a series, rising, as ``number_for`` writes them."""
    middle = f"{series}-" if series else ""
    given = next_numbers(company=company, series=f"{series or 'case'}/{at.year}", count=count)
    return [f"{company.prefix}-{middle}{at.year}-{number:04d}" for number in given]


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
        raise _stale()
    record.refresh_from_db()
    return record


def save_records(changes: Sequence[tuple[R, Mapping[str, Any]]], *, at: datetime) -> None:
    """Save fields of records of one kind, each once, as ``save_record`` does for one; set-wise.

    Call it in a transaction. Raises Stale when somebody saved one of them since it was read.
    """
    if not changes:
        return
    rows = {record.pk: record for record, _fields in changes}
    stored = type(changes[0][0])._base_manager.select_for_update().order_by("pk")
    for n in range(0, len(changes), _AT_ONCE):
        some = list(rows)[n : n + _AT_ONCE]
        held = dict(stored.filter(pk__in=some).values_list("pk", "revision"))
        if any(held.get(pk) != rows[pk].revision for pk in some):
            raise _stale()
    names = {"revision", "changed_at"}
    for record, fields in changes:
        for name, value in fields.items():
            setattr(record, name, value)
        record.revision, record.changed_at = record.revision + 1, at
        names |= fields.keys()
    stored.bulk_update(rows.values(), sorted(names), batch_size=_AT_ONCE)


def _stale() -> Stale:
    return Stale(gettext_noop("Somebody else changed this meanwhile. Nothing was overwritten."))
