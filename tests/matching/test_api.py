"""Findings for programs: lists by key, filters, what a vulnerability reaches, and the files."""

from __future__ import annotations

import csv
import io
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hikeshi.intelligence.services import sync_osv
from hikeshi.inventory.models import Release
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.matching.services import pull
from hikeshi.organisation.roles import Role
from tests.builders import NOW, Firm, firm, person
from tests.intelligence.osv import npm, record, ticking
from tests.inventory.stock import cyclonedx, gate, release
from tests.inventory.stock import npm as component
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db(transaction=True)
HIGH = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]
LOW = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:L/AC:H/PR:H/UI:R/S:U/C:L/I:N/A:N"}]


def reached(firm_: Firm, folder: Path) -> list[Release]:
    """Two releases with lodash, one of them with axios; three vulnerabilities, of two of lodash."""
    offering = gate(firm_)
    shipped = [release(firm_, offering, version) for version in ("4.2.1", "4.2.2")]
    for one, more in zip(shipped, ([], [component("axios", "0.21.0")]), strict=True):
        content = cyclonedx(component("lodash", "4.17.15"), *more)
        upload_sbom(release=one, content=content, by=firm_.admin, at=NOW)
    told = npm(
        folder,
        record("GHSA-1", aliases=["CVE-2021-23337"], severity=HIGH, summary="=Injection"),
        record("GHSA-2", severity=LOW),
        record("GHSA-3", "axios", fixed="0.21.1"),
        record("GHSA-4", "left-pad"),
    )
    sync_osv(directory=told, by=None, now=ticking())
    pull(at=NOW + timedelta(hours=1))
    return shipped


def test_findings_page_by_key_from_the_gravest_and_count_releases(tmp_path: Path) -> None:
    kazahaya = firm()
    reached(kazahaya, tmp_path)
    client = logged_in(kazahaya.admin)
    rows: list[dict[str, Any]] = []
    after = ""
    for _page in range(3):
        answer = client.get("/api/v1/findings", {"size": 1} | ({"after": after} if after else {}))
        assert answer.status_code == 200, answer.content
        rows += answer.json()["rows"]
        after = answer.json()["next"]
    assert after is None
    assert [(row["name"], row["score"], row["releases"]) for row in rows] == [
        ("CVE-2021-23337", 9.8, 2), ("GHSA-3", None, 1), ("GHSA-2", 1.8, 2),
    ]  # fmt: skip


def test_findings_are_filtered_by_name_score_and_release(tmp_path: Path) -> None:
    kazahaya = firm()
    first, second = reached(kazahaya, tmp_path)
    client = logged_in(kazahaya.admin)

    def found(**asked: object) -> list[str]:
        answer = client.get("/api/v1/findings", {"sort": "name"} | asked)
        assert answer.status_code == 200, answer.content
        return [row["name"] for row in answer.json()["rows"]]

    assert found(q="ghsa-1") == ["CVE-2021-23337"]
    assert found(min_score="7.0") == ["CVE-2021-23337"]
    assert found(release=str(first.uid)) == ["CVE-2021-23337", "GHSA-2"]
    assert found(release=str(second.uid)) == ["CVE-2021-23337", "GHSA-2", "GHSA-3"]
    assert client.get("/api/v1/findings?colour=red").status_code == 422


def test_a_vulnerability_is_read_by_any_name_with_what_each_source_says(tmp_path: Path) -> None:
    kazahaya = firm()
    reached(kazahaya, tmp_path)
    read = logged_in(kazahaya.admin).get("/api/v1/vulnerabilities/ghsa-1").json()
    assert (read["name"], read["names"]) == ("CVE-2021-23337", ["CVE-2021-23337", "GHSA-1"])
    (claim,) = read["claims"]
    assert (claim["record"], claim["score"], read["releases"]) == ("GHSA-1", 9.8, 2)
    assert [one["stated"] for one in claim["ranges"]] == ["<4.17.21"]


def test_what_is_affected_names_release_component_and_reason(tmp_path: Path) -> None:
    kazahaya = firm()
    first, second = reached(kazahaya, tmp_path)
    client = logged_in(kazahaya.admin)
    rows = client.get("/api/v1/affected/CVE-2021-23337").json()["rows"]
    assert [row["release_number"] for row in rows] == [first.number, second.number]
    assert (rows[0]["component"], rows[0]["component_version"]) == ("lodash", "4.17.15")
    assert rows[0]["because"] == [{"claim": "GHSA-1", "range": "<4.17.21"}]
    only = client.get("/api/v1/affected/GHSA-1", {"release": str(second.uid)}).json()
    assert [row["version"] for row in only["rows"]] == ["4.2.2"]
    assert client.get("/api/v1/affected/CVE-1999-0001").status_code == 404


def test_programs_of_other_units_and_companies_learn_nothing(tmp_path: Path) -> None:
    kazahaya, other = firm(), firm("other", "OT")
    reached(kazahaya, tmp_path)
    elsewhere = person("c@kazahaya.example", kazahaya.company, Role.READER, unit=kazahaya.control)
    for stranger in (elsewhere, other.admin):
        client = logged_in(stranger)
        assert client.get("/api/v1/findings").json()["rows"] == []
        assert client.get("/api/v1/affected/CVE-2021-23337").json()["rows"] == []
        assert client.get("/api/v1/vulnerabilities/GHSA-1").json()["releases"] == 0


def test_the_list_is_sent_as_csv_and_as_json_with_its_filter(tmp_path: Path) -> None:
    kazahaya = firm()
    first, second = reached(kazahaya, tmp_path)
    client = logged_in(kazahaya.admin)
    sent: Any = client.get("/findings/export.csv")
    text = b"".join(sent).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [(row["vulnerability"], row["release_number"]) for row in rows] == [
        ("CVE-2021-23337", first.number), ("CVE-2021-23337", second.number),
        ("GHSA-3", second.number), ("GHSA-2", first.number), ("GHSA-2", second.number),
    ]  # fmt: skip
    assert rows[0]["summary"] == "'=Injection"
    assert rows[0]["range"] == "<4.17.21"
    sent = client.get("/findings/export.json?q=GHSA-3")
    (row,) = json.loads(b"".join(sent))
    assert (row["vulnerability"], row["component"], row["claim"]) == ("GHSA-3", "axios", "GHSA-3")
    sent = client.get("/findings/export.json?q=nothing")
    assert json.loads(b"".join(sent)) == []


def test_a_file_holds_what_its_reader_may_see_and_needs_the_right_to_export(
    tmp_path: Path,
) -> None:
    kazahaya = firm()
    reached(kazahaya, tmp_path)
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    assert logged_in(reader).get("/findings/export.csv").status_code == 403
    foreign: Any = logged_in(firm("other", "OT").admin).get("/findings/export.csv")
    assert len(b"".join(foreign).decode().splitlines()) == 1
