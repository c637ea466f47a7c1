"""From CVSS vectors to the band that lists sort by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hikeshi.core.errors import InputRefused, gettext_noop
from hikeshi.core.scoring.cvss import base_score
from hikeshi.triage.models import Band


@dataclass(frozen=True, slots=True)
class Scored:
    """A vector with what it comes to. version: "2.0", "3.0", "3.1" or "4.0"."""

    vector: str
    version: str
    score: float
    band: Band


def score(vector: str) -> Scored:
    """Compute the base score of a vector of any CVSS version.

    Raises InputRefused naming the vector.
    Source: CVSS 3.1, section 5; version 2.0 is given the same bands.
    """
    vector = vector.strip()
    value = base_score(vector)
    if value is None:
        raise InputRefused(gettext_noop("“%(vector)s” is not a CVSS vector."), vector=vector[:200])
    version = vector[5:8] if vector.startswith("CVSS:") else "2.0"
    return Scored(vector, version, float(value), band(float(value)))


def band(value: float) -> Band:
    """Name the band of a score from 0.0 to 10.0. Source: CVSS 3.1, section 5."""
    for floor, name in ((9.0, Band.CRITICAL), (7.0, Band.HIGH), (4.0, Band.MEDIUM)):
        if value >= floor:
            return name
    return Band.LOW if value > 0 else Band.NONE


def headline(vectors: Sequence[str]) -> Scored | None:
    """Return the score that stands for all: that of the newest CVSS version; None of none."""
    return max((score(one) for one in vectors), key=lambda one: one.version, default=None)
