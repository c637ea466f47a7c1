"""Slots: how a page shows what a higher area knows, without importing upward.

A page names a slot: ``{% slot "case.side" case %}``. At start-up higher areas fill it with
providers, functions of (request, subject). For ``{% slot %}`` they return HTML or nothing; for
``gather`` they return values, which the page itself puts in order (the queue of Today, the counts
of the menu). Order is the order of the number given, then of filling. docs/developer/pages.md lists
the slots.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

Provider = Callable[[HttpRequest, Any], SafeString | None]
Gatherer = Callable[[HttpRequest, Any], Iterable[Any]]

_filled: dict[str, list[tuple[int, Callable[[HttpRequest, Any], Any]]]] = defaultdict(list)


def fill(name: str, provider: Provider | Gatherer, *, order: int = 50) -> None:
    """Put a provider into a slot; the same provider twice counts once."""
    if all(held is not provider for _order, held in _filled[name]):
        _filled[name].append((order, provider))
        _filled[name].sort(key=lambda pair: pair[0])


def render_slot(name: str, request: HttpRequest, subject: Any) -> SafeString:
    """Return what all providers of a slot have to say about a subject."""
    parts = [provider(request, subject) for _order, provider in _filled.get(name, [])]
    return mark_safe("".join(part for part in parts if part))  # noqa: S308  # parts are safe


def gather(name: str, request: HttpRequest, subject: Any = None) -> list[Any]:
    """Return the values that all providers of a slot give, one after the other."""
    return [
        value
        for _order, provider in _filled.get(name, [])
        for value in provider(request, subject) or ()
    ]
