"""What the API's routers of all areas share: the request, and lists by key.

A list declares its sorts and filters as a class, and hands a queryset of the viewer to ``paged``:

    class UnitList(ListQuery):
        sorts = {"created": ("created_at", "pk"), "-created": ("-created_at", "-pk")}
        filters = {"kind": "kind"}
        sort: Literal["created", "-created"] = "created"
        kind: str | None = None

    @router.get("/units", response=Rows[UnitOut])
    def list_units(request: Request, query: Query[UnitList]) -> Listed:
        return paged(request, units_of(request.viewer), query)

How errors look is the root's business (``project/problems.py``): routers raise from core/errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from django.db import models
from ninja import Schema
from pydantic import AfterValidator, AwareDatetime, Field
from pydantic_core import PydanticCustomError

from hikeshi.core.errors import Malformed, gettext_noop
from hikeshi.organisation.access import Request
from hikeshi.ui.paging import page_of

__all__ = ["ListQuery", "Listed", "Moment", "Request", "Rows", "paged"]

T = TypeVar("T")
Listed = dict[str, Any]


def _in_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        # The first hours of year 1 east of Greenwich, the last of 9999 west of it.
        raise PydanticCustomError("datetime_parsing", "no moment in UTC") from error


# A moment with its offset, as it is stored.
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]


class ListQuery(Schema):
    """What may be asked of any list; a list's own class adds ``sort`` and its filters.

    sorts: a value of ``sort`` → the columns it orders by, the last one unique.
    filters: a field of the class → the look-up it filters by.
    """

    sorts: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    filters: ClassVar[Mapping[str, str]] = {}

    after: str | None = Field(None, max_length=2000, description="`next` of the page before.")
    size: int = Field(50, ge=1, le=200, description="Rows on a page.")
    sort: str = Field("", description="Order of the rows.")


class Rows(Schema, Generic[T]):
    """One page of a list."""

    rows: list[T]
    next: str | None = Field(description="Give this as `after` for the next page; null at the end.")
    count: int = Field(description="Rows in the whole list; no more than 10,000 are counted.")
    count_is_exact: bool = Field(description="False when there are more than were counted.")


def paged(request: Request, queryset: models.QuerySet[Any], query: ListQuery) -> Listed:
    """Filter, sort and cut a viewer's queryset as the query asks.

    Raises Malformed for a filter that the list does not have: ignoring it would answer with rows
    that the caller meant to leave out.
    """
    unknown = sorted(set(request.GET) - set(type(query).model_fields))
    if unknown:
        raise Malformed(
            gettext_noop("This list cannot be asked for “%(name)s”. It takes: %(known)s."),
            name=unknown[0],
            known=", ".join(sorted(type(query).model_fields)),
        )
    for field, lookup in query.filters.items():
        value = getattr(query, field)
        if value is not None:
            queryset = queryset.filter(**{lookup: value})
    page = page_of(queryset, order=query.sorts[query.sort], after=query.after, size=query.size)
    return {
        "rows": page.rows,
        "next": page.next_cursor or None,
        "count": page.count,
        "count_is_exact": not page.about,
    }
