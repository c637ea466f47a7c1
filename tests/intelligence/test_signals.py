"""KEV and EPSS as dated facts, and how the feeds stand."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from hikeshi.core.errors import Malformed
from hikeshi.intelligence import feeds, freshness
from hikeshi.intelligence.models import FeedSetting, Refusal, Run, Signal, SignalKind, Source
from hikeshi.intelligence.signals import sync_signals
from hikeshi.remote.download import Fetched, FetchFailed
from tests.builders import NOW
from tests.intelligence.osv import ticking

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


def kev(folder: Path, *cves: str, count: int | None = None, **more: str) -> Path:
    entries = [{"cveID": cve, "dateAdded": "2026-11-01", **more} for cve in cves]
    file = folder / "known_exploited_vulnerabilities.json"
    file.write_text(json.dumps({
        "count": len(cves) if count is None else count, "dateReleased": "2026-11-23T00:00:00Z",
        "vulnerabilities": entries,
    }))  # fmt: skip
    return file


def epss(folder: Path, **scores: str) -> Path:
    lines = [f"{name.replace('_', '-')},{score}" for name, score in scores.items()]
    file = folder / "epss_scores-current.csv.gz"
    head = ["#model_version:v1,score_date:2026-11-23T00:00:00+0000", "cve,epss,percentile"]
    file.write_bytes(gzip.compress("\n".join([*head, *lines, ""]).encode()))
    return file


def sync(kind: SignalKind, path: Path, day: int = 0) -> Run:
    return sync_signals(kind=kind, path=path, by=None, now=ticking(NOW + timedelta(days=day)))


def test_an_entry_stands_until_the_catalogue_drops_it(tmp_path: Path) -> None:
    kev(tmp_path, "CVE-2021-0001", "CVE-2021-0002")
    first = sync(SignalKind.KEV, tmp_path)
    kev(tmp_path, "CVE-2021-0001")
    second = sync(SignalKind.KEV, tmp_path, 1)
    assert list(Signal.objects.known().values_list("name", flat=True)) == ["CVE-2021-0001"]
    assert Signal.objects.known(first.number).count() == 2
    gone = Signal.objects.get(name="CVE-2021-0002")
    assert gone.known_to == second.started_at


def test_reading_the_same_file_again_opens_nothing(tmp_path: Path) -> None:
    epss(tmp_path, CVE_2021_0001="0.94358,0.9995")
    sync(SignalKind.EPSS, tmp_path)
    sync(SignalKind.EPSS, tmp_path, 1)
    signal = Signal.objects.get()
    assert (signal.number, signal.percentile) == (Decimal("0.944"), Decimal("1.00"))


def test_a_score_opens_a_new_interval_only_when_it_shows(tmp_path: Path) -> None:
    for day, score in enumerate(("0.01010,0.5", "0.01040,0.5", "0.02100,0.6")):
        epss(tmp_path, CVE_2021_0001=score)
        sync(SignalKind.EPSS, tmp_path, day)
    assert list(Signal.objects.order_by("pk").values_list("number", flat=True)) == [
        Decimal("0.010"), Decimal("0.021"),
    ]  # fmt: skip


def test_a_broken_file_changes_nothing(tmp_path: Path) -> None:
    sync(SignalKind.KEV, kev(tmp_path, "CVE-2021-0001"))
    (tmp_path / "known_exploited_vulnerabilities.json").write_text("{")
    with pytest.raises(Malformed):
        sync(SignalKind.KEV, tmp_path, 1)
    assert Signal.objects.known().count() == 1
    assert Run.objects.count() == 1


def test_a_catalogue_that_lost_much_is_not_believed(tmp_path: Path) -> None:
    sync(SignalKind.KEV, kev(tmp_path, *(f"CVE-2021-{n}" for n in range(1000, 1030))))
    run = sync(SignalKind.KEV, kev(tmp_path, "CVE-2021-1000"), 1)
    assert Signal.objects.known().count() == 30
    assert Refusal.objects.get(run=run).facts == {"gone": "29", "held": "30"}


def state(family: str, days: int = 0) -> freshness.FeedState:
    states = freshness.feed_states(NOW + timedelta(days=days))
    return next(one for one in states if one.feed.family == family)


def test_a_feed_says_how_fresh_and_how_complete_it_is(tmp_path: Path) -> None:
    assert state("kev").alarm is freshness.Alarm.NEVER
    sync(SignalKind.KEV, kev(tmp_path, "CVE-2021-0001", "X-1", "CVE-2022-0001"))
    told = state("kev")
    assert (told.alarm, told.read, told.listed, told.refused, told.missing) == ("", 2, 3, 1, 0)
    assert [(year.year, year.read) for year in told.years] == [(2022, 1), (2021, 1)]
    assert state("kev", days=30).alarm is freshness.Alarm.STALE


def test_a_feed_that_lists_more_than_it_holds_is_incomplete(tmp_path: Path) -> None:
    sync(SignalKind.KEV, kev(tmp_path, "CVE-2021-0001", count=5))
    assert (state("kev").alarm, state("kev").missing) == (freshness.Alarm.INCOMPLETE, 4)


def test_a_feed_with_fewer_records_than_before_raises_an_alarm(tmp_path: Path) -> None:
    sync(SignalKind.KEV, kev(tmp_path, *(f"CVE-2021-{n}" for n in range(1000, 1030))))
    sync(SignalKind.KEV, kev(tmp_path, *(f"CVE-2021-{n}" for n in range(1000, 1020))), 1)
    assert state("kev").alarm is freshness.Alarm.FELL


def test_fetching_reads_what_is_new_and_keeps_what_went_wrong(
    tmp_path: Path, settings: object
) -> None:
    settings.DATA_DIR = tmp_path  # type: ignore[attr-defined]
    feed = feeds.FEEDS["kev"]
    is_new = True

    def bring(address: str, target: Path, *, limit_bytes: int) -> Fetched:
        target.parent.mkdir(parents=True, exist_ok=True)
        kev(target.parent, "CVE-2021-0001")
        return Fetched(target, is_new, 1)

    def fail(address: str, target: Path, *, limit_bytes: int) -> Fetched:
        raise FetchFailed("%(url)s is away", url=address)

    assert feeds.fetch(feed, by=None, now=ticking(), bring=bring) is not None
    is_new = False
    assert feeds.fetch(feed, by=None, now=ticking(LATER), bring=bring) is None
    with pytest.raises(FetchFailed):
        feeds.fetch(feed, by=None, now=ticking(LATER), bring=fail)
    assert "is away" in FeedSetting.objects.get(family="kev").failed
    assert state("kev").alarm is freshness.Alarm.FAILED
    assert Source.objects.get(family="kev").records == 1


def test_only_what_is_switched_on_is_fetched_and_only_when_due() -> None:
    assert feeds.due(NOW) == []
    feeds.switch(feed=feeds.FEEDS["epss"], is_on=True, by=None, at=NOW)
    assert [feed.family for feed in feeds.due(NOW)] == ["epss"]
    FeedSetting.objects.update(tried_at=NOW)
    assert feeds.due(NOW + timedelta(hours=23)) == []
    assert len(feeds.due(NOW + timedelta(hours=24))) == 1


def test_the_real_lists_are_read_whole(shared: Path) -> None:
    folder = shared / "feeds"
    sync(SignalKind.KEV, folder / "kev")
    history = folder / "epss/format-history/epss_scores-2023-03-07.csv.gz"
    sync(SignalKind.EPSS, history)
    told = state("kev")
    assert (told.read, told.refused, told.missing) == (told.listed, 0, 0)
