"""EPSS: real files of all forms, and files with faults."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path

import pytest

from hikeshi.core.errors import Malformed, TooLarge
from hikeshi.formats.epss import read as module
from hikeshi.formats.epss.read import read

pytestmark = pytest.mark.pure


def test_files_of_all_years_are_read_whole(shared: Path) -> None:
    for file in sorted((shared / "feeds/epss/format-history").glob("*.gz")):
        told = read(file.read_bytes())
        assert (len(told.rows), told.refused) == (told.lines, ()), file.name


def test_a_wrong_line_is_told_beside_the_others() -> None:
    text = "#model_version:v1,score_date:2026-08-16T00:00:00+0000\ncve,epss,percentile\n"
    told = read(gzip.compress((text + "CVE-2021-1,0.5,0.9\nCVE-2021-44228,1.5,0.9\nx\n"
                               "CVE-2021-44228,0.94358,0.99956\n").encode()))  # fmt: skip
    (row,) = told.rows
    assert (row.cve, row.probability) == ("CVE-2021-44228", Decimal("0.94358"))
    assert [place for place, _error in told.refused] == ["line 3", "line 4", "line 5"]
    assert told.newest_at is not None
    assert told.newest_at.date().isoformat() == "2026-08-16"


@pytest.mark.parametrize("content", [b"", b"a,b\n", b"\x1f\x8bcut", "cve,epss\né".encode()])
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        read(content)


def test_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT_BYTES", 1000)
    with pytest.raises(TooLarge):
        read(gzip.compress(b"cve,epss\n" + b"x" * 100_000))
