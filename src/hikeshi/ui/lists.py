"""Lists: filters, sorting, saved views and pages, all of them in the address.

A view makes its rows, says which columns there are and calls ``listing`` and ``render_list``; the
area writes one template, a row. ``?sort=due,-severity`` names columns; a press on a head puts that
column first and keeps the one before as second key. Filters are a Django form (or a FilterSet's) on
``request.GET``. docs/developer/pages.md shows a whole example.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, TypeVar

from django import forms
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.utils.functional import Promise

from hikeshi.ui.paging import PAGE_SIZE, Page, page_of

_M = TypeVar("_M", bound=Model)
Text = str | Promise
_SORT_KEYS: Final = 2
_FIRST_FIELDS: Final = 4
# What a bare address says for a reader whose list opens with a view of their own.
STANDARD: Final = "view=standard"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    key: its name in ``?sort=``.
    order: what it sorts by, rising, as for ``order_by``, never null; () where it cannot sort.
    css: classes of its head: ``r`` right, ``tight`` narrow, ``hide-s`` not on phones.
    """

    key: str
    label: Text
    order: tuple[str, ...] = ()
    css: str = ""


@dataclass(frozen=True, slots=True)
class SavedView:
    """A tab above a list: a name for an address. count: None where it is not counted."""

    label: Text
    query: str
    count: int | None = None
    about: bool = False


@dataclass(frozen=True, slots=True)
class BulkAct:
    """What can be done with several rows at once; posts ``pick`` to url, which shows the effect.

    key: a key that presses it.
    """

    label: Text
    url: str
    primary: bool = False
    key: str = ""


@dataclass(frozen=True, slots=True)
class Empty:
    """What a list says while nothing belongs into it yet."""

    title: Text
    text: Text = ""
    href: str = ""
    action: Text = ""
    icon: str = "box"


@dataclass(frozen=True, slots=True)
class Head:
    """A column's head as the template draws it."""

    label: Text
    css: str
    href: str
    aria_sort: str


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter: its field, and when it is set its value in words and the list without it."""

    box: forms.BoundField
    shown: str = ""
    without: str = ""


@dataclass(slots=True)
class Listing:
    """All that ``ui/list.html`` needs."""

    page: Page[Any]
    row: str
    caption: Text
    heads: list[Head]
    ident: str = "list"
    chips: list[Chip] = field(default_factory=list)
    more: list[forms.BoundField] = field(default_factory=list)
    search: forms.BoundField | None = None
    views: list[dict[str, Any]] = field(default_factory=list)
    acts: Sequence[BulkAct] = ()
    empty: Empty | None = None
    sort: str = ""
    first: str = ""
    bare: str = "?"
    took_ms: int = 0

    @property
    def is_filtered(self) -> bool:
        """Tell whether some filter is set."""
        return any(chip.shown for chip in self.chips) or bool(
            self.search is not None and self.search.value()
        )


def listing(
    request: HttpRequest,
    rows: QuerySet[_M],
    *,
    columns: Sequence[Column],
    default: str,
    row: str,
    caption: Text,
    filters: forms.BaseForm | None = None,
    views: Iterable[SavedView] = (),
    acts: Sequence[BulkAct] = (),
    empty: Empty | None = None,
    ident: str = "list",
    size: int = PAGE_SIZE,
    counting: QuerySet[Any, Any] | None = None,
) -> Listing:
    """Sort and page rows as the address asks, in two queries.

    rows: filtered already. default: the order without ``?sort=``, in the same words.
    row: the template of one row, a whole ``<tr>``; it gets ``row`` and ``list``.
    filters: a bound, valid form; a field named ``q`` becomes the text box.
    counting: a selection of as many rows that is cheaper to count.
    Raises Malformed for a cursor that this list did not give out.
    """
    began = perf_counter()
    keys = asked_keys(request, columns, default)
    after = request.GET.get("after")
    page = page_of(rows, order=_order(keys, columns), after=after, size=size, counting=counting)
    found = listing_of(
        request,
        page,
        columns=columns,
        default=default,
        row=row,
        caption=caption,
        filters=filters,
        views=views,
        acts=acts,
        empty=empty,
        ident=ident,
    )
    found.took_ms = round((perf_counter() - began) * 1000)
    return found


def listing_of(
    request: HttpRequest,
    page: Page[Any],
    *,
    columns: Sequence[Column],
    default: str,
    row: str,
    caption: Text,
    filters: forms.BaseForm | None = None,
    views: Iterable[SavedView] = (),
    acts: Sequence[BulkAct] = (),
    empty: Empty | None = None,
    ident: str = "list",
) -> Listing:
    """Make a listing of a page that is there already; see ``listing``."""
    asked = request.GET
    bare = str(getattr(request, "bare_list", ""))
    keys = asked_keys(request, columns, default)
    found = Listing(
        page=page,
        row=row,
        caption=caption,
        heads=[_head(column, keys, asked) for column in columns],
        ident=ident,
        acts=acts,
        empty=empty,
        sort=asked.get("sort", ""),
        first=_address(asked, after=None) if asked.get("after") else "",
        views=[_tab(view, asked, bare) for view in views],
    )
    if filters is not None:
        _add_filters(found, filters, asked, bare)
    return found


def render_list(
    request: HttpRequest, template: str, found: Listing, context: Mapping[str, Any] | None = None
) -> HttpResponse:
    """Render the page, or the list alone where htmx replaces it."""
    htmx = getattr(request, "htmx", None)
    whole = not (htmx and htmx.target == found.ident)
    answer = render(
        request, template if whole else "ui/list.html", {**(context or {}), "list": found}
    )
    # The same address has two bodies: a browser must not show one in the other's place.
    patch_vary_headers(answer, ["HX-Request", "HX-Target"])
    return answer


def asked_keys(request: HttpRequest, columns: Sequence[Column], default: str) -> list[str]:
    """Return the columns the address sorts by, ``-`` in front for falling; see ``listing``."""
    return _keys(request.GET.get("sort") or default, columns) or _keys(default, columns)


def _keys(sort: str, columns: Sequence[Column]) -> list[str]:
    """Return the sort keys that this list has, a column once, at most two."""
    sortable = {column.key for column in columns if column.order}
    found: dict[str, str] = {}
    for key in sort.split(","):
        name = key.removeprefix("-")
        if name in sortable:
            found.setdefault(name, key)
    return list(found.values())[:_SORT_KEYS]


def _order(keys: list[str], columns: Sequence[Column]) -> tuple[str, ...]:
    by_key = {column.key: column.order for column in columns}
    found: dict[str, str] = {}
    for key in keys:
        for name in by_key[key.removeprefix("-")]:
            turned = _turned(name) if key.startswith("-") else name
            found.setdefault(turned.removeprefix("-"), turned)
    found.setdefault("pk", "pk")
    return tuple(found.values())


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _head(column: Column, keys: list[str], asked: QueryDict) -> Head:
    if not column.order:
        return Head(column.label, column.css, "", "")
    first = keys[0] if keys else ""
    aria = ""
    pressed = column.key
    if first == column.key:
        aria, pressed = "ascending", f"-{column.key}"
    elif first == f"-{column.key}":
        aria = "descending"
    others = [key for key in keys if key.removeprefix("-") != column.key]
    sort = ",".join([pressed, *others][:_SORT_KEYS])
    return Head(column.label, column.css, _address(asked, sort=sort, after=None), aria)


def _address(asked: QueryDict, **changed: str | None) -> str:
    """Return the list's address with some parts changed; None takes one out."""
    left = asked.copy()
    for name, value in changed.items():
        left.pop(name, None)
        if value is not None:
            left[name] = value
    for name in [name for name in left if not any(left.getlist(name))]:
        del left[name]
    return f"?{left.urlencode(safe=',')}"


