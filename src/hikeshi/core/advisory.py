"""What we publish about vulnerabilities in our products, before it takes the form of a standard.

One value per language and revision. CSAF 2.0 is rendered from it (``formats.csaf``), and so can be
CSAF 2.1, OpenVEX, CycloneDX and OSV; none of them is the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hikeshi.core.tlp import TLP
from hikeshi.core.vex import Action, Justification, ProductStatus


class State(StrEnum):
    """How settled the text is (CSAF tracking status)."""

    DRAFT = "draft"
    INTERIM = "interim"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who speaks.

    namespace: a web address under the publisher's control that names it, without a path.
    category: of CSAF: vendor, coordinator, discoverer, user, translator, other.
    """

    name: str
    namespace: str
    category: str = "vendor"
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """One release: the smallest thing that is affected or not.

    product_id: ours, and the same in every document for ever.
    """

    product_id: str
    vendor: str
    name: str
    version: str
    cpe: str = ""
    purl: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A text under a heading. category: of CSAF: summary, description, details, general, …"""

    category: str
    text: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Reference:
    """A place to read more; ``own`` when it is this very document elsewhere."""

    url: str
    summary: str
    own: bool = False


@dataclass(frozen=True, slots=True)
class Credit:
    """Who is thanked, with their consent."""

    names: tuple[str, ...] = ()
    organisation: str = ""
    summary: str = ""
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to do about it on these products.

    fixed_in: product id of the release that brings the fix, "" when none does.
    at: since when it can be had.
    """

    action: Action
    details: str
    product_ids: tuple[str, ...]
    url: str = ""
    at: datetime | None = None
    fixed_in: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """A CVSS vector, with its ``CVSS:…/`` prefix (2.0 has none), and what it is the score of."""

    vector: str
    product_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Weakness:
    """A CWE id with its name exactly as the list has it, "" when we do not hold the list."""

    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """One vulnerability and what it means for each product.

    cve: its CVE id, "" when it has none yet.
    ids: other names of it, as (system, id).
    statuses: product ids under their status; a product stands under one.
    justifications: why products are not affected; at most one each.
    impacts: the same in words, as (text, product ids).
    """

    title: str
    cve: str = ""
    ids: tuple[tuple[str, str], ...] = ()
    weakness: Weakness | None = None
    notes: tuple[Note, ...] = ()
    statuses: Mapping[ProductStatus, tuple[str, ...]] = field(default_factory=dict)
    justifications: Mapping[Justification, tuple[str, ...]] = field(default_factory=dict)
    impacts: tuple[tuple[str, tuple[str, ...]], ...] = ()
    remedies: tuple[Remedy, ...] = ()
    scores: tuple[Score, ...] = ()
    references: tuple[Reference, ...] = ()
    credits: tuple[Credit, ...] = ()
    discovered_at: datetime | None = None
    released_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Edition:
    """One published revision: number from 1, moment, and what changed in words."""

    number: int
    at: datetime
    summary: str


@dataclass(frozen=True, slots=True)
class Advisory:
    """All that one advisory says in one language.

    id: our number for it; the file is named after it.
    language: of the texts; source_language: the one they were translated from, "" when original.
    editions: all so far, oldest first; the last one is this document's.
    severity: in words, for the document as a whole; "" when nobody said.
    """

    id: str
    title: str
    language: str
    publisher: Publisher
    editions: tuple[Edition, ...]
    state: State = State.FINAL
    tlp: TLP = TLP.CLEAR
    source_language: str = ""
    aliases: tuple[str, ...] = ()
    severity: str = ""
    notes: tuple[Note, ...] = ()
    references: tuple[Reference, ...] = ()
    credits: tuple[Credit, ...] = ()
    products: tuple[Product, ...] = ()
    vulnerabilities: tuple[Vulnerability, ...] = ()
