"""A process that forks workers for ``test_kill`` and lets them be killed: run as a module.

It starts Django once on a database of its own and then obeys lines on stdin:

    work NAME       have one more of a work done (``works.py``)
    at PLACE NTH    run a worker that kills itself at a place (``places.py``)
    die K           run a worker that kills itself with SIGKILL before its K-th statement
    late SECONDS    run a worker that is killed from outside after so many seconds
    finish          run a worker until no job is left; tells statements and seconds
    report          print what the database holds and what it should

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
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import django

from tests.ledger import works
from tests.ledger.places import PLACES, Death, Happening

LEASE = timedelta(seconds=1)
_death: list[Death] = []


def at_piece() -> None:
    """Say that a piece of a file is about to be written."""
    for death in _death:
        death.strike(Happening("piece"))


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


def work() -> None:
    """Run a worker until nothing is left to do."""
    from django.utils import timezone

    from hikeshi.ledger.models import Job
    from hikeshi.ledger.worker import WorkerProcess

    process = WorkerProcess(threads=1, poll_seconds=0.02, lease=LEASE)

    def watch() -> None:
        rows = Job.objects.for_system("test").filter(state__in=["queued", "running"])
        while rows.filter(run_at__lte=timezone.now() + timedelta(seconds=10)).exists():
            time.sleep(0.05)
        process.stop()

    threading.Thread(target=watch, name="watch", daemon=True).start()
    process.run()


def worker(death: Death) -> dict[str, float]:
    _death.append(death)
    begun = time.monotonic()
    work()
    return {"statements": death.seen, "seconds": time.monotonic() - begun}


def killed_late(seconds: float) -> int:
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1]


def obey(order: str, value: str, numbers: Counter[str]) -> tuple[int, Any]:
    if order == "work":
        done = in_a_child(lambda: works.order(value, numbers[value]))
        numbers[value] += 1
        return done
    if order == "at":
        name, _space, nth = value.rpartition(" ")
        [place] = [one for one in PLACES if one.name == name]
        return in_a_child(lambda: worker(Death(place, nth=int(nth))))
    if order == "die":
        return in_a_child(lambda: worker(Death(statement=int(value))))
    if order == "late":
        return in_a_child(lambda: killed_late(float(value)))
    if order == "finish":
        return in_a_child(lambda: worker(Death()))
    return in_a_child(lambda: works.report(numbers))


def main() -> None:
    django.setup()
    works.declare()
    status, _none = in_a_child(works.prepare)
    answer: Any = {"status": status}
    numbers: Counter[str] = Counter()
    while True:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        line = sys.stdin.readline().strip()
        if not line:
            return
        order, _space, value = line.partition(" ")
        answer = obey(order, value, numbers)


if __name__ == "__main__":
    # ``works`` imports this module by its name and must find this very one.
    sys.modules["tests.ledger.victims"] = sys.modules["__main__"]
    main()
