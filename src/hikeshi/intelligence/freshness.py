"""How fresh and how complete the feeds are, and when that needs somebody."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.db.models import Count
from django.db.models.functions import ExtractYear

from hikeshi.intelligence.feeds import FEEDS, Feed
from hikeshi.intelligence.models import (
    ClaimRevision,
    FeedSetting,
    Refusal,
    Run,
    RunPart,
    RunState,
    Signal,
    SignalKind,
    Source,
)

_YEAR: Final = re.compile(r"-((?:19|20)\d\d)-")


class Alarm(StrEnum):
    """Why a feed needs somebody."""

    NONE = ""
    NEVER = "never"
    STALE = "stale"
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    FELL = "fell"


@dataclass(frozen=True, slots=True)
class PartState:
    """One part of a feed. before: what the run before the last one found, None without."""

    source: Source
    part: RunPart | None
    before: int | None

    @property
    def fell(self) -> bool:
        """Tell whether fewer records stand than after the run before, by more than a hundredth."""
        return self.before is not None and self.source.records < self.before * 0.99

    @property
    def missing(self) -> int:
        """Return how many records the source lists that are neither read nor refused."""
        return max(0, (self.source.listed or 0) - self.source.records - self.source.refused)


@dataclass(frozen=True, slots=True)
class YearState:
    """Records by the year of their publication, and refused ones by the year in their id."""

    year: int
    read: int
    refused: int


@dataclass(frozen=True, slots=True)
class FeedState:
    """How a feed stands."""

    feed: Feed
    setting: FeedSetting | None
    run: Run | None
    alarm: Alarm
    newest_at: datetime | None
    parts: list[PartState] = field(default_factory=list)
    years: list[YearState] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    @property
    def read(self) -> int:
        """Return how many records stand."""
        return sum(state.source.records for state in self.parts)

    @property
    def listed(self) -> int | None:
        """Return how many records the sources list; None when none of them does."""
        told = [s.source.listed for s in self.parts if s.source.listed is not None]
        return sum(told) if told else None

    @property
    def refused(self) -> int:
        """Return how many records the last run refused."""
        return sum(state.source.refused for state in self.parts)

    @property
    def missing(self) -> int:
        """Return how many records the sources list that we have not."""
        return sum(state.missing for state in self.parts)


def feed_states(at: datetime, *, refusals: int = 50) -> list[FeedState]:
    """Return how every feed stands. refusals: how many refused records of each are named."""
    settings = {setting.family: setting for setting in FeedSetting.objects.all()}
    return [
        _state(feed, settings.get(feed.family), at, refusals=refusals) for feed in FEEDS.values()
    ]


def _state(feed: Feed, setting: FeedSetting | None, at: datetime, *, refusals: int) -> FeedState:
    runs = list(
        Run.objects.filter(family=feed.family, state=RunState.CLOSED).order_by("-number")[:2]
    )
    if not runs:
        failed = setting is not None and setting.failed
        return FeedState(feed, setting, None, Alarm.FAILED if failed else Alarm.NEVER, None)
    told: dict[tuple[int, int], RunPart] = {
        (part.run_id, part.source_id): part for part in RunPart.objects.filter(run__in=runs)
    }
    parts = []
    for source in Source.objects.filter(family=feed.family).order_by("part"):
        last = told.get((runs[0].pk, source.pk))
        before = told.get((runs[1].pk, source.pk)) if len(runs) > 1 else None
        stood = None
        if before is not None:
            stood = before.new + before.changed + before.unchanged + before.older
        parts.append(PartState(source, last, stood))
    newest = max((s.source.newest_at for s in parts if s.source.newest_at), default=None)
    state = FeedState(
        feed, setting, runs[0], Alarm.NONE, newest, parts, _years(feed.family, runs[0]),
        list(Refusal.objects.filter(run=runs[0]).order_by("pk")[:refusals]),
    )  # fmt: skip
    return FeedState(
        feed, setting, runs[0], _alarm(state, at), newest, parts, state.years, state.refusals
    )


def _alarm(state: FeedState, at: datetime) -> Alarm:
    """Name the gravest reason; a feed that is fine has none."""
    if state.setting is not None and state.setting.failed:
        return Alarm.FAILED
    if any(part.fell for part in state.parts):
        return Alarm.FELL
    if state.missing > (state.listed or 0) * 0.01:
        return Alarm.INCOMPLETE
    if state.newest_at is None or state.newest_at + state.feed.stale_after < at:
        return Alarm.STALE
    return Alarm.NONE


def _years(family: str, run: Run) -> list[YearState]:
    refused: dict[int, int] = defaultdict(int)
    for place in Refusal.objects.filter(run=run).values_list("place", flat=True):
        if found := _YEAR.search(place):
            refused[int(found[1])] += 1
    read: dict[int, int] = {}
    if family in SignalKind.values:
        names = Signal.objects.known().filter(kind=family).values_list("name", flat=True)
        for name in names.iterator(chunk_size=20_000):
            year = int(name[4:8])
            read[year] = read.get(year, 0) + 1
    else:
        counted = (
            ClaimRevision.objects.known()
            .filter(claim__family=family, published_at__isnull=False)
            .order_by()
            .annotate(year=ExtractYear("published_at"))
            .values_list("year")
            .annotate(n=Count("pk"))
        )
        read = dict(counted.values_list("year", "n"))
    return [YearState(year, read.get(year, 0), refused.get(year, 0))
            for year in sorted({*read, *refused}, reverse=True)]  # fmt: skip
