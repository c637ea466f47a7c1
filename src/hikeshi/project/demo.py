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
    """What the demo has so far; areas read it and add to ``things`` by name."""

    company: Company
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
    company = services.found_company(
        slug="kazahaya",
        name={"ja": "風早電機", "en": "Kazahaya Electric"},
        prefix="KZ",
        at=at,
        realm=Realm.DEMO,
        zone="Asia/Tokyo",
        calendar="JP",
        mail_from="psirt@kazahaya.example",
        mail_domain="kazahaya.example",
    )
    people = {
        name: services.create_account(
            email=f"{name}@kazahaya.example", name=shown, at=at, realm=Realm.DEMO
        )
        for name, shown in (
            ("takase", "高瀬 美緒"),
            ("ou", "王 子涵"),
            ("komoro", "小諸 健"),
            ("hirose", "広瀬 彩"),
        )
    }
    takase = people["takase"]
    units: dict[str, Unit] = {}
    for key, called, kind, team, parent in (
        ("psirt", {"ja": "製品セキュリティセンター", "en": "Product Security Centre"},
         "team", "PSIRT", None),
        ("network", {"ja": "ネットワーク機器事業部", "en": "Network Equipment"},
         "business unit", "", None),
        ("control", {"ja": "制御機器事業部", "en": "Control Equipment"}, "business unit", "", None),
        ("komoro", {"ja": "小諸工場 品質管理部", "en": "Komoro Plant, Quality"},
         "plant", "FSIRT", "control"),
    ):  # fmt: skip
        units[key] = services.create_unit(
            company=company, name=called, at=at, by=takase, kind=kind, team_type=team,
            parent=units.get(parent) if parent else None, owner=takase,
        )  # fmt: skip
    for name, role, unit in (
        ("takase", Role.ADMIN, None),
        ("ou", Role.DEVELOPER, "network"),
        ("komoro", Role.DEVELOPER, "komoro"),
        ("hirose", Role.LEAD, None),
    ):
        services.appoint(
            account=people[name], company=company, role=role, at=at, by=takase,
            unit=units[unit] if unit else None,
        )  # fmt: skip
    return World(company, people, units)
