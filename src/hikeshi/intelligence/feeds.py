"""The feeds we read: each is one ``Feed``, and a new one is one more entry of ``FEEDS``.

A feed says what it is (whose, under which licence), where its files lie at their source, and how a
copy of them on disk is read. ``fetch`` brings the files here, ``read`` takes a copy from anywhere;
nothing else knows the feeds apart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hikeshi.core.errors import HikeshiError, NotFound, gettext_noop
from hikeshi.intelligence.models import FeedSetting, Run, SignalKind
from hikeshi.intelligence.services import Progress, sync_osv
from hikeshi.intelligence.signals import sync_signals
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account
from hikeshi.remote.download import Fetched, download
from hikeshi.ui.errors import explain

OSV_BUCKET: Final = "https://osv-vulnerabilities.storage.googleapis.com"
OSV_PARTS: Final = ("npm", "PyPI", "Debian", "Go", "crates.io", "Maven", "NuGet")


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed.

    files: path below the feed's folder → address. every: how often it is fetched. stale_after:
    how long after the newest change that it tells of it counts as stale. read: reads a copy.
    """

    family: str
    title: str
    what: str | Promise
    publisher: str
    licence: str
    home: str
    attribution: str | Promise
    files: Mapping[str, str]
    limit_bytes: int
    every: timedelta
    stale_after: timedelta
    read: Callable[..., Run]


def _read_osv(path: Path, **details: Any) -> Run:
    return sync_osv(directory=path, **details)


def _read_signals(kind: SignalKind) -> Callable[..., Run]:
    def read(path: Path, *, progress: Any = None, **details: Any) -> Run:
        return sync_signals(kind=kind, path=path, **details)

    return read


FEEDS: Final[Mapping[str, Feed]] = MappingProxyType(
    {
        feed.family: feed
        for feed in (
            Feed(
                "osv", "OSV", _("which versions of open-source packages are affected"),
                "OSV.dev, Open Source Security Foundation",
                "CC-BY-4.0, CC0-1.0 and others, by record", "https://osv.dev",
                _("Records of OSV.dev, under the licence of each source database."),
                {f"{part}/{name}": f"{OSV_BUCKET}/{part}/{name}" for part in OSV_PARTS
                 for name in ("all.zip", "modified_id.csv")},
                2 * 1024**3, timedelta(hours=6), timedelta(days=2), _read_osv,
            ),
            Feed(
                "kev", "CISA KEV", _("which vulnerabilities are known to be exploited"),
                "Cybersecurity and Infrastructure Security Agency (CISA)", "CC0-1.0",
                "https://www.cisa.gov/known-exploited-vulnerabilities-catalog",
                _("Known Exploited Vulnerabilities Catalog of CISA."),
                {"known_exploited_vulnerabilities.json": "https://www.cisa.gov/sites/default/files/"
                 "feeds/known_exploited_vulnerabilities.json"},
                64 * 1024**2, timedelta(hours=6), timedelta(days=14),
                _read_signals(SignalKind.KEV),
            ),
            Feed(
                "epss", "EPSS", _("how likely vulnerabilities are exploited within 30 days"),
                "FIRST.org", "free use with attribution", "https://www.first.org/epss/",
                _("Exploit Prediction Scoring System of FIRST, www.first.org/epss."),
                {"epss_scores-current.csv.gz":
                 "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"},
                64 * 1024**2, timedelta(days=1), timedelta(days=3),
                _read_signals(SignalKind.EPSS),
            ),
        )
    }
)  # fmt: skip


def feed_named(family: str) -> Feed:
    """Return a feed. Raises NotFound for one that is not read."""
    if family not in FEEDS:
        raise NotFound(gettext_noop("There is no feed “%(name)s”."), name=family[:40])
    return FEEDS[family]


def read(
    feed: Feed, path: Path, *, by: Account | None, now: Callable[[], datetime],
    take_over: bool = False, progress: Callable[[Progress], None] | None = None,
) -> Run:  # fmt: skip
    """Read a copy of a feed; return the closed run."""
    return feed.read(path, by=by, now=now, take_over=take_over, progress=progress)


def fetch(
    feed: Feed, *, by: Account | None, now: Callable[[], datetime],
    progress: Callable[[Progress], None] | None = None,
    bring: Callable[..., Fetched] = download,
) -> Run | None:  # fmt: skip
    """Bring a feed's files here and read them; None when none of them changed.

    What went wrong stands with the feed's setting and is raised again.
    """
    setting, _made = FeedSetting.objects.get_or_create(family=feed.family)
    folder = Path(settings.DATA_DIR) / "feeds" / feed.family
    setting.tried_at = now()
    try:
        fetched = [
            bring(address, folder / name, limit_bytes=feed.limit_bytes)
            for name, address in feed.files.items()
        ]
        never_read = not Run.objects.filter(family=feed.family, closed_at__isnull=False).exists()
        run = None
        if never_read or setting.failed or any(one.is_new for one in fetched):
            run = read(feed, folder, by=by, now=now, progress=progress)
        setting.failed = ""
    except HikeshiError as error:
        setting.failed = explain(error)[:300]
        raise
    finally:
        setting.save(update_fields=["tried_at", "failed"])
    return run


def switch(*, feed: Feed, is_on: bool, by: Account | None, at: datetime) -> FeedSetting:
    """Let a feed be fetched by itself, or no longer."""
    setting, _made = FeedSetting.objects.get_or_create(family=feed.family)
    before = setting.is_on
    setting.is_on, setting.by = is_on, by
    setting.save(update_fields=["is_on", "by"])
    record("feed.switched", subject=setting, by=by, at=at,
           before={"is_on": before}, after={"family": feed.family, "is_on": is_on})  # fmt: skip
    return setting


def due(at: datetime) -> list[Feed]:
    """Return the feeds that shall be fetched now."""
    return [
        feed
        for setting in FeedSetting.objects.filter(is_on=True).order_by("family")
        if (feed := FEEDS.get(setting.family))
        and (setting.tried_at is None or setting.tried_at + feed.every <= at)
    ]


def now_by_clock() -> datetime:
    """Return the present, for long readings that ask again and again."""
    return timezone.now()
