"""Tie products and releases: who stands behind them, what they are linked with, what is inside.

1. A chain is replaced whole, so that its order is what somebody saw and confirmed.
2. A containment is agreed by whoever may edit both releases (the caller has fetched both so): from
   then on whoever sees the outer release may know what is inside, in another company too.
3. What contains what through others is kept as rows of its own (``Containment.trail``), made and
   closed under the stage's lock, so that reading never walks a tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import Q

from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, NotFound, gettext_noop
from hikeshi.inventory.models import (
    ChainLink,
    ChainRole,
    Connection,
    Containment,
    Offering,
    ProductModel,
    Release,
    Stage,
)
from hikeshi.inventory.uploads import STAGE
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account, Unit
from hikeshi.stakeholders.models import Contact

LINK_LIMIT: Final = 40
DEPTH_LIMIT: Final = 8
# Rows that one new part may make, over all that contain the outer release.
ROW_LIMIT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Behind:
    """One who stands behind a product: a unit or a contact. model: only behind this one."""

    role: ChainRole
    unit: Unit | None = None
    contact: Contact | None = None
    model: ProductModel | None = None
    note: str = ""


def set_chain(
    *, offering: Offering, chain: Sequence[Behind], by: Account | None, at: datetime
) -> list[ChainLink]:
    """Say who stands behind a product, in the order in which they are asked.

    Raises InputRefused above 40 links or for one that names nobody, Conflict for a unit, contact
    or model of another company or product, and for a contact known in confidence: whoever sees the
    product would learn of it.
    """
    if len(chain) > LINK_LIMIT:
        raise InputRefused(gettext_noop("A chain has at most %(limit)s links."), limit=LINK_LIMIT)
    for one in chain:
        _check_link(offering, one)
    with transaction.atomic():
        held = ChainLink.objects.filter(offering=offering).select_related("unit", "contact")
        before = [_said(link.role, link.unit, link.contact) for link in held]
        held.delete()
        links = ChainLink.objects.bulk_create(
            ChainLink(
                offering=offering, product_model=one.model, position=position, role=one.role,
                unit=one.unit, contact=one.contact, note=one.note.strip()[:200],
            )
            for position, one in enumerate(chain, start=1)
        )  # fmt: skip
        after = [_said(one.role, one.unit, one.contact) for one in chain]
        record(
            "offering.chain_set", subject=offering, by=by, at=at, before={"chain": before},
            after={"chain": after},
        )  # fmt: skip
    return links


def _check_link(offering: Offering, one: Behind) -> None:
    who = one.contact or one.unit
    if who is None or (one.contact is not None and one.unit is not None):
        raise InputRefused(gettext_noop("A link of a chain names one unit or one contact."))
    if who.company_id != offering.company_id:
        raise Conflict(gettext_noop("A link of this chain belongs to another company."))
    if one.model is not None and one.model.offering_id != offering.pk:
        raise Conflict(gettext_noop("The model belongs to another product."))
    if one.contact is not None and one.contact.wall_id not in {None, offering.wall_id}:
        raise Conflict(
            gettext_noop("A contact that is known in confidence cannot stand behind a product.")
        )


def _said(role: str, unit: Unit | None, contact: Contact | None) -> dict[str, str]:
    who = unit or contact
    return {"role": str(role), "uid": str(who.uid) if who is not None else ""}


def connect(
    *, offering: Offering, other: Offering, by: Account | None, at: datetime, how: str = ""
) -> Connection:
    """Say that two products are linked in use. Raises InputRefused for one alone, AlreadyDone."""
    if offering.pk == other.pk:
        raise InputRefused(gettext_noop("A product is not connected with itself."))
    one, two = sorted((offering, other), key=lambda row: row.pk)
    try:
        with transaction.atomic():
            made = Connection.objects.create(one=one, other=two, how=how.strip()[:200])
            record(
                "offering.connected", subject=offering, by=by, at=at,
                after={"other": str(other.uid), "how": how},
            )  # fmt: skip
    except IntegrityError as error:
        raise AlreadyDone(gettext_noop("These products are connected already.")) from error
    return made


def disconnect(*, offering: Offering, other: Offering, by: Account | None, at: datetime) -> None:
    """Take a connection back. Raises NotFound when there is none."""
    one, two = sorted((offering, other), key=lambda row: row.pk)
    with transaction.atomic():
        gone, _models = Connection.objects.filter(one=one, other=two).delete()
        if not gone:
            raise NotFound(gettext_noop("These products are not connected."))
        record(
            "offering.disconnected", subject=offering, by=by, at=at,
            before={"other": str(other.uid)},
        )  # fmt: skip


def add_part(*, outer: Release, inner: Release, by: Account | None, at: datetime) -> Containment:
    """Say that a release contains another one, of this company or another of the group.

    Raises Conflict for a release that would contain itself, one behind a wall that the outer one is
    not behind of, and one of the demo or a drill in a real one; InputRefused beyond 8 levels;
    AlreadyDone when it is said already.
    """
    if inner.wall_id not in {None, outer.wall_id} or inner.realm != outer.realm:
        raise Conflict(
            gettext_noop("Release %(number)s is kept apart and cannot be a part of this one."),
            number=inner.number,
        )
    with transaction.atomic():
        _lock()
        rows = _joined(outer.pk, inner.pk, at)
        try:
            with transaction.atomic():
                Containment.objects.bulk_create(rows, batch_size=1_000)
        except IntegrityError as error:
            raise AlreadyDone(
                gettext_noop("Release %(number)s is a part of this one already."),
                number=inner.number,
            ) from error
        record("release.part_added", subject=outer, by=by, at=at, after={"part": str(inner.uid)})
    return next(row for row in rows if row.outer_id == outer.pk and row.depth == 1)


def remove_part(*, outer: Release, inner: Release, by: Account | None, at: datetime) -> None:
    """Say that a release does not contain another one any more; what was known stays known.

    Raises NotFound when it is no direct part.
    """
    with transaction.atomic():
        _lock()
        step = f"/{outer.pk}/{inner.pk}/"
        through = [
            row.pk
            for row in Containment.objects.filter(known_to__isnull=True).filter(
                Q(outer=outer) | Q(trail__contains=f"{outer.pk}/{inner.pk}/")
            )
            if step in f"/{row.outer_id}/{row.trail}"
        ]
        if not through:
            raise NotFound(
                gettext_noop("Release %(number)s is no part of this one."), number=inner.number
            )
        Containment.objects.filter(pk__in=through).update(known_to=at)
        record("release.part_removed", subject=outer, by=by, at=at, before={"part": str(inner.uid)})


def _lock() -> None:
    Stage.objects.get_or_create(name=STAGE)
    Stage.objects.select_for_update().get(name=STAGE)


def _joined(outer: int, inner: int, at: datetime) -> list[Containment]:
    """Make the rows that one new part brings: each way down to outer × each way below inner."""
    there = Containment.objects.filter(known_to__isnull=True)
    above = [(outer, "")] + [(row.outer_id, row.trail) for row in there.filter(inner=outer)]
    below = [(inner, "")] + [(row.inner_id, row.trail) for row in there.filter(outer=inner)]
    if {one for one, _trail in above} & {one for one, _trail in below}:
        raise Conflict(gettext_noop("A release cannot contain itself, through others either."))
    rows = []
    for top, down in above:
        for bottom, further in below:
            trail = f"{down}{inner}/{further}"
            rows.append(
                Containment(
                    outer_id=top, inner_id=bottom, trail=trail, depth=trail.count("/"),
                    known_from=at,
                )
            )  # fmt: skip
    if len(rows) > ROW_LIMIT or any(row.depth > DEPTH_LIMIT for row in rows):
        raise InputRefused(
            gettext_noop("Releases stand inside each other at most %(limit)s levels deep."),
            limit=DEPTH_LIMIT,
        )
    return rows
