"""The port by which a higher area tells what was decided and what a case is about.

Matching counts what is left to decide, and lists filter by it; who decided what, and on what
grounds, is triage's alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from django.db.models import QuerySet

from hikeshi.organisation.viewer import Viewer


class Decided(NamedTuple):
    """That a decision stands for one release as a whole, for all who see the release."""

    vulnerability_id: int
    release_id: int
    is_not_affected: bool


class AboutIt(NamedTuple):
    """A case about a vulnerability. is_walled: it is kept secret still."""

    number: str
    url: str
    is_walled: bool


class Decider(Protocol):
    """What triage answers."""

    def decided(
        self, *, offerings: Sequence[int] | None, vulnerabilities: Sequence[int] | None
    ) -> Iterable[Decided]:
        """Return decisions behind no running wall; None narrows nothing."""

    def opened_since(self, at: datetime | None) -> set[int]:
        """Return the vulnerabilities with decisions whose wall has ended since a moment."""

    def cases(self, viewer: Viewer, vulnerabilities: Sequence[int]) -> Mapping[int, AboutIt]:
        """Return one open case of the viewer for each of these vulnerabilities that has one."""

    def in_case(self, viewer: Viewer) -> QuerySet[Any, Any]:
        """Select the ids of vulnerabilities that open cases of the viewer are about."""


_deciders: list[Decider] = []


def decided_by(decider: Decider) -> None:
    """Name who tells; called once, at start-up."""
    _deciders[:] = [decider]


def decider() -> Decider | None:
    """Return who tells; None where no area above is there."""
    return next(iter(_deciders), None)
