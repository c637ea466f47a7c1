"""Matches: both ways, once, closed when a source takes back, agreeing with a slow matcher."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hikeshi.intelligence.services import sync_osv
from hikeshi.inventory.models import PackageVersion
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.matching import queries
from hikeshi.matching.models import Match
from hikeshi.matching.services import pull
from hikeshi.organisation.roles import Role
from tests.builders import NOW, firm, person, seen_by
from tests.intelligence.osv import npm, record, ticking
from tests.inventory.stock import cyclonedx, release
from tests.inventory.stock import npm as component

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOW + timedelta(days=1)


def names(viewer: object, text: str = "") -> list[str]:
    found = queries.found_vulnerabilities(viewer, queries.Narrowing(text=text))  # type: ignore[arg-type]
    return sorted(found.values_list("name", flat=True))


@pytest.mark.requirement("R060")
@pytest.mark.parametrize("feed_first", [True, False])
def test_what_comes_later_is_matched_with_what_is_there(tmp_path: Path, feed_first: bool) -> None:
    kazahaya = firm()
    shipped = release(kazahaya)
    content = cyclonedx(component("lodash", "4.17.15"), component("left-pad", "1.3.0"))

    def read_feed() -> None:
        sync_osv(
            directory=npm(tmp_path, record("GHSA-35jh-r3h4-6jhm", aliases=["CVE-2021-23337"])),
            by=None,
            now=ticking(),
        )
        pull(at=LATER)

    if feed_first:
        read_feed()
    upload_sbom(release=shipped, content=content, by=kazahaya.admin, at=NOW)
    pull(at=LATER)
    if not feed_first:
        read_feed()
    viewer = seen_by(kazahaya.admin)
    (reached,) = queries.reached_by(viewer, list(queries.found_vulnerabilities(viewer)))
    (finding,) = reached.findings
    assert reached.vulnerability.name == "CVE-2021-23337"
    assert (finding.release, finding.component, finding.version) == (shipped, "lodash", "4.17.15")
    assert (finding.claim, finding.stated) == ("GHSA-35jh-r3h4-6jhm", "<4.17.21")


def test_a_pull_without_anything_new_changes_nothing(tmp_path: Path) -> None:
    kazahaya = firm()
    upload_sbom(
        release=release(kazahaya),
        content=cyclonedx(component("lodash", "4.17.15")),
        by=kazahaya.admin,
        at=NOW,
    )
    sync_osv(directory=npm(tmp_path, record("GHSA-1")), by=None, now=ticking())
    assert pull(at=LATER).opened == 1
    assert pull(at=LATER).batch == 0
    assert Match.objects.count() == 1


def test_a_range_that_a_source_takes_back_closes_its_match(tmp_path: Path) -> None:
    kazahaya = firm()
    upload_sbom(
        release=release(kazahaya),
        content=cyclonedx(component("lodash", "4.17.15")),
        by=kazahaya.admin,
        at=NOW,
    )
    sync_osv(directory=npm(tmp_path, record("GHSA-1")), by=None, now=ticking())
    pull(at=LATER)
    corrected = record("GHSA-1", fixed="4.17.10", modified="2024-02-02")
    sync_osv(directory=npm(tmp_path, corrected), by=None, now=ticking(LATER))
    assert pull(at=LATER).closed == 1
    assert names(seen_by(kazahaya.admin)) == []
    assert Match.objects.get().known_to == LATER


def test_a_withdrawn_claim_leaves_no_finding(tmp_path: Path) -> None:
    kazahaya = firm()
    upload_sbom(
        release=release(kazahaya),
        content=cyclonedx(component("lodash", "4.17.15")),
        by=kazahaya.admin,
        at=NOW,
    )
    sync_osv(directory=npm(tmp_path, record("GHSA-1")), by=None, now=ticking())
    withdrawn = record("GHSA-1", modified="2024-02-02", withdrawn="2024-02-02T00:00:00Z")
    sync_osv(directory=npm(tmp_path, withdrawn), by=None, now=ticking(LATER))
    pull(at=LATER)
    assert names(seen_by(kazahaya.admin)) == []


def test_a_new_sbom_without_the_component_ends_the_finding(tmp_path: Path) -> None:
    kazahaya = firm()
    shipped = release(kazahaya)
    sync_osv(directory=npm(tmp_path, record("GHSA-1")), by=None, now=ticking())
    for version in ("4.17.15", "4.17.21"):
        content = cyclonedx(component("lodash", version))
        upload_sbom(release=shipped, content=content, by=kazahaya.admin, at=NOW)
        pull(at=LATER)
    assert names(seen_by(kazahaya.admin)) == []


def test_findings_are_those_of_releases_the_viewer_may_see(tmp_path: Path) -> None:
    kazahaya, other = firm(), firm("other", "OT")
    elsewhere = person("c@kazahaya.example", kazahaya.company, Role.READER, unit=kazahaya.control)
    shipped = release(kazahaya)
    upload_sbom(
        release=shipped,
        content=cyclonedx(component("lodash", "4.17.15")),
        by=kazahaya.admin,
        at=NOW,
    )
    sync_osv(directory=npm(tmp_path, record("GHSA-1")), by=None, now=ticking())
    pull(at=LATER)
    assert names(seen_by(kazahaya.admin)) == ["GHSA-1"]
    assert names(seen_by(elsewhere)) == []
    assert names(seen_by(other.admin)) == []


def test_a_version_that_cannot_be_read_matches_nothing(tmp_path: Path) -> None:
    kazahaya = firm()
    sync_osv(directory=npm(tmp_path, record("GHSA-1")), by=None, now=ticking())
    upload_sbom(
        release=release(kazahaya),
        content=cyclonedx(component("lodash", "latest")),
        by=kazahaya.admin,
        at=NOW,
    )
    pull(at=LATER)
    assert PackageVersion.objects.get(version="latest").key is None
    assert not Match.objects.exists()
