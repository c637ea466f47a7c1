"""The demo's matches: what its SBOMs and the sources that are loaded say together."""

from __future__ import annotations

from datetime import datetime, timedelta

from hikeshi.intelligence.demo import ALL_PARTS, read_demo_feeds
from hikeshi.matching.services import pull


def load(_world: object, at: datetime) -> None:
    """Match what the areas below have loaded, then what a feed brought a day ago."""
    pull(at=at - timedelta(days=69))
    yesterday = at - timedelta(days=1)
    read_demo_feeds(parts=ALL_PARTS, at=yesterday)
    pull(at=yesterday + timedelta(minutes=1))
