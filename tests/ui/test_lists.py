"""Lists keep their order, filters and place in the address."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from hikeshi.organisation.models import Account
from hikeshi.ui.lists import BulkAct, Column, Listing, SavedView, listing, render_list

pytestmark = pytest.mark.django_db

COLUMNS = [
    Column("name", "Name", ("name",)),
    Column("made", "Made", ("-created_at",), css="r"),
    Column("note", "Note"),
]


class Filters(forms.Form):
    q = forms.CharField(label="name", required=False)
    zone = forms.ChoiceField(
        label="zone", required=False, choices=[("", "any"), ("UTC", "world"), ("JP", "Japan")]
    )
    language = forms.ChoiceField(
        label="language", required=False, choices=[("", "any"), ("ja", "Japanese")]
    )


def asked(query: str = "", **more: object) -> HttpRequest:
    request = RequestFactory().get(f"/people/?{query}")
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    return request


def made(query: str = "", count: int = 3, **options: object) -> Listing:
    Account.objects.bulk_create(
        Account(email=f"{n}@x.example", name=f"name {n % 2}") for n in range(count)
    )
    filters = Filters(QueryDict(query))
    assert filters.is_valid()
    return listing(
        asked(query), Account.objects.all(), columns=COLUMNS, default="name",
        row="ui_tests/row.html", caption="People", filters=filters, **options,
    )  # type: ignore[arg-type]  # fmt: skip


def test_a_press_on_a_head_puts_it_first_and_keeps_the_other_as_second_key() -> None:
    name, made_at, note = made("sort=name&zone=JP&after=").heads
    assert (name.aria_sort, name.href) == ("ascending", "?zone=JP&sort=-name")
    assert (made_at.aria_sort, made_at.href) == ("", "?zone=JP&sort=made,name")
    assert (note.href, note.aria_sort) == ("", "")


def test_a_falling_column_turns_what_it_sorts_by() -> None:
    found = made("sort=-made,name")
    assert found.heads[1].aria_sort == "descending"
    moments = [row.created_at for row in found.page.rows]
    assert moments == sorted(moments)


def test_an_unknown_sort_key_is_passed_over() -> None:
    assert made("sort=password,note").heads[0].aria_sort == "ascending"


def test_a_set_filter_stands_first_with_its_words_and_the_list_without_it() -> None:
    found = made("q=x&zone=JP&sort=made&after=")
    assert [(chip.box.name, chip.shown, chip.without) for chip in found.chips] == [
        ("zone", "Japan", "?q=x&sort=made"),
        ("language", "", ""),
    ]
    assert found.search is not None
    assert found.is_filtered
    assert found.bare == "?sort=made"


def test_the_view_one_stands_in_is_marked_whatever_the_order_of_its_parts() -> None:
    views = [SavedView("All", "", 9), SavedView("Here", "language=ja&zone=JP", 2)]
    found = made("zone=JP&language=ja&sort=", views=views)
    assert [view["current"] for view in found.views] == [False, True]


def test_two_queries_make_a_list(
    django_assert_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    Account.objects.create(email="a@x.example", name="a")
    with django_assert_num_queries(2):
        found = listing(
            asked(), Account.objects.all(), columns=COLUMNS, default="name",
            row="x.html", caption="People",
        )  # fmt: skip
        assert len(found.page.rows) == 1


def page(query: str = "", headers: dict[str, str] | None = None) -> HttpResponse:
    request = RequestFactory().get(f"/people/?{query}", headers=headers)
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    rows = Account.objects.all()
    found = listing(
        request, rows, columns=COLUMNS, default="name", row="ui/mark.html", caption="People",
        acts=[BulkAct("Assign", "/assign/", primary=True)],
    )  # fmt: skip
    return render_list(request, "ui/more.html", found)


def test_htmx_gets_the_list_alone_and_caches_keep_the_two_apart() -> None:
    Account.objects.create(email="a@x.example", name="a")
    whole = page()
    part = page(headers={"HX-Request": "true", "HX-Target": "list"})
    assert b"<html" in whole.content
    assert b"<html" not in part.content
    assert b'id="list"' in part.content
    assert b'formaction="/assign/"' in part.content
    assert "HX-Request" in part["Vary"]


def test_an_empty_list_tells_filters_from_nothing() -> None:
    assert b"Nothing here yet" in page(headers={"HX-Request": "true", "HX-Target": "list"}).content
