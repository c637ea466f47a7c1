"""What people do to companies, each act weighed against the rights of who does it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from itertools import count
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from hikeshi.core.errors import AlreadyDone, NotAllowed, gettext_noop
from hikeshi.organisation import journal, keys, services
from hikeshi.organisation.models import Account, Company, CompanyKey
from hikeshi.organisation.roles import Permission, Role
from hikeshi.organisation.viewer import Viewer

# Says nothing of which company it is.
_LEGAL_FORMS: Final = {"co", "ltd", "inc", "corp", "gmbh", "ag", "kk", "llc", "the"}


def _account(viewer: Viewer) -> Account:
    if viewer.account is None:
        raise NotAllowed(gettext_noop("Log in first."))
    return viewer.account


def edit_company(
    *, viewer: Viewer, company: Company, revision: int, at: datetime, **changes: Any
) -> Company:
    """Change a company's settings.

    Raises NotAllowed, Stale when somebody saved in between, AlreadyDone for a host that another
    company has.
    """
    viewer.require(Permission.ORGANISATION_MANAGE, company.pk)
    try:
        with transaction.atomic():
            return services.change_company(
                company=company, by=_account(viewer), at=at, revision=revision, **changes
            )
    except IntegrityError as error:
        raise AlreadyDone(
            gettext_noop("Another company has the host name %(host)s."), host=changes.get("host")
        ) from error


def add_company(
    *,
    viewer: Viewer,
    slug: str,
    name: Mapping[str, str],
    prefix: str,
    at: datetime,
    parent: Company | None = None,
    **settings: Any,
) -> Company:
    """Set up a further company with its founder as administrator.

    Needs the right over the parent; over any company when there is none.
    Raises NotAllowed, AlreadyDone for a short name that is taken.
    """
    account = _account(viewer)
    if parent is not None:
        viewer.require(Permission.ORGANISATION_MANAGE, parent.pk)
    elif not any(
        viewer.may(Permission.ORGANISATION_MANAGE, company_id) for company_id in viewer.scopes
    ):
        raise NotAllowed(gettext_noop("Only an administrator can set up a further company."))
    with transaction.atomic():
        company = services.found_company(
            slug=slug, name=name, prefix=prefix, parent=parent, by=account, at=at, **settings
        )
        services.appoint(account=account, company=company, role=Role.ADMIN, by=account, at=at)
    return company


def suggested_prefix(name: Mapping[str, str]) -> str:
    """Make a number prefix of a company's name that no other company has.

    The initials of its Latin words, the first letters of a single word, “PS” without any.
    """
    words = re.findall(r"[A-Za-z][A-Za-z0-9]*", name.get("en") or next(iter(name.values()), ""))
    words = [word for word in words if word.lower() not in _LEGAL_FORMS] or words
    base = "".join(word[0] for word in words) if len(words) > 1 else "".join(words)[:3]
    base = (base.upper() if len(base) > 1 else f"{base.upper()}PS")[:5] or "PS"
    taken = set(Company.objects.filter(prefix__startswith=base).values_list("prefix", flat=True))
    if base not in taken:
        return base
    return next(f"{base}{n}" for n in count(2) if f"{base}{n}" not in taken)


def keys_of(viewer: Viewer, company: Company) -> QuerySet[CompanyKey]:
    """Select a company's keys, newest first; rows only, the keys themselves stay wrapped."""
    if not viewer.may(Permission.KEYS_MANAGE, company.pk):
        return CompanyKey.objects.none()
    return CompanyKey.objects.filter(company=company).order_by("-pk")


def rotate_key(*, viewer: Viewer, company: Company, at: datetime) -> int:
    """Make a new company key and rewrap the keys of its walls; return how many."""
    viewer.require(Permission.KEYS_MANAGE, company.pk)
    with transaction.atomic():
        rewrapped = keys.rotate_company_key(company=company, at=at)
        journal.record(
            "company.key_rotated", subject=company, company=company, by=viewer.account, at=at,
            after={"walls": rewrapped},
        )  # fmt: skip
    return rewrapped
