"""Commands: read feeds, list what could not be read."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import orjson
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as Bars
from rich.table import Table

from hikeshi.core.errors import NotAllowed, gettext_noop
from hikeshi.intelligence.feeds import FEEDS, fetch, read
from hikeshi.intelligence.models import Refusal, Run, RunPart
from hikeshi.intelligence.services import Progress
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer

COUNTS = ("new", "changed", "unchanged", "older", "withdrawn", "vanished", "refused")
REFUSALS_SHOWN = 20


def add_commands(commands: Any) -> None:
    """Add the commands of this area."""
    feed = commands.add_parser("feed", help=_("read feeds of vulnerability records"))
    verbs = feed.add_subparsers(dest="verb", required=True, metavar="VERB")
    sync = verbs.add_parser("sync", help=_("read a feed into documents and claims"))
    sync.add_argument("source", choices=list(FEEDS))
    sync.add_argument("--from", dest="directory", type=Path, metavar="PATH",
                      help=_("a copy of the source's files, laid out as it serves them; "
                      "without it they are fetched"))  # fmt: skip
    sync.add_argument("--take-over", action="store_true",
                      help=_("do not wait for a reading that was cut short"))  # fmt: skip
    sync.set_defaults(run=_sync, acts=True)


def _sync(options: argparse.Namespace, viewer: Viewer) -> None:
    if not viewer.may_somewhere(Permission.FEED_MANAGE):
        raise NotAllowed(
            gettext_noop("This needs the right “%(right)s”. An administrator can grant it."),
            right=Permission.FEED_MANAGE.value,
        )
    bars = Bars(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        console=Console(stderr=True), disable=not sys.stderr.isatty(),
    )  # fmt: skip
    tasks: dict[str, Any] = {}

    def show(where: Progress) -> None:
        if where.part not in tasks:
            tasks[where.part] = bars.add_task(where.part, total=where.total)
        bars.update(tasks[where.part], completed=where.position)

    with bars:
        feed = FEEDS[options.source]
        if options.directory is not None:
            run: Run | None = read(
                feed, options.directory, by=viewer.account, now=timezone.now,
                take_over=options.take_over, progress=show,
            )  # fmt: skip
        else:
            run = fetch(feed, by=viewer.account, now=timezone.now, progress=show)
    if run is None:
        sys.stderr.write("nothing has changed at the source\n")
        return
    if options.format == "json":
        sys.stdout.write(orjson.dumps(_as_json(run), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        _print_table(run)


def _parts(run: Run) -> list[RunPart]:
    return list(RunPart.objects.filter(run=run).select_related("source").order_by("source__part"))


def _said(refusal: Refusal) -> str:
    return refusal.sentence % refusal.facts if refusal.facts else refusal.sentence


def _as_json(run: Run) -> dict[str, Any]:
    return {
        "run": run.number,
        "parts": [
            {"part": part.source.part, "listed": part.listed}
            | {name: getattr(part, name) for name in COUNTS}
            for part in _parts(run)
        ],
        "refused": [
            {"place": refusal.place, "reason": _said(refusal)}
            for refusal in Refusal.objects.filter(run=run).order_by("pk")
        ],
    }


def _print_table(run: Run) -> None:
    console = Console()
    table = Table("part", *COUNTS)
    for part in _parts(run):
        table.add_row(part.source.part, *(f"{getattr(part, name):,}" for name in COUNTS))
    sums = RunPart.objects.filter(run=run).aggregate(**{name: Sum(name) for name in COUNTS})
    table.add_row("total", *(f"{sums[name] or 0:,}" for name in COUNTS))
    console.print(table)
    refusals = Refusal.objects.filter(run=run).order_by("pk")
    for refusal in refusals[:REFUSALS_SHOWN]:
        console.print(f"{refusal.place}: {_said(refusal)}", markup=False, highlight=False)
    if (more := refusals.count() - REFUSALS_SHOWN) > 0:
        console.print(f"… {more:,} more; --format json lists all", markup=False)
