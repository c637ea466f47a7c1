"""The list of findings: one line a vulnerability, narrowed by the address."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hikeshi.core.vex import Justification, ProductStatus, Statement
from hikeshi.intelligence.services import sync_osv
from hikeshi.inventory.models import Rank
from hikeshi.inventory.services import change_offering
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.matching.services import pull
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Role
from hikeshi.organisation.services import end_wall
from hikeshi.triage.assessing import assess
from tests.builders import NOW, firm, person, seen_by
from tests.intelligence.osv import npm, record, ticking
from tests.inventory.stock import cyclonedx, gate, release
from tests.inventory.stock import npm as component
from tests.plugins.database import ClientAs
from tests.triage.cases import opened

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


def test_the_list_shows_each_vulnerability_once_at_the_rank_that_the_reader_sees(
    tmp_path: Path, client_as: ClientAs
) -> None:
    kazahaya = firm()
    outside = person("o@kazahaya.example", kazahaya.company, Role.READER, unit=kazahaya.control)
    plain = release(kazahaya, gate(kazahaya, unit=kazahaya.control))
    safety = release(kazahaya, gate(kazahaya, code="KZS", rank=Rank.SAFETY))
    for one in (plain, safety):
        content = cyclonedx(component("lodash", "4.17.15"))
        upload_sbom(release=one, content=content, by=kazahaya.admin, at=NOW)
    sync_osv(directory=npm(tmp_path, record("GHSA-1")), by=None, now=ticking())
    pull(at=NOW + timedelta(days=1))

    def shown(account: Account) -> list[tuple[int, int]]:
        rows = client_as(account).get("/api/v1/findings").json()["rows"]
        return [(row["priority"], row["releases"]) for row in rows]

    assert shown(kazahaya.admin) == [(17, 2)]
    assert shown(outside) == [(7, 1)]
    moved = safety.offering
    change_offering(
        offering=moved, revision=moved.revision, by=kazahaya.admin, at=NOW, unit=kazahaya.control
    )
    assert shown(outside) == [(17, 2)]


def test_what_is_decided_or_in_a_case_is_no_longer_to_decide(
    tmp_path: Path, client_as: ClientAs
) -> None:
    kazahaya = firm()
    outsider = person("o@kazahaya.example", kazahaya.company, Role.LEAD)
    shipped = release(kazahaya)
    content = cyclonedx(component("lodash", "4.17.15"), component("axios", "0.21.0"))
    upload_sbom(release=shipped, content=content, by=kazahaya.admin, at=NOW)
    feed = npm(tmp_path, record("GHSA-1"), record("GHSA-2", "axios", fixed="0.22.0"))
    sync_osv(directory=feed, by=None, now=ticking())
    pull(at=NOW + timedelta(days=1))

    def shown(account: Account) -> dict[str, list[str]]:
        client = client_as(account)
        return {
            state: [
                row["name"]
                for row in client.get(f"/api/v1/findings?state={state}&sort=name").json()["rows"]
            ]
            for state in ("open", "case", "assessed", "ignored")
        }

    safe = Statement(
        ProductStatus.KNOWN_NOT_AFFECTED,
        justification=Justification.COMPONENT_NOT_PRESENT, grounds="Not built in.",
    )  # fmt: skip
    assess(vulnerability="GHSA-1", statement=safe, releases=[shipped], at=NOW,
           by=seen_by(kazahaya.admin))  # fmt: skip
    opened(kazahaya, vulnerabilities=["GHSA-2"], releases=[shipped])
    inside = {"open": [], "case": ["GHSA-2"], "assessed": ["GHSA-1"], "ignored": ["GHSA-1"]}
    assert shown(kazahaya.admin) == inside
    # Who is outside the case's wall learns nothing of it.
    assert shown(outsider) == inside | {"open": ["GHSA-2"], "case": []}


def test_what_is_decided_in_a_case_after_its_wall_ended_counts_at_once(
    tmp_path: Path, client_as: ClientAs
) -> None:
    kazahaya = firm()
    shipped = release(kazahaya)
    content = cyclonedx(component("lodash", "4.17.15"))
    upload_sbom(release=shipped, content=content, by=kazahaya.admin, at=NOW)
    sync_osv(directory=npm(tmp_path, record("GHSA-1")), by=None, now=ticking())
    case = opened(kazahaya, vulnerabilities=["GHSA-1"], releases=[shipped])
    assert case.wall is not None
    end_wall(wall=case.wall, by=kazahaya.admin, at=NOW)
    pull(at=NOW + timedelta(days=1))

    def shown(state: str) -> list[str]:
        rows = client_as(kazahaya.admin).get(f"/api/v1/findings?state={state}").json()["rows"]
        return [row["name"] for row in rows]

    assert shown("ignored") == []
    safe = Statement(ProductStatus.KNOWN_NOT_AFFECTED, Justification.COMPONENT_NOT_PRESENT)
    assess(vulnerability="GHSA-1", statement=safe, releases=[shipped], case=case,
           by=seen_by(kazahaya.admin), at=NOW + timedelta(days=1))  # fmt: skip
    assert shown("ignored") == ["GHSA-1"]