def is_same_view(one: str, other: str) -> bool:
    """Tell whether two addresses of a list show the same, whatever the place in it."""
    return _parts(QueryDict(one)) == _parts(QueryDict(other))


def _parts(query: QueryDict) -> dict[str, list[str]]:
    return {
        name: sorted(filter(None, values))
        for name, values in query.lists()
        if name not in {"after", "view"} and any(values)
    }


def _tab(view: SavedView, asked: QueryDict, bare: str) -> dict[str, Any]:
    return {
        "label": view.label,
        "href": f"?{view.query or bare}",
        "count": view.count,
        "about": view.about,
        "current": _parts(QueryDict(view.query)) == _parts(asked),
    }


def _add_filters(found: Listing, form: forms.BaseForm, asked: QueryDict, bare: str) -> None:
    def without(**gone: str | None) -> str:
        left = _address(asked, after=None, **gone)
        return left if left != "?" else f"?{bare}"

    names = [name for name in form.fields if name not in {"q", "sort", "after"}]
    found.search = form["q"] if "q" in form.fields else None
    put: list[Chip] = []
    unset: list[Chip] = []
    for name in names:
        shown = _shown(form, name)
        if shown:
            put.append(Chip(form[name], shown, without(**{name: None})))
        else:
            unset.append(Chip(form[name]))
    # What is set stands first; of the rest some have a chip of their own, others one menu.
    found.chips = [*put, *unset[:_FIRST_FIELDS]]
    found.more = [chip.box for chip in unset[_FIRST_FIELDS:]]
    found.bare = without(**dict.fromkeys([*names, "q"]))


def _shown(form: forms.BaseForm, name: str) -> str:
    """Return the value of a set filter in words, "" when it is not set."""
    value = getattr(form, "cleaned_data", {}).get(name)
    if value is None or value == "" or value == []:
        return ""
    of = form.fields[name]
    if isinstance(of, forms.ModelMultipleChoiceField):
        return ", ".join(str(of.label_from_instance(one)) for one in value)
    if isinstance(of, forms.ModelChoiceField):
        return str(of.label_from_instance(value))
    if isinstance(of, forms.ChoiceField):
        words = dict(_flat(of.choices))
        values = value if isinstance(value, list | tuple) else [value]
        return ", ".join(str(words.get(str(one), one)) for one in values)
    return str(value)


def _flat(choices: Any) -> Iterable[tuple[str, Text]]:
    for value, label in choices:
        if isinstance(label, list | tuple):
            yield from _flat(label)
        else:
            yield str(value), label
