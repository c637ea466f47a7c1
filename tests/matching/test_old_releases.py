"""Whatever became of a release, it stays matched, and the list says that it is out of support."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hikeshi.intelligence.services import sync_osv
from hikeshi.inventory.models import ComponentClass, ReleaseState
from hikeshi.inventory.services import create_offering
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.matching.narrowing import Narrowing, Support
from hikeshi.matching.queries import found_vulnerabilities, reached_by, vulnerability_named
from hikeshi.matching.services import pull
from tests.builders import NOW, firm, seen_by
from tests.intelligence.osv import npm as feed
from tests.intelligence.osv import record, ticking
from tests.inventory.stock import cyclonedx, gate, npm, release
from tests.plugins.database import ClientAs

pytestmark = pytest.mark.django_db(transaction=True)
CVE = "CVE-2021-23337"


@pytest.mark.requirement("R051")
@pytest.mark.requirement("R096")
def test_a_release_in_any_state_of_its_life_is_reached_by_a_new_record(tmp_path: Path) -> None:
    kz = firm()
    product = gate(kz)
    for state in ReleaseState:
        made = release(kz, product, state.value, state=state)
        content = cyclonedx(npm("lodash", "4.17.15"))
        upload_sbom(release=made, content=content, by=kz.admin, at=NOW)
    # The record comes years after the releases.
    later = NOW + timedelta(days=3_000)
    sync_osv(directory=feed(tmp_path, record("GHSA-1", aliases=[CVE])), by=None, now=ticking(later))
    pull(at=later)
    viewer = seen_by(kz.admin)
    (reached,) = reached_by(viewer, [vulnerability_named(viewer, CVE)])
    assert {one.version for one in reached.releases} == set(ReleaseState.values)
    ended = Narrowing(support=Support.ENDED)
    assert [one.name for one in found_vulnerabilities(viewer, ended)] == [CVE]


@pytest.mark.requirement("R138")
def test_a_product_says_which_part_of_a_connected_system_it_is(client_as: ClientAs) -> None:
    kz = firm()
    for part in ComponentClass:
        name = {"ja": f"KZ {part.value}", "en": f"KZ {part.value}"}
        create_offering(
            company=kz.company, name=name, code=f"KZ-{part.value}", component_class=part,
            by=kz.admin, at=NOW,
        )  # fmt: skip
    client = client_as(kz.admin)
    for part in ComponentClass:
        listed = client.get(f"/products/?part={part.value}&lang=en").content.decode()
        assert {one for one in ComponentClass if f"KZ {one.value}<" in listed} == {part}
