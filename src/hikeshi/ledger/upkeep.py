"""What the database itself needs from time to time."""

from __future__ import annotations

from typing import Final

from django.db import connection

# Entries of an index that are looked at; enough to tell a common value from a rare one.
_SAMPLE: Final = 1_000


def survey() -> None:
    """Tell the database's planner how its tables look by now, in some milliseconds.

    Without it SQLite plans as if all tables were alike, and lists over a large fleet take twice as
    long. PostgreSQL does the same by itself (autovacuum).
    """
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit = {_SAMPLE}")
        cursor.execute("ANALYZE")
