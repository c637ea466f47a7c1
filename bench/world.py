"""A fresh installation in a temporary folder, with one company, for benchmarks that need rows."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hikeshi.organisation.models import Account, Company

NOW = datetime(2026, 11, 24, 0, 12, tzinfo=UTC)


def use_fresh_installation() -> None:
    """Start Django on an empty database; HIKESHI_DATABASE_URL chooses another than SQLite."""
    if "BENCH_HOME" in os.environ:
        return
    home = tempfile.mkdtemp(prefix="hikeshi-bench-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.environ |= {"BENCH_HOME": home, "HIKESHI_DATA": home, "HIKESHI_LOG_LEVEL": "ERROR"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hikeshi.project.settings")
    import django

    django.setup()
    from hikeshi.project.serve import prepare

    prepare()


@lru_cache(maxsize=1)
def company() -> tuple[Company, Account]:
    """Return the company of the benchmark and its administrator."""
    use_fresh_installation()
    from hikeshi.organisation import services
    from hikeshi.organisation.roles import Role

    made = services.found_company(slug="bench", name={"en": "Bench"}, prefix="B", at=NOW)
    admin = services.create_account(email="bench@bench.example", name="Bench", at=NOW)
    services.appoint(account=admin, company=made, role=Role.ADMIN, at=NOW)
    return made, admin


def insert_rows(
    cursor: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Write many rows the fastest way that each database has."""
    names = ", ".join(columns)
    if cursor.db.vendor == "postgresql":
        with cursor.cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        if "id" in columns:
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"
            )
    else:
        places = ", ".join(["%s"] * len(columns))
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", list(rows))


def settle() -> None:
    """Let the database learn how its tables look, as the product does within ten minutes."""
    from django.db import connection

    from hikeshi.ledger.upkeep import survey

    survey()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
