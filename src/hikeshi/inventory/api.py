"""Offerings, models and releases over the API; SBOMs and components are in ``sbom_api``."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Literal
from uuid import UUID

from django.utils import timezone
from ninja import File, Form, Query, Router, Schema, Status
from ninja.files import UploadedFile
from pydantic import Field

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.formats.table.read import read_table
from hikeshi.inventory import queries, services
from hikeshi.inventory.as_known import release_as_known
from hikeshi.inventory.importing import LIMITS, import_products, mapping_for
from hikeshi.inventory.models import Offering, ProductModel, Release
from hikeshi.inventory.relations_api import router as relations
from hikeshi.inventory.sbom_api import router as sboms
from hikeshi.organisation.exchange import Report
from hikeshi.organisation.models import Account, Unit
from hikeshi.organisation.queries import companies_of, people_of, units_of
from hikeshi.organisation.rest import Listed, ListQuery, Request, Rows, paged
from hikeshi.organisation.roles import Permission
from hikeshi.records.known import read_moment
from hikeshi.records.rest import AsKnownOut, AsOf

router = Router(tags=["inventory"])
router.add_router("", relations)
Kind = Literal["product", "part", "service", "resold"]
RankName = Literal["safety", "flagship", "other"]
ClassName = Literal["", "device", "network", "platform", "management"]
StateName = Literal["planned", "shipping", "maintained", "ended", "disposed"]
# Language → text; a language is two or three letters, perhaps with a region.
Texts = dict[str, str]
_LANGUAGE = r"^[a-z]{2,3}(-[A-Z]{2})?$"
_COUNT_LIMIT = 2_147_483_647


class OfferingOut(Schema):
    """Something the company makes or sells."""

    uid: UUID
    number: str
    company: UUID = Field(alias="company.uid")
    kind: str
    name: Texts
    code: str
    rank: str
    component_class: str
    is_safety: bool
    maker: str
    unit: UUID | None
    owner: UUID | None
    revision: int

    @staticmethod
    def resolve_unit(offering: Offering) -> UUID | None:
        """Return the uid of the owner unit."""
        return offering.unit.uid if offering.unit else None

    @staticmethod
    def resolve_owner(offering: Offering) -> UUID | None:
        """Return the uid of the person in charge."""
        return offering.owner.uid if offering.owner else None


class OfferingFields(Schema):
    """What can be said of an offering."""

    kind: Kind = "product"
    name: dict[str, str] = Field(min_length=1, max_length=20, json_schema_extra={
        "propertyNames": {"pattern": _LANGUAGE}})  # fmt: skip
    code: str = Field("", max_length=80)
    rank: RankName = "other"
    component_class: ClassName = ""
    is_safety: bool = False
    maker: str = Field("", max_length=200)
    unit: UUID | None = None
    owner: UUID | None = None


class OfferingIn(OfferingFields):
    """An offering to add."""

    company: UUID


class OfferingChange(OfferingFields):
    """An offering as it shall be; revision is the one that was read."""

    revision: int = Field(ge=0, le=_COUNT_LIMIT)


class OfferingList(ListQuery):
    """Offerings the caller may know of."""

    sorts: ClassVar = {"name": ("search_key", "pk"), "created": ("pk",), "-created": ("-pk",)}
    filters: ClassVar = {
        "kind": "kind", "rank": "rank", "code": "code", "number": "number",
        "company": "company__uid", "unit": "unit__uid",
    }  # fmt: skip
    sort: Literal["name", "created", "-created"] = "name"
    kind: Kind | None = None
    rank: RankName | None = None
    code: str | None = Field(None, max_length=80)
    number: str | None = Field(None, max_length=40)
    company: UUID | None = None
    unit: UUID | None = None


class ModelOut(Schema):
    """A model of an offering."""

    uid: UUID
    number: str
    code: str
    ended_on: date | None
    revision: int


class ModelIn(Schema):
    """A model to add."""

    code: str = Field(min_length=1, max_length=80)
    ended_on: date | None = None


class ReleaseOut(Schema):
    """A version that was or will be shipped."""

    uid: UUID
    number: str
    offering: UUID = Field(alias="offering.uid")
    model: str = Field(description="The model's code; empty when it is for all models.")
    version: str
    state: str
    shipped_on: date | None
    last_shipped_on: date | None
    support_ends_on: date | None
    disposed_on: date | None
    units_in_use: int | None
    purl: str
    cpe: str
    csaf_product_id: str
    revision: int

    @staticmethod
    def resolve_model(release: Release) -> str:
        """Return the code of the model."""
        return release.product_model.code if release.product_model else ""


class ReleaseFields(Schema):
    """What can be said of a release."""

    version: str = Field(min_length=1, max_length=120)
    model: str = Field("", max_length=80, description="Code of a model of the offering.")
    state: StateName = "shipping"
    shipped_on: date | None = None
    last_shipped_on: date | None = None
    support_ends_on: date | None = None
    disposed_on: date | None = None
    units_in_use: int | None = Field(None, ge=0, le=_COUNT_LIMIT)
    purl: str = Field("", max_length=400)
    cpe: str = Field("", max_length=400)


class ReleaseChange(ReleaseFields):
    """A release as it shall be; revision is the one that was read."""

    revision: int = Field(ge=0, le=_COUNT_LIMIT)


class ReleaseList(ListQuery):
    """Releases the caller may know of."""

    sorts: ClassVar = {"created": ("pk",), "-created": ("-pk",)}
    filters: ClassVar = {
        "offering": "offering__uid", "number": "number", "state": "state", "version": "version",
        "support_ends_by": "support_ends_on__lte",
    }  # fmt: skip
    sort: Literal["created", "-created"] = "-created"
    offering: UUID | None = None
    number: str | None = Field(None, max_length=40)
    state: StateName | None = None
    version: str | None = Field(None, max_length=120)
    support_ends_by: date | None = None


def _unit(request: Request, uid: UUID | None) -> Unit | None:
    found = units_of(request.viewer).filter(uid=uid).first() if uid else None
    if uid and found is None:
        raise NotFound(gettext_noop("There is no unit %(uid)s."), uid=str(uid))
    return found


def _person(request: Request, uid: UUID | None) -> Account | None:
    found = people_of(request.viewer).filter(uid=uid).first() if uid else None
    if uid and found is None:
        raise NotFound(gettext_noop("There is no account %(uid)s."), uid=str(uid))
    return found


def _offering_values(request: Request, given: OfferingFields) -> dict[str, Any]:
    values = given.dict(exclude={"company", "revision"})
    return values | {
        "unit": _unit(request, given.unit),
        "owner": _person(request, given.owner),
    }


def _release_values(offering: Offering, given: ReleaseFields) -> dict[str, Any]:
    values = given.dict(exclude={"model", "revision"})
    return values | {"product_model": queries.model_by_code(offering, given.model)}


@router.get("/offerings", response=Rows[OfferingOut], summary=gettext_noop("List offerings"))
def list_offerings(request: Request, query: Query[OfferingList]) -> Listed:
    """Products, parts, services and resold products that the caller may know of."""
    return paged(request, queries.offerings_of(request.viewer), query)


@router.post("/offerings", response={201: OfferingOut}, summary=gettext_noop("Add an offering"))
def add_offering(request: Request, given: OfferingIn) -> Status[Offering]:
    """Add a product, part, service or resold product."""
    company = companies_of(request.viewer).filter(uid=given.company).first()
    if company is None:
        raise NotFound(gettext_noop("There is no company %(uid)s."), uid=str(given.company))
    values = _offering_values(request, given)
    unit = values["unit"]
    request.viewer.require(Permission.INVENTORY_EDIT, company.pk, unit.pk if unit else None)
    added = services.create_offering(
        company=company, by=request.viewer.account, at=timezone.now(), **values
    )
    return Status(201, added)


class LineOut(Schema):
    """What became of one line: created, changed, unchanged or refused, and why."""

    number: int
    about: str
    action: str
    error: str


class ImportOut(Schema):
    """What an import did, or would do."""

    applied: bool = Field(description="False for a preview, and when a line was refused.")
    lines: list[LineOut]


@router.post(
    "/offerings/import", response=ImportOut, summary=gettext_noop("Import a list of products")
)
def import_list(
    request: Request,
    file: File[UploadedFile],
    company: Form[UUID],
    apply: Form[bool] = False,
) -> Report:
    """Take in products and releases from CSV or Excel: all lines, or none.

    Columns mean what their headings say, or what somebody of the company said for such a list.
    """
    found = companies_of(request.viewer).filter(uid=company).first()
    if found is None:
        raise NotFound(gettext_noop("There is no company %(uid)s."), uid=str(company))
    table = read_table(file.read(), LIMITS)
    return import_products(
        viewer=request.viewer, company=found, table=table, mapping=mapping_for(found, table),
        at=timezone.now(), apply=apply,
    )  # fmt: skip


@router.get("/offerings/{uid}", response=OfferingOut, summary=gettext_noop("Read an offering"))
def read_offering(request: Request, uid: UUID) -> Offering:
    """One offering."""
    return queries.offering_by_uid(request.viewer, uid)


@router.put("/offerings/{uid}", response=OfferingOut, summary=gettext_noop("Change an offering"))
def change_offering(request: Request, uid: UUID, given: OfferingChange) -> Offering:
    """Replace what is said of an offering; a stale revision is refused."""
    offering = queries.offering_to_edit(request.viewer, uid=uid)
    values = _offering_values(request, given)
    unit = values["unit"]
    request.viewer.require(
        Permission.INVENTORY_EDIT, offering.company_id, unit.pk if unit else None
    )
    return services.change_offering(
        offering=offering, revision=given.revision, by=request.viewer.account,
        at=timezone.now(), **values,
    )  # fmt: skip


@router.get("/offerings/{uid}/models", response=list[ModelOut], summary=gettext_noop("List models"))
def list_models(request: Request, uid: UUID) -> list[ProductModel]:
    """The models of an offering, by code."""
    return queries.models_of(queries.offering_by_uid(request.viewer, uid))


@router.post(
    "/offerings/{uid}/models", response={201: ModelOut}, summary=gettext_noop("Add a model")
)
def add_model(request: Request, uid: UUID, given: ModelIn) -> Status[ProductModel]:
    """Add a model to an offering."""
    offering = queries.offering_to_edit(request.viewer, uid=uid)
    added = services.create_model(
        offering=offering, by=request.viewer.account, at=timezone.now(), **given.dict()
    )
    return Status(201, added)


@router.get("/releases", response=Rows[ReleaseOut], summary=gettext_noop("List releases"))
def list_releases(request: Request, query: Query[ReleaseList]) -> Listed:
    """Releases that the caller may know of."""
    return paged(request, queries.releases_of(request.viewer), query)


@router.post(
    "/offerings/{uid}/releases", response={201: ReleaseOut}, summary=gettext_noop("Add a release")
)
def add_release(request: Request, uid: UUID, given: ReleaseFields) -> Status[Release]:
    """Add a release to an offering."""
    offering = queries.offering_to_edit(request.viewer, uid=uid)
    added = services.create_release(
        offering=offering, by=request.viewer.account, at=timezone.now(),
        **_release_values(offering, given),
    )  # fmt: skip
    return Status(201, added)


@router.get(
    "/releases/{uid}", response=AsKnownOut | ReleaseOut, summary=gettext_noop("Read a release")
)
def read_release(request: Request, uid: UUID, as_of: AsOf = "") -> Release | dict[str, Any]:
    """One release, now or as it was known at a past moment."""
    release = queries.release_by_uid(request.viewer, uid)
    if as_of:
        at = read_moment(as_of, request.viewer.at)
        return release_as_known(request.viewer, release, at).known.plain()
    return release


@router.put("/releases/{uid}", response=ReleaseOut, summary=gettext_noop("Change a release"))
def change_release(request: Request, uid: UUID, given: ReleaseChange) -> Release:
    """Replace what is said of a release; a stale revision is refused."""
    release = queries.release_to_edit(request.viewer, uid=uid)
    return services.change_release(
        release=release, revision=given.revision, by=request.viewer.account,
        at=timezone.now(), **_release_values(release.offering, given),
    )  # fmt: skip


router.add_router("", sboms)
