"""What machines ask: is the process alive, may it get requests, how is the work going.

``/healthz`` answers while the process does. ``/readyz`` also needs the database and the key file.
``/metrics`` is for who holds HIKESHI_METRICS_TOKEN, and is not there when none is set: figures of a
queue say how busy a team is.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Max, Min
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.core import GaugeMetricFamily

from hikeshi.intelligence.feeds import FEEDS
from hikeshi.intelligence.models import FeedSetting, Run, RunState
from hikeshi.ledger.heart import LEASE, alive_since
from hikeshi.ledger.models import Event, Job, OutboxMessage, OutboxState, SealBatch
from hikeshi.organisation.access import public
from hikeshi.organisation.models import Company
from hikeshi.project import traffic


@public
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer while the process does."""
    return HttpResponse("ok\n", content_type="text/plain")


@public
def readyz(_request: HttpRequest) -> HttpResponse:
    """Answer 200 when pages can be served, 503 with what is missing when not."""
    missing = []
    try:
        Company.objects.exists()
    except DatabaseError:
        missing.append("database")
    if not Path(settings.KEY_FILE).is_file():
        missing.append("key file")
    return JsonResponse({"ready": not missing, "missing": missing}, status=503 if missing else 200)


@public
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the figures of jobs, outbox, feeds, workers, audit log and requests."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise Http404
    figures = _Figures()
    _note_all(figures, timezone.now())
    # The exposition asks a registry for nothing but this one method.
    content = generate_latest(figures) + generate_latest(traffic.counted())
    return HttpResponse(content, content_type=CONTENT_TYPE_LATEST)


class _Figures:
    """Gauges as they are now. The library's own would be kept in the files of the web processes."""

    def __init__(self) -> None:
        self.families: list[GaugeMetricFamily] = []

    def add(self, name: str, told: str, values: Mapping[str, float], label: str = "") -> None:
        """Note a figure: {label's value: it}, or {"": it} without a label."""
        family = GaugeMetricFamily(name, told, labels=[label] if label else [])
        for key, value in values.items():
            family.add_metric([key] if label else [], value)
        self.families.append(family)

    def collect(self) -> list[GaugeMetricFamily]:
        """Return the figures, as the library asks a registry for them."""
        return self.families


def _note_all(figures: _Figures, now: datetime) -> None:
    jobs = Job.objects.for_system("figures without content")
    figures.add("hikeshi_jobs", "Jobs by state",
                dict(jobs.values_list("state").annotate(Count("pk"))), "state")  # fmt: skip
    oldest = jobs.filter(state="queued", run_at__lte=now).aggregate(at=Min("run_at"))["at"]
    figures.add("hikeshi_jobs_oldest_wait_seconds", "Wait of the oldest due job",
                {"": _seconds(oldest, now)})  # fmt: skip
    messages = OutboxMessage.objects.for_system("figures without content")
    figures.add("hikeshi_outbox", "Outgoing messages by state",
                dict(messages.values_list("state").annotate(Count("pk"))), "state")  # fmt: skip
    waiting = messages.filter(state=OutboxState.WAITING, next_at__lte=now)
    longest = waiting.aggregate(at=Min("created_at"))["at"]
    figures.add("hikeshi_outbox_oldest_wait_seconds", "Wait of the oldest message that is due",
                {"": _seconds(longest, now)})  # fmt: skip
    _feeds(figures, now)
    figures.add("hikeshi_workers", "Workers alive", {"": len(alive_since(now, LEASE))})
    events = Event.objects.for_system("figures without content")
    figures.add("hikeshi_audit_unsealed", "Events not sealed yet",
                {"": events.filter(batch__isnull=True).count()})  # fmt: skip
    sealed = SealBatch.objects.order_by("-number").values_list("sealed_at", flat=True).first()
    if sealed is not None:
        figures.add("hikeshi_audit_sealed_age_seconds", "Since the last sealing",
                    {"": _seconds(sealed, now)})  # fmt: skip


def _feeds(figures: _Figures, now: datetime) -> None:
    """Tell how old each feed is: the name of a feed is all that stands beside a figure."""
    settings_of = {one.family: one for one in FeedSetting.objects.all()}
    on = {family: family in settings_of and settings_of[family].is_on for family in FEEDS}
    figures.add("hikeshi_feed_on", "Whether a feed is fetched by itself", on, "feed")
    failing = {family: on[family] and bool(settings_of[family].failed) for family in FEEDS}
    figures.add("hikeshi_feed_failing", "Whether the last try to fetch a feed failed", failing,
                "feed")  # fmt: skip
    read = dict(
        Run.objects.filter(state=RunState.CLOSED)
        .values_list("family")
        .annotate(at=Max("closed_at"))
    )
    # A feed that was never read has no age, rather than one of zero.
    ages = {family: _seconds(read[family], now) for family in FEEDS if read.get(family)}
    figures.add("hikeshi_feed_age_seconds", "Since a feed was last read to its end", ages, "feed")


def _seconds(since: datetime | None, now: datetime) -> float:
    return (now - since).total_seconds() if since else 0.0
