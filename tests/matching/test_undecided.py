"""What cannot be decided stands beside the reach: an empty reach alone would look safe."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hikeshi.core.component import Component
from hikeshi.intelligence.services import sync_osv
from hikeshi.inventory.models import Offering, Release
from hikeshi.inventory.relations import add_part
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.matching.queries import reached_by, vulnerability_named
from hikeshi.matching.services import pull
from hikeshi.matching.undecided import Doubt, doubt_of
from hikeshi.organisation.models import Account, Role
from hikeshi.project.cli import run
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.intelligence.osv import npm as feed
from tests.intelligence.osv import record, ticking
from tests.inventory.stock import cyclonedx, gate, npm, release
from tests.plugins.database import ClientAs, assert_queries

pytestmark = pytest.mark.django_db(transaction=True)
CVE = "CVE-2021-23337"


def shipped(kz: Firm, product: Offering, version: str, *components: Component) -> Release:
    made = release(kz, product, version)
    upload_sbom(release=made, content=cyclonedx(*components), by=kz.admin, at=NOW)
    return made


def read(folder: Path) -> None:
    vague = record("GHSA-2", "left-pad", aliases=[CVE])
    del vague["affected"][0]["ranges"]
    known = feed(folder, record("GHSA-1", aliases=[CVE]), vague)
    sync_osv(directory=known, by=None, now=ticking())
    pull(at=NOW + timedelta(days=1))


def doubt(by: Account) -> Doubt:
    viewer = seen_by(by)
    found = vulnerability_named(viewer, CVE)
    (reached,) = reached_by(viewer, [found])
    return doubt_of(viewer, found, reached=[one.pk for one in reached.releases])


@pytest.mark.requirement("R063")
def test_a_version_or_a_claim_that_cannot_be_compared_is_told_with_its_reason(
    tmp_path: Path, client_as: ClientAs, capsys: pytest.CaptureFixture[str]
) -> None:
    kz = firm()
    product = gate(kz)
    shipped(kz, product, "1.0", npm("lodash", "4.17.15"), npm("left-pad", "1.0.0"))
    odd = shipped(kz, product, "2.0", npm("lodash", "from-git"))
    vague = shipped(kz, product, "3.0", npm("left-pad", "1.0.0"))
    shipped(kz, product, "4.0", npm("lodash", "4.17.21"))
    read(tmp_path)
    told = doubt(kz.admin)
    assert told.releases == 2
    assert [(one.release, one.component, one.version, one.claim) for one in told.lines] == [
        (odd, "lodash", "from-git", "GHSA-1"), (vague, "left-pad", "1.0.0", "GHSA-2"),
    ]  # fmt: skip
    page = client_as(kz.admin).get(f"/vulnerabilities/{CVE}/?lang=en").content.decode()
    assert "2 releases cannot be decided" in page
    assert "npm:left-pad – no versions given" in page
    answer = client_as(kz.admin).get(f"/api/v1/vulnerabilities/{CVE}").json()
    assert (answer["releases"], answer["undecided_releases"]) == (1, 2)
    assert [one["undecided"] for one in answer["claims"]] == [
        [], [{"package": "npm:left-pad", "reason": "no_versions"}],
    ]  # fmt: skip
    assert run(["affected", CVE, "--as", kz.admin.email, "--language", "en"]) == 0
    printed = capsys.readouterr().err
    assert "2 releases cannot be decided" in printed
    assert f"{odd.number}  lodash from-git  version cannot be read  GHSA-1" in printed


def test_a_part_that_cannot_be_decided_counts_for_what_contains_it(tmp_path: Path) -> None:
    kz = firm()
    inner = shipped(kz, gate(kz, code="PART"), "1.0", npm("lodash", "from-git"))
    outer = release(kz, gate(kz), "9.0")
    add_part(outer=outer, inner=inner, by=kz.admin, at=NOW)
    read(tmp_path)
    assert {one.release for one in doubt(kz.admin).lines} == {inner, outer}


def test_other_units_and_companies_are_told_nothing(tmp_path: Path) -> None:
    kz, other = firm(), firm("other", "OT")
    shipped(kz, gate(kz), "2.0", npm("lodash", "from-git"))
    read(tmp_path)
    elsewhere = person("c@kazahaya.example", kz.company, Role.READER, unit=kz.control)
    assert doubt(kz.admin).releases == 1
    assert doubt(elsewhere) == doubt(other.admin) == Doubt()


def test_more_releases_cost_no_more_queries(tmp_path: Path) -> None:
    kz = firm()
    product = gate(kz)
    shipped(kz, product, "1", npm("lodash", "from-git"))
    read(tmp_path)
    with CaptureQueriesContext(connection) as few:
        doubt(kz.admin)
    for number in range(60):
        release(kz, product, f"2.{number}")
    for number in range(3):
        shipped(kz, product, f"3.{number}", npm("lodash", "from-git"))
    with assert_queries(len(few)):
        assert doubt(kz.admin).releases == 4
