"""Store what KEV and EPSS say, as dated facts: only what changed opens a new interval."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import orjson
from django.db import transaction

from hikeshi.core.errors import InputRefused, Malformed, NotFound, gettext_noop
from hikeshi.core.scoring.signals import Exploited, Likelihood
from hikeshi.formats.epss import read as epss
from hikeshi.formats.kev import read as kev
from hikeshi.intelligence import runs
from hikeshi.intelligence.models import Document, Refusal, Run, RunPart, Signal, SignalKind, Source
from hikeshi.intelligence.setwise import TEXT, close_facts, insert_facts
from hikeshi.intelligence.storing import Refused, refuse
from hikeshi.organisation.models import Account

CHUNK: Final = 10_000
# A list that lost more than this share is a broken copy sooner than a clean-up.
MOST_VANISHED: Final = 0.1
FEW_VANISHED: Final = 20
_COLUMNS: Final = {
    "kind": TEXT, "name": TEXT, "number": "numeric", "percentile": "numeric", "facts": "jsonb",
}  # fmt: skip
_State = tuple[Decimal | None, Decimal | None, str]


@dataclass(frozen=True, slots=True)
class _Listed:
    """A list as it was read. states: CVE id → number, percentile, facts as JSON."""

    states: Mapping[str, _State]
    listed: int | None
    newest_at: datetime | None
    refused: Sequence[tuple[str, InputRefused]]


def sync_signals(
    *, kind: SignalKind, path: Path, by: Account | None, now: Callable[[], datetime],
    take_over: bool = False,
) -> Run:  # fmt: skip
    """Read a file of KEV or EPSS, or the newest such file of a folder; return the closed run.

    Raises NotFound without such a file, InputRefused for a file that as a whole cannot be read:
    what stood before stands.
    """
    file = _file(kind, path)
    content = file.read_bytes()
    listed = _kev(content) if kind is SignalKind.KEV else _epss(content)
    run = runs.begin(
        family=kind.value, origin=str(file.resolve()), by=by, at=now(), take_over=take_over
    )
    source, _made = Source.objects.get_or_create(family=kind.value, part=kind.value)
    part, _made = RunPart.objects.get_or_create(run=run, source=source, defaults={"stamp": ""})
    part.new = part.changed = part.unchanged = 0
    part.listed, part.newest_at = listed.listed, listed.newest_at or source.newest_at
    part.total = part.position = len(listed.states)
    part.refused = len(listed.refused)
    with transaction.atomic():
        _keep(content, kind, run)
        if not Refusal.objects.filter(run=run).exists():
            refuse([Refused(f"{kind.value}/{place}", error) for place, error in listed.refused],
                   part=part, at=run.started_at)  # fmt: skip
        part.save()
    _store(kind, listed, part=part, now=now)
    runs.close(run=run, at=now())
    return run


def _file(kind: SignalKind, path: Path) -> Path:
    pattern = "known_exploited*.json*" if kind is SignalKind.KEV else "epss*.csv*"
    if path.is_file():
        return path
    found = [one for one in path.glob(pattern) if "schema" not in one.name]
    if not found:
        raise NotFound(
            gettext_noop("There is no file %(pattern)s in “%(directory)s”."),
            pattern=pattern, directory=str(path),
        )  # fmt: skip
    return max(found, key=lambda one: one.stat().st_mtime)


def _kev(content: bytes) -> _Listed:
    read = kev.read(content)
    states = {entry.cve: (None, None, _facts(entry)) for entry in read.entries}
    return _Listed(states, read.listed, read.newest_at, read.refused)


def _facts(entry: Exploited) -> str:
    facts: dict[str, Any] = {
        "added_on": entry.added_on, "due_on": entry.due_on, "title": entry.title,
        "vendor": entry.vendor, "product": entry.product, "action": entry.action,
        "in_ransomware": entry.in_ransomware,
    }  # fmt: skip
    return orjson.dumps(facts, option=orjson.OPT_SORT_KEYS).decode()


def _epss(content: bytes) -> _Listed:
    read = epss.read(content)
    states = {row.cve: _rounded(row) for row in read.rows}
    return _Listed(states, read.lines, read.newest_at, read.refused)


def _rounded(row: Likelihood) -> _State:
    percentile = None if row.percentile is None else round(row.percentile, 2)
    return round(row.probability, 3), percentile, "{}"


def _keep(content: bytes, kind: SignalKind, run: Run) -> None:
    Document.objects.get_or_create(
        family=kind.value, sha256=hashlib.sha256(content).digest(),
        defaults={"size_bytes": len(content), "packed": zlib.compress(content, 2),
                  "fetched_at": run.started_at, "opened_in": run.number},
    )  # fmt: skip


def _store(
    kind: SignalKind, listed: _Listed, *, part: RunPart, now: Callable[[], datetime]
) -> None:
    run, at = part.run, part.run.started_at
    held: dict[str, tuple[int, _State]] = {}
    rows = Signal.objects.open().filter(kind=kind)
    for pk, name, number, percentile, facts in rows.values_list(
        "pk", "name", "number", "percentile", "facts"
    ).iterator(chunk_size=CHUNK):
        text = orjson.dumps(facts, option=orjson.OPT_SORT_KEYS).decode()
        held[name] = (pk, (number, percentile, text))
    gone = [held[name][0] for name in held.keys() - listed.states.keys()]
    if len(gone) > max(FEW_VANISHED, len(held) * MOST_VANISHED):
        error = Malformed(
            gettext_noop(
                "The copy lacks %(gone)s of the %(held)s records that stood; they were kept. "
                "Read a complete copy."
            ),
            gone=len(gone), held=len(held),
        )  # fmt: skip
        refuse([Refused(kind.value, error)], part=part, at=at)
        part.refused, gone = part.refused + 1, []
    new = [name for name in listed.states if name not in held]
    changed = [name for name, state in listed.states.items()
               if name in held and held[name][1] != state]  # fmt: skip
    for chunk in _chunks(gone):
        close_facts("intelligence_signal", chunk, run=run.number, at=at)
    for names in _chunks([*changed, *new]):
        runs.extend(run=run, at=now())
        with transaction.atomic():
            old = [held[name][0] for name in names if name in held]
            close_facts("intelligence_signal", old, run=run.number, at=at)
            opened = [(kind.value, name, *listed.states[name]) for name in names]
            insert_facts("intelligence_signal", _COLUMNS, opened, run=run.number, at=at)
    part.new, part.changed, part.vanished = len(new), len(changed), len(gone)
    part.unchanged = len(listed.states) - len(new) - len(changed)
    part.save()


def _chunks(items: Sequence[Any]) -> Iterable[Sequence[Any]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
