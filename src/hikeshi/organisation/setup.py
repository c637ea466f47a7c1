"""The first set-up: one form makes the company, its PSIRT and its first administrator."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.text import slugify

from hikeshi.core.errors import Conflict, NotFound, gettext_noop
from hikeshi.organisation import services
from hikeshi.organisation.links import SETUP, link_from, take_link
from hikeshi.organisation.models import Account, Company, OneTimeLink, TeamType
from hikeshi.organisation.roles import Role


def setup_link(secret: str, *, at: datetime) -> OneTimeLink:
    """Return the running set-up link of this secret. Raises NotFound for any other."""
    link = link_from(secret, at=at)
    if link.purpose != SETUP or Company.objects.exists():
        raise NotFound(
            gettext_noop("This link does not work any more. Ask for a new one where it came from.")
        )
    return link


def set_up(
    *,
    secret: str,
    name: Mapping[str, str],
    prefix: str,
    zone: str,
    languages: list[str],
    single_person: bool,
    person_name: str,
    email: str,
    password: str | None,
    language: str,
    at: datetime,
) -> tuple[Company, Account]:
    """Found the first company with its PSIRT and administrator, and use the link up.

    password: None for somebody who adds a passkey right after.
    Raises NotFound for a link that does not work, Conflict when a company exists.
    """
    with transaction.atomic():
        setup_link(secret, at=at)
        take_link(secret, at=at)
        if Company.objects.exists():
            raise Conflict(gettext_noop("A company exists already; log in."))
        company = services.found_company(
            slug=slugify(name.get("en", ""))[:40] or slugify(prefix),
            name=name,
            prefix=prefix,
            zone=zone,
            languages=languages,
            single_person=single_person,
            at=at,
        )
        account = services.create_account(
            email=email, name=person_name, password=password, language=language, zone=zone, at=at
        )
        services.appoint(account=account, company=company, role=Role.ADMIN, at=at)
        services.create_unit(
            company=company,
            name={"ja": "PSIRT", "en": "PSIRT"},
            kind="team",
            team_type=TeamType.PSIRT.value,
            protected_asset="製品" if language == "ja" else "products",
            owner=account,
            by=account,
            at=at,
        )
    return company, account
