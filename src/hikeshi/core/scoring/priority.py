"""How much a finding weighs: the order in which findings are to be looked at.

1. The weight is a sum that a reader can work out: points for use by attackers, likelihood, severity
   and the rank of the product. Nothing else moves a finding up or down.
2. Not scored counts as medium: nobody has said that it is harmless.
3. How many releases are reached, and whether somebody keeps it secret, are told beside the weight
   and are no part of it: they differ with the reader.
"""

from __future__ import annotations

from decimal import Decimal
from enum import IntEnum
from typing import Final

EXPLOITED: Final = 50
# Probability of EPSS, at least → points; the highest that is reached counts.
LIKELIHOOD: Final = ((Decimal("0.5"), 20), (Decimal("0.1"), 12), (Decimal("0.01"), 4))
# Score of CVSS, at least → points (bands of CVSS 3.1, section 5).
SEVERITY: Final = (
    (Decimal("9.0"), 20), (Decimal("7.0"), 14), (Decimal("4.0"), 7), (Decimal("0.1"), 2),
)  # fmt: skip
NOT_SCORED: Final = 7
MOST: Final = 100


class RankPlace(IntEnum):
    """Ranks of products by what they add (R080)."""

    OTHER = 0
    FLAGSHIP = 1
    SAFETY = 2


RANK: Final = {RankPlace.OTHER: 0, RankPlace.FLAGSHIP: 5, RankPlace.SAFETY: 10}


class Urgency(IntEnum):
    """What a weight means, for words and colour."""

    LATER = 1
    PLAN = 2
    SOON = 3
    NOW = 4


_FROM: Final = ((50, Urgency.NOW), (30, Urgency.SOON), (14, Urgency.PLAN))


def weight(
    *, is_exploited: bool, epss: Decimal | None, score: Decimal | None, rank: RankPlace
) -> int:
    """Return the weight of a finding, 0 to 100.

    epss: probability, 0 to 1. score: 0 to 10, None or 0 where nothing was scored.
    """
    severity = _points(SEVERITY, score) if score else NOT_SCORED
    likely = _points(LIKELIHOOD, epss) if epss else 0
    return EXPLOITED * is_exploited + likely + severity + RANK[rank]


def urgency(points: int) -> Urgency:
    """Name what a weight means."""
    return next((named for least, named in _FROM if points >= least), Urgency.LATER)


def _points(table: tuple[tuple[Decimal, int], ...], value: Decimal) -> int:
    return next((points for least, points in table if value >= least), 0)
