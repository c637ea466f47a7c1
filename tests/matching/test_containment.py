"""What reaches a release reaches those that contain it, with the way as evidence."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from hikeshi.intelligence.services import sync_osv
from hikeshi.inventory.models import Release
from hikeshi.inventory.relations import add_part, remove_part
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.matching import queries
from hikeshi.matching.as_known import release_findings
from hikeshi.matching.listing import lines_of, reach_of, standings_of
from hikeshi.matching.narrowing import Narrowing
from hikeshi.matching.reach import places_of, releases_reached, with_reasons
from hikeshi.matching.services import pull
from hikeshi.organisation.models import Account
from tests.builders import NOW, Firm, firm, seen_by
from tests.intelligence.osv import npm, record, ticking
from tests.inventory.stock import cyclonedx, gate, release
from tests.inventory.stock import npm as component
from tests.plugins.database import ClientAs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("R060")]
LATER = NOW + timedelta(days=1)


@pytest.fixture
def kz() -> Firm:
    return firm()


def module(kz: Firm, version: str = "1.4.0", company: Firm | None = None) -> Release:
    """A part with a vulnerable component inside."""
    maker = company or kz
    made = release(maker, gate(maker, code="KZL", name={"en": "KZ-Link M1"}), version)
    upload(made, maker.admin)
    return made


def upload(place: Release, by: Account, version: str = "4.17.0") -> None:
    upload_sbom(release=place, content=cyclonedx(component("lodash", version)), by=by, at=NOW)


def read(tmp_path: Path) -> None:
    sync_osv(directory=npm(tmp_path, record("GHSA-1")), by=None, now=ticking())
    pull(at=LATER)


def reached(account: Account) -> list[tuple[str, list[str]]]:
    """Return each release that is reached, with the way down to the component."""
    viewer = seen_by(account)
    (found,) = queries.reached_by(viewer, [queries.vulnerability_named(viewer, "GHSA-1")])
    return [(one.release.version, [part.version for part in one.way]) for one in found.findings]


def counted(account: Account, product: str) -> int:
    (reach,) = reach_of(seen_by(account)).filter(offering__code=product)
    return reach.releases


def test_a_vulnerability_inside_a_part_is_found_in_all_that_contains_it(
    kz: Firm, tmp_path: Path
) -> None:
    inner, outer = module(kz), release(kz, version="4.2.1")
    system = release(kz, gate(kz, code="KZX", name={"en": "KZ-Line"}), "9.0")
    add_part(outer=system, inner=outer, by=kz.admin, at=NOW)
    add_part(outer=outer, inner=inner, by=kz.admin, at=NOW)
    read(tmp_path)
    assert sorted(reached(kz.admin)) == [
        ("1.4.0", []), ("4.2.1", ["1.4.0"]), ("9.0", ["4.2.1", "1.4.0"]),
    ]  # fmt: skip
    viewer = seen_by(kz.admin)
    vulnerability = queries.vulnerability_named(viewer, "GHSA-1")
    assert releases_reached(viewer, [vulnerability.pk]) == {
        vulnerability.pk: {inner.pk, outer.pk, system.pk}
    }
    (line,) = lines_of(viewer, list(standings_of(viewer)))
    assert (line.releases, line.products, line.undecided) == (3, 3, 3)
    narrowed = Narrowing(product=outer.offering)
    (line,) = lines_of(viewer, list(standings_of(viewer, narrowed)), narrowed)
    assert (line.releases, line.components) == (1, ["lodash"])
    for place in (inner, outer, system):
        assert [row.name for row in queries.found_vulnerabilities(viewer, release=place)] == [
            "GHSA-1"
        ]
    (place,) = with_reasons(viewer, vulnerability, list(places_of(viewer, vulnerability)))
    assert [(one.version, len(way)) for one, way in place.ships] == [
        ("1.4.0", 0), ("4.2.1", 1), ("9.0", 2),
    ]  # fmt: skip


def test_a_new_sbom_of_a_part_changes_what_contains_it(kz: Firm, tmp_path: Path) -> None:
    inner, outer = module(kz), release(kz, version="4.2.1")
    add_part(outer=outer, inner=inner, by=kz.admin, at=NOW)
    read(tmp_path)
    assert counted(kz.admin, "KZG") == 1
    upload(inner, kz.admin, "4.17.21")
    pull(at=LATER)
    assert reached(kz.admin) == []
    assert not reach_of(seen_by(kz.admin)).exists()
    upload(inner, kz.admin, "4.17.1")
    pull(at=LATER)
    assert counted(kz.admin, "KZG") == 1


def test_a_part_taken_out_stays_in_what_was_known(kz: Firm, tmp_path: Path) -> None:
    inner, outer = module(kz), release(kz, version="4.2.1")
    add_part(outer=outer, inner=inner, by=kz.admin, at=NOW)
    read(tmp_path)
    remove_part(outer=outer, inner=inner, by=kz.admin, at=LATER + timedelta(hours=1))
    pull(at=LATER + timedelta(hours=2))
    assert reached(kz.admin) == [("1.4.0", [])]
    assert [row.offering.code for row in reach_of(seen_by(kz.admin))] == ["KZL"]
    viewer = seen_by(kz.admin, LATER + timedelta(days=9))
    ((_found, (finding,)),) = release_findings(viewer, outer, LATER + timedelta(minutes=1))
    assert [part.version for part in finding.way] == ["1.4.0"]
    assert release_findings(viewer, outer, LATER + timedelta(hours=3)) == []


def test_a_part_told_after_the_feed_is_counted_at_the_next_pull(kz: Firm, tmp_path: Path) -> None:
    inner, outer = module(kz), release(kz, version="4.2.1")
    read(tmp_path)
    assert [row.offering.code for row in reach_of(seen_by(kz.admin))] == ["KZL"]
    add_part(outer=outer, inner=inner, by=kz.admin, at=LATER)
    pull(at=LATER)
    assert counted(kz.admin, "KZG") == 1
    assert {row.since for row in reach_of(seen_by(kz.admin)).filter(offering__code="KZG")} == {
        LATER
    }


def test_the_wall_between_companies_opens_downwards_only(
    kz: Firm, tmp_path: Path, client_as: ClientAs
) -> None:
    other = firm("other", "OT")
    inner, outer = module(kz, company=other), release(kz, version="4.2.1")
    add_part(outer=outer, inner=inner, by=kz.admin, at=NOW)
    read(tmp_path)
    assert reached(kz.admin) == [("4.2.1", ["1.4.0"])]
    assert reached(other.admin) == [("1.4.0", [])]
    assert [row.offering.code for row in reach_of(seen_by(other.admin))] == ["KZL"]
    ours: Client = client_as(kz.admin)
    page = ours.get("/vulnerabilities/GHSA-1/").content.decode()
    assert (inner.number in page, outer.number in page, "KZ-Link M1" in page) == (
        False, True, True,
    )  # fmt: skip
    theirs = client_as(other.admin).get("/vulnerabilities/GHSA-1/").content.decode()
    assert (outer.number in theirs, "KZ-Gate" in theirs) == (False, False)
