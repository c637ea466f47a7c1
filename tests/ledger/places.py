"""The places at which ``test_kill`` lets a worker die, and what happens there.

A place is found in what the working thread really does: its statements, its commits, the files it
renames. Nothing of the product knows of it.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

_WRITES: Final = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)"?')


@dataclass(frozen=True)
class Happening:
    """Something a worker is about to do, or has just done.

    what: ``before`` or ``after`` a statement, ``commit`` or ``committed``, ``rename``, ``piece``.
    written: a statement as ``UPDATE table``, or all that a transaction wrote.
    """

    what: str
    written: str = ""
    values: tuple[object, ...] = ()


@dataclass(frozen=True)
class Place:
    """work: which work comes here. last: how often it does in one work, so that each has a turn."""

    name: str
    work: str
    is_here: Callable[[Happening], bool]
    last: int = 1
    gate: bool = False


def _at(what: str, written: str, *values: object) -> Callable[[Happening], bool]:
    def is_here(seen: Happening) -> bool:
        return (
            seen.what == what
            and written in seen.written
            and all(value in seen.values for value in values)
        )

    return is_here


_STEP, _MESSAGE = "UPDATE organisation_numberseries", "UPDATE ledger_outboxmessage"
_WARNING, _SEAL = "UPDATE records_clock", "INSERT INTO ledger_sealbatch"
_ROW, _SBOM = "INSERT INTO records_storedfile", "INSERT INTO inventory_batch"
_MATCH, _EDITION = "INSERT INTO matching_match", "INSERT INTO disclosure_advisoryrevision"
PLACES: Final = (
    Place("a step before its commit", "count", _at("commit", _STEP), last=4, gate=True),
    Place("a step after its commit", "count", _at("committed", _STEP), last=4),
    Place("all steps committed, job not acknowledged", "count",
          _at("before", "UPDATE ledger_job", "done"), gate=True),
    Place("job acknowledged, its call not taken away", "count",
          _at("before", "DELETE FROM django_tasks_database_dbtaskresult")),
    Place("a message claimed and not handed over", "count", _at("after", _MESSAGE, "sending")),
    Place("a message handed over and not noted", "count", _at("before", _MESSAGE, "sent"),
          last=4, gate=True),
    Place("a file written in part", "keep", _at("piece", ""), last=2),
    Place("a file written, not at its place", "keep", _at("rename", ".part"), gate=True),
    Place("a file at its place, without a row", "keep", _at("before", _ROW)),
    Place("a file's row not committed", "keep", _at("commit", _ROW)),
    Place("a file kept again, its row not committed", "again",
          _at("commit", "INSERT INTO records_blob")),
    Place("a feed between two batches", "feed",
          _at("committed", "INSERT INTO intelligence_claimrevision"), last=2, gate=True),
    Place("a feed read, its run not closed", "feed", _at("commit", "UPDATE intelligence_run ")),
    Place("an SBOM before its commit", "sbom", _at("commit", _SBOM), gate=True),
    Place("an SBOM committed, job not acknowledged", "sbom", _at("committed", _SBOM), gate=True),
    Place("matches before their commit", "sbom", _at("commit", _MATCH), gate=True),
    Place("matches committed and not counted", "sbom", _at("committed", _MATCH)),
    Place("a publication before its commit", "publish", _at("commit", _EDITION), gate=True),
    Place("a publication committed, job not acknowledged", "publish",
          _at("committed", _EDITION), gate=True),
    Place("a warning before its commit", "warn", _at("commit", _WARNING)),
    Place("a warning committed, job not acknowledged", "warn", _at("committed", _WARNING)),
    Place("a seal of the audit log before its commit", "seal", _at("commit", _SEAL)),
    Place("a seal committed and not logged", "seal", _at("committed", _SEAL)),
)  # fmt: skip


class Death:
    """Counts what this process's working thread does, and lets it die at a place or statement."""

    def __init__(self, place: Place | None = None, *, nth: int = 1, statement: int = 0) -> None:
        from django.db.backends.signals import connection_created

        self.place, self.left, self.statement = place, nth, statement
        self.seen = 0
        self.written = ""
        connection_created.connect(self.install, weak=False)
        if place is not None:
            sys.addaudithook(self.audit)

    def strike(self, seen: Happening) -> None:
        if self.place is not None and self.place.is_here(seen) and _is_working():
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    def install(self, connection: Any, **_rest: Any) -> None:
        connection.execute_wrappers.append(self.wrapper)
        commit = connection._commit

        def struck() -> Any:
            written, self.written = self.written, ""
            self.strike(Happening("commit", written))
            done = commit()
            self.strike(Happening("committed", written))
            return done

        if _is_working():
            connection._commit = struck

    def wrapper(self, execute: Any, sql: Any, params: Any, many: Any, context: Any) -> Any:
        if not _is_working():
            return execute(sql, params, many, context)
        self.seen += 1
        if self.seen == self.statement:
            os.kill(os.getpid(), signal.SIGKILL)
        found = _WRITES.match(str(sql))
        written = f"{found[1]} {found[2]} " if found else ""
        values = tuple(params) if isinstance(params, Sequence) else ()
        self.strike(Happening("before", written, values))
        done = execute(sql, params, many, context)
        if context["connection"].in_atomic_block:
            self.written += written
        self.strike(Happening("after", written, values))
        return done

    def audit(self, event: str, facts: tuple[Any, ...]) -> None:
        if event == "os.rename":
            self.strike(Happening("rename", str(facts[0])))


def _is_working() -> bool:
    return threading.current_thread().name.startswith("jobs-")
