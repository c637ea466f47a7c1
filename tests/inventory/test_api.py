"""The inventory over the API."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from hikeshi.inventory.models import SBOM, Offering
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Permission, Role
from hikeshi.organisation.tokens import issue_token
from tests.builders import Firm, firm, person
from tests.inventory.stock import cyclonedx, gate, npm, release

pytestmark = pytest.mark.django_db


class Caller:
    """A program with a token."""

    def __init__(self, account: Account, *scopes: Permission) -> None:
        now = timezone.now()
        _token, text = issue_token(
            account=account, name="CI", scopes=scopes or tuple(Permission), at=now,
            expires_at=now + timedelta(days=1),
        )  # fmt: skip
        self._client = Client(headers={"Authorization": f"Bearer {text}"})

    def __call__(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        send = getattr(self._client, method)
        answer = (
            send(f"/api/v1{path}", body)
            if method == "get"
            else send(f"/api/v1{path}", json.dumps(body), content_type="application/json")
        )
        return answer.status_code, answer.json()

    def upload(self, path: str, content: bytes, **form: str) -> tuple[int, Any]:
        file = SimpleUploadedFile("bom.json", content)
        answer = self._client.post(f"/api/v1{path}", {"file": file, **form})
        return answer.status_code, answer.json()


@pytest.fixture
def kz() -> Firm:
    return firm()


def test_a_product_is_added_changed_and_refused_when_stale(kz: Firm) -> None:
    call = Caller(kz.admin)
    given = {"company": str(kz.company.uid), "name": {"ja": "風門"}, "unit": str(kz.network.uid)}
    status, made = call("post", "/offerings", given)
    assert (status, made["name"], made["unit"]) == (201, {"ja": "風門"}, str(kz.network.uid))
    change = {"name": {"ja": "風門", "en": "Gate"}, "rank": "flagship", "revision": 1}
    status, changed = call("put", f"/offerings/{made['uid']}", change)
    assert (status, changed["rank"], changed["unit"]) == (200, "flagship", None)
    status, problem = call("put", f"/offerings/{made['uid']}", change)
    assert (status, problem["code"]) == (409, "stale")


def test_a_release_gets_its_sbom(kz: Firm) -> None:
    call = Caller(kz.admin)
    offering = gate(kz)
    status, _model = call("post", f"/offerings/{offering.uid}/models", {"code": "KZG-J"})
    assert status == 201
    given = {"version": "4.2.1", "model": "KZG-J", "support_ends_on": "2031-03-31"}
    status, made = call("post", f"/offerings/{offering.uid}/releases", given)
    assert (status, made["model"]) == (201, "KZG-J")
    path = f"/releases/{made['uid']}/sboms"
    status, done = call.upload(path, cyclonedx(npm("qs", "6.5.1"), npm("ms", "2.0.0")), slot="web")
    assert (status, done["is_new"], done["opened"], done["sbom"]["slot"]) == (200, True, 2, "web")
    status, problem = call.upload(path, b"{", slot="web")
    assert (status, problem["code"]) == (422, "malformed")
    assert call("get", path)[1][0]["is_current"] is True
    status, listed = call("get", f"/releases/{made['uid']}/components")
    assert [row["name"] for row in listed["rows"]] == ["ms", "qs"]
    assert call("get", f"/sboms/{done['sbom']['uid']}")[1]["components"] == 2


def test_a_token_without_the_right_may_only_read(kz: Firm) -> None:
    place = release(kz)
    call = Caller(kz.admin, Permission.VIEW)
    assert call("get", f"/releases/{place.uid}")[0] == 200
    assert call.upload(f"/releases/{place.uid}/sboms", cyclonedx(npm("qs", "1.0.0")))[0] == 403
    given = {"company": str(kz.company.uid), "name": {"ja": "x"}}
    assert call("post", "/offerings", given)[0] == 403
    assert not SBOM.objects.exists()


def test_nobody_moves_a_product_into_a_unit_that_is_not_theirs(kz: Firm) -> None:
    offering = gate(kz)
    there = person("n@kazahaya.example", kz.company, Role.RESPONDER, unit=kz.network)
    call = Caller(there)
    change = {"name": {"ja": "x"}, "revision": 1, "unit": str(kz.control.uid)}
    assert call("put", f"/offerings/{offering.uid}", change)[0] == 403
    assert Offering.objects.get().unit == kz.network


def test_another_company_finds_nothing(kz: Firm) -> None:
    place = release(kz)
    call = Caller(firm("other", "OT").admin)
    assert call("get", "/offerings")[1]["rows"] == []
    for path in (f"/offerings/{place.offering.uid}", f"/releases/{place.uid}",
                 f"/releases/{place.uid}/components", f"/releases/{place.uid}/sboms"):  # fmt: skip
        assert call("get", path)[0] == 404
    given = {"company": str(kz.company.uid), "name": {"ja": "x"}}
    assert call("post", "/offerings", given)[0] == 404
