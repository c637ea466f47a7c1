"""Log lines: a constant event name with facts beside it, as JSON unless a person looks on.

A line must not tell what lies behind a wall, nor open a door:

1. An exception is logged by its class and place; its message may quote a text. With HIKESHI_DEBUG
   the whole traceback is logged.
2. Facts that are called like secrets are blanked, so are API tokens and the keys of one-time and
   answer links wherever they stand.

Django names this module's ``configure`` in LOGGING_CONFIG.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import structlog

_SECRET: Final = re.compile(
    r"(^|_)(password|secret|token|authorization|cookie|key|digest|content|title|text|body)$"
)
_TOKEN: Final = re.compile(r"\bhk_[0-9a-f]{6,}_[\w-]+")
_LINK: Final = re.compile(r"(/(?:r|setup|link|invitation|password)/)[\w.~-]{8,}")
BLANK: Final = "…"

_Line = MutableMapping[str, Any]


def redact(_logger: object, _method: str, line: _Line) -> _Line:
    """Blank what would open a door: facts by their name, tokens and link keys by their look."""
    for name, value in line.items():
        if name != "event" and _SECRET.search(name) and value:
            line[name] = BLANK
        elif isinstance(value, str):
            line[name] = blank(value)
    return line


def blank(text: str) -> str:
    """Blank the tokens and link keys in a text."""
    return _LINK.sub(rf"\1{BLANK}", _TOKEN.sub(f"hk_{BLANK}", text))


def _without_message(_logger: object, _method: str, line: _Line) -> _Line:
    """Replace an exception by its class and the places it came through."""
    found = line.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        line["error"] = f"{type(error).__module__}.{type(error).__qualname__}"
        places = traceback.extract_tb(error.__traceback__)[-8:]
        line["at"] = [f"{_short(f.filename)}:{f.lineno} {f.name}" for f in places]
    return line


def _short(path: str) -> str:
    for folder in ("/site-packages/", "/src/"):
        path = path.rpartition(folder)[2]
    return path


def configure(config: Mapping[str, Any]) -> None:
    """Set up all logging of the process. config: ``level``, ``debug``."""
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([] if config["debug"] else [_without_message]),
        redact,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    person = sys.stderr.isatty()
    shown: list[Any] = (
        [structlog.dev.ConsoleRenderer()]
        if person
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler()
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            # Lines of Django and libraries come as finished sentences and are blanked here.
            foreign_pre_chain=[*before],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *shown],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(config["level"])
    for name in ("django", "django.server", "django_tasks", "django_tasks_db"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
