"""One vulnerability: reach as a tree, sources side by side, its course; queries stay fixed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from hikeshi.intelligence.services import sync_osv
from hikeshi.inventory.models import Offering
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.matching import queries
from hikeshi.matching.onepage import compared, fleet_of
from hikeshi.matching.services import pull
from tests.builders import NOW, Firm, firm, seen_by
from tests.intelligence.osv import npm, record, ticking
from tests.inventory.stock import cyclonedx, gate, release
from tests.inventory.stock import npm as component
from tests.plugins.database import ClientAs, assert_queries

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/vulnerabilities/CVE-2021-23337/"


def ship(kazahaya: Firm, product: Offering, version: str) -> None:
    content = cyclonedx(component("lodash", "4.17.15"))
    shipped = release(kazahaya, product, version)
    upload_sbom(release=shipped, content=content, by=kazahaya.admin, at=NOW)


def read(folder: Path) -> None:
    feed = npm(
        folder,
        record("GHSA-35jh-r3h4-6jhm", aliases=["CVE-2021-23337"]),
        record("MAL-2021-1", aliases=["CVE-2021-23337"], summary="Another source."),
    )
    sync_osv(directory=feed, by=None, now=ticking())
    pull(at=NOW + timedelta(days=1))


@pytest.mark.requirement("R056")
def test_what_it_reaches_hangs_below_company_unit_and_product(
    tmp_path: Path, client_as: ClientAs
) -> None:
    kazahaya = firm()
    product = gate(kazahaya)
    ship(kazahaya, product, "1.0")
    ship(kazahaya, product, "1.1")
    release(kazahaya, product, "2.0")
    read(tmp_path)
    viewer = seen_by(kazahaya.admin)
    found = queries.vulnerability_named(viewer, "CVE-2021-23337")
    (reached,) = queries.reached_by(viewer, [found])
    fleet = fleet_of(viewer, reached)
    (company,) = fleet.companies
    (unit,) = company.below.values()
    assert (company.reached, unit.reached) == (2, 2)
    assert [(one.reached, one.of) for one in fleet.products] == [(2, 3)]
    body = client_as(kazahaya.admin).get(f"{PATH}?lang=en").content.decode()
    for word in ("Kazahaya Electric", "2 of 3 releases", "How it became known", 'role="img"'):
        assert word in body


def test_where_sources_differ_the_line_is_marked(tmp_path: Path) -> None:
    kazahaya = firm()
    read(tmp_path)
    found = queries.vulnerability_named(seen_by(kazahaya.admin), "CVE-2021-23337")
    said = queries.said_of(found)
    assert [one.claim.record_id for one in said] == ["GHSA-35jh-r3h4-6jhm", "MAL-2021-1"]
    rows = compared(said)
    assert all(len(row.cells) == 2 for row in rows)
    assert not any(row.differ for row in rows if row.cells[0] == row.cells[1])


def test_sources_differ_only_about_the_same_package_and_the_same_names(tmp_path: Path) -> None:
    kazahaya = firm()
    cve = "CVE-2021-23337"
    feed = npm(
        tmp_path,
        record("GHSA-35jh-r3h4-6jhm", aliases=[cve]),
        record(cve, aliases=["GHSA-35jh-r3h4-6jhm"], fixed="4.17.22"),
        record("CVE-2020-0001", aliases=["GHSA-aaaa-bbbb-cccc"]),
        record("GHSA-aaaa-bbbb-cccc", "lodash.template", aliases=["CVE-2020-0001"]),
    )
    sync_osv(directory=feed, by=None, now=ticking())
    told = {}
    for name in (cve, "CVE-2020-0001"):
        found = queries.vulnerability_named(seen_by(kazahaya.admin), name)
        told[name] = [row.differ for row in compared(queries.said_of(found))[-2:]]
    assert told == {cve: [False, True], "CVE-2020-0001": [False, False]}


def test_more_releases_and_claims_cost_no_more_queries(tmp_path: Path, client_as: ClientAs) -> None:
    kazahaya = firm()
    product = gate(kazahaya)
    ship(kazahaya, product, "1.0")
    read(tmp_path)
    client = client_as(kazahaya.admin)
    client.get(PATH)
    with CaptureQueriesContext(connection) as few:
        client.get(PATH)
    for number in range(3):
        ship(kazahaya, product, f"3.{number}")
    pull(at=NOW + timedelta(days=2))
    with assert_queries(len(few)):
        client.get(PATH)
    assert len(few) <= 40
