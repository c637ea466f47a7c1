"""Store a batch of read records: one short transaction, set-wise, only what changed.

1. Of two copies of a record the one its source changed later counts; the other is told as older.
2. A range that a record still states keeps its row through all revisions of the claim, so that
   only what is new makes new matches. A withdrawn record states no ranges.
3. Writing the same batch twice changes nothing the second time.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from django.db import transaction

from hikeshi.core import claim as core
from hikeshi.core.errors import InputRefused
from hikeshi.core.purl import PackageName
from hikeshi.core.scoring import cvss
from hikeshi.intelligence.models import (
    ClaimRevision,
    Document,
    Refusal,
    RunPart,
)
from hikeshi.intelligence.naming import Named, link, names_of
from hikeshi.intelligence.setwise import (
    BYTES,
    MOMENT,
    NUMBER,
    TEXT,
    UID,
    claim_ids,
    close_facts,
    insert,
    insert_facts,
    open_rows,
)
from hikeshi.inventory.services import intern_packages
from hikeshi.organisation.models import new_uid

# Rises when the rules that read a document change, so that kept documents are read again.
READER: Final = 3

_RANGES = "intelligence_affectedrange"
_UNDECIDED = "intelligence_undecidedrange"
_REVISION: Final = {
    "claim_id": NUMBER, "document_id": NUMBER, "source_id": NUMBER, "reader": "smallint",
    "summary": TEXT, "vector": TEXT, "score": "numeric", "published_at": MOMENT,
    "modified_at": MOMENT, "withdrawn_at": MOMENT, "aliases": "jsonb", "weaknesses": "jsonb",
    "only_commits": "boolean", "deviations": "jsonb",
}  # fmt: skip
_NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Read:
    """A record that was read: its bytes, their SHA-256 and what it says."""

    content: bytes
    sha256: bytes
    claim: core.Claim


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that could not be read. place: archive and member."""

    place: str
    error: InputRefused


@dataclass(frozen=True, slots=True)
class _Held:
    """The open revision of a claim that is stored."""

    revision: int
    sha256: bytes
    modified_at: datetime
    reader: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What a batch did."""

    new: int = 0
    changed: int = 0
    unchanged: int = 0
    older: int = 0
    withdrawn: int = 0


def known_digests(digests: Sequence[bytes], *, family: str) -> dict[bytes, str]:
    """Return which of these documents are current, read by the present rules: digest → record."""
    rows = ClaimRevision.objects.open().filter(
        reader=READER, document__family=family, document__sha256__in=digests
    )
    return {
        bytes(digest): record_id
        for digest, record_id in rows.values_list("document__sha256", "claim__record_id")
    }


def store_batch(
    reads: list[Read], refused: Iterable[Refused], *, part: RunPart, at: datetime
) -> Stored:
    """Store what was read and refused, and where the run stands, in one transaction.

    part: its counts and position are saved with it; the caller has set position and unchanged.
    """
    keyed = {read.sha256: _keyed(read.claim) for read in reads}
    packages = intern_packages({name for ranges, told in keyed.values() for name in
                                (*(r[0] for r in ranges), *(u[0] for u in told))})  # fmt: skip
    run, family = part.run.number, part.source.family
    with transaction.atomic():
        latest, older = _latest(reads)
        held = _held([read.claim.id for read in latest], family)
        fresh = []
        for read in latest:
            known = held.get(read.claim.id)
            if known is not None and _order(read) < (known.modified_at, known.sha256):
                older += 1
            elif known is None or (known.sha256, known.reader) != (read.sha256, READER):
                fresh.append(read)
        stored = Stored(
            new=sum(read.claim.id not in held for read in fresh),
            changed=sum(read.claim.id in held for read in fresh),
            unchanged=len(latest) - len(fresh) - (older - (len(reads) - len(latest))),
            older=older,
            withdrawn=sum(read.claim.withdrawn_at is not None for read in fresh),
        )
        if fresh:
            claims = _store_claims(fresh, held, part=part, at=at)
            _store_ranges(fresh, claims, keyed, packages, run=run, at=at)
            link(
                [Named(claims[r.claim.id], names_of(r.claim.id, r.claim.aliases)) for r in fresh],
                run=run, at=at,
            )  # fmt: skip
        refuse(refused, part=part, at=at)
        _advance(part, stored)
    return stored


def _keyed(
    claim: core.Claim,
) -> tuple[list[tuple[PackageName, bytes, bytes, str]], list[tuple[PackageName, str]]]:
    """Turn what a claim calls affected into range rows and undecided rows."""
    ranges: dict[tuple[PackageName, bytes, bytes], str] = {}
    undecided: dict[tuple[PackageName, str], None] = {}
    if claim.withdrawn_at is not None:
        return [], []
    for affected in claim.affected:
        keyed = core.intervals_of(affected)
        for interval in keyed.intervals:
            ranges.setdefault((affected.package, interval.lo, interval.hi), interval.stated)
        if keyed.undecidable:
            undecided[(affected.package, str(keyed.undecidable))] = None
    return [(*place, stated[:520]) for place, stated in ranges.items()], list(undecided)


def _order(read: Read) -> tuple[datetime, bytes]:
    """Say which of two copies counts; the digest decides between equal moments, always alike."""
    return read.claim.modified_at or _NEVER, read.sha256


def _latest(reads: list[Read]) -> tuple[list[Read], int]:
    """Keep the latest copy of each record of a batch, and count the others."""
    latest: dict[str, Read] = {}
    for read in reads:
        other = latest.get(read.claim.id)
        if other is None or _order(read) > _order(other):
            latest[read.claim.id] = read
    return list(latest.values()), len(reads) - len(latest)


def _held(record_ids: list[str], family: str) -> dict[str, _Held]:
    rows = ClaimRevision.objects.open().filter(
        claim__family=family, claim__record_id__in=record_ids
    )
    values = rows.values_list("claim__record_id", "id", "document__sha256", "modified_at", "reader")
    return {
        record_id: _Held(pk, bytes(sha256), modified_at or _NEVER, reader)
        for record_id, pk, sha256, modified_at, reader in values
    }


def _store_claims(
    fresh: list[Read], held: Mapping[str, _Held], *, part: RunPart, at: datetime
) -> dict[str, int]:
    """Store documents, claims and their new revisions; return the claims' ids by record."""
    run, family = part.run.number, part.source.family
    columns = {"family": TEXT, "sha256": BYTES, "size_bytes": NUMBER, "packed": BYTES,
               "fetched_at": MOMENT, "opened_in": NUMBER}  # fmt: skip
    rows: list[tuple[Any, ...]] = [
        (family, read.sha256, len(read.content), zlib.compress(read.content, 2), at, run)
        for read in fresh
    ]
    insert("intelligence_document", columns, rows)
    documents = {
        bytes(sha256): pk
        for sha256, pk in Document.objects.filter(
            family=family, sha256__in=[read.sha256 for read in fresh]
        ).values_list("sha256", "id")
    }
    columns = {"uid": UID, "family": TEXT, "record_id": TEXT, "opened_in": NUMBER}
    new = [read.claim.id for read in fresh if read.claim.id not in held]
    insert(
        "intelligence_claim", columns, [(new_uid(), family, record_id, run) for record_id in new]
    )
    claims = claim_ids((read.claim.id for read in fresh), family=family)
    gone = [held[read.claim.id].revision for read in fresh if read.claim.id in held]
    close_facts("intelligence_claimrevision", gone, run=run, at=at)
    facts = [
        (claims[read.claim.id], documents[read.sha256], part.source_id, *_revision(read.claim))
        for read in fresh
    ]
    insert_facts("intelligence_claimrevision", _REVISION, facts, run=run, at=at)
    return claims


