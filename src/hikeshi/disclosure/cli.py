"""``hikeshi advisory``: the advisories from scripts."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.disclosure import queries
from hikeshi.disclosure.checks import problems_of
from hikeshi.disclosure.models import AdvisoryState, DocumentKind
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.terminal import show_rows
from hikeshi.organisation.viewer import Viewer
from hikeshi.ui.errors import explain

LIST_LIMIT: Final = 1_000


def add_commands(commands: Any) -> None:
    """Add the commands of this area."""
    parser = commands.add_parser("advisory", help=_("list, check and download advisories"))
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    listed = acts.add_parser("list", help=_("list the advisories you may see"))
    listed.add_argument("--state", default="", choices=["", *AdvisoryState.values])
    listed.set_defaults(run=list_advisories, acts=True)
    checked = acts.add_parser("check", help=_("say what stands in the way of publishing one"))
    checked.add_argument("number")
    checked.set_defaults(run=check_advisory, acts=True)
    csaf = acts.add_parser("csaf", help=_("print the published CSAF document"))
    csaf.add_argument("number")
    csaf.add_argument("--edition", type=int, default=None, help=_("the newest when left out"))
    csaf.add_argument("--in", dest="written_in", default="", choices=["", "ja", "en"],
                      help=_("language of the document"))  # fmt: skip
    csaf.set_defaults(run=print_csaf, acts=True)


def list_advisories(options: argparse.Namespace, viewer: Viewer) -> None:
    """Print the advisories that the viewer may know of, changed last first."""
    found = queries.advisories_of(viewer)
    if options.state:
        found = found.filter(state=options.state)
    rows = list(found.order_by("-changed_at", "-pk")[:LIST_LIMIT])
    unseal(rows, "title")
    language = get_language() or "en"
    show_rows(
        options,
        [
            {"number": one.number, "case": one.case.number, "state": one.state,
             "edition": one.edition, "title": text_in(one.title.value or {}, language)}
            for one in rows
        ],
    )  # fmt: skip


def check_advisory(options: argparse.Namespace, viewer: Viewer) -> int:
    """Print what is wrong with an advisory; 1 when something must be mended before publishing."""
    advisory = queries.advisory_by_number(viewer, options.number.upper())
    problems = problems_of(queries.draft_of(advisory))
    show_rows(
        options,
        [
            {"stops": one.stops, "place": one.place, "what": explain(one.sentence)}
            for one in problems
        ],
    )
    return int(any(one.stops for one in problems))


def print_csaf(options: argparse.Namespace, viewer: Viewer) -> None:
    """Print a published document as the bytes that the public site serves."""
    advisory = queries.advisory_by_number(viewer, options.number.upper())
    if not advisory.edition:
        raise NotFound(gettext_noop("There is no such document."))
    revision = queries.revision_by_number(
        advisory.number, company=advisory.company, edition=options.edition
    )
    language = options.written_in or advisory.source_language
    document = queries.document_of(revision, DocumentKind.CSAF, language)
    sys.stdout.write(bytes(document.content).decode())
