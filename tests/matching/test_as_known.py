"""Releases and vulnerabilities as they were known: before and after a feed or an SBOM changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hikeshi.intelligence.services import sync_osv
from hikeshi.inventory import services
from hikeshi.inventory.models import Release
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.matching.services import pull
from tests.builders import NOW, Firm, firm
from tests.intelligence.osv import npm, record, ticking
from tests.inventory.stock import cyclonedx, release
from tests.inventory.stock import npm as component
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)


def moment(hours: float) -> str:
    return (NOW + timedelta(hours=hours)).isoformat()


def lived(kazahaya: Firm, folder: Path) -> Release:
    """SBOM at 0 h; a feed reaches it at 2 h, takes the range back at 4 h; a new SBOM at 6 h."""
    shipped = release(kazahaya)
    old = cyclonedx(component("lodash", "4.17.15"))
    upload_sbom(release=shipped, content=old, by=kazahaya.admin, at=NOW)
    _read(folder, NOW + 2 * HOUR, fixed="4.17.21", modified="2024-01-01")
    _read(folder, NOW + 4 * HOUR, fixed="4.17.10", modified="2024-02-01")
    services.change_release(
        release=shipped, revision=shipped.revision, by=kazahaya.admin, at=NOW + 5 * HOUR,
        version="4.2.2",
    )  # fmt: skip
    new = cyclonedx(component("left-pad", "1.3.0"))
    upload_sbom(release=shipped, content=new, by=kazahaya.admin, at=NOW + 6 * HOUR)
    pull(at=NOW + 6 * HOUR)
    shipped.refresh_from_db()
    return shipped


def _read(folder: Path, at: datetime, *, fixed: str, modified: str) -> None:
    source = npm(folder, record("GHSA-1", fixed=fixed, modified=modified))
    sync_osv(directory=source, by=None, now=ticking(at))
    pull(at=at + timedelta(minutes=5))


def test_a_release_shows_the_contents_and_findings_of_then(tmp_path: Path) -> None:
    kazahaya = firm()
    shipped = lived(kazahaya, tmp_path)
    client = logged_in(kazahaya.admin)

    def seen(hours: float) -> tuple[bool, bool, bool, bool]:
        answer = client.get(f"/products/releases/{shipped.number}/", {"as_of": moment(hours)})
        assert answer.status_code == 200, answer.content
        said = answer.content.decode()
        assert "As known on" in said
        return "GHSA-1" in said, "lodash" in said, "left-pad" in said, "4.2.1" in said

    assert seen(1) == (False, True, False, True)
    assert seen(3) == (True, True, False, True)
    assert seen(4.5) == (False, True, False, True)
    assert seen(7) == (False, False, True, False)


def test_a_vulnerability_shows_what_sources_said_and_what_it_reached_then(tmp_path: Path) -> None:
    kazahaya = firm()
    shipped = lived(kazahaya, tmp_path)
    client = logged_in(kazahaya.admin)

    def seen(hours: float) -> tuple[bool, bool, bool]:
        answer = client.get("/vulnerabilities/GHSA-1/", {"as_of": moment(hours)})
        assert answer.status_code == 200, answer.content
        said = answer.content.decode()
        return shipped.number in said, "&lt;4.17.21" in said, "&lt;4.17.10" in said

    assert seen(3) == (True, True, False)
    assert seen(5) == (False, False, True)
    early = client.get("/vulnerabilities/GHSA-1/", {"as_of": moment(1)})
    assert early.status_code == 422


def test_the_api_gives_a_release_of_then(tmp_path: Path) -> None:
    kazahaya = firm()
    shipped = lived(kazahaya, tmp_path)
    client = logged_in(kazahaya.admin)
    said = client.get(f"/api/v1/releases/{shipped.uid}", {"as_of": moment(3)}).json()
    assert said["fields"]["version"] == {"value": "4.2.1", "certainty": "told"}
    assert [one["name"] for one in said["parts"]["components"]] == ["lodash"]
    assert client.get(f"/api/v1/releases/{shipped.uid}").json()["version"] == "4.2.2"
