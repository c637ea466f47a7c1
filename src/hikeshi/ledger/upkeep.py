"""What the database itself needs from time to time."""

from __future__ import annotations

from django.db import connection


def survey() -> None:
    """Tell the database's planner how its tables look by now.

    Without it SQLite plans as if all tables were alike: lists over a large fleet take twice as
    long, the releases of a vulnerability twenty times. A sample of the rows is not enough for that.
    PostgreSQL does the same by itself (autovacuum).
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        # Table by table: each is a write of its own, and none keeps other writers waiting for long.
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"ANALYZE {connection.ops.quote_name(table)}")
