"""Turn names, versions and components into the ids of their one row, set-wise.

Interned rows are shared by all companies and never change, so they are written ahead of the
transaction that uses them: a row that nothing points at says nothing, and two writers who bring the
same name meet at the unique constraint.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from django.db import connection, transaction

from hikeshi.core.purl import PackageName
from hikeshi.inventory import setwise

# SQLite has one writer: a chunk keeps each write transaction well below a second.
CHUNK = 20_000

_T = TypeVar("_T")


class VersionName(NamedTuple):
    """A version of an interned name, and its key: None when its scheme cannot read it."""

    package_id: int
    version: str
    key: bytes | None


class ComponentRow(NamedTuple):
    """An interned component; ``digest`` covers all other fields."""

    digest: str
    name: str
    version: str
    purl: str
    cpe: str
    supplier: str
    gap: str


_COMPONENT_FIELDS = dict.fromkeys(ComponentRow._fields, "text")
_PACKAGE_FIELDS = dict.fromkeys(PackageName._fields, "text")
_VERSION_FIELDS = {"package_id": "bigint", "version": "text", "key": "bytea"}


def intern_packages(names: Iterable[PackageName]) -> dict[PackageName, int]:
    """Return the id of each name, making those that are new."""
    found: dict[PackageName, int] = {}
    for chunk in _chunks(sorted(set(names))):
        known = setwise.package_ids(chunk)
        missing = [name for name in chunk if name not in known]
        if missing:
            _insert("inventory_package", _PACKAGE_FIELDS, missing)
            known |= setwise.package_ids(missing)
        found |= {PackageName(*name): pk for name, pk in known.items()}
    return found


def intern_versions(versions: Iterable[VersionName]) -> dict[tuple[int, str], int]:
    """Return the id of each (package id, version), making those that are new.

    The key of a version that is known already stays as it is.
    """
    keys = {(package_id, version): key for package_id, version, key in versions}
    found: dict[tuple[int, str], int] = {}
    for chunk in _chunks(sorted(keys)):
        known = setwise.version_ids(chunk)
        missing = [pair for pair in chunk if pair not in known]
        if missing:
            rows = [(*pair, keys[pair]) for pair in missing]
            _insert("inventory_packageversion", _VERSION_FIELDS, rows)
            known |= setwise.version_ids(missing)
        found |= known
    return found


def intern_components(rows: Iterable[ComponentRow]) -> dict[str, int]:
    """Return the id of each component by its digest, making those that are new."""
    by_digest = {row.digest: row for row in rows}
    found: dict[str, int] = {}
    for chunk in _chunks(sorted(by_digest)):
        known = setwise.component_ids(chunk)
        missing = [digest for digest in chunk if digest not in known]
        if missing:
            _insert(
                "inventory_component",
                _COMPONENT_FIELDS,
                [by_digest[digest] for digest in missing],
            )
            known |= setwise.component_ids(missing)
        found |= known
    return found


def _insert(table: str, fields: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows that may exist meanwhile; table and fields are ours, values are bound.

    fields: PostgreSQL's type of each column, in the order of the rows' places.
    """
    into = f"INSERT INTO {table} ({', '.join(fields)})"
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # One statement with one JSON text: a tenth of the time of one statement a row.
            given = setwise.given_rows(*(f"{name} {kind}" for name, kind in fields.items()))
            sql = f"{into} SELECT {', '.join(fields)} FROM {given} ON CONFLICT DO NOTHING"
            cursor.execute(sql, [setwise.as_json(rows)])
        else:
            places = ", ".join(["%s"] * len(fields))
            cursor.executemany(f"{into} VALUES ({places}) ON CONFLICT DO NOTHING", rows)


def _chunks(items: list[_T]) -> Iterable[list[_T]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
