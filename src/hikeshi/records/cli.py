"""Commands: find records by their words; list, hold and erase what retention says is due."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import orjson
from django.utils.translation import gettext as _

from hikeshi.organisation.viewer import Viewer
from hikeshi.records import retention
from hikeshi.records.search import search
from hikeshi.records.subjects import subjects


def add_commands(commands: Any) -> None:
    """Add the commands of this area."""
    parser = commands.add_parser("search", help=_("find records by their words"))
    parser.add_argument("text")
    parser.set_defaults(run=_search, acts=True)
    parser = commands.add_parser("retention", help=_("what is due for erasing, and legal holds"))
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    parser = acts.add_parser("due", help=_("list what is due; exit with 1 when nothing is"))
    parser.set_defaults(run=_due, acts=True)
    for act, said in (
        ("hold", _("put a legal hold on a case")),
        ("release", _("lift a case's legal hold")),
        ("erase", _("erase the texts and files of a case that is due, for good")),
    ):
        parser = acts.add_parser(act, help=said)
        parser.add_argument("number")
        parser.add_argument("--reason", required=True, help=_("why; it goes on record"))
        parser.set_defaults(run=_retain, acts=True)


def _due(options: argparse.Namespace, viewer: Viewer) -> int:
    retention.find_due(at=viewer.at)
    marks = list(
        retention.marks_of(viewer)
        .filter(due_at__lte=viewer.at, erased_at__isnull=True)
        .order_by("due_at", "pk")
    )
    named = subjects(viewer, [(mark.subject_kind, mark.subject_uid) for mark in marks])
    rows = [
        {"number": named[mark.subject_uid].number, "due_at": mark.due_at,
         "state": "held" if mark.held_at else "due"}
        for mark in marks if mark.subject_uid in named
    ]  # fmt: skip
    if options.format == "json":
        sys.stdout.write(orjson.dumps(rows).decode() + "\n")
    else:
        sys.stdout.writelines(f"{r['number']}\t{r['due_at']}\t{r['state']}\n" for r in rows)
    return 0 if rows else 1


def _retain(options: argparse.Namespace, viewer: Viewer) -> int:
    row = retention.record_by_number(viewer, options.number)
    act = {"hold": retention.hold, "release": retention.release, "erase": retention.erase}
    act[options.act](row=row, by=viewer, at=viewer.at, reason=options.reason)
    return 0


def _search(options: argparse.Namespace, viewer: Viewer) -> int:
    hits = search(viewer, options.text).hits
    if options.format == "json":
        rows = [{"number": h.subject.number, "title": h.subject.title, "kind": h.kind,
                 "url": h.subject.url} for h in hits]  # fmt: skip
        sys.stdout.write(orjson.dumps(rows).decode() + "\n")
    else:
        sys.stdout.writelines(f"{h.subject.number}\t{h.subject.title}\n" for h in hits)
    return 0 if hits else 1
