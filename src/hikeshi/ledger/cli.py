"""Commands: run a worker, verify the audit log, steer jobs and messages to the outside."""

from __future__ import annotations

import argparse
import re
import signal
import sys
from dataclasses import asdict
from datetime import timedelta
from types import FrameType
from typing import Any
from uuid import UUID

import orjson
from django.utils import timezone
from django.utils.translation import gettext as _

from hikeshi.core.errors import InputRefused, gettext_noop
from hikeshi.ledger import chain, managing, queries
from hikeshi.ledger.heart import LEASE
from hikeshi.ledger.models import Job, JobState, OutboxMessage, OutboxState
from hikeshi.ledger.worker import WorkerProcess, drain
from hikeshi.organisation.viewer import Viewer


def add_commands(commands: Any) -> None:
    """Add the commands of this area."""
    parser = commands.add_parser("worker", help=_("run jobs until told to stop"))
    parser.add_argument(
        "--threads", type=int, default=2, help=_("jobs at once; the first thread takes short ones")
    )
    parser.add_argument("--once", action="store_true", help=_("run what is due and end"))
    parser.add_argument(
        "--lease-seconds",
        type=float,
        default=LEASE.total_seconds(),
        help=_("how long a silent worker keeps its jobs; below 60 only in tests"),
    )
    parser.set_defaults(run=_worker)
    parser = commands.add_parser("audit", help=_("the audit log and its hash chain"))
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    parser = acts.add_parser(
        "verify", help=_("exit with 1 at the first event that was tampered with")
    )
    parser.add_argument(
        "--expect", default="", metavar="NUMBER:HASH", help=_("a head that was noted elsewhere")
    )
    parser.set_defaults(run=_verify)
    parser = acts.add_parser("seal", help=_("seal what is not sealed yet, now"))
    parser.set_defaults(run=_seal)
    _add_jobs(commands)
    _add_outbox(commands)


def _add_jobs(commands: Any) -> None:
    acts = commands.add_parser("job", help=_("jobs: list, show, cancel, resume")).add_subparsers(
        dest="act", required=True, metavar="ACT"
    )
    parser = acts.add_parser("list", help=_("list jobs, newest first"))
    parser.add_argument("--state", choices=JobState.values, default="")
    parser.add_argument("--limit", type=int, default=50)
    parser.set_defaults(run=_job_list, acts=True)
    for act, said in (
        ("show", _("show one job")),
        ("cancel", _("cancel a waiting job, or ask a running one to stop")),
        ("resume", _("let a failed or cancelled job go on")),
    ):
        parser = acts.add_parser(act, help=said)
        parser.add_argument("uid", type=UUID)
        parser.set_defaults(run=_job_act, acts=True)


def _add_outbox(commands: Any) -> None:
    outbox = commands.add_parser("outbox", help=_("messages to the outside: list, retry, drop"))
    acts = outbox.add_subparsers(dest="act", required=True, metavar="ACT")
    parser = acts.add_parser("list", help=_("list messages, newest first"))
    parser.add_argument("--state", choices=OutboxState.values, default="")
    parser.add_argument("--limit", type=int, default=50)
    parser.set_defaults(run=_message_list, acts=True)
    for act, said in (
        ("retry", _("let a message go out once more")),
        ("drop", _("keep a message from going out")),
    ):
        parser = acts.add_parser(act, help=said)
        parser.add_argument("uid", type=UUID)
        if act == "drop":
            parser.add_argument("--reason", required=True, help=_("why; it goes on record"))
        parser.set_defaults(run=_message_act, acts=True)


def _rows(options: argparse.Namespace, rows: list[dict[str, Any]]) -> None:
    """Write rows as JSON or as lines with tabs."""
    if options.format == "json":
        sys.stdout.write(orjson.dumps(rows, default=str).decode() + "\n")
        return
    for row in rows:
        cells = ("-" if value in (None, "") else str(value) for value in row.values())
        sys.stdout.write("\t".join(cells) + "\n")


def _of_job(job: Job) -> dict[str, Any]:
    return {
        "uid": job.uid, "name": job.name, "state": job.state, "done": job.done,
        "total": job.total, "created_at": job.created_at, "error": job.error,
    }  # fmt: skip


def _of_message(message: OutboxMessage) -> dict[str, Any]:
    return {
        "uid": message.uid, "kind": message.kind, "state": message.state, "tries": message.tries,
        "created_at": message.created_at, "error": message.error,
    }  # fmt: skip


def _job_list(options: argparse.Namespace, viewer: Viewer) -> None:
    rows = queries.jobs_of(viewer).order_by("-created_at", "-pk")
    if options.state:
        rows = rows.filter(state=options.state)
    _rows(options, [_of_job(one) for one in rows[: max(1, options.limit)]])


def _job_act(options: argparse.Namespace, viewer: Viewer) -> None:
    job = queries.job_by_uid(viewer, options.uid)
    if options.act == "cancel":
        managing.cancel_job(job=job, by=viewer, at=timezone.now())
    elif options.act == "resume":
        managing.resume_job(job=job, by=viewer, at=timezone.now())
    _rows(options, [_of_job(queries.job_by_uid(viewer, options.uid))])


def _message_list(options: argparse.Namespace, viewer: Viewer) -> None:
    rows = queries.messages_of(viewer).order_by("-created_at", "-pk")
    if options.state:
        rows = rows.filter(state=options.state)
    _rows(options, [_of_message(one) for one in rows[: max(1, options.limit)]])


def _message_act(options: argparse.Namespace, viewer: Viewer) -> None:
    message = queries.message_by_uid(viewer, options.uid)
    if options.act == "drop":
        managing.drop_message(message=message, by=viewer, at=timezone.now(), reason=options.reason)
    else:
        managing.retry_message(message=message, by=viewer, at=timezone.now())
    _rows(options, [_of_message(queries.message_by_uid(viewer, options.uid))])


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
    if options.expect and not re.fullmatch(r"[0-9]{1,12}:[0-9a-f]{64}", options.expect):
        raise InputRefused(
            gettext_noop("“%(text)s” is no head. Write NUMBER:HASH, as this command prints it."),
            text=options.expect[:80],
        )
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
