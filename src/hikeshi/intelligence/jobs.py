"""Fetching feeds as jobs: when they are due, and when somebody presses the button."""

from __future__ import annotations

from django.utils import timezone

from hikeshi.core.errors import gettext_noop
from hikeshi.intelligence import feeds
from hikeshi.ledger.jobs import Run, enqueue, every, job


@job("intelligence.fetch", title=gettext_noop("Fetch a feed"), max_tries=2, lane="long")
def fetch_feed(run: Run, *, family: str) -> None:
    """Bring one feed's files here and read them."""
    feeds.fetch(feeds.feed_named(family), by=run.job.by, now=timezone.now)


@job("intelligence.due", title=gettext_noop("Look which feeds are due"))
def fetch_due(run: Run) -> None:
    """Give a job to each feed that is due."""
    for feed in feeds.due(timezone.now()):
        enqueue(fetch_feed, key=f"feed/{feed.family}", family=feed.family)


every(fetch_due, minutes=10)
