"""The list of findings: one line a vulnerability, narrowed by the address."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hikeshi.intelligence.services import sync_osv
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.matching.services import pull
from tests.builders import NOW, firm
from tests.intelligence.osv import npm, record, ticking
from tests.inventory.stock import cyclonedx, release
from tests.inventory.stock import npm as component
from tests.plugins.database import ClientAs

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_list_is_narrowed_by_product_severity_and_exploitation(
    tmp_path: Path, client_as: ClientAs
) -> None:
    kazahaya = firm()
    shipped = release(kazahaya)
    content = cyclonedx(component("lodash", "4.17.15"))
    upload_sbom(release=shipped, content=content, by=kazahaya.admin, at=NOW)
    feed = npm(tmp_path, record("GHSA-35jh-r3h4-6jhm", aliases=["CVE-2021-23337"]))
    sync_osv(directory=feed, by=None, now=ticking())
    pull(at=NOW + timedelta(days=1))
    client = client_as(kazahaya.admin)

    def shown(query: str) -> bool:
        answer = client.get(f"/findings/?{query}")
        assert answer.status_code == 200
        return "CVE-2021-23337</a>" in answer.content.decode()

    assert shown("")
    assert shown(f"product={shipped.offering.number}&q=23337")
    assert not shown("kev=1")
    assert not shown("q=nothing")
    bands = [
        one for one in ("critical", "high", "medium", "low", "none") if shown(f"severity={one}")
    ]
    assert len(bands) == 1
    assert shown("product=unknown&severity=unknown")
