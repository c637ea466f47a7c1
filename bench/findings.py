"""The join over a fleet with skew, and the findings list and Today on what it found.

BENCH_MATCHES is how many matches the list shall hold at least; BENCH_RANGES how many ranges there
are. The baseline of the join is counting its result without storing; of a page, /products/.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.claims import make_bucket
from bench.fleet import Catalogue, cyclonedx, line_of_releases
from bench.measure import Figure, median_seconds
from bench.world import NOW, company, use_fresh_installation

RANGES = int(os.environ.get("BENCH_RANGES", "20000"))
RELEASES = int(os.environ.get("BENCH_RELEASES", "60"))
COMPONENTS = 600


def run() -> Iterator[Figure]:
    use_fresh_installation()
    from django.db import connection
    from django.test import Client

    from hikeshi.intelligence.services import sync_osv
    from hikeshi.inventory.models import PackageVersion
    from hikeshi.matching.models import Match
    from hikeshi.matching.queries import JOIN
    from hikeshi.matching.services import pull

    _ours, admin = company()
    _fleet()
    with tempfile.TemporaryDirectory() as home:
        folder = make_bucket(Path(home), RANGES)
        sync_osv(directory=folder, by=None, now=lambda: NOW, take_over=True)

    def count() -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*) {JOIN}")
            return int(cursor.fetchone()[0])

    joining = median_seconds(count, runs=3)
    versions = PackageVersion.objects.count()
    start = time.perf_counter()
    pulled = pull(at=NOW)
    taken = time.perf_counter() - start
    label = f"{versions:,} versions x {RANGES:,} ranges, {pulled.opened:,} matches stored"
    yield Figure(label, taken, "s", joining, "the join alone")
    stored, counted = pulled.opened / max(taken, 1e-9), Match.objects.count() / max(joining, 1e-9)
    yield Figure("matches stored per second", stored, "/s", counted, "counting", "250,000/s")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    client = Client(raise_request_exception=False, headers={"host": "127.0.0.1"})
    client.force_login(admin)
    base = median_seconds(lambda: client.get("/products/"), runs=3)
    for address in ("/findings/", "/"):
        asked = _queries(client, address)
        seconds = median_seconds(lambda: client.get(address), runs=3)  # noqa: B023
        label = f"{address} with {pulled.opened:,} matches, {asked} queries"
        yield Figure(label, seconds, "s", base, "/products/", "0.2 s")


def _fleet() -> None:
    from hikeshi.inventory import services
    from hikeshi.inventory.uploads import upload_sbom

    ours, admin = company()
    catalogue, dice = Catalogue(RANGES), random.Random(5)
    for product in range(RELEASES // 10):
        offering = services.create_offering(
            company=ours, name={"en": f"Fleet {product}"}, by=admin, at=NOW
        )
        for number, parts in enumerate(line_of_releases(catalogue, 10, dice, COMPONENTS)):
            release = services.create_release(
                offering=offering, version=f"1.{number}", by=admin, at=NOW
            )
            upload_sbom(release=release, content=cyclonedx(parts), by=admin, at=NOW)


def _queries(client: Any, address: str) -> int:
    from django.db import connection

    asked = 0

    def note(execute: Any, *arguments: Any) -> Any:
        nonlocal asked
        asked += 1
        return execute(*arguments)

    with connection.execute_wrapper(note):
        client.get(address)
    return asked
