"""What a line of a product list ties a product to: units, contacts, products, releases.

A cell names several between semicolons. It says all there are of its kind: a role's links are
replaced; connections and parts are only added, because another list may tell of the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.stakeholders.models import Contact
from hikeshi.stakeholders.queries import contacts_of

_ROLES: Final = {
    "chain_department": ChainRole.DEPARTMENT, "oem": ChainRole.OEM,
    "contractor": ChainRole.CONTRACTOR, "supplier": ChainRole.SUPPLIER,
}  # fmt: skip


@dataclass(slots=True)
class Ties:
    """The ties of one import under way; reads units and contacts once."""

    viewer: Viewer
    company: Company
    at: datetime
    _units: list[Unit] | None = None
    _contacts: dict[str, list[Contact]] = field(default_factory=dict)

    def tie(self, offering: Offering, model: ProductModel | None, told: Mapping[str, Any]) -> bool:
        """Take over who stands behind a product and what it is connected with; tell of a change."""
        chained = self._chain(offering, model, told)
        connected = False
        for name in told.get("connected", ()):
            other = self._offering(name)
            one, two = sorted((offering.pk, other.pk))
            if not Connection.objects.filter(one=one, other=two).exists():
                relations.connect(
                    offering=offering, other=other, by=self.viewer.account, at=self.at
                )
                connected = True
        return chained or connected

    def _chain(
        self, offering: Offering, model: ProductModel | None, told: Mapping[str, Any]
    ) -> bool:
        roles = {role: told[name] for name, role in _ROLES.items() if name in told}
        if not roles:
            return False
        held = list(
            ChainLink.objects.filter(offering=offering)
            .select_related("unit", "contact", "product_model")
            .order_by("position")
        )
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
        relations.set_chain(offering=offering, chain=chain, by=self.viewer.account, at=self.at)
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
        rows = queries.offerings_of(self.viewer)
        found = rows.filter(Q(company=self.company, code=name) | Q(number=name)).first()
        if found is None:
            raise InputRefused(
                gettext_noop("No product has the code or number “%(name)s”."), name=name[:60]
            )
        return found

    def parts(self, names: Iterable[str]) -> list[Release]:
        """Return releases by their numbers or CSAF product ids."""
        found = []
        for name in names:
            rows = queries.releases_of(self.viewer)
            row = rows.filter(Q(number=name) | Q(csaf_product_id=name)).order_by("pk").first()
            if row is None:
                raise InputRefused(
                    gettext_noop("No release has the number “%(name)s”."), name=name[:60]
                )
            found.append(queries.release_to_edit(self.viewer, uid=row.uid))
        return found

    def contain(self, outer: Release, parts: Iterable[Release]) -> bool:
        """Add parts that a release does not contain yet; tell whether there were any."""
        there = Containment.objects.filter(outer=outer, depth=1, known_to__isnull=True)
        held = set(there.values_list("inner", flat=True))
        new = [part for part in parts if part.pk not in held]
        for part in new:
            relations.add_part(outer=outer, inner=part, by=self.viewer.account, at=self.at)
        return bool(new)


def _key(one: relations.Behind) -> tuple[Any, ...]:
    return one.role, one.unit, one.contact, one.model, one.note


def _key_of_link(one: ChainLink) -> tuple[Any, ...]:
    return one.role, one.unit, one.contact, one.product_model, one.note
