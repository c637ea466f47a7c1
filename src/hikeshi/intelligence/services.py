"""Read feeds into claims."""

from __future__ import annotations

import gc
import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import structlog

from hikeshi.core import ids
from hikeshi.core.errors import InputRefused
from hikeshi.formats.osv import bucket
from hikeshi.formats.osv.archive import Member
from hikeshi.formats.osv.read import read as read_osv
from hikeshi.intelligence import runs
from hikeshi.intelligence.models import Run, RunPart, Source
from hikeshi.intelligence.settling import Served, settle
from hikeshi.intelligence.storing import Read, Refused, known_digests, store_batch
from hikeshi.organisation.models import Account

__all__ = ["Progress", "sync_osv"]

OSV: Final = "osv"
BATCH_RECORDS: Final = 1000
BATCH_BYTES: Final = 8 * 1024 * 1024

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands, after each batch. position and total count entries of this part."""

    part: str
    position: int
    total: int
    new: int
    changed: int
    unchanged: int
    refused: int


@dataclass(slots=True)
class _Batch:
    """Members read one after the other until they are enough for one transaction."""

    members: list[Member] = field(default_factory=list)
    size_bytes: int = 0

    def is_full(self) -> bool:
        return len(self.members) >= BATCH_RECORDS or self.size_bytes >= BATCH_BYTES


def sync_osv(
    *,
    directory: Path,
    by: Account | None,
    now: Callable[[], datetime],
    take_over: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Run:
    """Read a copy of OSV's bucket into documents and claims; return the closed run.

    What is known already is left alone; a run that was cut short is gone on with. A record that
    cannot be read becomes a Refusal, an archive that cannot be read one for its whole part.
    Raises NotFound when the folder holds no OSV data, Conflict while another run is alive.
    """
    parts = bucket.parts_of(directory)
    run = runs.begin(
        family=OSV, origin=str(directory.resolve()), by=by, at=now(), take_over=take_over
    )
    with _seldom_collecting():
        read = [_read_part(part, run=run, now=now, progress=progress) for part in parts]
    runs.extend(run=run, at=now())
    settle(run=run, served=[one for one in read if one is not None], at=run.started_at)
    runs.close(run=run, at=now())
    log.info("feed.read", source=OSV, run=run.number)
    return run


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Look for circles of objects more seldom: a batch makes many objects and hardly a circle.

    With Python's own thresholds a sixth of the time of reading a feed goes there.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _read_part(
    part: bucket.Part,
    *,
    run: Run,
    now: Callable[[], datetime],
    progress: Callable[[Progress], None] | None,
) -> Served | None:
    """Read one part; return what it serves, None when it could not be read to its end."""
    source, _made = Source.objects.get_or_create(family=OSV, part=part.name[:80])
    row, _made = RunPart.objects.get_or_create(
        run=run, source=source, defaults={"stamp": part.stamp}
    )
    if row.stamp != part.stamp:
        # Another file than the one that was begun: reading it from the start changes nothing twice.
        row.stamp, row.position = part.stamp, 0
    index = part.index()
    row.listed = index.listed if index else None
    row.newest_at = (index.newest_at if index else None) or row.newest_at or source.newest_at
    served: Served | None = None
    try:
        with bucket.opened(part) as contents:
            row.total = contents.total
            # Names of files too: what an earlier process of this run read is not read again, and
            # a record that is refused today is still there.
            seen = {ids.normalise(name) for name in contents.names()}
            for batch in _batches(contents.members(row.position)):
                seen |= _read_batch(batch, row, now=now)
                if progress is not None:
                    progress(_progress(row))
            row.position = row.total
            row.save()
            served = Served(row, frozenset(seen))
    except InputRefused as error:
        row.refused += 1
        store_batch([], [Refused(_place(part.name, part.path.name), error)], part=row,
                    at=run.started_at)  # fmt: skip
    if progress is not None:
        progress(_progress(row))
    return served


def _batches(members: Iterable[Member]) -> Iterator[list[Member]]:
    batch = _Batch()
    for member in members:
        batch.members.append(member)
        batch.size_bytes += len(member.content)
        if batch.is_full():
            yield batch.members
            batch = _Batch()
    if batch.members:
        yield batch.members


def _read_batch(members: list[Member], row: RunPart, *, now: Callable[[], datetime]) -> set[str]:
    """Read and store members; return the ids of the records they hold."""
    digests = [hashlib.sha256(member.content).digest() for member in members]
    known = known_digests(digests, family=OSV)
    reads, refused = [], []
    for member, sha256 in zip(members, digests, strict=True):
        try:
            if member.error is not None:
                raise member.error
            if sha256 in known:
                row.unchanged += 1
                continue
            claim = read_osv(member.content)
        except InputRefused as error:
            refused.append(Refused(_place(row.source.part, member.name), error))
            continue
        reads.append(Read(member.content, sha256, claim))
        if claim.modified_at and (row.newest_at is None or claim.modified_at > row.newest_at):
            row.newest_at = claim.modified_at
    row.refused += len(refused)
    row.position = members[-1].place
    runs.extend(run=row.run, at=now())
    store_batch(reads, refused, part=row, at=row.run.started_at)
    return {*known.values(), *(read.claim.id for read in reads)}


def _place(part: str, name: str) -> str:
    return f"{OSV}/{part}/{name}"


def _progress(row: RunPart) -> Progress:
    return Progress(
        row.source.part, row.position, row.total, row.new, row.changed, row.unchanged, row.refused
    )
