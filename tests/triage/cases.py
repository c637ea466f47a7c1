"""Products, people and cases that the tests of this area and of disclosure talk about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hikeshi.inventory.models import Offering, Release
from hikeshi.organisation.models import Account, Unit
from hikeshi.triage import services
from hikeshi.triage.models import Case, CaseKind
from tests.builders import NOW, Firm, seen_by

CANARY = "canary-5f1d"


def offering(kazahaya: Firm, name: str = "KZ-Gate 300", unit: Unit | None = None) -> Offering:
    return Offering.objects.create(
        company=kazahaya.company, unit=unit or kazahaya.network, number=f"P-{name}",
        name={"ja": name, "en": name}, created_at=NOW, changed_at=NOW,
    )  # fmt: skip


def release(product: Offering, version: str) -> Release:
    return Release.objects.create(
        company=product.company, unit=product.unit, offering=product, version=version,
        number=f"L-{product.pk}-{version}", csaf_product_id=f"KZ-{product.pk}-{version}",
        created_at=NOW, changed_at=NOW,
    )  # fmt: skip


def opened(
    kazahaya: Firm,
    *,
    by: Account | None = None,
    releases: Sequence[Release] = (),
    vulnerabilities: Sequence[str] = ("CVE-2026-10001",),
    **more: Any,
) -> Case:
    """A case behind a wall, with a canary in each text."""
    return services.open_case(
        company=kazahaya.company,
        unit=kazahaya.network,
        kind=CaseKind.VULNERABILITY,
        title={"ja": f"認証前のコマンド実行 {CANARY}", "en": f"Command execution {CANARY}"},
        summary={"ja": f"管理画面 {CANARY}"},
        vulnerabilities=vulnerabilities,
        releases=releases,
        by=seen_by(by or kazahaya.admin),
        at=NOW,
        **more,
    )
