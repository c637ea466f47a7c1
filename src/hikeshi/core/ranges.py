"""Half-open intervals over version keys: the one form in which every range is matched.

1. An interval ``[lo, hi)`` holds the keys ``lo <= key < hi`` in plain byte order.
2. The smallest key above ``k`` is ``k + b"\\x00"``: "up to and with k" ends there, "after k" starts
   there, and the single version k is ``[k, k + b"\\x00")``.
3. Unbounded is ``LOWEST`` below and ``HIGHEST`` above; no key starts with 0xFF, none is empty.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

LOWEST: Final = b""
HIGHEST: Final = b"\xff"


def after(key: bytes) -> bytes:
    """Return the smallest bytes above a key."""
    return key + b"\x00"


@dataclass(frozen=True, slots=True, order=True)
class Interval:
    """Keys from ``lo`` up to but without ``hi``.

    low, high: the ends as the source states them (``>=1.2``, ``<2.0``), empty where unbounded; a
    single version is ``=1.2`` and empty. They are evidence for a reader and do not compare.
    """

    lo: bytes
    hi: bytes
    low: str = field(default="", compare=False)
    high: str = field(default="", compare=False)

    def __contains__(self, key: bytes) -> bool:
        return self.lo <= key < self.hi

    @property
    def is_empty(self) -> bool:
        """Tell whether no key can be inside."""
        return self.lo >= self.hi

    @property
    def stated(self) -> str:
        """Return both ends in one text; ``*`` for every version."""
        return " ".join(end for end in (self.low, self.high) if end) or "*"


EVERYTHING: Final = Interval(LOWEST, HIGHEST)


def only(key: bytes, version: str) -> Interval:
    """Return the interval of a single version."""
    return Interval(key, after(key), f"={version}")


def merge(intervals: Iterable[Interval]) -> list[Interval]:
    """Join intervals that overlap or touch; sorted, without empty ones, each end as stated.

    For spans, not for single versions: two that touch would seem to state a range.
    """
    merged: list[Interval] = []
    for interval in sorted(i for i in intervals if not i.is_empty):
        last = merged[-1] if merged else None
        if last is None or interval.lo > last.hi:
            merged.append(interval)
        elif interval.hi > last.hi:
            merged[-1] = Interval(last.lo, interval.hi, last.low, interval.high)
    return merged


def covers(intervals: Iterable[Interval], key: bytes) -> bool:
    """Tell whether any of the intervals holds the key."""
    for interval in intervals:  # noqa: SIM110  # half the time of any(), and this runs most
        if interval.lo <= key < interval.hi:
            return True
    return False
