"""Pages of long lists: by key, never by counting off, and no exact count beyond 10,000.

A cursor is the order values of the last row shown, so that row 1,000,000 costs what row 1 costs and
rows that arrive meanwhile neither repeat nor hide others. Order columns must not be null and must
end with a unique one (``pk``).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from django.db import models
from django.db.models import Q

from hikeshi.core.errors import Malformed, gettext_noop

COUNT_LIMIT = 10_000
PAGE_SIZE = 50
_M = TypeVar("_M", bound=models.Model)


@dataclass(frozen=True, slots=True)
class Page(Generic[_M]):
    """One page of a list.

    next_cursor: what ``after=`` takes for the next page; "" on the last.
    count: how many rows the whole list has, at most 10,000; about: there are more than that.
    size: how many rows a page may have.
    """

    rows: list[_M]
    next_cursor: str
    count: int
    about: bool
    size: int = PAGE_SIZE


def page_of(
    queryset: models.QuerySet[_M],
    *,
    order: tuple[str, ...],
    after: str | None,
    size: int = PAGE_SIZE,
    counted: bool = True,
    counting: models.QuerySet[Any, Any] | None = None,
) -> Page[_M]:
    """Return the page behind a cursor, in two queries.

    order: column names, ``-`` in front for falling; annotations will do.
    counting: a selection of as many rows that is cheaper to count.
    Raises Malformed for a cursor that this list did not give out.
    """
    ordered = queryset.order_by(*order)
    if after:
        ordered = ordered.filter(_behind(order, _read(after, len(order))))
    rows = list(ordered[: size + 1])
    more = len(rows) > size
    rows = rows[:size]
    of_all = queryset if counting is None else counting
    count = of_all.order_by()[: COUNT_LIMIT + 1].count() if counted else 0
    cursor = _write([_value(rows[-1], name) for name in order]) if more else ""
    return Page(rows, cursor, min(count, COUNT_LIMIT), count > COUNT_LIMIT, size)


def _behind(order: tuple[str, ...], values: list[Any]) -> Q:
    """Say "after this row" as a condition: (a > x) or (a = x and b > y) or …"""
    condition = Q(pk__in=[])
    equal = Q()
    for name, value in zip(order, values, strict=True):
        column, step = (name[1:], "lt") if name.startswith("-") else (name, "gt")
        condition |= equal & Q(**{f"{column}__{step}": value})
        equal &= Q(**{column: value})
    return condition


def _value(row: models.Model, name: str) -> Any:
    value: Any = row
    for part in name.lstrip("-").split("__"):
        value = getattr(value, part)
    return value


def _write(values: list[Any]) -> str:
    plain = [_tagged(value) for value in values]
    return base64.urlsafe_b64encode(orjson.dumps(plain)).rstrip(b"=").decode()


def _tagged(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"t": value.isoformat()}
    if isinstance(value, date):
        return {"d": value.isoformat()}
    if isinstance(value, UUID):
        return {"u": str(value)}
    if isinstance(value, Decimal):
        return {"n": str(value)}
    if isinstance(value, bytes | memoryview):
        return {"b": base64.b64encode(bytes(value)).decode()}
    return value


_TAGS: dict[str, Any] = {
    "t": datetime.fromisoformat,
    "d": date.fromisoformat,
    "u": UUID,
    "n": Decimal,
    "b": base64.b64decode,
}


def _read(cursor: str, length: int) -> list[Any]:
    refused = Malformed(gettext_noop("The address of this page is damaged. Start from page one."))
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        values = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        if not isinstance(values, list) or len(values) != length:
            raise refused
        return [_untagged(value) for value in values]
    except (binascii.Error, ValueError, KeyError, ArithmeticError, TypeError) as error:
        raise refused from error


def _untagged(value: Any) -> Any:
    if isinstance(value, dict):
        ((tag, text),) = value.items()
        return _TAGS[tag](text)
    if isinstance(value, list) or (isinstance(value, int) and abs(value) > 2**63 - 1):
        raise ValueError("no cursor holds this")
    if isinstance(value, str) and "\x00" in value:
        raise ValueError("no cursor holds this")
    return value
