"""``hikeshi search TEXT``: what the acting account may see that holds the words."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import orjson
from django.utils.translation import gettext as _

from hikeshi.organisation.viewer import Viewer
from hikeshi.records.search import search


def add_commands(commands: Any) -> None:
    """Add the commands of this area."""
    parser = commands.add_parser("search", help=_("find records by their words"))
    parser.add_argument("text")
    parser.set_defaults(run=_search, acts=True)


def _search(options: argparse.Namespace, viewer: Viewer) -> int:
    hits = search(viewer, options.text).hits
    if options.format == "json":
        rows = [{"number": h.subject.number, "title": h.subject.title, "kind": h.kind,
                 "url": h.subject.url} for h in hits]  # fmt: skip
        sys.stdout.write(orjson.dumps(rows).decode() + "\n")
    else:
        sys.stdout.writelines(f"{h.subject.number}\t{h.subject.title}\n" for h in hits)
    return 0 if hits else 1
