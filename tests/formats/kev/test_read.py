"""The KEV catalogue: real copies, and copies with faults."""

from __future__ import annotations

import gzip
import json
from datetime import date
from pathlib import Path

import pytest

from hikeshi.core.errors import Malformed
from hikeshi.formats.kev.read import read

pytestmark = pytest.mark.pure


def test_every_real_catalogue_is_read_whole(shared: Path) -> None:
    folder = shared / "feeds/kev"
    files = [folder / "known_exploited_vulnerabilities.json", *(folder / "history").glob("*.gz")]
    for file in files:
        told = read(file.read_bytes())
        assert (len(told.entries), told.refused) == (told.listed, ()), file.name
        assert told.newest_at is not None


def test_an_entry_says_when_it_was_added_and_whether_ransomware_uses_it() -> None:
    entry = {"cveID": "cve-2021-44228", "dateAdded": "2021-12-10", "dueDate": "2021-12-24",
             "knownRansomwareCampaignUse": "Known"}  # fmt: skip
    bad = {"cveID": "X-1", "dateAdded": "2021-12-10"}
    told = read(gzip.compress(json.dumps({"count": 2, "vulnerabilities": [entry, bad]}).encode()))
    (read_entry,) = told.entries
    assert (read_entry.cve, read_entry.due_on) == ("CVE-2021-44228", date(2021, 12, 24))
    assert read_entry.in_ransomware is True
    ((place, error),) = told.refused
    assert (place, str(error)) == ("vulnerabilities[1]", "“X-1” is no CVE id.")


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"vulnerabilities": [', b"\xff\xfe{}"])
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed):
        read(content)
