from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import models

from hikeshi.core.errors import Conflict, NotFound
from hikeshi.intelligence import models as m
from hikeshi.intelligence import services
from hikeshi.intelligence.services import Progress
from hikeshi.ledger.models import Event
from tests.builders import NOW
from tests.intelligence.osv import bucket, npm, record, sync

pytestmark = pytest.mark.django_db

A, B = "GHSA-2222-2222-2222", "GHSA-3333-3333-3333"
LATER = NOW + timedelta(days=1)
TABLES: list[type[models.Model]] = [
    m.Document, m.Claim, m.ClaimRevision, m.Vulnerability, m.VulnerabilityName, m.ClaimSubject,
    m.AffectedRange, m.UndecidedRange,
]  # fmt: skip


def everything() -> dict[str, list[dict[str, Any]]]:
    """Return all rows of all facts, but for ids that a repeated run may give out anew."""
    return {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in TABLES
    }


def stated() -> set[tuple[str, str, str]]:
    """Return what is known: record, package, range."""
    rows = m.AffectedRange.objects.known().values_list(
        "claim__record_id", "package__name", "stated"
    )
    return set(rows)


def test_a_record_becomes_document_claim_ranges_and_vulnerability(tmp_path: Path) -> None:
    cvss = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H"}
    npm(tmp_path, record(A, aliases=["CVE-2021-23337"], summary="Injection", severity=[cvss],
                         database_specific={"cwe_ids": ["CWE-77"]}))  # fmt: skip
    run = sync(tmp_path)

    assert stated() == {(A, "lodash", "<4.17.21")}
    revision = m.ClaimRevision.objects.known().get()
    assert (revision.summary, str(revision.score)) == ("Injection", "7.2")
    assert (revision.aliases, revision.weaknesses) == (["CVE-2021-23337"], ["CWE-77"])
    subject = m.ClaimSubject.objects.known().get()
    assert subject.vulnerability.name == "CVE-2021-23337"
    assert {n.name for n in m.VulnerabilityName.objects.known()} == {A, "CVE-2021-23337"}
    assert run.state == m.RunState.CLOSED
    assert Event.objects.get(name="feed.read").subject_uid == run.uid


def test_reading_the_same_again_changes_nothing(tmp_path: Path) -> None:
    npm(tmp_path, record(A, aliases=["CVE-2021-23337"]), record(B, "minimist"))
    sync(tmp_path)
    before = everything()
    run = sync(tmp_path, LATER)
    assert everything() == before
    part = m.RunPart.objects.get(run=run)
    assert (part.new, part.changed, part.unchanged) == (0, 0, 2)


def test_a_changed_record_closes_what_it_no_longer_says_and_keeps_the_rest(tmp_path: Path) -> None:
    changed = record(A)
    changed["affected"] += record(A, "lodash-es")["affected"]
    npm(tmp_path, changed)
    first = sync(tmp_path)
    kept = m.AffectedRange.objects.get(package__name="lodash").pk
    changed = record(A, modified="2024-02-01") | {"summary": "Now with words"}
    changed["affected"] += record(A, "lodash-es", fixed="4.17.22")["affected"]
    npm(tmp_path, changed)
    second = sync(tmp_path, LATER)

    assert stated() == {(A, "lodash", "<4.17.21"), (A, "lodash-es", "<4.17.22")}
    assert m.AffectedRange.objects.known().get(package__name="lodash").pk == kept
    closed = m.AffectedRange.objects.get(closed_in=second.number)
    assert (closed.stated, closed.known_to) == ("<4.17.21", second.started_at)
    assert m.ClaimRevision.objects.known().get().summary == "Now with words"
    # As it was known before the second run.
    then = m.AffectedRange.objects.known(first.number).values_list("stated", flat=True)
    assert list(then) == ["<4.17.21", "<4.17.21"]


def test_a_withdrawn_record_stays_but_affects_nothing(tmp_path: Path) -> None:
    npm(tmp_path, record(A))
    sync(tmp_path)
    npm(tmp_path, record(A, modified="2024-02-01", withdrawn="2024-02-01T00:00:00Z"))
    run = sync(tmp_path, LATER)
    assert stated() == set()
    assert m.ClaimRevision.objects.known().get().withdrawn_at is not None
    assert m.RunPart.objects.get(run=run).withdrawn == 1


def test_of_two_copies_the_one_changed_later_counts_whatever_the_order(tmp_path: Path) -> None:
    old, new = record(A, fixed="1.0.0"), record(A, fixed="2.0.0", modified="2024-02-01")
    bucket(tmp_path, {"Go": [new], "npm": [old]})
    run = sync(tmp_path)
    assert stated() == {(A, "lodash", "<2.0.0")}
    assert m.RunPart.objects.get(run=run, source__part="npm").older == 1
    before = everything()
    sync(tmp_path, LATER)
    assert everything() == before


def test_a_broken_record_is_listed_with_its_place_and_the_others_are_read(tmp_path: Path) -> None:
    npm(tmp_path, b'{"id": "X-1"', record(A), b"\xff\xfe{}")
    run = sync(tmp_path)
    assert stated() == {(A, "lodash", "<4.17.21")}
    first, second = m.Refusal.objects.filter(run=run).order_by("pk")
    assert first.place == "osv/npm/bad-0.json"
    assert "cut off" in first.sentence % first.facts
    assert "UTF-16" in second.sentence % second.facts
    assert m.Source.objects.get(part="npm").refused == 2


