"""``hikeshi serve``: one command, a parent with web and worker children.

The parent prepares the database and the keys, prints the address and a one-time link, starts the
children and starts anew what dies: at once for the first time, then after growing pauses. SIGTERM
and Ctrl-C stop the children first: the web process finishes its requests, the worker its job.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from hikeshi.organisation.keys import make_key_file
from hikeshi.organisation.links import first_link, link_path
from hikeshi.project import fresh, traffic

GRACE_SECONDS: Final = 30
LONGEST_PAUSE_SECONDS: Final = 60


def prepare(*, keys: bool = True) -> None:
    """Bring database, cache table and key file into being; what is there already stays."""
    Path(settings.DATA_DIR).mkdir(parents=True, exist_ok=True)
    if keys:
        make_key_file(Path(settings.KEY_FILE))
    if fresh.is_empty(connection):
        fresh.build(connection)
    else:
        call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)


@dataclass
class Child:
    """A process that is kept running. environment: what it is told beside the parent's."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = 0.0
    not_before: float = field(default=0.0)

    def start(self, now: float) -> None:
        """Start the process; its output is the parent's."""
        environment = {**os.environ, **self.environment}
        self.process = subprocess.Popen(self.command, env=environment)  # noqa: S603  # our own
        self.started_at = now

    def look_after(self, now: float) -> None:
        """Start anew what died; a child that dies within seconds waits longer each time."""
        if self.process is None:
            if now >= self.not_before:
                self.start(now)
            return
        if self.process.poll() is None:
            return
        lived = now - self.started_at
        self.pause = 0.0 if lived > LONGEST_PAUSE_SECONDS else min(
            max(1.0, self.pause * 2), LONGEST_PAUSE_SECONDS
        )  # fmt: skip
        sys.stderr.write(
            f"hikeshi: {self.name} ended with {self.process.returncode}, "
            f"starts again in {self.pause:.0f} s\n"
        )
        self.process, self.not_before = None, now + self.pause


def _children(host: str, port: int, web: int, workers: int) -> list[Child]:
    python = sys.executable
    shown = f"[{host}]" if ":" in host else host
    gunicorn = [
        python, "-m", "gunicorn", "hikeshi.project.wsgi:application", "--bind", f"{shown}:{port}",
        "--worker-class", "gthread", "--workers", str(web), "--threads", "8",
        "--max-requests", "5000", "--max-requests-jitter", "500", "--timeout", "60",
        "--graceful-timeout", "20", "--log-level", "warning",
    ]  # fmt: skip
    # Figures of requests begin anew with the server, as Prometheus expects.
    figures = Path(settings.DATA_DIR) / "figures"
    shutil.rmtree(figures, ignore_errors=True)
    children = [Child("web", gunicorn, {traffic.FOLDER: str(figures)})]
    children += [
        Child(f"worker {number + 1}", [python, "-m", "hikeshi", "worker"])
        for number in range(workers)
    ]
    return children


def serve(*, host: str, port: int, web: int, workers: int, demo: bool) -> int:
    """Run until told to stop; return 0."""
    _say(_("Preparing the database …"))
    prepare()
    children = _children(host, port, web, workers)
    # Whoever stops the parent now stops the web process with it, by the way out below.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(0))
    # The pages take as long to come up as the demo to load: both at once, on two processors.
    children[0].start(time.monotonic())
    try:
        if demo:
            from hikeshi.project.demo import load_when_empty

            load_when_empty(
                lambda step: _say(_("Making the demo company: %(what)s …") % {"what": step})
            )
        _look_after(children, host, port)
    finally:
        _stop(children)
    return 0


def _look_after(children: list[Child], host: str, port: int) -> None:
    """Greet, and keep the children running until told to stop."""
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    _greet(host, port)
    while not stopping:
        for child in children:
            child.look_after(time.monotonic())
        time.sleep(0.2)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _greet(host: str, port: int) -> None:
    """Print the address and a link that logs in once."""
    shown = "127.0.0.1" if host in {"0.0.0.0", "::"} else host  # noqa: S104  # compared, not bound
    address = f"http://{shown}:{port}"
    purpose, secret = first_link(at=timezone.now())
    lines = [
        "",
        "  Hikeshi  " + address,
        "  " + _("Log in once by this link:") + " " + address + link_path(purpose, secret),
        "  " + _("Stop with Ctrl-C."),
        "",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def _stop(children: list[Child]) -> None:
    running = [child.process for child in children if child.process is not None]
    for process in running:
        process.terminate()
    until = time.monotonic() + GRACE_SECONDS
    for process in running:
        try:
            process.wait(max(0.1, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
