"""How the API answers ``as_of``: the same shape for every kind of record."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from ninja import Query, Schema
from pydantic import Field

AsOf = Annotated[
    str, Query(description="A past moment: what was known then, `2026-11-01T09:00+09:00`.")
]


class KnownField(Schema):
    """A field at a moment; `value` is null unless `certainty` is `told`."""

    value: Any
    certainty: Literal["told", "erased", "hidden", "untold"]


class AsKnownOut(Schema):
    """A record as it was known at a moment, by today's rights."""

    as_of: datetime = Field(description="The moment, as it was understood.")
    number: str
    fields: dict[str, KnownField]
    parts: dict[str, list[dict[str, Any]]] = Field(description="What hung on it then.")
