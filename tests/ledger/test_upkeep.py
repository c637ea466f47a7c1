"""The planner of an embedded database knows how the tables look, without anybody asking for it."""

from __future__ import annotations

import pytest
from django.db import connection

from hikeshi.ledger import jobs
from hikeshi.ledger.schedule import TIMETABLE
from hikeshi.ledger.worker import drain
from tests.builders import firm
from tests.plugins.database import assert_queries

pytestmark = pytest.mark.django_db(transaction=True)


def surveyed() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if cursor.fetchone() is None:
            return set()
        cursor.execute("SELECT DISTINCT tbl FROM sqlite_stat1")
        return {str(name) for (name,) in cursor.fetchall()}


def test_the_timetable_lets_the_database_look_at_its_tables() -> None:
    firm()
    assert jobs.survey.name in TIMETABLE
    if connection.vendor != "sqlite":
        with assert_queries(0):
            jobs.upkeep.survey()
        return
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE sqlite_schema")
        cursor.execute("DELETE FROM sqlite_stat1")
    jobs.enqueue(jobs.survey)
    drain()
    assert {"organisation_company", "organisation_unit"} <= surveyed()
