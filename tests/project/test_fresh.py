"""A database made at once is the same as one that was migrated."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from hikeshi.project import fresh

# Django's own migration gives this table, which nobody uses, a wider id than its model has.
NARROWER = {"auth_group_permissions"}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[BaseDatabaseWrapper]:
    """An empty database beside the test's own, on the same kind of server."""
    name = str(tmp_path / "fresh.sqlite3") if connection.vendor == "sqlite" else "hikeshi_fresh"
    connections.databases["fresh"] = {**connection.settings_dict, "NAME": name}
    if connection.vendor != "sqlite":
        with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(f"DROP DATABASE IF EXISTS {name}")
            cursor.execute(f"CREATE DATABASE {name}")
    made = connections["fresh"]
    # Connected by hand: a test's guard lets nobody open a database that it does not know.
    made.connect()
    yield made
    made.close()
    del connections["fresh"], connections.databases["fresh"]
    if connection.vendor != "sqlite":
        with connection._nodb_cursor() as cursor:  # type: ignore[attr-defined]
            cursor.execute(f"DROP DATABASE {name}")


def shape(one: BaseDatabaseWrapper) -> dict[str, Any]:
    """Every table with its columns, indexes and constraints, whatever their names and order."""
    found = {}
    with one.cursor() as cursor:
        for table in one.introspection.table_names(cursor):
            columns = one.introspection.get_table_description(cursor, table)
            held = one.introspection.get_constraints(cursor, table).values()
            found[table] = (
                {(c.name, c.type_code, c.null_ok, c.display_size, c.default) for c in columns},
                sorted(
                    str((h["columns"], h["primary_key"], h["unique"], h["foreign_key"], h["check"],
                         h["index"], h.get("orders")))
                    for h in held
                ),
            )  # fmt: skip
    return found


def test_a_fresh_database_is_what_migrating_makes(empty: BaseDatabaseWrapper) -> None:
    assert fresh.is_empty(empty)
    fresh.build(empty)
    assert not fresh.is_empty(empty)
    made, migrated = shape(empty), shape(connection)
    # Made apart, by a command of its own.
    migrated.pop("hikeshi_cache", None)
    assert made.keys() == migrated.keys()
    assert {t for t in made if made[t] != migrated[t]} <= NARROWER
    nodes = MigrationRecorder(empty).applied_migrations()
    assert set(nodes) == set(MigrationRecorder(connection).applied_migrations())
    executor = MigrationExecutor(empty)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []
