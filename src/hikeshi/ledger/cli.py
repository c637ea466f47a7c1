"""Commands: run a worker."""

from __future__ import annotations

import argparse
import signal
from datetime import timedelta
from types import FrameType
from typing import Any

from hikeshi.ledger.heart import LEASE
from hikeshi.ledger.worker import WorkerProcess, drain


def add_commands(commands: Any) -> None:
    """Add the commands of this area."""
    parser = commands.add_parser("worker", help="run jobs until told to stop")
    parser.add_argument(
        "--threads", type=int, default=2, help="jobs at once; the first thread takes short ones"
    )
    parser.add_argument("--once", action="store_true", help="run what is due and end")
    parser.add_argument(
        "--lease-seconds",
        type=float,
        default=LEASE.total_seconds(),
        help="how long a silent worker keeps its jobs; below 60 only in tests",
    )
    parser.set_defaults(run=_worker)


def _worker(options: argparse.Namespace, _viewer: None) -> None:
    if options.once:
        drain()
        return
    process = WorkerProcess(
        threads=max(1, options.threads), lease=timedelta(seconds=options.lease_seconds)
    )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        process.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    process.run()
