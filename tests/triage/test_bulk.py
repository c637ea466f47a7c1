"""Several findings decided at once: the effect first, one transaction, taken back for a while."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hikeshi.core.errors import InputRefused
from hikeshi.intelligence.services import sync_osv
from hikeshi.inventory.models import Release
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.ledger.models import Event
from hikeshi.matching.services import pull
from hikeshi.organisation.roles import Role
from hikeshi.triage import bulk
from hikeshi.triage.models import Assessment, Case
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.intelligence.osv import npm, record, ticking
from tests.inventory.stock import cyclonedx, gate, release
from tests.inventory.stock import npm as component
from tests.plugins.database import ClientAs
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db(transaction=True)
SAFE = {"status": "known_not_affected", "justification": "component_not_present"}


def stage(folder: Path) -> tuple[Firm, list[Release]]:
    """Two releases of one unit and one of another, all reached by two vulnerabilities."""
    kazahaya = firm()
    network = gate(kazahaya)
    control = gate(kazahaya, code="KZC", unit=kazahaya.control)
    releases = [
        release(kazahaya, network, "1.0"), release(kazahaya, network, "2.0"),
        release(kazahaya, control, "1.0"),
    ]  # fmt: skip
    for one in releases:
        content = cyclonedx(component("lodash", "4.17.15"), component("axios", "0.21.0"))
        upload_sbom(release=one, content=content, by=kazahaya.admin, at=NOW)
    told = npm(folder, record("GHSA-1"), record("GHSA-2", "axios", fixed="0.22.0"))
    sync_osv(directory=told, by=None, now=ticking())
    pull(at=NOW)
    return kazahaya, releases


def left(client: Client) -> list[str]:
    rows = client.get("/api/v1/findings?sort=name").json()["rows"]
    return [row["name"] for row in rows]


def test_the_page_tells_the_effect_then_decides_and_takes_back(
    tmp_path: Path,
) -> None:
    kazahaya, _releases = stage(tmp_path)
    client = logged_in(kazahaya.admin)
    assert "Decide together" in client.get("/findings/").content.decode()
    picked = {"pick": ["GHSA-1", "GHSA-2"], "query": "kev="}
    shown = client.post("/findings/decide/", picked).content.decode()
    assert "6 decisions would be made" in shown
    assert not Assessment.objects.visible_to(seen_by(kazahaya.admin)).exists()
    refused = client.post("/findings/decide/", picked | {"status": "known_not_affected"})
    assert refused.status_code == 422
    assert "needs a justification or grounds" in refused.content.decode()
    done = client.post("/findings/decide/", picked | SAFE)
    assert done.status_code == 302
    assert left(client) == []
    assert (
        "6 decisions about 2 vulnerabilities stand" in client.get(done["Location"]).content.decode()
    )
    back = done["Location"].partition("?")[0] + "back/"
    assert client.post(back).status_code == 302
    assert left(client) == ["GHSA-1", "GHSA-2"]
    names = Event.objects.for_system("test").values_list("name", flat=True)
    assert list(names).count("assessment.made") == 2
    assert list(names).count("assessment.undone") == 2


def test_what_is_decided_or_not_ones_own_is_left_out(tmp_path: Path, client_as: ClientAs) -> None:
    kazahaya, releases = stage(tmp_path)
    lead = person("n@kazahaya.example", kazahaya.company, Role.LEAD, unit=kazahaya.network)
    assert decided(client_as(lead), ["GHSA-1"])["decisions"] == 2
    whole = decided(client_as(kazahaya.admin), ["GHSA-1"])
    assert (whole["decisions"], whole["left_out"]) == (1, 2)
    stands = Assessment.objects.visible_to(seen_by(kazahaya.admin))
    assert {row.release_id for row in stands} == {one.pk for one in releases}


def decided(client: Client, names: list[str], **more: Any) -> dict[str, Any]:
    body = {"vulnerabilities": names} | SAFE | more
    answer = client.post("/api/v1/findings/decisions", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    said: dict[str, Any] = answer.json()
    return said


def test_what_is_affected_goes_into_one_case_behind_a_wall(
    tmp_path: Path, client_as: ClientAs
) -> None:
    kazahaya, _releases = stage(tmp_path)
    outsider = person("o@kazahaya.example", kazahaya.company, Role.LEAD)
    client = client_as(kazahaya.admin)
    said = decided(
        client, ["GHSA-1", "GHSA-2"], status="known_affected", justification=None,
        action="vendor_fix", case_title="Old libraries",
    )  # fmt: skip
    case = Case.objects.visible_to(seen_by(kazahaya.admin, timezone.now())).get()
    assert said["case"] == case.number
    assert case.wall is not None
    assert case.vulnerabilities.count() == 2
    assert left(client) == []
    assert left(client_as(outsider)) == ["GHSA-1", "GHSA-2"]


def test_only_who_decided_takes_back_and_only_for_a_while(
    tmp_path: Path, client_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    kazahaya, _releases = stage(tmp_path)
    other = person("o@kazahaya.example", kazahaya.company, Role.LEAD)
    token = decided(client_as(kazahaya.admin), ["GHSA-1"])["token"]
    with pytest.raises(InputRefused, match="Only who decided"):
        bulk.take_back(token=token, by=seen_by(other), at=NOW)
    monkeypatch.setattr(bulk, "TAKEN_BACK_FOR", timedelta(seconds=-1))
    with pytest.raises(InputRefused, match="too late"):
        bulk.take_back(token=token, by=seen_by(kazahaya.admin), at=NOW)
