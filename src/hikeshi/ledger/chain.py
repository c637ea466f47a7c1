"""The hash chain over audit events: seal them in batches, and verify that nothing was changed.

1. A job seals what is not sealed yet, in the order of the rows' keys. Chaining inside each act's
   transaction would make all writers wait for one another.
2. An event's link is SHA-256(link before + the event's canonical bytes); a batch keeps the link of
   its last event. A changed, removed or inserted event breaks the chain where it stands.
3. The newest link is logged with each batch: whoever keeps the log elsewhere can show that the end
   was not cut off (``hikeshi audit verify --expect NUMBER:HASH``).
4. A payload is checked against the SHA-256 in its event. An erased one needs an event that says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson
import structlog
from django.db import IntegrityError, models, transaction

from hikeshi.ledger.models import ChainCheck, Event, EventPayload, SealBatch
from hikeshi.organisation.sealed import unseal

log = structlog.get_logger()

BATCH: Final = 1000
START: Final = bytes(32)
EMPTY: Final = hashlib.sha256(
    orjson.dumps({"before": None, "after": None}, option=orjson.OPT_SORT_KEYS)
).digest()


@dataclass(frozen=True, slots=True)
class Broken:
    """The first place at which the chain does not hold. event: its uid, empty when it is gone."""

    batch: int
    event: str
    why: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found. head: number and hash of the newest batch."""

    batches: int
    events: int
    unsealed: int
    head: str
    broken: Broken | None


def canonical(event: Event) -> bytes:
    """Return the bytes of an event that its link covers."""
    return orjson.dumps(
        [
            str(event.uid), event.name, event.at.astimezone(UTC).isoformat(), event.realm,
            event.by_id, event.company_id, event.unit_id, event.wall_id, event.subject_kind,
            str(event.subject_uid) if event.subject_uid else None,
            bytes(event.payload_hash).hex(),
        ]
    )  # fmt: skip


def link(before: bytes, event: Event) -> bytes:
    """Return an event's link, made from the link before it."""
    return hashlib.sha256(before + canonical(event)).digest()


def _events() -> models.QuerySet[Event]:
    return Event.objects.for_system("the chain holds hashes alone")


def seal_next(at: datetime) -> int:
    """Seal the next events into one batch; return how many there were.

    Of two who seal at once the unique number of the batch lets one through.
    """
    try:
        with transaction.atomic():
            last = SealBatch.objects.order_by("-number").first()
            rows = list(_events().filter(batch__isnull=True).order_by("pk")[:BATCH])
            if not rows:
                return 0
            before = bytes(last.hash) if last else START
            batch = SealBatch.objects.create(
                number=last.number + 1 if last else 1,
                previous_hash=before,
                hash=START,
                events=len(rows),
                sealed_at=at,
            )
            for row in rows:
                row.link = before = link(before, row)
                row.batch = batch
            Event.objects.bulk_update(rows, ["link", "batch"], batch_size=200)
            SealBatch.objects.filter(pk=batch.pk).update(hash=before)
    except IntegrityError:
        return 0
    log.info("audit.sealed", head=f"{batch.number}:{before.hex()}", events=len(rows))
    return len(rows)


def verify(
    *, expect: str = "", progress: Callable[[int, int], None] = lambda _done, _total: None
) -> Verdict:
    """Walk the whole chain; stop at the first place that does not hold.

    expect: ``NUMBER:HASH`` of a batch as once noted elsewhere, to be found again.
    """
    total = SealBatch.objects.count()
    before, number, events, found = START, 0, 0, not expect
    broken: Broken | None = None
    for batch in SealBatch.objects.order_by("number").iterator(chunk_size=200):
        broken = _broken_batch(batch, number + 1, before)
        if broken is not None:
            break
        before, number, events = bytes(batch.hash), batch.number, events + batch.events
        found = found or f"{number}:{before.hex()}" == expect
        progress(number, total)
    if broken is None and not found:
        broken = Broken(int(expect.partition(":")[0] or 0), "", "the expected batch is not there")
    return Verdict(
        batches=number,
        events=events,
        unsealed=_events().filter(batch__isnull=True).count(),
        head=f"{number}:{before.hex()}",
        broken=broken,
    )


def check(at: datetime, *, progress: Callable[[int, int], None] | None = None) -> ChainCheck:
    """Verify the whole chain and keep what was found."""
    verdict = verify(progress=progress) if progress else verify()
    broken = verdict.broken
    if broken is not None:
        log.error("audit.broken", batch=broken.batch, uid=broken.event, why=broken.why)
    return ChainCheck.objects.create(
        at=at, batches=verdict.batches, events=verdict.events, unsealed=verdict.unsealed,
        head=verdict.head, broken_batch=broken.batch if broken else None,
        broken_event=broken.event if broken else "", why=broken.why if broken else "",
    )  # fmt: skip


def _broken_batch(batch: SealBatch, number: int, before: bytes) -> Broken | None:
    if batch.number != number:
        return Broken(number, "", "this batch is missing")
    if bytes(batch.previous_hash) != before:
        return Broken(number, "", "it does not follow the batch before it")
    rows = list(_events().filter(batch=batch).order_by("pk"))
    for row in rows:
        made = link(before, row)
        if made != bytes(row.link or b""):
            return Broken(number, str(row.uid), "changed, or one before it was removed or inserted")
        before = made
    if before != bytes(batch.hash) or len(rows) != batch.events:
        return Broken(number, "", f"{batch.events} events were sealed, {len(rows)} are there")
    return _broken_payload(number, rows)


def _broken_payload(number: int, rows: Iterable[Event]) -> Broken | None:
    by_event = {row.pk: row for row in rows}
    payloads = list(EventPayload.objects.filter(event_id__in=by_event))
    unseal(payloads, "content")
    held = {payload.event_id: payload for payload in payloads}
    gone = [p.event_id for p in payloads if p.erased_at is not None]
    told = set(
        _events()
        .filter(name="payload.erased", subject_uid__in=[by_event[pk].uid for pk in gone])
        .values_list("subject_uid", flat=True)
    )
    for pk, row in by_event.items():
        why = _payload_fault(row, held.get(pk), told)
        if why:
            return Broken(number, str(row.uid), why)
    return None


def _payload_fault(row: Event, payload: EventPayload | None, told: set[Any]) -> str:
    expected = bytes(row.payload_hash)
    if payload is None:
        return "" if expected == EMPTY else "its before and after were removed"
    if payload.erased_at is not None:
        return "" if row.uid in told else "its before and after were erased, and nobody said so"
    content = payload.content
    if content is None:
        return "its before and after were removed"
    if content.is_erased:
        # The wall's key was shredded: what it said cannot be read or checked any more.
        return ""
    encoded = orjson.dumps(content.value, option=orjson.OPT_SORT_KEYS)
    return "" if hashlib.sha256(encoded).digest() == expected else "its before and after changed"
