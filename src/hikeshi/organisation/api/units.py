"""Units: list, create, change, move, close, and as CSV."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from hikeshi.core.errors import gettext_noop
from hikeshi.organisation import exchange, units
from hikeshi.organisation.api.companies import Name, ReportOut, TextIn, company_by_uid
from hikeshi.organisation.exchange import Report
from hikeshi.organisation.models import Account, Unit
from hikeshi.organisation.people import person_by_uid
from hikeshi.organisation.queries import units_of
from hikeshi.organisation.rest import Listed, ListQuery, Request, Rows, paged

router = Router()


class UnitOut(Schema):
    """A unit."""

    uid: UUID
    company: UUID = Field(alias="company.uid")
    name: dict[str, str]
    kind: str
    team_type: str
    protected_asset: str
    owner: UUID | None
    region: str
    zone: str
    is_closed: bool
    revision: int

    @staticmethod
    def resolve_owner(unit: Unit) -> UUID | None:
        """Return the answerable person's uid."""
        return unit.owner.uid if unit.owner else None

    @staticmethod
    def resolve_is_closed(unit: Unit) -> bool:
        """Tell whether the unit was closed."""
        return unit.closed_at is not None


class MoveOut(Schema):
    """Where a unit hung, from when until when; ``parent`` null is the top of the company."""

    parent: UUID | None
    since: datetime
    until: datetime | None


class UnitFull(UnitOut):
    """A unit with where it hung, newest first."""

    moves: list[MoveOut]

    @staticmethod
    def resolve_moves(unit: Unit) -> list[dict[str, Any]]:
        """Return the dated places of the unit."""
        return [
            {
                "parent": edge.parent.uid if edge.parent else None,
                "since": edge.since,
                "until": edge.until,
            }
            for edge in units.moves_of(unit)
        ]


class UnitFields(Schema):
    """A unit's own fields."""

    kind: str = Field("department", min_length=1, max_length=60)
    team_type: str = Field("", max_length=40)
    protected_asset: str = Field("", max_length=200)
    region: str = Field("", max_length=60)
    zone: str = Field("", max_length=64)
    owner: UUID | None = None


class UnitIn(UnitFields):
    """A unit to create."""

    company: UUID
    parent: UUID | None = None
    name: Name = Field(min_length=1)


class UnitChange(Schema):
    """What to change; what is left out stays."""

    revision: int = Field(ge=0, le=2**31 - 1, description="The one that was read.")
    name: Name | None = Field(None, min_length=1)
    kind: str | None = Field(None, min_length=1, max_length=60)
    team_type: str | None = Field(None, max_length=40)
    protected_asset: str | None = Field(None, max_length=200)
    region: str | None = Field(None, max_length=60)
    zone: str | None = Field(None, max_length=64)
    owner: UUID | None = Field(None, description="Null takes the answerable person away.")


class Parent(Schema):
    """Where to hang a unit; null is the top of the company."""

    parent: UUID | None = None


class Closing(Schema):
    """The revision that was read."""

    revision: int = Field(ge=0, le=2**31 - 1)


class UnitList(ListQuery):
    """Units of the caller's companies."""

    sorts: ClassVar = {"created": ("pk",), "-created": ("-pk",)}
    filters: ClassVar = {
        "company": "company__uid",
        "kind": "kind",
        "team_type": "team_type",
    }
    sort: Literal["created", "-created"] = "created"
    company: UUID | None = None
    kind: str | None = Field(None, max_length=60)
    team_type: str | None = Field(None, max_length=40)


def _owner(request: Request, uid: UUID | None) -> Account | None:
    return person_by_uid(request.viewer, uid) if uid else None


@router.get("/units", response=Rows[UnitOut], summary=gettext_noop("List units"))
def list_units(request: Request, query: Query[UnitList]) -> Listed:
    """Units of the companies that the caller may view, closed ones too."""
    return paged(request, units_of(request.viewer).select_related("company", "owner"), query)


@router.post("/units", response={201: UnitFull}, summary=gettext_noop("Create a unit"))
def create_unit(request: Request, unit: UnitIn) -> Status[Unit]:
    """Create a unit below another, or at the top of a company."""
    viewer = request.viewer
    made = units.add_unit(
        viewer=viewer,
        company=company_by_uid(request, unit.company),
        name={str(language): text for language, text in unit.name.items()},
        parent=units.unit_by_uid(viewer, unit.parent) if unit.parent else None,
        at=timezone.now(),
        owner=_owner(request, unit.owner),
        **unit.model_dump(include=set(UnitFields.model_fields) - {"owner"})
        | {"zone": exchange.zone_name(unit.zone)},
    )
    return Status(201, made)


@router.get("/units/{uid}", response=UnitFull, summary=gettext_noop("Read a unit"))
def read_unit(request: Request, uid: UUID) -> Unit:
    """One unit with its places in the tree."""
    return units.unit_by_uid(request.viewer, uid)


@router.patch("/units/{uid}", response=UnitFull, summary=gettext_noop("Change a unit"))
def change_unit(request: Request, uid: UUID, change: UnitChange) -> Unit:
    """Change a unit's own fields."""
    changes = change.model_dump(exclude={"revision", "owner"}, exclude_none=True)
    if "owner" in change.model_fields_set:
        changes["owner"] = _owner(request, change.owner)
    if change.zone is not None:
        changes["zone"] = exchange.zone_name(change.zone)
    return units.edit_unit(
        viewer=request.viewer,
        unit=units.unit_by_uid(request.viewer, uid),
        revision=change.revision,
        at=timezone.now(),
        **changes,
    )


@router.post("/units/{uid}/move", response=UnitFull, summary=gettext_noop("Move a unit"))
def move_unit(request: Request, uid: UUID, place: Parent) -> Unit:
    """Hang a unit elsewhere from now on; where it hung stays on record."""
    unit = units.unit_by_uid(request.viewer, uid)
    parent = units.unit_by_uid(request.viewer, place.parent) if place.parent else None
    units.rehang_unit(viewer=request.viewer, unit=unit, parent=parent, at=timezone.now())
    return unit


@router.post("/units/{uid}/close", response=UnitFull, summary=gettext_noop("Close a unit"))
def close_unit(request: Request, uid: UUID, closing: Closing) -> Unit:
    """Close a unit; its roles end, what it owns stays on record."""
    return units.close_unit(
        viewer=request.viewer,
        unit=units.unit_by_uid(request.viewer, uid),
        revision=closing.revision,
        at=timezone.now(),
    )


@router.get(
    "/companies/{uid}/units.csv",
    summary=gettext_noop("Export units"),
    openapi_extra={"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}},
)
def export_units(request: Request, uid: UUID) -> HttpResponse:
    """The open units of a company as CSV."""
    company = company_by_uid(request, uid)
    return HttpResponse(
        exchange.export_units(request.viewer, company), content_type="text/csv; charset=utf-8"
    )


@router.post(
    "/companies/{uid}/units/import", response=ReportOut, summary=gettext_noop("Import units")
)
def import_units(request: Request, uid: UUID, text: TextIn) -> Report:
    """Create and change units from a CSV: all lines or none."""
    return exchange.import_units(
        viewer=request.viewer,
        company=company_by_uid(request, uid),
        rows=exchange.read_rows(text.csv.encode(), exchange.UNIT_COLUMNS),
        at=timezone.now(),
        apply=not text.preview,
    )
