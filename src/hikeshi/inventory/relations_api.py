"""Who stands behind products, what they are connected with and what is inside, over the API."""

from __future__ import annotations

from typing import Any, Literal
from uuid import UUID

from django.utils import timezone
from ninja import Router, Schema, Status
from pydantic import Field

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.inventory import queries, related, relations
from hikeshi.inventory.models import ChainRole, Offering
from hikeshi.organisation.queries import units_of
from hikeshi.organisation.rest import Request
from hikeshi.stakeholders.queries import contact_by_uid

router = Router()
RoleName = Literal["department", "oem", "contractor", "supplier"]


class LinkIn(Schema):
    """One who stands behind a product: a unit or a contact."""

    role: RoleName
    unit: UUID | None = None
    contact: UUID | None = None
    model: str = Field("", max_length=80, description="Only behind the model of this code.")
    note: str = Field("", max_length=200)


class LinkOut(LinkIn):
    """One who stands behind a product. Neither unit nor contact: one the caller may not know."""


class ConnectionIn(Schema):
    """A product to connect with."""

    offering: UUID
    how: str = Field("", max_length=200)


class ConnectionOut(ConnectionIn):
    """A connected product."""

    number: str
    rank: str
    is_safety: bool
    raises: bool = Field(description="Its rank is the one that this product has to live up to.")


class PartIn(Schema):
    """A release to take inside."""

    release: UUID


class PartOut(Schema):
    """A release inside another one, directly or through others."""

    number: str
    version: str
    offering_name: dict[str, str]
    is_direct: bool
    through: list[str] = Field(description="Numbers of the releases between, outermost first.")


@router.get(
    "/offerings/{uid}/chain", response=list[LinkOut],
    summary=gettext_noop("List who stands behind an offering"),
)  # fmt: skip
def read_chain(request: Request, uid: UUID) -> list[dict[str, Any]]:
    """Units and contacts, in the order in which they are asked."""
    return _chain(request, queries.offering_by_uid(request.viewer, uid))


@router.put(
    "/offerings/{uid}/chain", response=list[LinkOut],
    summary=gettext_noop("Say who stands behind an offering"),
)  # fmt: skip
def write_chain(request: Request, uid: UUID, given: list[LinkIn]) -> list[dict[str, Any]]:
    """Replace the whole chain."""
    offering = queries.offering_to_edit(request.viewer, uid=uid)
    chain = [_link(request, offering, one) for one in given]
    relations.set_chain(
        offering=offering, chain=chain, by=request.viewer.account, at=timezone.now()
    )
    return _chain(request, offering)


def _link(request: Request, offering: Offering, given: LinkIn) -> relations.Behind:
    unit = units_of(request.viewer).filter(uid=given.unit).first() if given.unit else None
    if given.unit and unit is None:
        raise NotFound(gettext_noop("There is no unit %(uid)s."), uid=str(given.unit))
    contact = contact_by_uid(request.viewer, given.contact) if given.contact else None
    model = queries.model_by_code(offering, given.model)
    return relations.Behind(ChainRole(given.role), unit, contact, model, given.note)


def _chain(request: Request, offering: Offering) -> list[dict[str, Any]]:
    return [
        {
            "role": one.link.role, "note": one.link.note,
            "unit": one.link.unit.uid if one.link.unit else None,
            "contact": one.contact.uid if one.contact else None,
            "model": one.link.product_model.code if one.link.product_model else "",
        }
        for one in related.chain_of(request.viewer, offering)
    ]  # fmt: skip


@router.get(
    "/offerings/{uid}/connections", response=list[ConnectionOut],
    summary=gettext_noop("List what an offering is connected with"),
)  # fmt: skip
def list_connections(request: Request, uid: UUID) -> list[dict[str, Any]]:
    """Connected products, of those the caller may see."""
    offering = queries.offering_by_uid(request.viewer, uid)
    beside = related.connected_with(request.viewer, offering)
    raising = related.raised_by(offering, beside)
    return [
        {
            "offering": one.offering.uid, "how": one.connection.how, "rank": one.offering.rank,
            "number": one.offering.number, "is_safety": one.offering.is_safety,
            "raises": one is raising,
        }
        for one in beside
    ]  # fmt: skip


@router.post(
    "/offerings/{uid}/connections", response={204: None},
    summary=gettext_noop("Connect two offerings"),
)  # fmt: skip
def add_connection(request: Request, uid: UUID, given: ConnectionIn) -> Status[None]:
    """Say that two products are linked in use."""
    relations.connect(
        offering=queries.offering_to_edit(request.viewer, uid=uid),
        other=queries.offering_by_uid(request.viewer, given.offering), how=given.how,
        by=request.viewer.account, at=timezone.now(),
    )  # fmt: skip
    return Status(204, None)


@router.delete(
    "/offerings/{uid}/connections/{other}", response={204: None},
    summary=gettext_noop("Take a connection back"),
)  # fmt: skip
def remove_connection(request: Request, uid: UUID, other: UUID) -> Status[None]:
    """Say that two products are not linked any more."""
    relations.disconnect(
        offering=queries.offering_to_edit(request.viewer, uid=uid),
        other=queries.offering_by_uid(request.viewer, other),
        by=request.viewer.account, at=timezone.now(),
    )  # fmt: skip
    return Status(204, None)


@router.get(
    "/releases/{uid}/parts", response=list[PartOut],
    summary=gettext_noop("List the releases inside a release"),
)  # fmt: skip
def list_parts(request: Request, uid: UUID) -> list[dict[str, Any]]:
    """What is inside, nearest first."""
    release = queries.release_by_uid(request.viewer, uid)
    return [
        {
            "number": one.release.number, "version": one.release.version,
            "offering_name": one.release.offering.name, "is_direct": one.is_direct,
            "through": [step.number for step in one.way[:-1]],
        }
        for one in related.parts_of(request.viewer, release)
    ]  # fmt: skip


@router.post(
    "/releases/{uid}/parts", response={204: None},
    summary=gettext_noop("Add a release inside a release"),
)  # fmt: skip
def add_part(request: Request, uid: UUID, given: PartIn) -> Status[None]:
    """Say that a release contains another; the right to edit both is needed."""
    relations.add_part(
        outer=queries.release_to_edit(request.viewer, uid=uid),
        inner=queries.release_to_edit(request.viewer, uid=given.release),
        by=request.viewer.account, at=timezone.now(),
    )  # fmt: skip
    return Status(204, None)


@router.delete(
    "/releases/{uid}/parts/{part}", response={204: None},
    summary=gettext_noop("Take a release out of a release"),
)  # fmt: skip
def remove_part(request: Request, uid: UUID, part: UUID) -> Status[None]:
    """Say that a release does not contain another any more; what was known stays known."""
    relations.remove_part(
        outer=queries.release_to_edit(request.viewer, uid=uid),
        inner=queries.release_by_uid(request.viewer, part),
        by=request.viewer.account, at=timezone.now(),
    )  # fmt: skip
    return Status(204, None)
