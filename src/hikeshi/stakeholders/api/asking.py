"""Who asks, and about which company."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.organisation.models import Account, Company
from hikeshi.organisation.queries import companies_of
from hikeshi.organisation.rest import Request
from hikeshi.organisation.roles import Permission


def company_of(request: Request, uid: UUID) -> Company:
    """Return a company whose directory the caller may edit; NotFound or NotAllowed."""
    company = companies_of(request.viewer).filter(uid=uid).first()
    if company is None:
        raise NotFound(gettext_noop("There is no company %(uid)s."), uid=str(uid))
    request.viewer.require(Permission.STAKEHOLDER_EDIT, company.pk)
    return company


def caller(request: Request) -> Account:
    """Return the account that calls."""
    # The API lets nobody through without an account.
    return cast(Account, request.viewer.account)
