"""The demo's feeds are files as their sources would serve them: every record can be read."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from hikeshi.core.claim import intervals_of
from hikeshi.formats.epss import read as epss
from hikeshi.formats.kev import read as kev
from hikeshi.formats.osv.read import read as read_osv
from hikeshi.intelligence.demo import ALL_PARTS, write_feeds
from hikeshi.intelligence.demo_facts import FACTS
from tests.builders import NOW

pytestmark = pytest.mark.pure


def test_every_record_of_the_demo_is_read_and_scored(tmp_path: Path) -> None:
    folder = write_feeds(tmp_path, parts=ALL_PARTS, at=NOW)
    claims = []
    for part in ALL_PARTS:
        with zipfile.ZipFile(folder / "osv" / part / "all.zip") as archive:
            claims += [read_osv(archive.read(name)) for name in archive.namelist()]
    assert len(claims) == len(FACTS) == len({claim.id for claim in claims})
    assert [claim.id for claim in claims if claim.severities == ()] == []
    keyed = [intervals_of(one) for claim in claims for one in claim.affected]
    assert [one for one in keyed if one.undecidable or not one.intervals] == []


def test_signals_of_the_demo_name_vulnerabilities_of_the_demo(tmp_path: Path) -> None:
    folder = write_feeds(tmp_path, parts=ALL_PARTS, at=NOW)
    known = {one.cve for one in FACTS}
    listed = kev.read((folder / "known_exploited_vulnerabilities.json").read_bytes())
    assert listed.refused == ()
    assert {entry.cve for entry in listed.entries} <= known
    scored = epss.read((folder / "epss_scores-current.csv").read_bytes())
    assert scored.refused == ()
    assert {row.cve for row in scored.rows} == known
