"""Slots: how a page shows what a higher area knows, without importing upward.

A page names a slot: ``{% slot "case.side" case %}``. At start-up higher areas fill it with
providers, functions of (request, subject) that return HTML or nothing. Order is the order of the
number given, then of filling.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe

Provider = Callable[[HttpRequest, Any], SafeString | None]

_filled: dict[str, list[tuple[int, Provider]]] = defaultdict(list)


def fill(name: str, provider: Provider, *, order: int = 50) -> None:
    """Put a provider into a slot; the same provider twice counts once."""
    if all(held is not provider for _order, held in _filled[name]):
        _filled[name].append((order, provider))
        _filled[name].sort(key=lambda pair: pair[0])


def render_slot(name: str, request: HttpRequest, subject: Any) -> SafeString:
    """Return what all providers of a slot have to say about a subject."""
    parts = [provider(request, subject) for _order, provider in _filled.get(name, [])]
    return mark_safe("".join(part for part in parts if part))  # noqa: S308  # parts are safe
