"""The demo company: a believable maker of devices, in realm demo, so that nothing leaves.

Each area's ``demo.py`` has ``load(world, at)`` and adds its own things to the world.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.management import call_command
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hikeshi.core.errors import Conflict, gettext_noop
from hikeshi.organisation import services
from hikeshi.organisation.models import Account, Company, Realm, Unit
from hikeshi.organisation.roles import Role
from hikeshi.project.areas import parts
from hikeshi.records.blobs import blob_root

_STEPS: Final = {
    "stakeholders": _("contacts and a round of questions"),
    "inventory": _("products, releases and SBOMs"),
    "intelligence": _("vulnerability records"),
    "matching": _("matches"),
    "triage": _("cases"),
    "disclosure": _("advisories"),
}


@dataclass
class World:
    """What the demo has so far; areas read it and add to ``things`` by name.

    company: the maker; nearly all is its. connect: its company for radio parts, behind a wall of
    its own.
    """

    company: Company
    connect: Company
    people: dict[str, Account]
    units: dict[str, Unit]
    things: dict[str, Any] = field(default_factory=dict)


def load_when_empty(tell: Callable[[str], object] = str) -> bool:
    """Load the demo into a database without companies; return whether it was loaded."""
    if Company.objects.exists():
        return False
    load(timezone.now(), tell)
    return True


def load(at: datetime, tell: Callable[[str], object] = str) -> World:
    """Load the demo, all of it or nothing.

    at: the demo's today; its past lies before. tell: hears what is being made.
    """
    with transaction.atomic():
        world = _company(at - timedelta(days=90))
        for module in parts("demo"):
            if module.__name__ != __name__:
                tell(str(_STEPS.get(module.__name__.split(".")[1], "")))
                module.load(world, at)
    return world


def require_demo_alone() -> None:
    """Raise Conflict unless all companies are of realm demo: real work is never thrown away."""
    if Company.objects.exclude(realm=Realm.DEMO).exists():
        raise Conflict(
            gettext_noop(
                "There is a company here that is not the demo. The demo is put back only where"
                " nothing else is; use a data folder of its own."
            )
        )


def reset(at: datetime) -> World:
    """Throw everything away and load the demo anew; nothing changes when loading fails.

    Raises Conflict as ``require_demo_alone``.
    """
    require_demo_alone()
    with transaction.atomic():
        # The files that lie here now belong to the rows that go; what loads writes new ones.
        old = {path for path in blob_root().glob("*/*") if path.is_file()}
        call_command("flush", verbosity=0, interactive=False)
        world = load(at)
    for path in old:
        path.unlink(missing_ok=True)
    return world


def _company(at: datetime) -> World:
    """Found the group: the maker with its divisions and plants, and the maker of radio parts."""
    company = _found("kazahaya", "KZ", {"ja": "風早電機", "en": "Kazahaya Electric"}, at)
    connect = _found(
        "connect", "KC", {"ja": "風早コネクト", "en": "Kazahaya Connect"}, at, parent=company
    )
    people = {
        name: services.create_account(
            email=f"{name}@{domain}.example", name=shown, at=at, realm=Realm.DEMO
        )
        for name, domain, shown in (
            ("takase", "kazahaya", "高瀬 美緒"),
            ("ou", "kazahaya", "王 子涵"),
            ("komoro", "kazahaya", "小諸 健"),
            ("hirose", "kazahaya", "広瀬 彩"),
            ("kitagawa", "connect", "北川 諒"),
        )
    }
    takase = people["takase"]
    units: dict[str, Unit] = {}
    for key, of, called, kind, team, parent in (
        ("psirt", company, {"ja": "製品セキュリティセンター", "en": "Product Security Centre"},
         "team", "PSIRT", None),
        ("network", company, {"ja": "ネットワーク機器事業部", "en": "Network Equipment"},
         "business unit", "", None),
        ("control", company, {"ja": "制御機器事業部", "en": "Control Equipment"},
         "business unit", "", None),
        ("komoro", company, {"ja": "小諸工場 品質管理部", "en": "Komoro Plant, Quality"},
         "plant", "FSIRT", "control"),
        ("ueda", company, {"ja": "上田工場 生産技術部", "en": "Ueda Plant, Engineering"},
         "plant", "", "network"),
        ("radio", connect, {"ja": "無線モジュール開発部", "en": "Radio Modules"},
         "business unit", "PSIRT", None),
    ):  # fmt: skip
        units[key] = services.create_unit(
            company=of, name=called, at=at, by=takase, kind=kind, team_type=team,
            parent=units.get(parent) if parent else None,
            owner=people["kitagawa"] if of == connect else takase,
        )  # fmt: skip
    for name, role, of, unit in (
        ("takase", Role.ADMIN, company, None),
        ("ou", Role.DEVELOPER, company, "network"),
        ("komoro", Role.DEVELOPER, company, "komoro"),
        ("hirose", Role.LEAD, company, None),
        ("kitagawa", Role.ADMIN, connect, None),
        ("takase", Role.LEAD, connect, None),
    ):
        services.appoint(
            account=people[name], company=of, role=role, at=at, by=takase,
            unit=units[unit] if unit else None,
        )  # fmt: skip
    return World(company, connect, people, units)


def _found(
    slug: str, prefix: str, name: dict[str, str], at: datetime, parent: Company | None = None
) -> Company:
    return services.found_company(
        parent=parent, slug=slug, name=name, prefix=prefix, at=at, realm=Realm.DEMO,
        zone="Asia/Tokyo", calendar="JP", mail_from=f"psirt@{slug}.example",
        mail_domain=f"{slug}.example",
    )  # fmt: skip
