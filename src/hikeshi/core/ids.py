"""Vulnerability ids: which kind an id is, one spelling for each, and which name goes first.

An id names a record of one database; two databases may describe the same flaw (aliases). Unknown
kinds are kept as they come: a new database must not be lost because its ids look new.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import lru_cache
from typing import Final

ID_LIMIT = 200


class Kind(StrEnum):
    """Whose id it is; the order is the order of preference as the name of a vulnerability."""

    CVE = "CVE"
    JVN = "JVN"
    JVNDB = "JVNDB"
    GHSA = "GHSA"
    EUVD = "EUVD"
    GCVE = "GCVE"
    PYSEC = "PYSEC"
    GO = "GO"
    RUSTSEC = "RUSTSEC"
    MALWARE = "MAL"
    OTHER = ""


_PATTERNS: Final = (
    (Kind.CVE, re.compile(r"CVE-\d{4}-\d{4,19}")),
    # JVN#12345678, JVNVU#12345678, JVNTA#12345678; the number sign is lost in URLs.
    (Kind.JVN, re.compile(r"JVN(?:VU|TA)?#?\d{8}")),
    (Kind.JVNDB, re.compile(r"JVNDB-\d{4}-\d{6}")),
    (Kind.GHSA, re.compile(r"GHSA(?:-[2-9CFGHJMPQRVWX]{4}){3}")),
    (Kind.EUVD, re.compile(r"EUVD-\d{4}-\d+")),
    (Kind.GCVE, re.compile(r"GCVE-\d+-\d{4}-\d+")),
    (Kind.PYSEC, re.compile(r"PYSEC-\d{4}-\d+")),
    (Kind.GO, re.compile(r"GO-\d{4}-\d+")),
    (Kind.RUSTSEC, re.compile(r"RUSTSEC-\d{4}-\d+")),
    (Kind.MALWARE, re.compile(r"MAL-\d{4}-\d+")),
)
_PREFERENCE: Final = {kind: place for place, kind in enumerate(Kind)}


@lru_cache(maxsize=65_536)
def kind_of(text: str) -> Kind:
    """Name the kind of an id, whatever its case; OTHER when it is none we know."""
    upper = text.strip().upper()
    for kind, pattern in _PATTERNS:
        if pattern.fullmatch(upper):
            return kind
    return Kind.OTHER


@lru_cache(maxsize=65_536)
def normalise(text: str) -> str:
    """Return the one spelling of an id: ``cve-2021-44228`` becomes ``CVE-2021-44228``.

    GHSA keeps its small letters behind the prefix, JVN its number sign; ids of unknown kinds stay
    as they are but for spaces around them.
    """
    stripped = text.strip()
    kind = kind_of(stripped)
    if kind is Kind.OTHER:
        return stripped
    upper = stripped.upper()
    if kind is Kind.GHSA:
        return f"GHSA{upper[4:].lower()}"
    if kind is Kind.JVN and "#" not in upper:
        return f"{upper[:-8]}#{upper[-8:]}"
    return upper


def preference(name: str) -> tuple[int, str]:
    """Sort names so that the one to show first comes first: CVE, JVN, GHSA …, then others."""
    return _PREFERENCE[kind_of(name)], name


def best_name(names: Iterable[str]) -> str:
    """Choose the name under which a vulnerability is shown. Raises ValueError for no name."""
    return min(names, key=preference)


def cve_ids(names: Iterable[str]) -> set[str]:
    """Keep the CVE ids."""
    return {name for name in names if kind_of(name) is Kind.CVE}
