"""Commands: run a worker, verify the audit log."""

from __future__ import annotations

import argparse
import signal
import sys
from dataclasses import asdict
from datetime import timedelta
from types import FrameType
from typing import Any

import orjson
from django.utils import timezone

from hikeshi.ledger import chain
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
    parser = commands.add_parser("audit", help="the audit log and its hash chain")
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    parser = acts.add_parser("verify", help="exit with 1 at the first event that was tampered with")
    parser.add_argument(
        "--expect", default="", metavar="NUMBER:HASH", help="a head that was noted elsewhere"
    )
    parser.set_defaults(run=_verify)
    parser = acts.add_parser("seal", help="seal what is not sealed yet, now")
    parser.set_defaults(run=_seal)


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


def _verify(options: argparse.Namespace, _viewer: None) -> int:
    verdict = chain.verify(expect=options.expect)
    if options.format == "json":
        sys.stdout.write(orjson.dumps(asdict(verdict)).decode() + "\n")
        return 1 if verdict.broken else 0
    lines = [
        f"batches: {verdict.batches}",
        f"events: {verdict.events}",
        f"not sealed yet: {verdict.unsealed}",
        f"head: {verdict.head}",
    ]
    if verdict.broken:
        broken = verdict.broken
        lines.append(f"BROKEN at batch {broken.batch}, event {broken.event or '-'}: {broken.why}")
    else:
        lines.append("whole")
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if verdict.broken else 0


def _seal(_options: argparse.Namespace, _viewer: None) -> None:
    while chain.seal_next(timezone.now()) == chain.BATCH:
        pass
