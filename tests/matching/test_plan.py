"""The join walks the indexes that it was given (house.md, "The heart"), on each database."""

from __future__ import annotations

import pytest
from django.db import connection

from hikeshi.inventory.models import Package
from hikeshi.matching.queries import JOIN

pytestmark = pytest.mark.django_db
PACKAGES, VERSIONS, RANGES = 400, 20, 20


def fill() -> None:
    """Store enough rows that a planner would rather not read them all."""
    Package.objects.bulk_create(
        Package(system="npm", scheme="semver", name=f"p{n}") for n in range(PACKAGES)
    )
    text = "CAST(n AS text)" if connection.vendor == "postgresql" else "n"
    bytes_of = "convert_to({}, 'UTF8')" if connection.vendor == "postgresql" else "CAST({} AS BLOB)"
    numbers = "WITH RECURSIVE c(n) AS (SELECT 10 UNION ALL SELECT n + 1 FROM c WHERE n < %s)"
    with connection.cursor() as cursor:
        key, above = bytes_of.format(text), bytes_of.format(f"{text} || 'x'")
        cursor.execute(
            f"{numbers} INSERT INTO inventory_packageversion (package_id, version, key) "
            f"SELECT p.id, {text}, {key} FROM c CROSS JOIN inventory_package p",
            [9 + VERSIONS],
        )
        cursor.execute(
            "INSERT INTO intelligence_claim (uid, family, record_id, opened_in) "
            "VALUES (%s, 'osv', 'X', 1)",
            ["0" * 32],
        )
        cursor.execute(
            f"{numbers} INSERT INTO intelligence_affectedrange "
            "(claim_id, package_id, lo, hi, stated, opened_in, known_from) "
            f"SELECT (SELECT max(id) FROM intelligence_claim), p.id, {key}, "
            f"{above}, '*', 1, '2026-11-24 00:00:00+00' "
            "FROM c CROSS JOIN inventory_package p",
            [9 + RANGES],
        )
        cursor.execute("ANALYZE")


def plan(sql: str, *bound: object) -> str:
    explain = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
    with connection.cursor() as cursor:
        cursor.execute(f"{explain} {sql}", list(bound))
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def test_the_whole_join_reads_ranges_once_and_looks_versions_up_by_key() -> None:
    fill()
    told = plan(f"SELECT v.id, r.id {JOIN}")
    assert "package_version_key" in told
    if connection.vendor == "sqlite":
        # The order of the tables is the written one, and all of the range is in its index.
        scan, search = told.splitlines()
        assert scan == "SCAN r USING COVERING INDEX affected_range_by_package"
        assert search.startswith("SEARCH v USING COVERING INDEX package_version_key (package_id=?")
        assert "key>? AND key<?" in search


def test_the_join_for_new_versions_finds_their_ranges_by_package() -> None:
    fill()
    told = plan(
        f"SELECT v.id, r.id {JOIN} AND v.id IN (SELECT max(id) FROM inventory_packageversion)"
    )
    assert "affected_range_by_package" in told
