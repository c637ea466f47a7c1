"""What machines ask: is the process alive, may it get requests, how is the work going.

``/healthz`` answers while the process does. ``/readyz`` also needs the database and the key file.
``/metrics`` is for who holds HIKESHI_METRICS_TOKEN, and is not there when none is set: figures of a
queue say how busy a team is.
"""

from __future__ import annotations

import hmac
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.db.models import Count, Max, Min
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from hikeshi.intelligence.feeds import FEEDS
from hikeshi.intelligence.models import FeedSetting, Run, RunState
from hikeshi.ledger.heart import LEASE, alive_since
from hikeshi.ledger.models import Event, Job, OutboxMessage, OutboxState, SealBatch
from hikeshi.organisation.access import public
from hikeshi.organisation.models import Company


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
    """Answer with the figures of jobs, outbox, feeds, workers and audit log, for Prometheus."""
    token = settings.METRICS_TOKEN
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not token or not hmac.compare_digest(given.encode(), token.encode()):
        raise Http404
    return HttpResponse(generate_latest(_figures(timezone.now())), content_type=CONTENT_TYPE_LATEST)


def _figures(now: datetime) -> CollectorRegistry:
    registry = CollectorRegistry()
    jobs = Job.objects.for_system("figures without content")
    gauge = Gauge("hikeshi_jobs", "Jobs by state", ["state"], registry=registry)
    for state, count in jobs.values_list("state").annotate(Count("pk")):
        gauge.labels(state).set(count)
    oldest = jobs.filter(state="queued", run_at__lte=now).aggregate(at=Min("run_at"))["at"]
    _one(registry, "hikeshi_jobs_oldest_wait_seconds", "Wait of the oldest due job",
         (now - oldest) if oldest else timedelta(0))  # fmt: skip
    messages = OutboxMessage.objects.for_system("figures without content")
    gauge = Gauge("hikeshi_outbox", "Outgoing messages by state", ["state"], registry=registry)
    for state, count in messages.values_list("state").annotate(Count("pk")):
        gauge.labels(state).set(count)
    waiting = messages.filter(state=OutboxState.WAITING, next_at__lte=now)
    longest = waiting.aggregate(at=Min("created_at"))["at"]
    _one(registry, "hikeshi_outbox_oldest_wait_seconds", "Wait of the oldest message that is due",
         (now - longest) if longest else timedelta(0))  # fmt: skip
    _feeds(registry, now)
    Gauge("hikeshi_workers", "Workers alive", registry=registry).set(len(alive_since(now, LEASE)))
    events = Event.objects.for_system("figures without content")
    Gauge("hikeshi_audit_unsealed", "Events not sealed yet", registry=registry).set(
        events.filter(batch__isnull=True).count()
    )
    sealed = SealBatch.objects.order_by("-number").values_list("sealed_at", flat=True).first()
    if sealed is not None:
        _one(registry, "hikeshi_audit_sealed_age_seconds", "Since the last sealing", now - sealed)
    return registry


def _feeds(registry: CollectorRegistry, now: datetime) -> None:
    """Tell how old each feed is: the name of a feed is all that stands beside a figure."""
    on = Gauge("hikeshi_feed_on", "Whether a feed is fetched by itself", ["feed"],
               registry=registry)  # fmt: skip
    failing = Gauge("hikeshi_feed_failing", "Whether the last try to fetch a feed failed", ["feed"],
                    registry=registry)  # fmt: skip
    age = Gauge("hikeshi_feed_age_seconds", "Since a feed was last read to its end", ["feed"],
                registry=registry)  # fmt: skip
    settings_of = {one.family: one for one in FeedSetting.objects.all()}
    read = dict(
        Run.objects.filter(state=RunState.CLOSED)
        .values_list("family")
        .annotate(at=Max("closed_at"))
    )
    for family in FEEDS:
        kept = settings_of.get(family)
        on.labels(family).set(kept is not None and kept.is_on)
        failing.labels(family).set(kept is not None and kept.is_on and bool(kept.failed))
        # A feed that was never read has no age, rather than one of zero.
        if read.get(family) is not None:
            age.labels(family).set((now - read[family]).total_seconds())


def _one(registry: CollectorRegistry, name: str, told: str, value: timedelta) -> None:
    Gauge(name, told, registry=registry).set(value.total_seconds())
