"""``hikeshi case list|show|open``: the cases that the acting account may see."""

from __future__ import annotations

import argparse
import sys
from typing import Any

import orjson
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.core.vex import tally
from hikeshi.organisation.queries import companies_of, text_in
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.triage import queries, services
from hikeshi.triage.filters import CaseFilter
from hikeshi.triage.models import Case, CaseKind

_LIMIT = 1000


def add_commands(commands: Any) -> None:
    """Add the commands of this area."""
    case = commands.add_parser("case", help=_("list, show and open cases"))
    steps = case.add_subparsers(dest="step", required=True, metavar="STEP")
    listed = steps.add_parser("list", help=_("list cases, newest change first"))
    listed.add_argument("--phase", default="", help=_("a phase, or all; open ones by default"))
    listed.add_argument("--kind", default="", choices=["", *CaseKind.values])
    listed.add_argument("--mine", action="store_true", help=_("only those I own"))
    listed.set_defaults(run=_list, acts=True)
    shown = steps.add_parser("show", help=_("show one case and what was decided"))
    shown.add_argument("number")
    shown.set_defaults(run=_show, acts=True)
    opened = steps.add_parser("open", help=_("open a case; the acting account becomes its owner"))
    opened.add_argument("title")
    opened.add_argument(
        "--company", default="", help=_("short name; needed where there are several")
    )
    opened.add_argument("--kind", default="vulnerability", choices=CaseKind.values)
    opened.add_argument("--vulnerability", action="append", default=[], metavar="ID")
    opened.add_argument("--no-wall", action="store_true", help=_("let everybody in scope see it"))
    opened.set_defaults(run=_open, acts=True)


def _language() -> str:
    return get_language() or "en"


def _line(case: Case) -> dict[str, Any]:
    return {
        "number": case.number,
        "kind": case.kind,
        "phase": case.phase,
        "severity": case.band,
        "title": text_in(case.title.value, _language()),
    }


def _write(options: argparse.Namespace, rows: Any, lines: list[str]) -> None:
    if options.format == "json":
        sys.stdout.write(orjson.dumps(rows, default=str).decode() + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in lines)


def _list(options: argparse.Namespace, viewer: Viewer) -> int:
    chosen = CaseFilter.read(
        {"phase": options.phase, "kind": options.kind, "mine": "1" if options.mine else ""}
    )
    cases = list(chosen.rows(viewer).order_by("-changed_at", "-pk")[:_LIMIT])
    unseal(cases, "title")
    rows = [_line(case) for case in cases]
    _write(options, rows, ["\t".join(str(value) for value in row.values()) for row in rows])
    return 0


def _show(options: argparse.Namespace, viewer: Viewer) -> int:
    case = queries.case_by_number(viewer, options.number)
    names = [one.name for one in queries.vulnerabilities_of(case)]
    matrices = queries.matrices_of(viewer, case, names, language=_language())
    decided = [
        {
            "vulnerability": name,
            "product": text_in(cell.release.offering.name, _language()),
            "version": cell.release.version,
            "status": cell.status.value,
        }
        for name, matrix in matrices.items()
        for cell in matrix.cells()
    ]
    head = _line(case)
    counts = tally(cell.status for one in matrices.values() for cell in one.cells())
    lines = [f"{key}\t{value}" for key, value in head.items()]
    lines += [f"{status.value}\t{count}" for status, count in counts.items() if count]
    lines += ["\t".join(str(value) for value in row.values()) for row in decided]
    _write(options, {**head, "decisions": decided}, lines)
    return 0


def _open(options: argparse.Namespace, viewer: Viewer) -> int:
    companies = list(companies_of(viewer))
    if options.company:
        companies = [one for one in companies if one.slug == options.company]
    if len(companies) != 1:
        raise NotFound(gettext_noop("Name one of your companies with --company."))
    case = services.open_case(
        company=companies[0], kind=CaseKind(options.kind), title={_language(): options.title},
        vulnerabilities=options.vulnerability, walled=not options.no_wall, by=viewer, at=viewer.at,
    )  # fmt: skip
    _write(options, {"number": case.number}, [case.number])
    return 0
