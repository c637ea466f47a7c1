"""``hikeshi company``, ``unit``, ``person``: list, import, export; ``hikeshi link``: a way in."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.organisation import company_exchange, exchange, people, units
from hikeshi.organisation.links import link_path, operators_link
from hikeshi.organisation.queries import companies_of, running, text_in
from hikeshi.organisation.terminal import company_named, show_rows
from hikeshi.organisation.viewer import Viewer


def add_commands(commands: Any) -> None:
    """Add the commands of this area."""
    for name, said, verbs in (
        ("company", _("companies of a group"), (
            ("list", _("list companies of a group")),
            ("export", _("write companies of a group as CSV")),
            ("import", _("take in companies of a group from a CSV: all lines or none")),
        )),
        ("unit", _("units of a company"), (
            ("list", _("list units of a company")),
            ("export", _("write units of a company as CSV")),
            ("import", _("take in units of a company from a CSV: all lines or none")),
        )),
        ("person", _("people and their roles"), (
            ("list", _("list people and their roles")),
            ("export", _("write people and their roles as CSV")),
            ("import", _("take in people and their roles from a CSV: all lines or none")),
        )),
    ):  # fmt: skip
        acts = commands.add_parser(name, help=said).add_subparsers(
            dest="act", required=True, metavar="ACT"
        )
        for act, what in verbs:
            parser = acts.add_parser(act, help=what)
            if name != "company":
                parser.add_argument("--company", default="", metavar="SLUG",
                                    help=_("needed with several companies"))  # fmt: skip
            if act == "import":
                parser.add_argument("file", type=Path)
                parser.add_argument("--dry-run", action="store_true",
                                    help=_("say what would be done"))  # fmt: skip
            parser.set_defaults(run=RUNS[name, act], acts=True)
    parser = commands.add_parser("link", help=_("print a one-time link to set up or to log in"))
    parser.add_argument("--email", default="", metavar="EMAIL",
                        help=_("for this person; the oldest administrator without it"))  # fmt: skip
    parser.set_defaults(run=print_link)


def print_link(options: argparse.Namespace, _viewer: None) -> None:
    """Print a one-time link: the set-up while there is no company, else an administrator's login.

    Whoever may run this can read the key file and the database too.
    """
    purpose, secret = operators_link(email=options.email, at=timezone.now())
    sys.stdout.write(settings.BASE_URL + link_path(purpose, secret) + "\n")


def list_units(options: argparse.Namespace, viewer: Viewer) -> None:
    """List the open units of a company, those below indented."""
    language = translation.get_language() or "en"
    tree = units.unit_tree(viewer, company_named(viewer, options.company), language=language)
    indent = "" if options.format == "json" else "  "
    show_rows(
        options,
        [
            {
                "name": indent * node.depth + text_in(node.unit.name, language),
                "kind": node.unit.kind,
                "team": node.unit.team_type,
                "people": node.people,
                "uid": str(node.unit.uid),
            }
            for node in tree
        ],
    )


def list_people(options: argparse.Namespace, viewer: Viewer) -> None:
    """List who holds which role now."""
    language = translation.get_language() or "en"
    held = (
        people.appointments_seen_by(viewer)
        .filter(running(viewer.at), company=company_named(viewer, options.company))
        .select_related("account", "unit")
        .order_by("account__name", "pk")
    )
    show_rows(
        options,
        [
            {
                "name": row.account.name,
                "email": row.account.email,
                "role": row.role,
                "unit": text_in(row.unit.name, language) if row.unit else None,
                "duty": row.duty,
                "load_percent": row.load_percent,
                "until": row.until.isoformat() if row.until else None,
            }
            for row in held
        ],
    )


def export_units(options: argparse.Namespace, viewer: Viewer) -> None:
    """Write the open units as CSV to standard output."""
    sys.stdout.write(exchange.export_units(viewer, company_named(viewer, options.company)))


def export_people(options: argparse.Namespace, viewer: Viewer) -> None:
    """Write who holds which role as CSV to standard output."""
    sys.stdout.write(exchange.export_people(viewer, company_named(viewer, options.company)))


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise NotFound(gettext_noop("There is no file %(path)s."), path=str(path))
    with path.open("rb") as file:
        return file.read(exchange.MOST_BYTES + 1)


def _report(options: argparse.Namespace, report: exchange.Report) -> int:
    show_rows(
        options,
        [
            {"line": x.number, "about": x.about, "outcome": x.action, "reason": x.error}
            for x in report.lines
        ],
    )
    return 3 if report.refused else 0


def import_units(options: argparse.Namespace, viewer: Viewer) -> int:
    """Take in units from a CSV; exit code 3 when a line is refused and nothing was written."""
    report = exchange.import_units(
        viewer=viewer,
        company=company_named(viewer, options.company),
        rows=exchange.read_rows(_content(options.file), exchange.UNIT_COLUMNS),
        at=timezone.now(),
        apply=not options.dry_run,
    )
    return _report(options, report)


def import_people(options: argparse.Namespace, viewer: Viewer) -> int:
    """Take in people from a CSV; exit code 3 when a line is refused and nothing was written."""
    report = exchange.import_people(
        viewer=viewer,
        company=company_named(viewer, options.company),
        rows=exchange.read_rows(_content(options.file), exchange.PERSON_COLUMNS),
        at=timezone.now(),
        apply=not options.dry_run,
    )
    return _report(options, report)


def list_companies(options: argparse.Namespace, viewer: Viewer) -> None:
    """List the companies of the one who acts."""
    language = translation.get_language() or "en"
    show_rows(
        options,
        [
            {
                "slug": company.slug,
                "name": text_in(company.name, language),
                "prefix": company.prefix,
                "parent": company.parent.slug if company.parent else None,
                "uid": str(company.uid),
            }
            for company in companies_of(viewer).select_related("parent")
        ],
    )


def export_companies(_options: argparse.Namespace, viewer: Viewer) -> None:
    """Write the companies as CSV to standard output."""
    sys.stdout.write(company_exchange.export_companies(viewer))


def import_companies(options: argparse.Namespace, viewer: Viewer) -> int:
    """Take in companies from a CSV; exit code 3 when a line is refused and nothing was written."""
    report = company_exchange.import_companies(
        viewer=viewer,
        rows=exchange.read_rows(_content(options.file), company_exchange.COMPANY_COLUMNS),
        at=timezone.now(),
        apply=not options.dry_run,
    )
    return _report(options, report)


RUNS: dict[tuple[str, str], Any] = {
    ("company", "list"): list_companies,
    ("company", "export"): export_companies,
    ("company", "import"): import_companies,
    ("unit", "list"): list_units,
    ("unit", "export"): export_units,
    ("unit", "import"): import_units,
    ("person", "list"): list_people,
    ("person", "export"): export_people,
    ("person", "import"): import_people,
}
