"""Render an advisory's value as the HTML of its article and as CSAF; the bytes are then kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation

from hikeshi import __version__
from hikeshi.core.advisory import Advisory, Vulnerability
from hikeshi.core.errors import gettext_noop
from hikeshi.disclosure.models import DocumentKind
from hikeshi.disclosure.tables import ProductLine, lines_of
from hikeshi.formats.csaf.check import check
from hikeshi.formats.csaf.write import NotWritable, file_name, write


@dataclass(frozen=True, slots=True)
class Table:
    """The products of one vulnerability, as the article shows them."""

    name: str
    concerned: list[ProductLine]
    unconcerned: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """One document: its form, file name and bytes."""

    kind: DocumentKind
    language: str
    name: str
    content: bytes

    @property
    def sha256(self) -> str:
        """Return the hash of the bytes, hexadecimal."""
        return hashlib.sha256(self.content).hexdigest()


def article(value: Advisory) -> str:
    """Return the HTML of an advisory in its own language: the part that revisions freeze."""
    with translation.override(value.language):
        return render_to_string("disclosure/article.html", _context(value))


def _context(value: Advisory) -> dict[str, Any]:
    return {
        "value": value,
        "summary": [note for note in value.notes if note.category == "summary"],
        "notes": [note for note in value.notes if note.category != "summary"],
        "tables": [_table(one, value) for one in value.vulnerabilities],
        "references": [one for one in value.references if not one.own],
    }


def _table(one: Vulnerability, value: Advisory) -> Table:
    lines = lines_of(one, value.products)
    concerned = [line for line in lines if line.affected or line.open or line.fixed]
    rest = [f"{line.name} {', '.join(line.not_affected)}" for line in lines if line.not_affected]
    return Table(one.cve or one.title, concerned, "; ".join(rest))


def render(value: Advisory) -> list[Rendered]:
    """Render a value in all forms.

    Raises NotWritable where the value contradicts itself, or its CSAF fails a mandatory test.
    """
    name = file_name(value.id)
    csaf = write(value, engine_version=__version__)
    for failure in check(csaf):
        raise NotWritable(
            gettext_noop("The CSAF document fails test %(test)s of the standard: %(where)s."),
            test=failure.test,
            where=failure.place,
        )
    return [
        Rendered(DocumentKind.HTML, value.language, name[:-5] + ".html", article(value).encode()),
        Rendered(DocumentKind.CSAF, value.language, name, csaf),
    ]
