"""Who stands behind products, what they are linked with, and what releases contain."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, NotAllowed, NotFound
from hikeshi.formats.table.read import read_table
from hikeshi.inventory import queries, related, relations
from hikeshi.inventory.importing import import_products, mapping_for
from hikeshi.inventory.models import ChainLink, ChainRole, Containment, Rank, Release
from hikeshi.inventory.relations import Behind, add_part, connect, remove_part, set_chain
from hikeshi.ledger.models import Event
from hikeshi.organisation.exchange import Report
from hikeshi.organisation.roles import Permission, Role
from hikeshi.stakeholders.models import Contact, ContactKind
from hikeshi.stakeholders.services import add_contact
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.inventory.stock import gate, release

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


@pytest.fixture
def kz() -> Firm:
    return firm()


def contact(kz: Firm, name: str, kind: ContactKind = ContactKind.SUPPLIER) -> Contact:
    return add_contact(company=kz.company, kind=kind, name=name, by=kz.admin, at=NOW)


def trails(outer: Release) -> list[str]:
    rows = Containment.objects.filter(outer=outer, known_to__isnull=True).order_by("depth")
    return [" > ".join(one.version for one in way) for way in related.ways_of(rows).values()]


def contain(kz: Firm, outer: Release, inner: Release) -> None:
    add_part(outer=outer, inner=inner, by=kz.admin, at=NOW)


def releases(kz: Firm, *versions: str) -> list[Release]:
    product = gate(kz)
    return [release(kz, product, version) for version in versions]


@pytest.mark.requirement("R056")
@pytest.mark.requirement("R059")
def test_a_chain_keeps_its_order_and_is_replaced_whole(kz: Firm) -> None:
    product, maker = gate(kz), contact(kz, "Kitahama")
    chain = [
        Behind(ChainRole.DEPARTMENT, unit=kz.control),
        Behind(ChainRole.OEM, contact=maker, note="the radio"),
    ]
    set_chain(offering=product, chain=chain, by=kz.admin, at=NOW)
    found = related.chain_of(seen_by(kz.admin), product)
    assert [(one.link.role, one.name) for one in found] == [
        ("department", kz.control.name), ("oem", "Kitahama"),
    ]  # fmt: skip
    set_chain(offering=product, chain=chain[1:], by=kz.admin, at=NOW)
    assert [link.position for link in ChainLink.objects.all()] == [1]
    contacts, units = related.behind(seen_by(kz.admin), [product])
    assert (list(contacts), units) == ([maker], [])
    assert Event.objects.filter(name="offering.chain_set").count() == 2


def test_a_chain_takes_nobody_of_another_company_and_no_secret_contact(kz: Firm) -> None:
    product, other = gate(kz), firm("other", "OT")
    for wrong in (
        Behind(ChainRole.DEPARTMENT, unit=other.network),
        Behind(ChainRole.SUPPLIER, contact=contact(other, "Elsewhere")),
    ):
        with pytest.raises(Conflict, match="another company"):
            set_chain(offering=product, chain=[wrong], by=kz.admin, at=NOW)
    with pytest.raises(InputRefused, match="one unit or one contact"):
        set_chain(offering=product, chain=[Behind(ChainRole.OEM)], by=kz.admin, at=NOW)


def test_a_contact_of_a_unit_that_one_may_not_see_stays_nameless(kz: Firm) -> None:
    product = gate(kz, unit=None)
    hidden = add_contact(company=kz.company, kind=ContactKind.SUPPLIER, name="Hidden Parts",
                         by=kz.admin, at=NOW, unit=kz.control)  # fmt: skip
    set_chain(offering=product, chain=[Behind(ChainRole.SUPPLIER, contact=hidden)], by=kz.admin,
              at=NOW)  # fmt: skip
    reader = person("n@kazahaya.example", kz.company, Role.READER, kz.network)
    (link,) = related.chain_of(seen_by(reader), product)
    assert (link.name, link.contact) == ("", None)


@pytest.mark.requirement("R148")
def test_a_product_has_to_live_up_to_the_gravest_that_it_is_connected_with(kz: Firm) -> None:
    product, viewer = gate(kz), seen_by(kz.admin)
    safe = gate(kz, code="KZR", name={"en": "KZ-Safe"}, rank=Rank.SAFETY)
    panel = gate(kz, code="KZP", name={"en": "KZ-Panel"}, unit=kz.control)
    connect(offering=product, other=safe, by=kz.admin, at=NOW, how="field bus")
    connect(offering=product, other=panel, by=kz.admin, at=NOW)
    beside = related.connected_with(viewer, product)
    assert [one.offering.code for one in beside] == ["KZP", "KZR"]
    raised = related.raised_by(product, beside)
    assert raised is not None
    assert raised.offering == safe
    assert related.raised_by(safe, related.connected_with(viewer, safe)) is None
    reader = person("n@kazahaya.example", kz.company, Role.READER, kz.network)
    seen = related.connected_with(seen_by(reader), product)
    assert [one.offering.code for one in seen] == ["KZR"]
    with pytest.raises(AlreadyDone):
        connect(offering=safe, other=product, by=kz.admin, at=NOW)
    relations.disconnect(offering=safe, other=product, by=kz.admin, at=NOW)
    with pytest.raises(NotFound):
        relations.disconnect(offering=safe, other=product, by=kz.admin, at=NOW)


def test_what_is_inside_through_others_is_known_whichever_part_was_told_first(kz: Firm) -> None:
    a, b, c, d = releases(kz, "a", "b", "c", "d")
    contain(kz, b, c)
    contain(kz, a, b)
    contain(kz, c, d)
    assert trails(a) == ["b", "b > c", "b > c > d"]
    remove_part(outer=b, inner=c, by=kz.admin, at=LATER)
    assert (trails(a), trails(b), trails(c)) == (["b"], [], ["d"])
    rows = Containment.objects.as_known(NOW).filter(outer=a)
    assert rows.count() == 3
    contain(kz, b, c)
    assert trails(a) == ["b", "b > c", "b > c > d"]


def test_two_ways_to_one_part_are_two_and_one_may_go(kz: Firm) -> None:
    a, b, c, d = releases(kz, "a", "b", "c", "d")
    for outer, inner in ((a, b), (a, c), (b, d), (c, d)):
        contain(kz, outer, inner)
    assert sorted(trails(a)) == ["b", "b > d", "c", "c > d"]
    remove_part(outer=a, inner=b, by=kz.admin, at=LATER)
    assert sorted(trails(a)) == ["c", "c > d"]


def test_nothing_contains_itself_and_nothing_twice(kz: Firm) -> None:
    a, b, c = releases(kz, "a", "b", "c")
    contain(kz, a, b)
    contain(kz, b, c)
    for outer, inner in ((c, a), (b, a), (a, a)):
        with pytest.raises(Conflict, match="itself"):
            contain(kz, outer, inner)
    with pytest.raises(AlreadyDone):
        contain(kz, a, b)
    with pytest.raises(NotFound):
        remove_part(outer=a, inner=c, by=kz.admin, at=NOW)


def test_a_part_of_another_company_is_named_and_cannot_be_opened(kz: Firm) -> None:
    other = firm("other", "OT")
    outer, inner = release(kz), release(other, version="1.4.0")
    contain(kz, outer, inner)
    (part,) = related.parts_of(seen_by(kz.admin), outer)
    assert (part.release.version, part.may_open) == ("1.4.0", False)
    assert related.containers_of(seen_by(other.admin), inner) == []


LIST = (
    "型番,委託先,供給者,接続先,バージョン,内蔵製品,最終出荷日\n"
    "KZG,港電子,CT1;Nordlund,KZR,5.0,{inner},2026-05-01\n"
)


def take(kz: Firm, text: str, by: object = None) -> Report:
    table = read_table(text.encode())
    return import_products(
        viewer=seen_by(by or kz.admin), company=kz.company, table=table,  # type: ignore[arg-type]
        mapping=mapping_for(kz.company, table), at=NOW, apply=True,
    )  # fmt: skip


@pytest.mark.requirement("R059")
@pytest.mark.requirement("R060")
def test_a_list_tells_of_contractors_suppliers_connections_and_parts(kz: Firm) -> None:
    product = gate(kz)
    gate(kz, code="KZR", name={"en": "KZ-Safe"}, rank=Rank.SAFETY)
    inner = release(kz, gate(kz, code="KZL", name={"en": "KZ-Link"}), "1.4.0")
    first = contact(kz, "Minato Denshi")
    contact(kz, "Nordlund")
    text = LIST.format(inner=inner.number).replace("CT1", first.number)
    refused = take(kz, text)
    assert "港電子" in refused.lines[0].error
    contact(kz, "港電子", ContactKind.PARTNER)
    assert [line.action for line in take(kz, text).lines] == ["created"]
    chain = related.chain_of(seen_by(kz.admin), product)
    assert [(one.link.role, one.name) for one in chain] == [
        ("contractor", "港電子"), ("supplier", "Minato Denshi"), ("supplier", "Nordlund"),
    ]  # fmt: skip
    made = Release.objects.for_system("test").get(version="5.0")
    assert trails(made) == ["1.4.0"]
    assert str(made.last_shipped_on) == "2026-05-01"
    assert [line.action for line in take(kz, text).lines] == ["unchanged"]


def test_a_list_adds_no_part_that_the_reader_may_not_edit(kz: Firm) -> None:
    gate(kz)
    inner = release(kz, gate(kz, code="KZL", name={"en": "KZ-Link"}, unit=None), "1.4.0")
    writer = person("w@kazahaya.example", kz.company, Role.RESPONDER, kz.network)
    viewer = seen_by(writer)
    assert viewer.may(Permission.INVENTORY_EDIT, kz.company.pk, kz.network.pk)
    report = take(kz, f"型番,バージョン,内蔵製品\nKZG,5.0,{inner.number}\n", by=writer)
    assert [line.action for line in report.lines] == ["refused"]
    assert not Containment.objects.exists()
    with pytest.raises(NotAllowed):
        queries.release_to_edit(viewer, uid=inner.uid)
