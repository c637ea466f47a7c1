"""Page times at the server with 100,000 rows in each list, against the same page with 100 rows.

A list that pages by key costs the same whatever it holds, so the ratio is what to look at. Times
are those of the whole request in one process, from middleware to rendered bytes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

from bench.measure import Figure, median_seconds
from bench.world import NOW, company, settle, use_fresh_installation

FEW, MANY = 100, int(os.environ.get("BENCH_ROWS", "100000"))
AIM = "0.2 s"


def _contacts(count: int, start: int) -> None:
    from hikeshi.organisation.sealed import seal
    from hikeshi.stakeholders.models import Contact, ContactKind

    ours, _admin = company()
    Contact.objects.bulk_create(
        (
            Contact(
                company=ours,
                number=f"B-P-{n}",
                kind=ContactKind.SUPPLIER,
                name=seal(f"supplier {n}", None),
                created_at=NOW,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )


def _rounds(count: int, start: int) -> None:
    from hikeshi.organisation.sealed import seal
    from hikeshi.stakeholders.models import Round

    ours, _admin = company()
    Round.objects.bulk_create(
        (
            Round(
                company=ours,
                number=f"B-Q-{n}",
                title=seal(f"round {n}", None),
                letter=seal("", None),
                due_at=NOW,
                created_at=NOW,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )


def _tasks(count: int, start: int) -> None:
    from hikeshi.organisation.sealed import seal
    from hikeshi.records.models import Task

    ours, admin = company()
    Task.objects.bulk_create(
        (
            Task(
                company=ours,
                subject_kind="stakeholders.contact",
                subject_uid=ours.uid,
                title=seal(f"task {n}", None),
                assignee=admin if n < 200 else None,
                due_at=NOW,
                created_at=NOW,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )


def _events(count: int, start: int) -> None:
    from hikeshi.ledger.models import Event

    ours, _admin = company()
    Event.objects.bulk_create(
        (
            Event(
                company=ours,
                name="contact.changed",
                at=NOW,
                subject_kind="stakeholders.contact",
                subject_uid=ours.uid,
                payload_hash=b"0" * 32,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )


def _products(count: int, start: int) -> None:
    from hikeshi.inventory.models import Offering, Release

    ours, _admin = company()
    made = Offering.objects.bulk_create(
        (
            Offering(
                company=ours, number=f"B-O-{n}", name={"en": f"Product {n:06}"}, code=f"O{n}",
                search_key=f"o{n} product {n:06}", created_at=NOW,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )  # fmt: skip
    Release.objects.bulk_create(
        (
            Release(
                company=ours, offering=one, number=f"{one.number}-1", version="1.0",
                csaf_product_id=f"{one.number}-1", created_at=NOW,
            )
            for one in made
        ),
        batch_size=2000,
    )  # fmt: skip


def _cases(count: int, start: int) -> None:
    from hikeshi.core.lifecycle import Phase
    from hikeshi.organisation.sealed import seal
    from hikeshi.triage.models import Case, CaseKind

    ours, admin = company()
    Case.objects.bulk_create(
        (
            Case(
                company=ours, number=f"B-C-{n}", kind=CaseKind.VULNERABILITY, phase=Phase.TRIAGE,
                title=seal({"en": f"Case {n}"}, None), summary=seal({}, None), phase_since=NOW,
                owner=admin if n < 200 else None, opened_at=NOW, created_at=NOW,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )  # fmt: skip


# A list page and what fills it. An address that is not there yet is left out, loudly.
PAGES: list[tuple[str, Callable[[int, int], None]]] = [
    ("/", _tasks),
    ("/cases/", _cases),
    ("/products/", _products),
    ("/directory/", _contacts),
    ("/directory/rounds/", _rounds),
    ("/settings/audit/", _events),
    ("/api/v1/contacts", _contacts),
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
