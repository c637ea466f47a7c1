"""The one join of matching, and storing what it finds, on a fleet as large as a group's.

Versions and ranges are written as rows, not read from files: what is timed is the database. The
baseline of the join is reading both tables once; of storing, counting the join's result.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

from bench.fleet import key_of, steps_of
from bench.measure import Figure, median_seconds
from bench.world import NOW, insert_rows, settle, use_fresh_installation

SMALL = (60_000, 90_000)
LARGE = (1_000_000, 1_500_000)


def run() -> Iterator[Figure]:
    yield from _figures(*SMALL)


def large() -> Iterator[Figure]:
    yield from _figures(*LARGE)


def _figures(versions: int, ranges: int) -> Iterator[Figure]:
    use_fresh_installation()
    from django.db import connection

    from hikeshi.matching.models import Match
    from hikeshi.matching.queries import JOIN
    from hikeshi.matching.services import pull

    first = _fill(versions, ranges)

    def asked(sql: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(sql)
            return int(cursor.fetchone()[0])

    reading = median_seconds(
        lambda: (
            asked("SELECT sum(length(key)) FROM inventory_packageversion"),
            asked("SELECT sum(length(lo)) FROM intelligence_affectedrange"),
        ),
        runs=3,
    )
    matches = asked(f"SELECT count(*) {JOIN}")
    joining = median_seconds(lambda: asked(f"SELECT count(*) {JOIN}"), runs=3, warm=0)
    size = f"{versions:,} versions x {ranges:,} ranges, {matches:,} matches"
    yield Figure(f"join: {size}", joining, "s", reading, "reading both tables", "2 s")
    start = time.perf_counter()
    opened = pull(at=NOW).opened
    taken = time.perf_counter() - start
    counted = matches / max(joining, 1e-9)
    yield Figure(
        f"matches stored: {opened:,}", opened / taken, "/s", counted, "counting", "250,000/s"
    )
    Match.objects.all()._raw_delete(Match.objects.db)
    _empty(first)


def _fill(versions: int, ranges: int) -> int:
    """Write packages, versions and ranges with the skew of real ones; return the first package.

    One name in three of a fleet is in some feed, and half of what feeds name is in no fleet. What
    is shipped in many versions has many ranges: it is what everybody ships and looks at.
    """
    from django.db import connection, transaction

    from hikeshi.intelligence.models import STAGE, Claim, Stage
    from hikeshi.inventory.models import Package

    dice = random.Random(23)
    shipped = _counts(dice, versions)
    first = (Package.objects.order_by("-pk").values_list("pk", flat=True).first() or 0) + 1
    told = {n: count for n, count in enumerate(shipped) if n % 3 == 0}
    told |= dict.fromkeys(range(len(shipped), len(shipped) + len(told)), 1)
    stage, _made = Stage.objects.get_or_create(name=STAGE)
    run = stage.last_closed + 1
    claim = Claim.objects.create(family="osv", record_id=f"BENCH-{run}", opened_in=run)
    names = max(told) + 1
    with transaction.atomic(), connection.cursor() as cursor:
        rows: Any = ((first + n, "npm", "", "semver", f"join-{first + n}") for n in range(names))
        columns: tuple[str, ...] = ("id", "system", "distro_release", "scheme", "name")
        insert_rows(cursor, "inventory_package", columns, rows)
        rows = (
            (first + n, f"{step}", key_of(step))
            for n, count in enumerate(shipped)
            for step in steps_of(dice, count)
        )
        insert_rows(cursor, "inventory_packageversion", ("package_id", "version", "key"), rows)
        moment = connection.ops.adapt_datetimefield_value(NOW)
        rows = (
            (first + n, lo, hi, stated, claim.pk, run, moment)
            for n, lo, hi, stated in _ranges(dice, told, ranges)
        )
        columns = ("package_id", "lo", "hi", "stated", "claim_id", "opened_in", "known_from")
        insert_rows(cursor, "intelligence_affectedrange", columns, rows)
    settle()
    stage.last_closed = run
    stage.save()
    return first


def _counts(dice: random.Random, wanted: int) -> list[int]:
    """Draw in how many versions names are shipped: four in five in one, few in ten and more."""
    counts: list[int] = []
    made = 0
    while made < wanted:
        count = 1 if dice.random() < 0.8 else min(int(dice.paretovariate(0.9)) + 1, 40)
        counts.append(min(count, wanted - made))
        made += counts[-1]
    return counts


def _ranges(
    dice: random.Random, told: dict[int, int], wanted: int
) -> Iterator[tuple[int, bytes, bytes, str]]:
    """Draw ranges until there are enough: most begin at the first version."""
    made = 0
    while made < wanted:
        for n, versions in told.items():
            count = min(int(dice.paretovariate(1.0) * versions**0.5), 1_300, wanted - made)
            for _one in range(count):
                high = int(dice.betavariate(2.6, 3) * 60) + 1
                low = 0 if dice.random() < 0.7 else dice.randrange(high)
                lo = key_of(low) if low else b""
                yield n, lo, key_of(high), f">={low} <{high}"
            made += count
            if made >= wanted:
                return


def _empty(first: int) -> None:
    """Take the rows away again: other benchmarks of the same run want a fleet of their own."""
    from django.db import connection

    with connection.cursor() as cursor:
        for table in ("intelligence_affectedrange", "inventory_packageversion"):
            cursor.execute(f"DELETE FROM {table} WHERE package_id >= %s", [first])
        cursor.execute("DELETE FROM inventory_package WHERE id >= %s", [first])
