from __future__ import annotations

import json
from pathlib import Path

import pytest

from hikeshi.organisation.roles import Role
from hikeshi.project.cli import run
from tests.builders import firm, person
from tests.intelligence.osv import npm, record

pytestmark = pytest.mark.django_db


def test_a_feed_is_read_and_what_was_refused_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    admin = firm().admin
    npm(tmp_path, record("GHSA-2222-2222-2222"), b"{")
    arguments = ["feed", "sync", "osv", "--from", str(tmp_path), "--as", admin.email]
    assert run([*arguments, "--format", "json"]) == 0
    said = capsys.readouterr().out
    answer = json.loads(said[said.index('{\n  "run"') :])
    assert (answer["parts"][0]["new"], answer["parts"][0]["refused"]) == (1, 1)
    assert answer["refused"][0]["place"] == "osv/npm/bad-1.json"
    assert run(arguments) == 0
    assert "osv/npm/bad-1.json" in capsys.readouterr().out


def test_reading_a_feed_needs_the_right(tmp_path: Path) -> None:
    company = firm().company
    reader = person("reader@kazahaya.example", company, Role.READER)
    npm(tmp_path, record("GHSA-2222-2222-2222"))
    assert run(["feed", "sync", "osv", "--from", str(tmp_path), "--as", reader.email]) == 4


def test_a_folder_without_data_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    admin = firm().admin
    assert run(["feed", "sync", "osv", "--from", str(tmp_path), "--as", admin.email]) == 4
    assert "no OSV data" in capsys.readouterr().err
