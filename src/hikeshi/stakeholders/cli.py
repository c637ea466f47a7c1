"""``hikeshi contact`` and ``hikeshi round``: the directory and its rounds from scripts."""

from __future__ import annotations

import argparse
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.terminal import company_named, read_file, show_rows
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.search import uids_holding
from hikeshi.stakeholders import queries, services
from hikeshi.stakeholders.contact_forms import LIST_LIMITS, read_contacts
from hikeshi.stakeholders.models import ChannelKind, Contact, ContactKind, RoundState
from hikeshi.stakeholders.services import Way

LIST_LIMIT: Final = 1_000


def add_commands(commands: Any) -> None:
    """Add the commands of this area."""
    _add_contact(commands.add_parser("contact", help=_("list, show, add and import contacts")))
    _add_round(commands.add_parser("round", help=_("list rounds of questions and their answers")))


def _add_contact(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    listed = acts.add_parser("list", help=_("list the contacts you may see"))
    listed.add_argument("text", nargs="?", default="", help=_("words of a name or an address"))
    listed.add_argument("--kind", default="", choices=["", *ContactKind.values])
    listed.set_defaults(run=list_contacts, acts=True)
    shown = acts.add_parser("show", help=_("show one contact with its ways and keys"))
    shown.add_argument("contact", help=_("number or uid"))
    shown.set_defaults(run=show_contact, acts=True)
    add = acts.add_parser("add", help=_("add a contact; prints its number"))
    add.add_argument("name")
    add.add_argument("--kind", default="supplier", choices=ContactKind.values)
    add.add_argument("--mail", default="")
    add.add_argument("--phone", default="")
    add.add_argument("--language", action="append", default=[], metavar="CODE")
    add.add_argument("--company", default="", metavar="SLUG", help=_("with several companies"))
    add.set_defaults(run=add_contact, acts=True)
    taken = acts.add_parser("import", help=_("take in a list of contacts: all lines, or none"))
    taken.add_argument("file", type=Path, help=_("CSV or .xlsx; the first line names the columns"))
    taken.add_argument("--company", default="", metavar="SLUG", help=_("with several companies"))
    taken.set_defaults(run=import_contacts, acts=True)


def _add_round(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    listed = acts.add_parser("list", help=_("list the rounds of questions you may see"))
    listed.add_argument("--state", default="", choices=["", *RoundState.values])
    listed.set_defaults(run=list_rounds, acts=True)
    shown = acts.add_parser("show", help=_("show who was asked and what they said"))
    shown.add_argument("number")
    shown.set_defaults(run=show_round, acts=True)


def list_contacts(options: argparse.Namespace, viewer: Viewer) -> None:
    """Print the contacts the viewer may know of, those added last first."""
    found = queries.contacts_of(viewer, kind=options.kind)
    if options.text:
        found = found.filter(uid__in=uids_holding(viewer, options.text, "stakeholders.contact"))
    rows = list(found.order_by("-pk")[:LIST_LIMIT])
    unseal(rows, "name")
    show_rows(options, [_row(contact) for contact in rows])


def _row(contact: Contact) -> dict[str, Any]:
    return {
        "number": contact.number, "uid": str(contact.uid), "kind": contact.kind,
        "name": contact.name.value, "languages": " ".join(contact.languages),
        "nda": "" if not contact.has_nda else str(contact.nda_until or "signed"),
    }  # fmt: skip


def _contact(viewer: Viewer, named: str) -> Contact:
    try:
        return queries.contact_by_uid(viewer, UUID(named))
    except ValueError:
        found = queries.contacts_of(viewer, retired=True).filter(number=named.upper()).first()
    if found is None:
        raise NotFound(gettext_noop("There is no such contact."))
    return queries.contact_by_uid(viewer, found.uid)


def show_contact(options: argparse.Namespace, viewer: Viewer) -> None:
    """Print one contact: its facts, ways and keys, a line each."""
    contact = _contact(viewer, options.contact)
    lines = [{"what": name, "value": value} for name, value in _row(contact).items()]
    lines += [
        {"what": way.kind + (" (emergency)" if way.for_emergency else ""),
         "value": way.address.value}
        for way in contact.channels.all()
    ]  # fmt: skip
    lines += [
        {"what": f"{key.kind} key", "value": key.fingerprint.value} for key in contact.keys.all()
    ]
    show_rows(options, lines)


def add_contact(options: argparse.Namespace, viewer: Viewer) -> None:
    """Add a contact and print its number."""
    company = company_named(viewer, options.company)
    viewer.require(Permission.STAKEHOLDER_EDIT, company.pk)
    ways = [Way(ChannelKind.MAIL, options.mail), Way(ChannelKind.PHONE, options.phone)]
    added = services.add_contact(
        company=company, kind=ContactKind(options.kind), name=options.name, channels=ways,
        languages=options.language or ["ja"], by=viewer.account, at=timezone.now(),
    )  # fmt: skip
    show_rows(options, [{"number": added.number, "uid": str(added.uid)}])


def import_contacts(options: argparse.Namespace, viewer: Viewer) -> None:
    """Take in a list of contacts and print how many; a wrong line stops all of it."""
    company = company_named(viewer, options.company)
    viewer.require(Permission.STAKEHOLDER_EDIT, company.pk)
    lines = read_contacts(read_file(options.file, limit_bytes=LIST_LIMITS.size_bytes))
    with transaction.atomic():
        for line in lines:
            services.add_contact(company=company, by=viewer.account, at=timezone.now(), **line)
    show_rows(options, [{"imported": len(lines)}])


def list_rounds(options: argparse.Namespace, viewer: Viewer) -> None:
    """Print the rounds the viewer may know of, newest first."""
    found = queries.rounds_of(viewer)
    if options.state:
        found = found.filter(state=options.state)
    rows: list[Any] = list(islice(found, LIST_LIMIT))
    unseal(rows, "title")
    show_rows(
        options,
        [
            {"number": row.number, "title": row.title.value, "state": row.state,
             "due_at": row.due_at.isoformat(), "asked": row.asked, "answered": row.answered}
            for row in rows
        ],
    )  # fmt: skip


def show_round(options: argparse.Namespace, viewer: Viewer) -> None:
    """Print each party of a round with its answers, the silent ones first."""
    asked = queries.round_by_number(viewer, options.number)
    questions = queries.questions_of(asked)
    rolled = queries.roll_up(asked, questions, viewer.at)
    show_rows(
        options,
        [
            {"party": str(line.name or ""), "silent_days": line.silent_days}
            | {
                str(question.text.value): answer
                for question, answer in zip(questions, line.answers, strict=True)
            }
            for line in rolled.lines
        ],
    )
