"""Write the value of a field as the ledger keeps it: texts, moments and days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import orjson
from django import template

from hikeshi.ui.moments import day_text, moment_text
from hikeshi.ui.templatetags.ui import tr

register = template.Library()


@register.filter
def said(value: Any) -> str:
    """Write a value in the page's language; nothing becomes a dash."""
    if isinstance(value, str):
        value = _moment(value) or value
    if isinstance(value, Mapping):
        value = tr(value)
    elif isinstance(value, datetime):
        return moment_text(value)
    elif isinstance(value, date):
        return day_text(value)
    return "–" if value in (None, "") else str(value)


def _moment(text: str) -> date | datetime | None:
    """Read a moment or day that JSON turned into a text."""
    try:
        if len(text) == len("2026-11-01"):
            return date.fromisoformat(text)
        read = datetime.fromisoformat(text) if "T" in text and len(text) < 40 else None
    except ValueError:
        return None
    return read if read is not None and read.tzinfo is not None else None


@register.filter
def json_text(value: Any) -> str:
    """Write what an event says as JSON that a person can read."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS
    return orjson.dumps(value, option=options).decode()
