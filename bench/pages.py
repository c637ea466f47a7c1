"""Page times at the server with 100,000 rows in each list, against the same page with 100 rows.

A list that pages by key costs the same whatever it holds, so the ratio is what to look at. Times
are those of the whole request in one process, from middleware to rendered bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from bench import rows
from bench.measure import Figure, median_seconds
from bench.world import company, settle, use_fresh_installation

FEW, MANY = 100, int(os.environ.get("BENCH_ROWS", "100000"))
AIM = "0.2 s"


# A list page and what fills it. An address that is not there yet is left out, loudly.
PAGES: list[tuple[str, Callable[[int, int], None]]] = [
    ("/", rows.tasks),
    ("/cases/", rows.cases),
    ("/products/", rows.products),
    ("/publications/", rows.advisories),
    ("/advisories/", rows.advisories),
    ("/directory/", rows.contacts),
    ("/directory/rounds/", rows.rounds),
    ("/notifications/", rows.news),
    ("/notifications/bell/", rows.news),
    ("/settings/audit/", rows.events),
    ("/settings/people/", rows.people),
    ("/settings/jobs/", rows.jobs),
    ("/settings/outbox/", rows.messages),
    ("/api/v1/contacts", rows.contacts),
]


def run() -> Iterator[Figure]:
    use_fresh_installation()
    from django.db import connection
    from django.test import Client

    _ours, admin = company()
    client = Client(raise_request_exception=False, headers={"host": "127.0.0.1"})
    client.force_login(admin)

    def look(address: str) -> tuple[float, int]:
        asked = 0

        def count(execute: Any, *arguments: Any) -> Any:
            nonlocal asked
            asked += 1
            return execute(*arguments)

        with connection.execute_wrapper(count):
            client.get(address)
        return median_seconds(lambda: client.get(address)), asked

    there = [page for page in PAGES if client.get(page[0]).status_code == 200]
    for address, _fill in PAGES:
        if address not in dict(there):
            yield Figure(f"{address} IS NOT THERE, not timed", 0, "", 0, "")
    fills = dict.fromkeys(fill for _address, fill in there)
    for fill in fills:
        fill(FEW, 0)
    with_few = {address: look(address) for address, _fill in there}
    for fill in fills:
        fill(MANY - FEW, FEW)
    settle()
    for address, _fill in there:
        few, few_queries = with_few[address]
        many, many_queries = look(address)
        label = f"{address} {MANY} rows, {few_queries} -> {many_queries} queries"
        yield Figure(label, many, "s", few, f"{FEW} rows", AIM)
