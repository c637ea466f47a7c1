"""Contacts: channels in order, names in confidence, lists from a file."""

from __future__ import annotations

import pytest

from hikeshi.core.errors import Conflict, InputRefused, NotFound, Stale
from hikeshi.organisation import services as organisation
from hikeshi.organisation.roles import Role
from hikeshi.organisation.services import appoint
from hikeshi.stakeholders import queries, services
from hikeshi.stakeholders.models import ChannelKind, Contact, ContactKind
from hikeshi.triage.models import Case
from tests.builders import NOW, firm, person, seen_by
from tests.plugins.database import ClientAs

pytestmark = pytest.mark.django_db


@pytest.mark.requirement("R153")
def test_a_contact_keeps_its_channels_in_the_order_of_trying() -> None:
    kazahaya = firm()
    contact = services.add_contact(
        company=kazahaya.company,
        kind=ContactKind.SUPPLIER,
        name="Nordvik Embedded",
        channels=[
            services.Way(ChannelKind.MAIL, "psirt@nordvik.example"),
            services.Way(ChannelKind.PHONE, "+47 55 01"),
        ],
        by=kazahaya.admin,
        at=NOW,
    )
    seen = queries.contact_by_uid(seen_by(kazahaya.admin), contact.uid)
    assert seen.name.value == "Nordvik Embedded"
    assert [(c.kind, c.address.value) for c in seen.channels.all()] == [
        ("mail", "psirt@nordvik.example"),
        ("phone", "+47 55 01"),
    ]


@pytest.mark.requirement("R017", "R036")
@pytest.mark.parametrize(
    ("kind", "name", "rules"),
    [
        (ContactKind.AUTHORITY, "IPA", "Ask by the web form first; by phone when it is exploited."),
        (ContactKind.COMMUNITY, "FIRST", "Only the security team speaks to it."),
        (ContactKind.INTERNAL, "Press office", "Tell before anything is published."),
    ],
)
def test_the_directory_keeps_outside_bodies_and_inside_functions_with_their_rules(
    client_as: ClientAs, kind: ContactKind, name: str, rules: str
) -> None:
    kazahaya = firm()
    body = services.add_contact(
        company=kazahaya.company, kind=kind, name=name, rules=rules, by=kazahaya.admin, at=NOW
    )
    services.add_contact(
        company=kazahaya.company, kind=ContactKind.CUSTOMER, name="Inaba", by=kazahaya.admin, at=NOW
    )
    client = client_as(kazahaya.admin)
    listed = client.get("/directory/", {"kind": kind.value}).content.decode()
    assert name in listed
    assert "Inaba" not in listed
    assert rules in client.get(f"/directory/contacts/{body.uid}/").content.decode()


def test_the_name_of_a_walled_finder_is_known_inside_the_wall_alone() -> None:
    kazahaya = firm()
    insider = person("in@kazahaya.example", kazahaya.company)
    wall = organisation.raise_wall(company=kazahaya.company, members=[insider], at=NOW, by=insider)
    finder = services.add_contact(
        company=kazahaya.company,
        kind=ContactKind.FINDER,
        name="rin-m",
        wall=wall,
        by=insider,
        at=NOW,
    )
    assert queries.contact_by_uid(seen_by(insider), finder.uid).name.value == "rin-m"
    assert b"rin-m" not in finder.name.raw
    with pytest.raises(NotFound):
        queries.contact_by_uid(seen_by(kazahaya.admin), finder.uid)
    assert not queries.contacts_of(seen_by(kazahaya.admin)).exists()


def test_a_stale_change_of_a_contact_is_refused() -> None:
    kazahaya = firm()
    contact = services.add_contact(
        company=kazahaya.company, kind=ContactKind.CUSTOMER, name="A", by=kazahaya.admin, at=NOW
    )
    services.change_contact(contact=contact, revision=1, by=kazahaya.admin, at=NOW, name="B")
    with pytest.raises(Stale):
        services.change_contact(contact=contact, revision=1, by=kazahaya.admin, at=NOW, name="C")
    assert queries.contact_by_uid(seen_by(kazahaya.admin), contact.uid).name.value == "B"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"name": "A", "kind": "vendor"}, "column “kind”: “vendor” is not one of finder"),
        ({"name": " "}, "column “name”: empty"),
        ({"name": "A", "mail": "no-at"}, "column “mail”: “no-at” is not a mail address"),
        ({"name": "A", "zone": "Tokyo"}, "“Tokyo” is no time zone; write one such as Asia/Tokyo."),
    ],
)
def test_a_wrong_line_of_a_list_names_its_column(row: dict[str, str], message: str) -> None:
    with pytest.raises(InputRefused, match=message):
        services.contact_details(row)


def test_a_contact_keeps_no_zone_in_which_no_letter_could_be_written() -> None:
    kazahaya = firm()
    more = {"company": kazahaya.company, "kind": ContactKind.CUSTOMER, "by": kazahaya.admin}
    with pytest.raises(InputRefused, match="is no time zone"):
        services.add_contact(name="A", zone="Europe/Nowhere", at=NOW, **more)  # type: ignore[arg-type]
    contact = services.add_contact(name="A", zone="Europe/Oslo", at=NOW, **more)  # type: ignore[arg-type]
    with pytest.raises(InputRefused, match="is no time zone"):
        services.change_contact(
            contact=contact, revision=1, by=kazahaya.admin, at=NOW, zone="x" * 70
        )


def test_nothing_is_kept_in_a_unit_of_another_company(client_as: ClientAs) -> None:
    kazahaya, other = firm(), firm("other", "OT")
    appoint(account=kazahaya.admin, company=other.company, role=Role.LEAD, at=NOW)
    client = client_as(kazahaya.admin)
    chosen = {"company": kazahaya.company.pk, "unit": other.network.pk}
    due = {"due_at": "2027-01-01T12:00", "title": "t", "letter": "l", "questions": "q"}
    for address, entered in (
        ("/directory/add/", {"kind": "customer", "name": "A", "languages": "ja"}),
        ("/directory/rounds/add/", due),
        ("/cases/open/", {"kind": "inquiry", "title": "t"}),
    ):
        shown = client.post(f"{address}?lang=en", {**entered, **chosen})
        assert "The unit belongs to another company." in shown.content.decode(), address
    assert not Contact.objects.exists()
    assert not Case.objects.exists()
    with pytest.raises(Conflict, match="another company"):
        services.add_contact(
            company=kazahaya.company, unit=other.network, kind=ContactKind.CUSTOMER, name="A",
            by=kazahaya.admin, at=NOW,
        )  # fmt: skip
