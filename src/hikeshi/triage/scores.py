"""From CVSS vectors to the band that lists sort by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

from hikeshi.core.errors import InputRefused, gettext_noop
from hikeshi.triage.models import Band


@dataclass(frozen=True, slots=True)
class Scored:
    """A vector with what it comes to. version: "2.0", "3.0", "3.1" or "4.0"."""

    vector: str
    version: str
    score: float
    band: Band


def score(vector: str) -> Scored:
    """Compute the score of a vector of any CVSS version.

    Raises InputRefused naming the vector.
    Source: CVSS 3.1, section 5; version 2.0 is given the same bands.
    """
    vector = vector.strip()
    try:
        if vector.startswith("CVSS:4"):
            version, value = "4.0", float(CVSS4(vector).base_score)
        elif vector.startswith("CVSS:3"):
            version, value = vector[5:8], float(CVSS3(vector).scores()[-1])
        else:
            version, value = "2.0", float(CVSS2(vector).scores()[-1])
    except (CVSSError, ValueError, TypeError) as error:
        raise InputRefused(
            gettext_noop("“%(vector)s” is not a CVSS vector."), vector=vector[:200]
        ) from error
    return Scored(vector, version, value, band(value))


def band(value: float) -> Band:
    """Name the band of a score from 0.0 to 10.0. Source: CVSS 3.1, section 5."""
    for floor, name in ((9.0, Band.CRITICAL), (7.0, Band.HIGH), (4.0, Band.MEDIUM)):
        if value >= floor:
            return name
    return Band.LOW if value > 0 else Band.NONE


def headline(vectors: Sequence[str]) -> Scored | None:
    """Return the score that stands for all: that of the newest CVSS version; None of none."""
    return max((score(one) for one in vectors), key=lambda one: one.version, default=None)
