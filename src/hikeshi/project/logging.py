"""Log lines: a constant event name with facts beside it, as JSON unless a person looks on.

A person at a terminal gets plain lines, unless ``HIKESHI_LOG_FORMAT`` says otherwise. What a line
says cannot steer the terminal: what is not printable is written as an escape.

A line must not tell what lies behind a wall, nor open a door:

1. An exception is logged by its class and place; its message may quote a text. With HIKESHI_DEBUG
   the whole traceback is logged.
2. Facts that are called like secrets or like people's words are blanked, at any depth; so are API
   tokens, the keys of one-time and answer links, and what was asked for (``?q=…``), wherever they
   stand.

Django names this module's ``configure`` in LOGGING_CONFIG.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from datetime import datetime
from typing import Any, Final

import structlog

_SECRET: Final = re.compile(
    r"(^|_)(password|secret|token|authorization|cookie|key|digest|content|title|text|body|name"
    r"|subject|summary|note|reason|query|email|address|recipients?)$"
)
_TOKEN: Final = re.compile(r"\bhk_[0-9a-f]{6,}_[\w-]+")
_LINK: Final = re.compile(r"(/(?:r|setup|link|invitation|password)/)[\w.~-]{8,}")
_QUESTION: Final = re.compile(r"(/[\w./~%-]*\?)[^\s\"'<>]+")
BLANK: Final = "…"
# What structlog writes beside the facts.
_OWN: Final = frozenset({"event", "level", "timestamp", "logger"})
_COLOURS: Final = {"warning": "33", "error": "31", "critical": "31;1"}

_Line = MutableMapping[str, Any]


def redact(_logger: object, _method: str, line: _Line) -> _Line:
    """Blank what would open a door: facts by their name, tokens and link keys by their look."""
    for name, value in line.items():
        line[name] = value if name in _OWN - {"event"} else _clean(name, value)
    return line


def _clean(name: str, value: Any) -> Any:
    if name != "event" and _SECRET.search(name) and value:
        return BLANK
    if isinstance(value, str):
        return blank(value)
    if isinstance(value, Mapping):
        return {key: _clean(str(key), inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(name, inner) for inner in value]
    return value


def blank(text: str) -> str:
    """Blank the tokens, the link keys and the questions in a text."""
    text = _QUESTION.sub(rf"\1{BLANK}", text)
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


def plain(*, colours: bool) -> Any:
    """Make the processor that writes a line for a person: time, level, event, facts.

    The time is that of the machine's zone. A traceback follows on lines of its own.
    """

    def render(_logger: object, _method: str, line: _Line) -> str:
        at = datetime.fromisoformat(str(line["timestamp"])).astimezone()
        level = str(line["level"])
        shown = f"{level.upper():7}"
        if colours and level in _COLOURS:
            shown = f"\x1b[{_COLOURS[level]}m{shown}\x1b[0m"
        facts = [
            f"{name}={_plain_value(value)}"
            for name, value in line.items()
            if name not in _OWN and name != "exception"
        ]
        event = _printable(str(line["event"]))
        whole = "  ".join(
            [f"{at:%Y-%m-%d %H:%M:%S}", shown, event, *([" ".join(facts)] * bool(facts))]
        )
        trace = str(line.get("exception") or "")
        return whole + "".join(f"\n    {_printable(row)}" for row in trace.splitlines())

    return render


def _plain_value(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = _printable(text)
    return f'"{text}"' if isinstance(value, str) and (" " in text or not text) else text


def _printable(text: str) -> str:
    """Write what could steer a terminal, such as a line break or an escape, as an escape."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def _is_for_a_person(wanted: str) -> bool:
    """Tell whether lines are plain. wanted: ``text``, ``json``, or empty for what suits stderr."""
    return wanted == "text" or (wanted != "json" and sys.stderr.isatty())


def configure(config: Mapping[str, Any]) -> None:
    """Set up all logging of the process. config: ``level``, ``format``, ``debug``."""
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
    colours = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    last = (
        plain(colours=colours)
        if _is_for_a_person(config["format"])
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    shown = [structlog.processors.format_exc_info, last]
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
    for name in ("django", "django.server", "django_tasks", "django_tasks_db", "gunicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
