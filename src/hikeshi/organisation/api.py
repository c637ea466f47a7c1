"""Companies, units, people, appointments and one's own account over the API."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from ninja import Query, Router, Schema

from hikeshi.core.errors import gettext_noop
from hikeshi.organisation import queries
from hikeshi.organisation.rest import Listed, ListQuery, Request, Rows, paged

router = Router(tags=["organisation"])


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


class CompanyList(ListQuery):
    """Companies of the caller."""

    sorts: ClassVar = {"slug": ("slug", "pk"), "-slug": ("-slug", "-pk")}
    sort: Literal["slug", "-slug"] = "slug"


@router.get("/companies", response=Rows[CompanyOut], summary=gettext_noop("List companies"))
def list_companies(request: Request, query: Query[CompanyList]) -> Listed:
    """The companies in which the caller holds anything."""
    return paged(request, queries.companies_of(request.viewer), query)
