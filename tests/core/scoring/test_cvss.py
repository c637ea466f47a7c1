"""Scores agree with every published vector of CVSS 2.0 to 4.0; malformed ones are refused."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from cvss import CVSS3, CVSS4
from hypothesis import given
from hypothesis import strategies as st

from hikeshi.core.errors import InputRefused
from hikeshi.core.scoring.cvss import base_score
from hikeshi.core.scoring.metrics import BASE, metrics_of, vector_of

pytestmark = pytest.mark.pure


def rows(folder: Path) -> Iterator[dict[str, str]]:
    for path in sorted(folder.glob("*.tsv")):
        names, *lines = path.read_text(encoding="utf-8").splitlines()
        for line in lines:
            yield dict(zip(names.split("\t"), line.split("\t"), strict=False))


def test_every_vector_of_cvss_3_1_has_its_published_scores(shared: Path) -> None:
    wrong, seen = [], 0
    for row in rows(shared / "conformance" / "cvss" / "3.1"):
        seen += 1
        parsed = CVSS3(row["vector"])
        scores = zip(("base", "temporal", "environmental"), parsed.scores(), strict=True)
        pairs = [(Decimal(str(got)), Decimal(row[one])) for one, got in scores if row[one]]
        got, wanted = ([pair[place] for pair in pairs] for place in (0, 1))
        if got != wanted or base_score(row["vector"]) != Decimal(row["base"]):
            wrong.append((row["vector"], got, wanted))
    assert seen > 1_000
    assert wrong == []


def test_every_vector_of_cvss_4_0_has_its_published_score(shared: Path) -> None:
    wrong, seen = [], 0
    for row in rows(shared / "conformance" / "cvss" / "4.0"):
        seen += 1
        if base_score(row["vector"]) != Decimal(row["score"]):
            wrong.append((row["vector"], base_score(row["vector"]), row["score"]))
    assert seen > 1_000
    assert wrong == []


def test_every_vector_of_older_versions_has_its_base_score(shared: Path) -> None:
    for version in ("2.0", "3.0"):
        for row in rows(shared / "conformance" / "cvss" / version):
            assert base_score(row["vector"]) == Decimal(row["base"]), row["vector"]


def test_malformed_vectors_have_no_score(shared: Path) -> None:
    folder = shared / "conformance" / "cvss" / "malformed"
    lines = [line for path in folder.glob("*.tsv") for line in path.read_text().splitlines()]
    taken = [line for line in lines if base_score(line.partition("\t")[0]) is not None]
    assert len(lines) > 30
    assert taken == []


@given(st.sampled_from(sorted(BASE)), st.data())
def test_a_vector_of_metrics_is_read_back_and_scored(version: str, data: st.DataObject) -> None:
    chosen = {m: data.draw(st.sampled_from(sorted(values))) for m, values in BASE[version].items()}
    vector = vector_of(version, chosen)
    assert metrics_of(vector) == (version, chosen)
    parsed = CVSS4(vector) if version == "4.0" else CVSS3(vector)
    assert base_score(vector) == Decimal(str(parsed.base_score))
    assert parsed.clean_vector() == vector


def test_a_missing_metric_is_named() -> None:
    with pytest.raises(InputRefused, match="“AV”"):
        vector_of("3.1", {"AC": "L"})
    with pytest.raises(InputRefused, match=r"CVSS 2\.0"):
        vector_of("2.0", {})
