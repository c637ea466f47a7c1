"""What a reader forgave: the first hundred are told one by one, the others are counted.

A file may hold a million of them, so that what is not told costs no memory either.
"""

from __future__ import annotations

from typing import Final

from hikeshi.core.errors import Deviation, gettext_noop

LIMIT_DEVIATIONS: Final = 100
_COUNTED: Final = Deviation("")


def note(deviations: list[Deviation], sentence: str, **facts: object) -> None:
    """Add a deviation: a sentence with named places, and the facts that fill them."""
    told = len(deviations) < LIMIT_DEVIATIONS
    deviations.append(Deviation(sentence, facts) if told else _COUNTED)


def forgive(deviations: list[Deviation], place: str) -> None:
    """Add that a field has a wrong type. place: a path from ``$``."""
    note(deviations, gettext_noop("%(place)s has another type than the standard says."),
         place=place)  # fmt: skip


def shortened(deviations: list[Deviation]) -> tuple[Deviation, ...]:
    """Return the first hundred, and how many more there are."""
    rest = len(deviations) - LIMIT_DEVIATIONS
    if rest <= 0:
        return tuple(deviations)
    more = Deviation(gettext_noop("… and %(count)s more deviations."), {"count": rest})
    return (*deviations[:LIMIT_DEVIATIONS], more)
