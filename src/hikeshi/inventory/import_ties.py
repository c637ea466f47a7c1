"""What a line of a product list ties a product to: units, contacts, products, releases.

A cell names several between semicolons. It says all there are of its kind: a role's links are
replaced; connections and parts are only added, because another list may tell of the others.

What is there already is read for all lines at once: a list that changes nothing costs as much as a
short one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import Q

from hikeshi.core.errors import InputRefused, gettext_noop
from hikeshi.inventory import queries, relations
from hikeshi.inventory.models import (
    ChainLink,
    ChainRole,
    Connection,
    Containment,
    Offering,
    ProductModel,
    Release,
)
from hikeshi.organisation.models import Company, Unit
from hikeshi.organisation.queries import units_of
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.stakeholders.models import Contact
from hikeshi.stakeholders.queries import contacts_of

_AT_ONCE: Final = 500
_LINK: Final = "connected"
_ROLES: Final = {
    "chain_department": ChainRole.DEPARTMENT, "oem": ChainRole.OEM,
    "contractor": ChainRole.CONTRACTOR, "supplier": ChainRole.SUPPLIER,
}  # fmt: skip


@dataclass(slots=True)
class Ties:
    """The ties of one import under way.

    ``read_parts`` before a line is planned, ``read`` when all rows are stored, then ``tie``.
    """

    viewer: Viewer
    company: Company
    at: datetime
    _units: list[Unit] | None = None
    _contacts: dict[str, list[Contact]] = field(default_factory=dict)
    _named: dict[str, Offering] = field(default_factory=dict)
    _inner: dict[str, Release] = field(default_factory=dict)
    _links: dict[int, list[ChainLink]] = field(default_factory=dict)
    _connected: set[tuple[int, int]] = field(default_factory=set)
    _contained: set[tuple[int, int]] = field(default_factory=set)

    def read_parts(self, names: Iterable[str]) -> None:
        """Read the releases that lines tell to be inside of theirs."""
        for some in chunks(sorted(names)):
            rows = queries.releases_of(self.viewer).filter(
                Q(number__in=some) | Q(csaf_product_id__in=some)
            )
            # Of several the oldest is meant.
            for row in rows.order_by("-pk"):
                self._inner |= {row.number: row, row.csaf_product_id: row}

    def read(self, lines: Sequence[tuple[Offering, Release | None, Mapping[str, Any]]]) -> None:
        """Read what lines name and what is tied to them: (product, release, what is told)."""
        for some in chunks(sorted({one for _o, _r, told in lines for one in told.get(_LINK, ())})):
            rows = queries.offerings_of(self.viewer).filter(
                Q(company=self.company, code__in=some) | Q(number__in=some)
            )
            for row in rows.order_by("-pk"):
                self._named[row.number] = row
                if row.company_id == self.company.pk:
                    self._named[row.code] = row
        chained = {o.pk for o, _r, told in lines if told.keys() & _ROLES.keys()}
        self._links = {pk: [] for pk in chained}
        for some in chunks(sorted(chained)):
            links = ChainLink.objects.filter(offering__in=some).order_by("position")
            for link in links.select_related("unit", "contact", "product_model"):
                self._links[link.offering_id].append(link)
        for some in chunks(sorted({o.pk for o, _r, told in lines if _LINK in told})):
            pairs = Connection.objects.filter(Q(one__in=some) | Q(other__in=some))
            self._connected |= set(pairs.values_list("one", "other"))
        outer = {r.pk for _o, r, told in lines if r is not None and told.get("contains")}
        for some in chunks(sorted(outer)):
            there = Containment.objects.filter(outer__in=some, depth=1, known_to__isnull=True)
            self._contained |= set(there.values_list("outer", "inner"))

    def tie(self, offering: Offering, model: ProductModel | None, told: Mapping[str, Any]) -> bool:
        """Take over who stands behind a product and what it is connected with; tell of a change."""
        chained = self._chain(offering, model, told)
        connected = False
        for name in told.get(_LINK, ()):
            other = self._offering(name)
            one, two = sorted((offering.pk, other.pk))
            if (one, two) not in self._connected:
                relations.connect(
                    offering=offering, other=other, by=self.viewer.account, at=self.at
                )
                self._connected.add((one, two))
                connected = True
        return chained or connected

    def _chain(
        self, offering: Offering, model: ProductModel | None, told: Mapping[str, Any]
    ) -> bool:
        roles = {role: told[name] for name, role in _ROLES.items() if name in told}
        if not roles:
            return False
        held = self._links[offering.pk]
        chain = [
            relations.Behind(
                ChainRole(one.role), one.unit, one.contact, one.product_model, one.note
            )
            for one in held
        ]
        model_id = model.pk if model is not None else None
        for role, names in roles.items():
            said = [self._behind(role, name, model) for name in names]
            ours = [
                one
                for one in chain
                if one.role == role and (one.model.pk if one.model else None) == model_id
            ]
            if [(o.unit, o.contact) for o in ours] != [(o.unit, o.contact) for o in said]:
                chain = [one for one in chain if one not in ours] + said
        if [_key(one) for one in chain] == [_key_of_link(one) for one in held]:
            return False
        self._links[offering.pk] = relations.set_chain(
            offering=offering, chain=chain, by=self.viewer.account, at=self.at
        )
        return True

    def _behind(self, role: ChainRole, name: str, model: ProductModel | None) -> relations.Behind:
        if role is ChainRole.DEPARTMENT:
            return relations.Behind(role, unit=self.unit(name), model=model)
        return relations.Behind(role, contact=self._contact(name), model=model)

    def unit(self, key: str) -> Unit:
        """Return an open unit by its uid or its name in any language."""
        if self._units is None:
            self._units = list(
                units_of(self.viewer).filter(company=self.company, closed_at__isnull=True)
            )
        found = [u for u in self._units if key == str(u.uid) or key in u.name.values()]
        if len(found) != 1:
            raise InputRefused(
                gettext_noop("“%(key)s” names %(count)s open units; write the uid of one."),
                key=key, count=len(found),
            )  # fmt: skip
        return found[0]

    def _contact(self, name: str) -> Contact:
        if not self._contacts:
            known = list(contacts_of(self.viewer).filter(company=self.company, wall__isnull=True))
            unseal(known, "name")
            for one in known:
                for key in {one.number, queries.fold(one.name.value or "")}:
                    self._contacts.setdefault(key, []).append(one)
        found = self._contacts.get(name) or self._contacts.get(queries.fold(name), [])
        if len(found) != 1:
            raise InputRefused(
                gettext_noop(
                    "“%(name)s” names %(count)s contacts; write the number of one, as the directory"
                    " shows it."
                ),
                name=name[:60], count=len(found),
            )  # fmt: skip
        return found[0]

    def _offering(self, name: str) -> Offering:
        found = self._named.get(name)
        if found is None:
            raise InputRefused(
                gettext_noop("No product has the code or number “%(name)s”."), name=name[:60]
            )
        return found

    def parts(self, names: Iterable[str]) -> list[Release]:
        """Return releases by their numbers or CSAF product ids."""
        found = []
        for name in names:
            row = self._inner.get(name)
            if row is None:
                raise InputRefused(
                    gettext_noop("No release has the number “%(name)s”."), name=name[:60]
                )
            self.viewer.require(Permission.INVENTORY_EDIT, row.company_id, row.unit_id)
            found.append(row)
        return found

    def contain(self, outer: Release, parts: Iterable[Release]) -> bool:
        """Add parts that a release does not contain yet; tell whether there were any."""
        new = [part for part in parts if (outer.pk, part.pk) not in self._contained]
        for part in new:
            relations.add_part(outer=outer, inner=part, by=self.viewer.account, at=self.at)
            self._contained.add((outer.pk, part.pk))
        return bool(new)


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut a list into as many values as one query takes."""
    return (values[n : n + _AT_ONCE] for n in range(0, len(values), _AT_ONCE))


def _key(one: relations.Behind) -> tuple[Any, ...]:
    return one.role, one.unit, one.contact, one.model, one.note


def _key_of_link(one: ChainLink) -> tuple[Any, ...]:
    return one.role, one.unit, one.contact, one.product_model, one.note
