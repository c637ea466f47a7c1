"""Turn names, versions and components into the ids of their one row, set-wise.

Interned rows are shared by all companies and never change, so they are written ahead of the
transaction that uses them: a row that nothing points at says nothing, and two writers who bring the
same name meet at the unique constraint.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

from django.db import connection, transaction

from hikeshi.inventory import queries

# SQLite has one writer: a chunk keeps each write transaction well below a second.
CHUNK = 20_000

_T = TypeVar("_T")


class PackageName(NamedTuple):
    """What identifies a name; any equal tuple will do as a key."""

    system: str
    distro_release: str
    scheme: str
    name: str


class VersionName(NamedTuple):
    """A version of an interned name, and its key: None when its scheme cannot read it."""

    package_id: int
    version: str
    key: bytes | None


def intern_packages(names: Iterable[PackageName]) -> dict[PackageName, int]:
    """Return the id of each name, making those that are new."""
    found: dict[PackageName, int] = {}
    for chunk in _chunks(sorted(set(names))):
        known = queries.package_ids(chunk)
        missing = [name for name in chunk if name not in known]
        if missing:
            _insert("inventory_package", PackageName._fields, missing)
            known |= queries.package_ids(missing)
        found |= {PackageName(*name): pk for name, pk in known.items()}
    return found


def intern_versions(versions: Iterable[VersionName]) -> dict[tuple[int, str], int]:
    """Return the id of each (package id, version), making those that are new.

    The key of a version that is known already stays as it is.
    """
    keys = {(package_id, version): key for package_id, version, key in versions}
    found: dict[tuple[int, str], int] = {}
    for chunk in _chunks(sorted(keys)):
        known = queries.version_ids(chunk)
        missing = [pair for pair in chunk if pair not in known]
        if missing:
            rows = [(*pair, keys[pair]) for pair in missing]
            _insert("inventory_packageversion", VersionName._fields, rows)
            known |= queries.version_ids(missing)
        found |= known
    return found


class ComponentRow(NamedTuple):
    """An interned component; ``digest`` covers all other fields."""

    digest: str
    name: str
    version: str
    purl: str
    cpe: str
    supplier: str
    gap: str


def intern_components(rows: Iterable[ComponentRow]) -> dict[str, int]:
    """Return the id of each component by its digest, making those that are new."""
    by_digest = {row.digest: row for row in rows}
    found: dict[str, int] = {}
    for chunk in _chunks(sorted(by_digest)):
        known = queries.component_ids(chunk)
        missing = [digest for digest in chunk if digest not in known]
        if missing:
            _insert(
                "inventory_component",
                ComponentRow._fields,
                [by_digest[digest] for digest in missing],
            )
            known |= queries.component_ids(missing)
        found |= known
    return found


def _insert(table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows that may exist meanwhile; table and columns are ours, values are bound."""
    places = ", ".join(["%s"] * len(columns))
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places}) ON CONFLICT DO NOTHING"
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(sql, rows)


def _chunks(items: list[_T]) -> Iterable[list[_T]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
