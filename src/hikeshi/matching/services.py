"""Pull what is new from the sources and from SBOMs, and store what matches."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from hikeshi.intelligence.models import last_closed
from hikeshi.inventory.models import Batch
from hikeshi.matching.models import STAGE, Stage
from hikeshi.matching.queries import JOIN
from hikeshi.matching.standings import keep

_INTO = """
INSERT INTO matching_match
    (package_version_id, affected_range_id, claim_id, opened_in, known_from)
SELECT v.id, r.id, r.claim_id, %s, %s
"""
# A range that stands at a run.
_STANDS = "AND r.opened_in <= %s AND (r.closed_in IS NULL OR r.closed_in > %s)"
_ONCE = "ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one pull did. batch: its number, 0 when there was nothing new."""

    batch: int
    opened: int
    closed: int


def pull(*, at: datetime) -> Pulled:
    """Match what runs and batches brought since the last pull, both ways.

    The stage's row lock lets one pull run at a time and numbers its batch; a run or batch that is
    committed meanwhile is for the next pull. What lists read (``standings``) follows at once, in
    transactions of its own.
    """
    pulled = _match(at)
    keep(at=at)
    return pulled


def _match(at: datetime) -> Pulled:
    with transaction.atomic():
        stage, _made = Stage.objects.select_for_update().get_or_create(name=STAGE)
        run = next(iter(last_closed()), 0)
        sbom_batch = Batch.objects.order_by("-number").values_list("number", flat=True).first() or 0
        if (run, sbom_batch) == (stage.run, stage.sbom_batch):
            return Pulled(0, 0, 0)
        batch = stage.last_batch + 1
        closed = _close(batch, at, run) if run != stage.run else 0
        opened = 0
        if run != stage.run:
            new_ranges = f"{JOIN} AND r.opened_in > %s {_STANDS}"
            opened += _open(batch, at, new_ranges, [stage.run, run, run])
        if sbom_batch != stage.sbom_batch:
            new_versions = f"""{JOIN} {_STANDS} AND v.id IN (
                SELECT o.package_version_id FROM inventory_occurrence o
                WHERE o.opened_in > %s AND o.opened_in <= %s AND o.package_version_id IS NOT NULL)
            """
            opened += _open(batch, at, new_versions, [run, run, stage.sbom_batch, sbom_batch])
        stage.run, stage.sbom_batch, stage.last_batch = run, sbom_batch, batch
        stage.save()
    return Pulled(batch, opened, closed)


def _open(batch: int, at: datetime, joined: str, bound: list[Any]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"{_INTO} {joined} {_ONCE}", [batch, at, *bound])
        return int(cursor.rowcount)


def _close(batch: int, at: datetime, run: int) -> int:
    """Close the matches whose range a source has taken back."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE matching_match SET closed_in = %s, known_to = %s
            WHERE closed_in IS NULL
                AND claim_id IN (SELECT r.claim_id FROM intelligence_affectedrange r
                    WHERE r.closed_in <= %s)
                AND affected_range_id IN (SELECT r.id FROM intelligence_affectedrange r
                    WHERE r.closed_in <= %s)
            """,
            [batch, at, run, run],
        )
        return int(cursor.rowcount)
