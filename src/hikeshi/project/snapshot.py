"""How rows become lines of a backup and come back: the same on SQLite and PostgreSQL.

A backup is a tar of

    manifest.json           format, version, migrations, per member: SHA-256, rows or size
    rows/<app.model>.jsonl  one JSON array a row, columns as the manifest lists them
    blobs/<path>            files as they lie on disk, encrypted

Bytes are base64, moments ISO 8601 with zone; keys are there only as the database has them, wrapped.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson
from django.apps import apps
from django.db import models

from hikeshi.organisation.sealed import Sealed, SealedField

FORMAT: Final = 1
# What a restored system makes anew by itself.
LEFT_OUT: Final = frozenset({"sessions.session", "contenttypes.contenttype"})


def stored_models() -> list[type[models.Model]]:
    """Return every stored model that a backup holds, in a stable order."""
    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.label_lower not in LEFT_OUT
    ]
    return sorted(found, key=lambda model: model._meta.label_lower)


def columns_of(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """Return the stored columns of a model in their order."""
    return list(model._meta.concrete_fields)


def _plain(value: Any) -> Any:
    if isinstance(value, Sealed):
        return base64.b64encode(value.raw).decode()
    if isinstance(value, bytes | memoryview | bytearray):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, UUID | Decimal):
        return str(value)
    return value


def lines_of(model: type[models.Model]) -> Iterator[bytes]:
    """Yield a model's rows as JSON lines, by key, in bounded memory."""
    names = [field.attname for field in columns_of(model)]
    rows = model._base_manager.order_by("pk").values_list(*names)
    for row in rows.iterator(chunk_size=2000):
        yield orjson.dumps([_plain(value) for value in row]) + b"\n"


def _read(field: models.Field[Any, Any], value: Any) -> Any:
    if value is None:
        return None
    # A foreign key holds what its target's key holds.
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    if isinstance(field, SealedField):
        return Sealed(base64.b64decode(value))
    if isinstance(field, models.BinaryField):
        return base64.b64decode(value)
    if isinstance(field, models.DateTimeField):
        return datetime.fromisoformat(value)
    if isinstance(field, models.DateField):
        return date.fromisoformat(value)
    if isinstance(field, models.DurationField):
        return timedelta(seconds=value)
    if isinstance(field, models.JSONField):
        return value
    return field.to_python(value)


def row_from(model: type[models.Model], columns: list[str], line: bytes) -> models.Model:
    """Rebuild an unsaved row; columns that came later keep their default.

    Raises ValueError for a line that does not fit the columns.
    """
    values = orjson.loads(line)
    if not isinstance(values, list) or len(values) != len(columns):
        raise ValueError("the line does not fit the columns")
    fields = {field.attname: field for field in columns_of(model)}
    row = model()
    for name, value in zip(columns, values, strict=True):
        setattr(row, name, _read(fields[name], value))
    return row
