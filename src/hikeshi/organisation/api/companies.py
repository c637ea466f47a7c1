"""Who calls, and the companies they belong to."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from django.http import HttpResponse
from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.organisation import companies, company_exchange, queries
from hikeshi.organisation.exchange import MOST_BYTES, Report, read_rows, zone_name
from hikeshi.organisation.models import Company
from hikeshi.organisation.rest import Listed, ListQuery, Request, Rows, paged
from hikeshi.organisation.roles import Permission

router = Router()
Name = dict[Literal["ja", "en"], Annotated[str, Field(min_length=1, max_length=120)]]


class CompanyOut(Schema):
    """A company as its people see it."""

    uid: UUID
    slug: str
    name: dict[str, str]
    prefix: str
    org_model: str
    single_person: bool
    languages: list[str]
    zone: str
    calendar: str
    host: str | None
    realm: str
    revision: int


class RightsOut(Schema):
    """What the caller may do in one company as a whole; rights in single units are not in here."""

    company: str = Field(description="The short name.")
    rights: list[str]


class MeOut(Schema):
    """The account the caller acts as."""

    uid: UUID
    name: str
    email: str
    language: str
    zone: str
    rights: list[RightsOut]


class CompanyChange(Schema):
    """What to change; what is left out stays."""

    revision: int = Field(ge=0, le=2**31 - 1, description="The one that was read.")
    name: Name | None = Field(None, min_length=1)
    org_model: Literal["centralised", "distributed", "hybrid"] | None = None
    single_person: bool | None = None
    languages: list[Literal["ja", "en"]] | None = Field(None, min_length=1, max_length=2)
    zone: str | None = Field(None, min_length=1, max_length=64)


class CompanyIn(Schema):
    """A further company to set up; the caller becomes its administrator."""

    slug: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="The short name.")
    name: Name = Field(min_length=1)
    prefix: str = Field(
        pattern=r"^[A-Z][A-Z0-9]{1,7}$", description="Starts every number; no other company has it."
    )
    parent: UUID | None = None
    zone: str = Field("Asia/Tokyo", min_length=1, max_length=64)


class CompanyList(ListQuery):
    """Companies of the caller."""

    sorts: ClassVar = {"slug": ("slug", "pk"), "-slug": ("-slug", "-pk")}
    sort: Literal["slug", "-slug"] = "slug"


class LineOut(Schema):
    """What became of one line of a file."""

    number: int
    about: str
    action: Literal["created", "changed", "unchanged", "refused"]
    error: str


class ReportOut(Schema):
    """What an import did. applied is false for a preview, and when a line was refused."""

    applied: bool
    lines: list[LineOut]


class TextIn(Schema):
    """A CSV with a header line."""

    csv: str = Field(max_length=MOST_BYTES)
    preview: bool = Field(True, description="True says what would be done and does nothing.")


def company_by_uid(request: Request, uid: UUID) -> Company:
    """Return a company of the caller. Raises NotFound."""
    found = queries.companies_of(request.viewer).filter(uid=uid).first()
    if found is None:
        raise NotFound(gettext_noop("There is no such company, or none that you belong to."))
    return found


@router.get("/me", response=MeOut, summary=gettext_noop("Who calls"))
def read_me(request: Request) -> dict[str, Any]:
    """The account that the token or session stands for, and its rights."""
    viewer = request.viewer
    account = viewer.account
    if account is None:
        raise NotFound(gettext_noop("There is no such person."))
    rights = [
        {
            "company": company.slug,
            "rights": [right.value for right in Permission if viewer.may(right, company.pk)],
        }
        for company in queries.companies_of(viewer)
    ]
    return {
        "uid": account.uid,
        "name": account.name,
        "email": account.email,
        "language": account.language,
        "zone": account.zone,
        "rights": rights,
    }


@router.get("/companies", response=Rows[CompanyOut], summary=gettext_noop("List companies"))
def list_companies(request: Request, query: Query[CompanyList]) -> Listed:
    """The companies in which the caller holds anything."""
    return paged(request, queries.companies_of(request.viewer), query)


@router.post(
    "/companies", response={201: CompanyOut}, summary=gettext_noop("Set up a further company")
)
def add_company(request: Request, company: CompanyIn) -> Status[Company]:
    """Set up a further company, below another one or beside them."""
    made = companies.add_company(
        viewer=request.viewer,
        slug=company.slug,
        name={str(language): text for language, text in company.name.items()},
        prefix=company.prefix,
        parent=company_by_uid(request, company.parent) if company.parent else None,
        zone=zone_name(company.zone),
        at=timezone.now(),
    )
    return Status(201, made)


@router.get(
    "/companies.csv",
    summary=gettext_noop("Export companies"),
    openapi_extra={"responses": {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}},
)
def export_companies(request: Request) -> HttpResponse:
    """The companies of the caller as CSV."""
    return HttpResponse(
        company_exchange.export_companies(request.viewer), content_type="text/csv; charset=utf-8"
    )


@router.post("/companies/import", response=ReportOut, summary=gettext_noop("Import companies"))
def import_companies(request: Request, text: TextIn) -> Report:
    """Set up and change companies from a CSV: all lines or none."""
    return company_exchange.import_companies(
        viewer=request.viewer,
        rows=read_rows(text.csv.encode(), company_exchange.COMPANY_COLUMNS),
        at=timezone.now(),
        apply=not text.preview,
    )


@router.get("/companies/{uid}", response=CompanyOut, summary=gettext_noop("Read a company"))
def read_company(request: Request, uid: UUID) -> Company:
    """One company."""
    return company_by_uid(request, uid)


@router.patch("/companies/{uid}", response=CompanyOut, summary=gettext_noop("Change a company"))
def change_company(request: Request, uid: UUID, change: CompanyChange) -> Company:
    """Change how a company runs its PSIRT; mail, host and keys are set on the page."""
    changes = change.model_dump(exclude={"revision"}, exclude_none=True)
    zone_name(changes.get("zone", ""))
    return companies.edit_company(
        viewer=request.viewer,
        company=company_by_uid(request, uid),
        revision=change.revision,
        at=timezone.now(),
        **changes,
    )
