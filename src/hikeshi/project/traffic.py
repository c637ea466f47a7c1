"""How many requests each route got, how they ended, and how long they took.

1. A route stands by its name, never by an address: no number, no name of anybody, no search.
2. Labels come from closed sets, so that nobody outside can make figures grow.
3. Several web processes write to files of one folder, each to those of the slot that it holds; who
   asks one of them for ``/metrics`` gets the sum. A process that ends leaves its slot, with its
   figures, to the next: files do not become more with restarts.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from prometheus_client import CollectorRegistry, Counter, Histogram, values
from prometheus_client.multiprocess import MultiProcessCollector

# The library's own name for the folder; serve sets it for its web processes.
FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
BUCKETS: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Open as long as the process lives: what is locked is let go by its end, however it ends.
_held: list[int] = []


def _slot() -> str:
    """Return the first slot that no other living process holds."""
    if not _held:
        for number in range(1000):
            path = Path(os.environ[FOLDER]) / f"{number}.slot"
            file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                os.close(file)
                continue
            _held[:] = [file, number]
            break
    return str(_held[1])


if os.environ.get(FOLDER):
    Path(os.environ[FOLDER]).mkdir(parents=True, exist_ok=True)
    # Figures of a value class are made when a label is first met: this holds for all of them.
    values.ValueClass = values.MultiProcessValue(_slot)  # type: ignore[no-untyped-call]

OWN: Final = CollectorRegistry()
COUNT: Final = Counter(
    "hikeshi_http_requests", "Requests by route, method and class of status",
    ["route", "method", "status"], registry=OWN,
)  # fmt: skip
DURATION: Final = Histogram(
    "hikeshi_http_request_seconds", "Time to answer by route and method", ["route", "method"],
    buckets=BUCKETS, registry=OWN,
)  # fmt: skip


def counted() -> CollectorRegistry:
    """Return the figures of all web processes, or of this one where there is no folder."""
    if not os.environ.get(FOLDER):
        return OWN
    registry = CollectorRegistry()
    MultiProcessCollector(registry, os.environ[FOLDER])  # type: ignore[no-untyped-call]
    return registry


class CountMiddleware:
    """Count each request. Stands first, so that the time is that of everything."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        if not settings.METRICS_TOKEN:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request and note how."""
        started = time.perf_counter()
        answer = self.get_response(request)
        match = request.resolver_match
        route = (match.view_name or match.route) if match is not None else "none"
        method = request.method if request.method in METHODS else "other"
        COUNT.labels(route, method, f"{answer.status_code // 100}xx").inc()
        DURATION.labels(route, method).observe(time.perf_counter() - started)
        return answer
