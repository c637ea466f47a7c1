"""What one source says about a vulnerability: one normal form for every source.

A claim is a value: it knows neither where it is stored nor what it matches. ``affected`` names
packages with spans of versions as the source states them; ``intervals_of`` turns those into keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from hikeshi.core.errors import Deviation
from hikeshi.core.purl import PackageName
from hikeshi.core.ranges import HIGHEST, LOWEST, Interval, after, covers, merge, only
from hikeshi.core.versions import key_or_none


@dataclass(frozen=True, slots=True)
class Span:
    """Versions from ``low`` to ``high``; None is unbounded. The low end is inside unless said."""

    low: str | None = None
    high: str | None = None
    includes_low: bool = True
    includes_high: bool = False


@dataclass(frozen=True, slots=True)
class Affected:
    """What a claim says of one package: spans of versions, and single versions beside them."""

    package: PackageName
    spans: tuple[Span, ...] = ()
    versions: tuple[str, ...] = ()


class Undecidable(StrEnum):
    """Why something that a claim says cannot be matched."""

    UNKNOWN_SCHEME = "unknown_scheme"
    UNREADABLE_VERSION = "unreadable_version"
    COMMITS_ONLY = "commits_only"
    NO_VERSIONS = "no_versions"


@dataclass(frozen=True, slots=True)
class Severity:
    """A score as the source gives it: kind (``CVSS_V3`` …) and vector or word."""

    kind: str
    score: str


@dataclass(frozen=True, slots=True)
class Reference:
    """A link: kind (``ADVISORY``, ``FIX``, ``WEB`` …) and address."""

    kind: str
    url: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What one record of one source says.

    id: the source's own id of the record, in the one spelling of ``core.ids``.
    aliases: other ids of the same vulnerability. related: of others that are close.
        upstream: of those that this record's flaw comes from.
    withdrawn_at: when the source took the record back; None while it stands.
    weaknesses: CWE ids. credits: names as the source prints them.
    only_commits: some affected range is told in commits alone and cannot be matched.
    deviations: what the reader had to forgive, each with its place; kept, not matched.
    """

    id: str
    summary: str = ""
    details: str = ""
    aliases: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    upstream: tuple[str, ...] = ()
    published_at: datetime | None = None
    modified_at: datetime | None = None
    withdrawn_at: datetime | None = None
    severities: tuple[Severity, ...] = ()
    references: tuple[Reference, ...] = ()
    weaknesses: tuple[str, ...] = ()
    credits: tuple[str, ...] = ()
    affected: tuple[Affected, ...] = ()
    only_commits: bool = False
    deviations: tuple[Deviation, ...] = ()


@dataclass(frozen=True, slots=True)
class Keyed:
    """An affected package as it can be matched.

    intervals: merged, sorted. undecidable: what could not be turned into keys, None if all was.
    """

    intervals: tuple[Interval, ...] = ()
    undecidable: Undecidable | None = None


def intervals_of(affected: Affected) -> Keyed:
    """Turn spans and single versions into intervals of keys.

    A single version inside the spans makes no interval of its own. A span with an end that the
    scheme cannot read is left out and told as undecidable: half a span would be a guess.
    """
    scheme = affected.package.scheme
    if not scheme:
        return Keyed(undecidable=Undecidable.UNKNOWN_SCHEME)
    undecidable = None
    intervals = []
    for span in affected.spans:
        interval = _interval(scheme, span)
        if interval is None:
            undecidable = Undecidable.UNREADABLE_VERSION
        else:
            intervals.append(interval)
    merged = merge(intervals)
    singles = []
    for version in affected.versions:
        key = key_or_none(scheme, version)
        if key is None:
            undecidable = Undecidable.UNREADABLE_VERSION
        elif not covers(merged, key):
            singles.append(only(key, version))
    if singles:
        # Neighbours in a list are not a range: nothing is known of what lies between them.
        merged = sorted({*merged, *singles})
    if not affected.spans and not affected.versions:
        undecidable = Undecidable.NO_VERSIONS
    return Keyed(tuple(merged), undecidable)


def _interval(scheme: str, span: Span) -> Interval | None:
    lo, hi, low, high = LOWEST, HIGHEST, "", ""
    if span.low is not None:
        key = key_or_none(scheme, span.low)
        if key is None:
            return None
        lo = key if span.includes_low else after(key)
        low = f"{'>=' if span.includes_low else '>'}{span.low}"
    if span.high is not None:
        key = key_or_none(scheme, span.high)
        if key is None:
            return None
        hi = after(key) if span.includes_high else key
        high = f"{'<=' if span.includes_high else '<'}{span.high}"
    return Interval(lo, hi, low, high)
