"""Pages and API of chains, connections and parts: what they show, and to whom."""

from __future__ import annotations

from typing import Any

import pytest

from hikeshi.inventory.models import ChainLink, Rank
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Role
from hikeshi.stakeholders.models import ContactKind, Round, RoundParty
from hikeshi.stakeholders.services import add_contact
from tests.builders import NOW, Firm, firm, person
from tests.inventory.stock import gate, release
from tests.inventory.test_api import Caller
from tests.plugins.database import ClientAs

pytestmark = pytest.mark.django_db


@pytest.fixture
def kz() -> Firm:
    found = firm()
    Account.objects.update(language="en")
    return found


def rows(*links: dict[str, str]) -> dict[str, Any]:
    """Fill in the rows of a chain as a browser sends them."""
    form: dict[str, Any] = {"form-TOTAL_FORMS": len(links), "form-INITIAL_FORMS": 0}
    for place, link in enumerate(links):
        form |= {f"form-{place}-{name}": value for name, value in link.items()}
    return form


@pytest.mark.requirement("R056")
@pytest.mark.requirement("R059")
def test_a_chain_is_written_shown_and_asked(kz: Firm, client_as: ClientAs) -> None:
    product, client = gate(kz), client_as(kz.admin)
    maker = add_contact(company=kz.company, kind=ContactKind.SUPPLIER, name="Kitahama", at=NOW,
                        by=kz.admin)  # fmt: skip
    place = f"/products/{product.number}/"
    assert "Kitahama" in client.get(f"{place}chain/").content.decode()
    done = client.post(
        f"{place}chain/",
        rows({"role": "department", "who": f"u{kz.control.pk}"}, {"role": "oem", "who": ""},
             {"role": "supplier", "who": f"c{maker.pk}", "note": "SoC"}),
    )  # fmt: skip
    assert done.status_code == 302
    page = client.get(place).content.decode()
    assert page.index("Control BU") < page.index("Kitahama") < page.index("SoC")
    asked = client.post(
        f"{place}ask/",
        {"party": [f"c{maker.pk}"], "title": "zlib", "letter": "Please tell us.",
         "questions": "Is it used? | yes | no", "due_at": "2027-01-15T12:00"},
    )  # fmt: skip
    drafted = Round.objects.for_system("test").get()
    assert asked.headers["Location"] == f"/directory/rounds/{drafted.number}/"
    assert [one.contact for one in RoundParty.objects.filter(round=drafted)] == [maker]


@pytest.mark.requirement("R148")
def test_a_connection_raises_the_level_and_is_taken_back(kz: Firm, client_as: ClientAs) -> None:
    product = gate(kz)
    safe = gate(kz, code="KZR", name={"en": "KZ-Safe"}, rank=Rank.SAFETY)
    client, place = client_as(kz.admin), f"/products/{product.number}/"
    client.post(f"{place}connections/", {"other": safe.number, "how": "Modbus/TCP"})
    page = client.get(place).content.decode()
    assert "It is connected with KZ-Safe (safety-related): treat it at that level." in page
    assert "Modbus/TCP" in page
    client.post(f"{place}connections/", {"other": safe.number, "remove": "1"})
    assert "treat it at that level" not in client.get(place).content.decode()
    assert client.post(f"{place}connections/", {"other": "KZ-0"}).status_code == 422


def test_a_part_is_added_and_taken_out_on_the_page(kz: Firm, client_as: ClientAs) -> None:
    outer = release(kz)
    inner = release(kz, gate(kz, code="KZL", name={"en": "KZ-Link"}), "1.4.0")
    client = client_as(kz.admin)
    client.post(f"/products/releases/{outer.number}/parts/", {"part": inner.number})
    assert "KZ-Link 1.4.0" in client.get(f"/products/releases/{outer.number}/").content.decode()
    page = client.get(f"/products/releases/{inner.number}/").content.decode()
    assert "Contained in" in page
    again = client.post(f"/products/releases/{inner.number}/parts/", {"part": outer.number})
    assert again.status_code == 409
    gone = {"part": inner.number, "remove": "1"}
    client.post(f"/products/releases/{outer.number}/parts/", gone)
    page = client.get(f"/products/releases/{inner.number}/").content.decode()
    assert "Contained in" not in page


def test_who_may_not_edit_both_adds_no_part(kz: Firm, client_as: ClientAs) -> None:
    outer = release(kz)
    inner = release(kz, gate(kz, code="KZL", name={"en": "KZ-Link"}, unit=None), "1.4.0")
    writer = person("w@kazahaya.example", kz.company, Role.RESPONDER, kz.network)
    answer = client_as(writer).post(
        f"/products/releases/{outer.number}/parts/", {"part": inner.number}
    )
    assert answer.status_code == 403


def test_the_api_tells_and_changes_all_three(kz: Firm) -> None:
    call, product = Caller(kz.admin), gate(kz)
    safe = gate(kz, code="KZR", name={"en": "KZ-Safe"}, is_safety=True)
    outer, inner = release(kz, product), release(kz, safe, "2.0")
    chain = [{"role": "department", "unit": str(kz.control.uid), "note": "design"}]
    status, told = call("put", f"/offerings/{product.uid}/chain", chain)
    assert (status, told[0]["unit"], told[0]["note"]) == (200, str(kz.control.uid), "design")
    assert ChainLink.objects.count() == 1
    there = f"/offerings/{product.uid}/connections"
    assert post(call, there, {"offering": str(safe.uid), "how": "bus"}) == 204
    _status, found = call("get", there)
    assert [(one["number"], one["raises"]) for one in found] == [(safe.number, True)]
    assert post(call, f"/releases/{outer.uid}/parts", {"release": str(inner.uid)}) == 204
    _status, found = call("get", f"/releases/{outer.uid}/parts")
    assert [(one["number"], one["is_direct"]) for one in found] == [(inner.number, True)]
    assert delete(call, f"/releases/{outer.uid}/parts/{inner.uid}") == 204
    assert delete(call, f"{there}/{safe.uid}") == 204
    assert call("get", there) == (200, [])


def post(call: Caller, path: str, body: Any) -> int:
    answer = call._client.post(f"/api/v1{path}", body, content_type="application/json")
    return int(answer.status_code)


def delete(call: Caller, path: str) -> int:
    return int(call._client.delete(f"/api/v1{path}").status_code)
