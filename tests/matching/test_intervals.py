"""Intervals of keys say what OSV's own pseudo-code says, over many random fleets."""

from __future__ import annotations

import json

import pytest

from hikeshi.core.claim import intervals_of
from hikeshi.core.component import names_of
from hikeshi.formats.osv.read import read
from tests.matching.fleets import Fleet
from tests.matching.reference import affects, shipped

pytestmark = [pytest.mark.pure, pytest.mark.requirement("R061")]


@pytest.mark.parametrize("seed", range(4))
def test_a_key_lies_in_an_interval_when_the_slow_matcher_says_affected(seed: int) -> None:
    fleet = Fleet(seed)
    records = [fleet.record(number) for number in range(80)]
    parts = [fleet.component(number) for number in range(120)]
    wrong = []
    for record in records:
        claim = read(json.dumps(record).encode())
        intervals = [
            (affected.package, interval)
            for affected in claim.affected
            for interval in intervals_of(affected).intervals
            if claim.withdrawn_at is None
        ]
        for part in parts:
            it = shipped(part.purl)
            ours = any(
                name.package == package and name.key is not None and name.key in interval
                for name in names_of(part).names
                for package, interval in intervals
            )
            if ours != (it is not None and affects(record, it)):
                wrong.append((part.purl, record["affected"]))
    assert wrong == []
