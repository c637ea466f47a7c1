"""A process that forks workers for ``test_kill`` and lets them be killed: run as a module.

It starts Django once on a database of its own and then obeys lines on stdin:

    jobs N          enqueue N jobs (and whatever they need)
    die K           run a worker that kills itself with SIGKILL before its K-th statement
    late SECONDS    run a worker that is killed from outside after so many seconds
    finish          run a worker until no job is left; tells statements and seconds
    report          print what the database holds

It answers each with one line of JSON. Workers are forked before the parent has opened a
connection, so each is a process of its own in all that matters, without the second that starting
Django takes.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

STEPS = 4
LEASE = timedelta(seconds=1)


def in_a_child(act: Callable[[], Any]) -> tuple[int, Any]:
    """Fork, act, and return the wait status and what the act returned."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            result = act()
            os.write(writer, json.dumps(result).encode())
        except BaseException as error:  # noqa: BLE001  # a child must not run on as its parent
            sys.stderr.write(f"{type(error).__name__}: {error}\n")
            os._exit(1)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    _pid, status = os.waitpid(child, 0)
    return status, json.loads(said) if said else None


def declare() -> None:
    from django.db.models import F

    from hikeshi.ledger.jobs import Run, job
    from hikeshi.ledger.models import OutboxMessage
    from hikeshi.ledger.outbox import post, sends
    from hikeshi.ledger.services import record
    from hikeshi.organisation.models import Company, NumberSeries

    @job("kill.count", max_tries=50, backoff=timedelta(milliseconds=10))
    def count(run: Run, *, number: int) -> None:
        from django.utils import timezone

        company = Company.objects.get()
        for step in range(STEPS):
            with run.once(f"step/{step}") as first:
                if first:
                    # Neither of these is idempotent by itself.
                    NumberSeries.objects.filter(series="kill").update(last=F("last") + 1)
                    record("company.changed", subject=company, by=None, at=timezone.now())
                    post("kill.letter", key=f"{number}/{step}", company=company, number=number)
            run.progress(step + 1, STEPS)

    @sends("kill.letter")
    def letter(message: OutboxMessage) -> str:
        with Path(os.environ["KILL_LETTERS"]).open("a") as file:
            file.write(message.key + "\n")
        return "kept"


def prepare() -> None:
    from django.conf import settings
    from django.core.management import call_command
    from django.utils import timezone

    from hikeshi.organisation.keys import make_key_file
    from hikeshi.organisation.models import NumberSeries
    from hikeshi.organisation.services import found_company

    make_key_file(Path(settings.KEY_FILE))
    call_command("migrate", verbosity=0)
    company = found_company(slug="k", name={"en": "K"}, prefix="K", at=timezone.now())
    NumberSeries.objects.create(company=company, series="kill", last=0)


def enqueue_jobs(first: int, many: int) -> None:
    from hikeshi.ledger.jobs import enqueue

    for number in range(first, first + many):
        enqueue("kill.count", number=number)


class Counter:
    """Counts this process's statements, of whichever thread, and may let it die before one."""

    def __init__(self, last: int = 0) -> None:
        from django.db.backends.signals import connection_created

        self.seen = 0
        self.last = last
        self.lock = threading.Lock()
        connection_created.connect(self.install, weak=False)

    def install(self, connection: Any, **_rest: Any) -> None:
        connection.execute_wrappers.append(self.wrapper)

    def wrapper(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        if threading.current_thread().name != "watch":
            with self.lock:
                self.seen += 1
                if self.seen == self.last:
                    os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)


def work() -> None:
    """Run a worker until nothing is left to do."""
    from hikeshi.ledger.models import Job
    from hikeshi.ledger.worker import WorkerProcess

    process = WorkerProcess(threads=1, poll_seconds=0.02, lease=LEASE)

    def watch() -> None:
        rows = Job.objects.for_system("test").filter(name__in=["kill.count", "ledger.send"])
        while rows.filter(state__in=["queued", "running"]).exists():
            time.sleep(0.05)
        process.stop()

    threading.Thread(target=watch, name="watch", daemon=True).start()
    process.run()


def worker(statement: int) -> dict[str, float]:
    counter = Counter(statement)
    begun = time.monotonic()
    work()
    return {"statements": counter.seen, "seconds": time.monotonic() - begun}


def killed_late(seconds: float) -> int:
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def report() -> dict[str, Any]:
    from django.db.models import Count

    from hikeshi.ledger.models import Event, Job, OutboxMessage
    from hikeshi.organisation.models import NumberSeries

    jobs = Job.objects.for_system("test").filter(name="kill.count")
    return {
        "counted": NumberSeries.objects.get(series="kill").last,
        "events": Event.objects.filter(name="company.changed").count(),
        "states": dict(jobs.values_list("state").annotate(Count("pk"))),
        "attempts": sum(jobs.values_list("attempt", flat=True)),
        "messages": dict(
            OutboxMessage.objects.for_system("test").values_list("state").annotate(Count("pk"))
        ),
        "sent": Event.objects.filter(name="outbox.sent").count(),
    }


def main() -> None:
    django.setup()
    declare()
    status, _none = in_a_child(prepare)
    answer: Any = {"status": status}
    given = 0
    while True:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        line = sys.stdin.readline().split()
        if not line:
            return
        order, value = line[0], line[1] if len(line) > 1 else "0"
        if order == "jobs":
            many = int(value)
            answer = in_a_child(lambda first=given, many=many: enqueue_jobs(first, many))
            given += many
        elif order == "die":
            answer = in_a_child(lambda statement=int(value): worker(statement))
        elif order == "late":
            answer = in_a_child(lambda seconds=float(value): killed_late(seconds))
        elif order == "finish":
            answer = in_a_child(lambda: worker(0))
        else:
            answer = in_a_child(report)


if __name__ == "__main__":
    main()
