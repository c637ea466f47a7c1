"""Who calls, and the companies they belong to."""

from __future__ import annotations

from typing import Any, ClassVar, Literal
from uuid import UUID

from django.utils import timezone
from ninja import Query, Router, Schema
from pydantic import Field

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.organisation import companies, queries
from hikeshi.organisation.models import Company
from hikeshi.organisation.rest import Listed, ListQuery, Request, Rows, paged
from hikeshi.organisation.roles import Permission

router = Router()


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
    org_model: Literal["centralised", "distributed", "hybrid"] | None = None
    single_person: bool | None = None


class CompanyList(ListQuery):
    """Companies of the caller."""

    sorts: ClassVar = {"slug": ("slug", "pk"), "-slug": ("-slug", "-pk")}
    sort: Literal["slug", "-slug"] = "slug"


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


@router.get("/companies/{uid}", response=CompanyOut, summary=gettext_noop("Read a company"))
def read_company(request: Request, uid: UUID) -> Company:
    """One company."""
    return company_by_uid(request, uid)


@router.patch("/companies/{uid}", response=CompanyOut, summary=gettext_noop("Change a company"))
def change_company(request: Request, uid: UUID, change: CompanyChange) -> Company:
    """Change how a company runs its PSIRT; mail, host and keys are set on the page."""
    changes = change.model_dump(exclude={"revision"}, exclude_none=True)
    return companies.edit_company(
        viewer=request.viewer,
        company=company_by_uid(request, uid),
        revision=change.revision,
        at=timezone.now(),
        **changes,
    )
