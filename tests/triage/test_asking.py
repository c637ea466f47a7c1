"""A case asks those who stand behind its products, behind its own wall."""

from __future__ import annotations

import pytest

from hikeshi.inventory.models import ChainRole
from hikeshi.inventory.relations import Behind, set_chain
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Role
from hikeshi.stakeholders.models import ContactKind, Round, RoundParty
from hikeshi.stakeholders.services import add_contact
from tests.builders import NOW, firm, person
from tests.inventory.stock import release
from tests.plugins.database import ClientAs
from tests.triage.cases import opened

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R056")]


def test_a_case_asks_the_chain_of_its_products_behind_its_wall(client_as: ClientAs) -> None:
    kz = firm()
    lead = person("lead@kazahaya.example", kz.company, Role.LEAD)
    Account.objects.update(language="en")
    place = release(kz)
    maker = add_contact(company=kz.company, kind=ContactKind.SUPPLIER, name="Kitahama", at=NOW,
                        by=kz.admin)  # fmt: skip
    set_chain(offering=place.offering, by=kz.admin, at=NOW,
              chain=[Behind(ChainRole.SUPPLIER, contact=maker)])  # fmt: skip
    case = opened(kz, by=lead, releases=[place], vulnerabilities=["CVE-2026-30003"])
    client, address = client_as(lead), f"/cases/{case.number}/ask/"
    assert address in client.get(f"/cases/{case.number}/").content.decode()
    assert "Kitahama" in client.get(address).content.decode()
    client.post(
        address,
        {"party": [f"c{maker.pk}"], "title": "zlib", "letter": "Please tell us.",
         "questions": "Is it used? | yes | no", "due_at": "2027-01-15T12:00"},
    )  # fmt: skip
    drafted = Round.objects.for_system("test").get()
    assert (drafted.wall_id, drafted.subject_uid) == (case.wall_id, case.uid)
    assert [one.contact for one in RoundParty.objects.filter(round=drafted)] == [maker]
    assert client_as(kz.admin).get(address).status_code == 404
