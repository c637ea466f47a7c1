"""Keyset paging: every row once, whatever the order, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import QuerySet

from hikeshi.core.errors import Malformed
from hikeshi.organisation.models import Account
from hikeshi.ui.paging import page_of
from tests.builders import NOW

pytestmark = pytest.mark.django_db


def accounts(count: int) -> QuerySet[Account]:
    Account.objects.bulk_create(
        Account(
            email=f"{number:04d}@kazahaya.example",
            name=f"name {number % 7}",
            created_at=NOW + timedelta(hours=number % 5),
        )
        for number in range(count)
    )
    return Account.objects.all()


@pytest.mark.parametrize(
    "order", [("pk",), ("-created_at", "-pk"), ("name", "-created_at", "pk"), ("-name", "email")]
)
def test_walking_the_pages_meets_every_row_once_in_order(order: tuple[str, ...]) -> None:
    rows = accounts(123)
    walked, after = [], ""
    while True:
        page = page_of(rows, order=order, after=after, size=10)
        walked += [row.pk for row in page.rows]
        if not page.next_cursor:
            break
        after = page.next_cursor
    assert walked == list(rows.order_by(*order).values_list("pk", flat=True))
    assert (page.count, page.about) == (123, False)


def test_a_row_that_arrives_meanwhile_shifts_nothing() -> None:
    rows = accounts(30)
    first = page_of(rows, order=("pk",), after=None, size=10)
    rows.filter(pk=first.rows[0].pk).delete()
    second = page_of(rows, order=("pk",), after=first.next_cursor, size=10)
    assert second.rows[0].pk == first.rows[-1].pk + 1


@pytest.mark.parametrize("cursor", ["x", "bnVsbA", "e30", "W3sidCI6Im5vIn1d", "W3siYSI6MX1d", "あ"])
def test_a_damaged_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(Malformed, match="damaged"):
        page_of(accounts(1), order=("created_at",), after=cursor)


def test_two_queries_make_a_page(django_assert_num_queries: object) -> None:
    rows = accounts(60)
    with django_assert_num_queries(2):  # type: ignore[operator]
        page_of(rows, order=("name", "pk"), after=None)
