"""What the commands of all areas do alike: name a company, read a file, print rows."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import orjson
from rich.console import Console
from rich.table import Table

from hikeshi.core.errors import InputRefused, NotFound, gettext_noop
from hikeshi.organisation.models import Company
from hikeshi.organisation.queries import companies_of
from hikeshi.organisation.viewer import Viewer

PIPE_WIDTH: Final = 500


def company_named(viewer: Viewer, slug: str) -> Company:
    """Return the viewer's company of a short name, or its only one for "".

    Raises NotFound when there is none that the viewer belongs to, InputRefused when one has to be
    named.
    """
    own = list(companies_of(viewer).filter(slug=slug) if slug else companies_of(viewer)[:2])
    if not own:
        raise NotFound(gettext_noop("There is no such company, or none that you belong to."))
    if len(own) > 1:
        raise InputRefused(gettext_noop("You belong to several companies; name one by --company."))
    return own[0]


def read_file(path: Path, *, limit_bytes: int) -> bytes:
    """Read a file whole.

    Raises NotFound when there is none, InputRefused when it cannot be read or is larger than the
    limit.
    """
    if not path.exists():
        raise NotFound(gettext_noop("There is no file %(path)s."), path=path)
    try:
        with path.open("rb") as file:
            content = file.read(limit_bytes + 1)
    except OSError as error:
        raise InputRefused(
            gettext_noop("%(path)s cannot be read: %(why)s."), path=path, why=error.strerror or ""
        ) from error
    if len(content) > limit_bytes:
        raise InputRefused(
            gettext_noop("%(path)s is larger than %(limit)s MB."),
            path=path, limit=limit_bytes // (1024 * 1024),
        )  # fmt: skip
    return content


def show_rows(options: argparse.Namespace, rows: Iterable[Mapping[str, Any]]) -> None:
    """Print rows as one JSON document, or as a table for people."""
    rows = list(rows)
    if options.format == "json":
        sys.stdout.write(orjson.dumps(rows, default=str).decode() + "\n")
        return
    table = Table(box=None, pad_edge=False)
    for name in rows[0] if rows else ():
        table.add_column(name, overflow="fold")
    for row in rows:
        table.add_row(*map(_shown, row.values()))
    # What goes into a pipe or a file is not cut to the width of a terminal that is not there.
    Console(file=sys.stdout, width=None if sys.stdout.isatty() else PIPE_WIDTH).print(table)


def _shown(value: Any) -> str:
    """Return a value as a table shows it; counts by name read ``no_name 2, no_version 1``."""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {count}" for name, count in value.items())
    return "" if value is None else str(value)
