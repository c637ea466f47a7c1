"""What the parts of a page are fed with: plain values, made by views and slots of any area.

Areas turn their rows into these faces; the tags of ``templatetags/parts.py`` draw them. Texts
are in the reader's language already. Clocks have a face of their own, ``records.faces``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.safestring import SafeString

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Step:
    """One phase of a line. state: done, now or todo."""

    word: Text
    state: str
    note: Text = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One key fact: its name, its value, what it is a part of."""

    label: Text
    value: Text
    note: Text = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of a record. count: None where nothing is counted."""

    label: Text
    href: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a timeline.

    head: one sentence. body: what was said, plain text; its line breaks are kept.
    audience: who can see it, in words; every message has one.
    ours: written by us. tone: "", "in" (from outside) or "alarm".
    new: it came since the reader last looked.
    """

    at: datetime
    icon: str
    head: Text | SafeString
    body: Text = ""
    audience: Text = ""
    notes: Sequence[Text] = ()
    ours: bool = False
    tone: str = ""
    new: bool = False
    ident: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a matrix. status: of ``core.vex.ProductStatus``, None for no such release.

    fact: one fact, such as "fixed in 4.2.2". href: who decided, on what grounds.
    """

    status: str | None = None
    fact: Text = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class MatrixHead:
    """A column or the name of a row: a word and a note under it."""

    label: Text
    note: Text = ""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One product with a cell for each column."""

    head: MatrixHead
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Products against release lines."""

    caption: Text
    corner: Text
    columns: Sequence[MatrixHead]
    rows: Sequence[MatrixRow]


@dataclass(frozen=True, slots=True)
class Embargo:
    """What the band above a walled record says.

    people: how many can see it. lifts_at: None while no moment is agreed. href: who they are.
    """

    people: int | None = None
    tlp: str = ""
    lifts_at: datetime | None = None
    href: str = ""