def test_a_broken_archive_is_listed_and_the_other_parts_are_read(tmp_path: Path) -> None:
    bucket(tmp_path, {"Go": [record(B, "x", ecosystem="Go")], "npm": [record(A)]})
    archive = tmp_path / "Go/all.zip"
    archive.write_bytes(archive.read_bytes()[:50])
    run = sync(tmp_path)
    assert stated() == {(A, "lodash", "<4.17.21")}
    assert m.Refusal.objects.get(run=run).place == "osv/Go/all.zip"


def test_what_cannot_be_matched_is_told(tmp_path: Path) -> None:
    npm(tmp_path, record(A, "g:a", ecosystem="Maven"), record(B, "x", fixed="unknown"))
    sync(tmp_path)
    assert stated() == set()
    told = m.UndecidedRange.objects.known().values_list("package__name", "reason")
    assert set(told) == {("g:a", "unknown_scheme"), ("x", "unreadable_version")}


def test_a_source_says_how_fresh_and_how_complete_it_is(tmp_path: Path) -> None:
    npm(tmp_path, record(A))
    (tmp_path / "npm/modified_id.csv").write_text(
        f"2024-03-01T00:00:00Z,{B}\n2024-01-01T00:00:00Z,{A}\n", encoding="utf-8"
    )
    sync(tmp_path)
    source = m.Source.objects.get()
    assert (source.records, source.listed) == (1, 2)
    assert source.newest_at is not None
    assert source.newest_at.isoformat() == "2024-03-01T00:00:00+00:00"


def test_a_folder_without_data_is_refused_before_a_run_begins(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no OSV data"):
        sync(tmp_path)
    assert not m.Run.objects.exists()


class Killed(Exception):
    """Stands for the end of a process in the middle of a run."""


def killer(after: int) -> Any:
    batches = 0

    def progress(_where: Progress) -> None:
        nonlocal batches
        batches += 1
        if batches == after:
            raise Killed

    return progress


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "BATCH_RECORDS", 2)


@pytest.mark.usefixtures("small_batches")
def test_nothing_of_an_unfinished_run_is_known(tmp_path: Path) -> None:
    npm(tmp_path, record(A))
    sync(tmp_path)
    npm(tmp_path, record(A, modified="2024-02-01", fixed="9.0.0"), record(B), record("GO-2024-1"))
    with pytest.raises(Killed):
        sync(tmp_path, LATER, killer(1))
    assert stated() == {(A, "lodash", "<4.17.21")}
    assert m.ClaimRevision.objects.known().count() == 1
    assert m.VulnerabilityName.objects.known().count() == 1


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_a_run_that_was_cut_short_is_gone_on_with(tmp_path: Path, after: int) -> None:
    records = [record(f"GO-2024-{n:04}", f"p{n}", aliases=[f"CVE-2024-{n // 2:04}"])
               for n in range(7)]  # fmt: skip
    npm(tmp_path, *records, b"{")
    with pytest.raises(Killed):
        sync(tmp_path, NOW, killer(after))
    run = sync(tmp_path, NOW + timedelta(minutes=5))
    assert m.Run.objects.count() == 1
    assert m.Claim.objects.count() == 7
    assert m.AffectedRange.objects.known().count() == 7
    assert m.Vulnerability.objects.count() == 4
    assert m.Refusal.objects.filter(run=run).count() == 1
    part = m.RunPart.objects.get()
    assert (part.new, part.changed, part.refused) == (7, 0, 1)


@pytest.mark.usefixtures("small_batches")
def test_a_run_left_behind_by_another_folder_is_undone(tmp_path: Path) -> None:
    npm(tmp_path / "one", record(A, aliases=["CVE-2021-0001"]), record(B))
    sync(tmp_path / "one")
    before = everything()
    changed = record(A, modified="2024-02-01", fixed="9.0.0", aliases=["CVE-2021-0002"])
    joining = record("GO-2024-1", aliases=[B, "CVE-2024-0001"])
    npm(tmp_path / "two", changed, joining, record("GO-2024-2"))
    with pytest.raises(Killed):
        sync(tmp_path / "two", LATER, killer(1))
    assert everything() != before
    sync(tmp_path / "one", LATER + timedelta(minutes=5))
    assert everything() == before
    states = m.Run.objects.order_by("number").values_list("state", flat=True)
    assert list(states) == ["closed", "abandoned", "closed"]


@pytest.mark.usefixtures("small_batches")
def test_a_second_reader_waits_while_the_first_is_alive(tmp_path: Path) -> None:
    npm(tmp_path, record(A), record(B), record("GO-2024-1"))
    with pytest.raises(Killed):
        sync(tmp_path, NOW, killer(1))
    with pytest.raises(Conflict, match="was until 10 seconds ago"):
        sync(tmp_path, NOW + timedelta(seconds=11))
    sync(tmp_path, NOW + timedelta(seconds=12), take_over=True)
    assert m.Claim.objects.count() == 3
