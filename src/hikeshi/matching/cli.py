"""``hikeshi match``, ``scan`` and ``affected``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import orjson
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Console
from rich.table import Table

from hikeshi.formats.sbom import read
from hikeshi.matching import queries
from hikeshi.matching.services import pull
from hikeshi.matching.undecided import Doubt, doubt_of
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.terminal import read_file
from hikeshi.organisation.viewer import Viewer

FILE_LIMIT = 200 * 1024 * 1024


def add_commands(commands: Any) -> None:
    """Add this area's commands."""
    parser = commands.add_parser(
        "match", help=_("match what feeds and SBOMs brought since last time")
    )
    parser.set_defaults(run=_match)
    parser = commands.add_parser("scan", help=_("list what is known to be wrong in an SBOM"))
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--fail", action="store_true", help=_("exit with 1 when something is found")
    )
    parser.set_defaults(run=_scan)
    parser = commands.add_parser("affected", help=_("list the releases a vulnerability reaches"))
    parser.add_argument("name", help=_("CVE-…, GHSA-… or another id"))
    parser.add_argument(
        "--fail", action="store_true", help=_("exit with 1 when something is reached")
    )
    parser.set_defaults(run=_affected, acts=True)


def _match(options: argparse.Namespace, _viewer: None) -> None:
    pulled = pull(at=timezone.now())
    said = {"batch": pulled.batch, "opened": pulled.opened, "closed": pulled.closed}
    if options.format == "json":
        sys.stdout.write(orjson.dumps(said).decode() + "\n")
    else:
        sys.stdout.write("".join(f"{key}: {value}\n" for key, value in said.items()))


def _scan(options: argparse.Namespace, _viewer: None) -> int:
    content = read_file(options.file, limit_bytes=FILE_LIMIT)
    found = queries.scan(read(content).components)
    if options.format == "json":
        rows = [
            {name: getattr(line, name) for name in line.__slots__}
            | {"score": str(line.score or "")}
            for line in found.lines
        ]
        said = {"components": found.components, "undecided": found.gaps, "found": rows}
        sys.stdout.write(orjson.dumps(said).decode() + "\n")
    else:
        table = Table(_("Component"), _("Version"), _("Vulnerability"), _("Score"), _("Range"))
        for line in found.lines:
            score = str(line.score or "–")
            table.add_row(line.component, line.version, line.vulnerability, score, line.stated)
        console = Console()
        console.print(table)
        console.print(
            _("%(found)s matches in %(components)s components; %(undecided)s cannot be decided.")
            % {
                "found": len(found.lines),
                "components": found.components,
                "undecided": sum(found.gaps.values()),
            }
        )
    return 1 if options.fail and found.lines else 0


def _affected(options: argparse.Namespace, viewer: Viewer) -> int:
    found = queries.vulnerability_named(viewer, options.name)
    (reached,) = queries.reached_by(viewer, [found])
    doubt = doubt_of(viewer, found, reached=[one.pk for one in reached.releases])
    rows = [
        {
            "release": finding.release.number,
            "product": text_in(finding.release.offering.name, options.language or "en"),
            "version": finding.release.version,
            "component": f"{finding.component} {finding.version}",
            "range": finding.stated,
            "claim": finding.claim,
            "through": " > ".join(f"{one.number} {one.version}" for one in finding.way),
        }
        for finding in reached.findings
    ]
    if options.format == "json":
        sys.stdout.write(orjson.dumps(rows).decode() + "\n")
    else:
        table = Table(
            _("Release"), _("Product"), _("Version"), _("Component"), _("Range"), _("Says"),
            _("Through"),
        )  # fmt: skip
        for row in rows:
            table.add_row(*row.values())
        Console().print(table if rows else _("It reaches no release, as far as can be decided."))
    if doubt.releases:
        sys.stderr.write(_undecided(doubt))
    return 1 if options.fail and rows else 0


def _undecided(doubt: Doubt) -> str:
    """Say which releases nobody can decide: an empty list alone would look safe."""
    lines = [
        f"  {one.release.number}  {one.component} {one.version}  {one.reason}  {one.claim}"
        for one in doubt.lines
    ]
    if doubt.hidden:
        lines.append(f"  … +{doubt.hidden}")
    head = ngettext(
        "%(n)s release cannot be decided; look yourself:",
        "%(n)s releases cannot be decided; look yourself:",
        doubt.releases,
    ) % {"n": doubt.releases}
    return "\n".join([head, *lines]) + "\n"
