"""The one number by which vulnerabilities are sorted, from the vectors that sources give.

Source: CVSS v4.0 Specification; CVSS v3.1 Specification, section 7; CVSS v2 Guide, section 3.2.1.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import lru_cache

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

VECTOR_LIMIT = 400


@lru_cache(maxsize=16_384)
def base_score(vector: str) -> Decimal | None:
    """Return the base score of a vector of any version, 0.0 to 10.0; None when it is none."""
    if len(vector) > VECTOR_LIMIT:
        return None
    try:
        if vector.startswith("CVSS:4"):
            return Decimal(str(CVSS4(vector).base_score))
        if vector.startswith("CVSS:3"):
            return Decimal(str(CVSS3(vector).base_score))
        return Decimal(str(CVSS2(vector).base_score))
    except (CVSSError, ValueError, TypeError, KeyError, ArithmeticError):
        return None


def newest(vectors: Iterable[str]) -> tuple[str, Decimal] | None:
    """Return the vector of the newest CVSS version with its score; of two, the higher score."""
    scored = [(vector, score) for vector in vectors if (score := base_score(vector)) is not None]
    return max(scored, key=lambda pair: (_version(pair[0]), pair[1]), default=None)


def _version(vector: str) -> str:
    return vector[5:8] if vector.startswith("CVSS:") else "2.0"
