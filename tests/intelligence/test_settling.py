"""What a source no longer serves ends with a date, and joins end with what stated them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hikeshi.intelligence.models import (
    AffectedRange,
    ClaimRevision,
    Document,
    Refusal,
    RunPart,
    Vulnerability,
    VulnerabilityName,
)
from hikeshi.intelligence.settling import FEW_VANISHED
from tests.builders import NOW
from tests.intelligence.osv import bucket, npm, record, sync
from tests.intelligence.test_naming import subjects

pytestmark = pytest.mark.django_db
GHSA, OTHER, CVE = "GHSA-2222-2222-2222", "GHSA-3333-3333-3333", "CVE-2021-23337"
LATER = NOW + timedelta(days=1)


def names() -> dict[str, str]:
    return dict(VulnerabilityName.objects.known().values_list("name", "vulnerability__name"))


def test_a_record_that_is_no_longer_served_ends_with_a_date(tmp_path: Path) -> None:
    sync(npm(tmp_path, record(GHSA), record(OTHER)))
    run = sync(npm(tmp_path, record(OTHER)), LATER)
    assert RunPart.objects.get(run=run).vanished == 1
    assert set(subjects()) == {OTHER}
    gone = ClaimRevision.objects.get(claim__record_id=GHSA)
    assert (gone.closed_in, gone.known_to) == (run.number, run.started_at)
    assert AffectedRange.objects.get(claim__record_id=GHSA).closed_in == run.number
    assert Document.objects.count() == 2


def test_a_record_that_comes_back_stands_again(tmp_path: Path) -> None:
    sync(npm(tmp_path, record(GHSA), record(OTHER)))
    sync(npm(tmp_path, record(OTHER)), LATER)
    sync(npm(tmp_path, record(GHSA), record(OTHER)), LATER + timedelta(days=1))
    assert set(subjects()) == {GHSA, OTHER}
    assert AffectedRange.objects.known().filter(claim__record_id=GHSA).count() == 1


def test_a_record_that_another_part_serves_has_not_vanished(tmp_path: Path) -> None:
    sync(bucket(tmp_path, {"npm": [record(GHSA)], "PyPI": [record(GHSA)]}))
    sync(bucket(tmp_path, {"npm": [record(OTHER)], "PyPI": [record(GHSA)]}), LATER)
    assert set(subjects()) == {GHSA, OTHER}


def test_a_record_that_is_refused_now_has_not_vanished(tmp_path: Path) -> None:
    sync(npm(tmp_path, record(GHSA)))
    broken = record(GHSA) | {"modified": "yesterday"}
    sync(npm(tmp_path, broken), LATER)
    assert set(subjects()) == {GHSA}


def test_a_copy_that_lacks_much_closes_nothing_and_says_so(tmp_path: Path) -> None:
    many = [record(f"CVE-2024-{n}") for n in range(1000, 1000 + FEW_VANISHED + 5)]
    sync(npm(tmp_path, *many))
    run = sync(npm(tmp_path, many[0]), LATER)
    assert len(subjects()) == len(many)
    assert "lacks 24 of the 25 records" in str(
        Refusal.objects.get(run=run).sentence % Refusal.objects.get(run=run).facts
    )


def test_a_withdrawn_claim_takes_its_join_with_it(tmp_path: Path) -> None:
    bridge = record("PYSEC-2021-1", aliases=[GHSA, OTHER])
    sync(npm(tmp_path, record(GHSA), record(OTHER), bridge))
    assert len(set(names().values())) == 1
    withdrawn = bridge | {"modified": "2024-02-02T00:00:00Z", "withdrawn": "2024-02-02T00:00:00Z"}
    sync(npm(tmp_path, record(GHSA), record(OTHER), withdrawn), LATER)
    assert names() == {GHSA: GHSA, OTHER: OTHER, "PYSEC-2021-1": "PYSEC-2021-1"}
    assert subjects() == {GHSA: {GHSA}, OTHER: {OTHER}, "PYSEC-2021-1": {"PYSEC-2021-1"}}


def test_an_alias_taken_back_ends_the_name_and_the_vulnerability_is_renamed(tmp_path: Path) -> None:
    sync(npm(tmp_path, record(GHSA, aliases=[CVE])))
    assert subjects() == {GHSA: {CVE}}
    sync(npm(tmp_path, record(GHSA, modified="2024-02-02")), LATER)
    assert names() == {GHSA: GHSA}
    ended = VulnerabilityName.objects.get(name=CVE)
    assert ended.known_to is not None
    assert Vulnerability.objects.count() == 1


def test_a_join_that_another_claim_still_states_stays(tmp_path: Path) -> None:
    sync(npm(tmp_path, record(GHSA, aliases=[CVE]), record(CVE, aliases=[GHSA])))
    sync(npm(tmp_path, record(GHSA, modified="2024-02-02"), record(CVE, aliases=[GHSA])), LATER)
    assert subjects() == {GHSA: {CVE}, CVE: {CVE}}