def _revision(claim: core.Claim) -> tuple[Any, ...]:
    """Return the columns of a revision after the first three, in the order of ``_REVISION``."""
    scored = cvss.newest(s.score for s in claim.severities if s.kind.startswith("CVSS"))
    deviations = [{"sentence": d.sentence, "facts": dict(d.facts)} for d in claim.deviations]
    return (
        READER, claim.summary[:500], *(scored or ("", None)), claim.published_at,
        claim.modified_at, claim.withdrawn_at, _json(claim.aliases), _json(claim.weaknesses),
        claim.only_commits, _json(deviations),
    )  # fmt: skip


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _store_ranges(
    fresh: list[Read],
    claims: Mapping[str, int],
    keyed: Mapping[bytes, tuple[list[tuple[PackageName, bytes, bytes, str]],
                                list[tuple[PackageName, str]]]],
    packages: Mapping[PackageName, int],
    *,
    run: int,
    at: datetime,
) -> None:  # fmt: skip
    """Close the ranges that are no longer stated and open those that are new."""
    wanted = {
        (claims[read.claim.id], packages[package], lo, hi): stated
        for read in fresh
        for package, lo, hi, stated in keyed[read.sha256][0]
    }
    told = {
        (claims[read.claim.id], packages[package], reason)
        for read in fresh
        for package, reason in keyed[read.sha256][1]
    }
    ids = [claims[read.claim.id] for read in fresh]
    gone = []
    for pk, claim, package, lo, hi in open_rows(
        _RANGES, "f.id, f.claim_id, f.package_id, f.lo, f.hi", ids
    ):
        if wanted.pop((claim, package, bytes(lo), bytes(hi)), None) is None:
            gone.append(pk)
    close_facts(_RANGES, gone, run=run, at=at)
    columns = {"claim_id": NUMBER, "package_id": NUMBER, "lo": BYTES, "hi": BYTES, "stated": TEXT}
    rows = [(*place, stated) for place, stated in wanted.items()]
    insert_facts(_RANGES, columns, rows, run=run, at=at)
    gone = []
    for pk, *place in open_rows(_UNDECIDED, "f.id, f.claim_id, f.package_id, f.reason", ids):
        try:
            told.remove((place[0], place[1], place[2]))
        except KeyError:
            gone.append(pk)
    close_facts(_UNDECIDED, gone, run=run, at=at)
    columns = {"claim_id": NUMBER, "package_id": NUMBER, "reason": TEXT}
    insert_facts(_UNDECIDED, columns, sorted(told), run=run, at=at)


def refuse(refused: Iterable[Refused], *, part: RunPart, at: datetime) -> None:
    """Keep what could not be read among the refusals of a run."""
    Refusal.objects.bulk_create(
        [
            Refusal(
                run=part.run, source=part.source, place=one.place[:400],
                sentence=one.error.sentence[:300], at=at,
                facts={name: str(fact)[:300] for name, fact in one.error.facts.items()},
            )
            for one in refused
        ]
    )  # fmt: skip


def _advance(part: RunPart, stored: Stored) -> None:
    part.new += stored.new
    part.changed += stored.changed
    part.unchanged += stored.unchanged
    part.older += stored.older
    part.withdrawn += stored.withdrawn
    part.save()
