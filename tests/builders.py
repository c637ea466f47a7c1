"""Make the people and things that tests talk about, through the services that pages use."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from hikeshi.organisation import services
from hikeshi.organisation.models import Account, Company, Unit
from hikeshi.organisation.queries import viewer_of
from hikeshi.organisation.roles import Role
from hikeshi.organisation.viewer import Viewer

NOW = datetime(2026, 11, 24, 0, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Firm:
    """A company with an administrator and two business units."""

    company: Company
    admin: Account
    network: Unit
    control: Unit


def firm(slug: str = "kazahaya", prefix: str = "KZ") -> Firm:
    company = services.found_company(
        slug=slug, name={"ja": "風早電機", "en": "Kazahaya Electric"}, prefix=prefix, at=NOW
    )
    admin = person(f"admin@{slug}.example", company)
    network = services.create_unit(
        company=company, name={"ja": "ネットワーク機器事業部", "en": "Network BU"}, at=NOW, by=admin
    )
    control = services.create_unit(
        company=company, name={"ja": "制御機器事業部", "en": "Control BU"}, at=NOW, by=admin
    )
    return Firm(company, admin, network, control)


def person(
    email: str,
    company: Company,
    role: Role = Role.ADMIN,
    unit: Unit | None = None,
    until: datetime | None = None,
) -> Account:
    account = services.create_account(
        email=email, name=email.split("@", maxsplit=1)[0], at=NOW, password="a-good-pass-phrase"
    )
    services.appoint(account=account, company=company, role=role, unit=unit, until=until, at=NOW)
    return account


def seen_by(account: Account, at: datetime = NOW) -> Viewer:
    return viewer_of(account, at)
