"""The demo's matches: what its SBOMs and the sources that are loaded say together."""

from __future__ import annotations

from datetime import datetime

from hikeshi.matching.services import pull


def load(_world: object, at: datetime) -> None:
    """Match what the areas below have loaded."""
    pull(at=at)
