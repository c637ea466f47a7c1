"""The one join agrees with a slow, obviously right matcher on random fleets."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hikeshi.core.component import Component
from hikeshi.inventory.models import Release
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.matching import queries
from hikeshi.matching.services import pull
from tests.builders import NOW, Firm, firm, seen_by
from tests.intelligence.osv import bucket, sync
from tests.inventory.stock import cyclonedx, gate, release
from tests.matching.fleets import Fleet
from tests.matching.reference import affects, shipped

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("R061")]
RECORDS, COMPONENTS = 120, 160
Hit = tuple[str, str]


def expected(records: Iterable[dict[str, Any]], parts: Iterable[Component]) -> set[Hit]:
    """Ask the slow matcher of each record and component."""
    known = [(part.name, it) for part in parts if (it := shipped(part.purl)) is not None]
    return {(name, record["id"]) for record in records for name, it in known if affects(record, it)}


def found_in(place: Release, kz: Firm) -> set[Hit]:
    viewer = seen_by(kz.admin)
    every = queries.reached_by(viewer, list(queries.found_vulnerabilities(viewer)), limit=None)
    findings = [finding for reached in every for finding in reached.findings]
    return {(one.component, one.claim) for one in findings if one.release == place}


def put(place: Release, kz: Firm, parts: list[Component]) -> None:
    upload_sbom(release=place, content=cyclonedx(*parts), by=kz.admin, at=NOW)


def of(hits: set[Hit], parts: list[Component]) -> set[Hit]:
    names = {part.name for part in parts}
    return {hit for hit in hits if hit[0] in names}


def test_the_join_agrees_with_the_slow_matcher_whatever_comes_and_goes(tmp_path: Path) -> None:
    fleet, kz = Fleet(20261126), firm()
    records = {record["id"]: record for record in map(fleet.record, range(RECORDS))}
    parts = [fleet.component(number) for number in range(COMPONENTS)]
    product = gate(kz)
    first, second = release(kz, product, "1.0"), release(kz, product, "2.0")
    put(first, kz, parts[:100])
    sync(bucket(tmp_path / "1", {"npm": list(records.values())}))
    put(second, kz, parts[60:])
    pull(at=NOW)
    right = expected(records.values(), parts)
    assert len({name for name, _record in right}) > 80
    assert found_in(first, kz) == of(right, parts[:100])
    assert found_in(second, kz) == of(right, parts[60:])
    assert {(line.component, line.claim) for line in queries.scan(parts).lines} == right

    # Records change, go and come; one release has new contents.
    changed = [fleet.record(number, day=2) for number in range(0, RECORDS + 30, 3)]
    records |= {record["id"]: record for record in changed}
    later = NOW + timedelta(days=1)
    sync(bucket(tmp_path / "2", {"npm": list(records.values())}), later)
    put(first, kz, parts[40:120])
    pull(at=later)
    right = expected(records.values(), parts)
    assert found_in(first, kz) == of(right, parts[40:120])
    assert found_in(second, kz) == of(right, parts[60:])
