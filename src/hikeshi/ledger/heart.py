"""The heartbeat of a process that runs jobs: how others know that it is alive."""

from __future__ import annotations

import os
import platform
import threading
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import DatabaseError, connection
from django.utils import timezone

from hikeshi.ledger.models import Worker

log = structlog.get_logger()

# A write transaction of nine seconds holds up heartbeats on SQLite; a minute stands well clear.
LEASE: Final = timedelta(seconds=60)


class Heart:
    """One worker row and the thread that keeps it fresh."""

    def __init__(self) -> None:
        now = timezone.now()
        self.process_id = os.getpid()
        place = f"{platform.node()[:90]} {self.process_id}"
        self.uid: UUID = Worker.objects.create(place=place, started_at=now, beat_at=now).uid
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, every: timedelta = LEASE / 6) -> None:
        """Beat from a thread of its own until ``stop``."""
        self._thread = threading.Thread(target=self._beat, args=(every,), daemon=True, name="heart")
        self._thread.start()

    def beat(self) -> None:
        """Say once that this process is alive."""
        Worker.objects.filter(uid=self.uid).update(beat_at=timezone.now())

    def _beat(self, every: timedelta) -> None:
        while not self._stop.wait(every.total_seconds()):
            try:
                self.beat()
            except DatabaseError as error:
                # A locked or restarting database is no reason to stop beating.
                log.warning("worker.beat_missed", error=type(error).__name__)
                connection.close()
        connection.close()

    def stop(self) -> None:
        """Stop beating and sign off, so that nobody waits for the lease to run out."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
        Worker.objects.filter(uid=self.uid).update(stopped_at=timezone.now())


_heart: Heart | None = None
_lock: Final = threading.Lock()


def heart() -> Heart:
    """Return this process's heart, starting it when a foreign task runner brought us here."""
    global _heart  # noqa: PLW0603  # one process has one heart
    with _lock:
        if _heart is None or _heart.process_id != os.getpid():
            fresh = Heart()
            fresh.start()
            _heart = fresh
        return _heart


def use_heart(own: Heart | None) -> Heart | None:
    """Let the worker command (or a test) bring its own heart; return the one before."""
    global _heart
    before, _heart = _heart, own
    return before


def alive_since(now: datetime, lease: timedelta) -> list[UUID]:
    """Return the uids of workers whose heart beats."""
    return list(
        Worker.objects.filter(beat_at__gt=now - lease, stopped_at__isnull=True).values_list(
            "uid", flat=True
        )
    )
