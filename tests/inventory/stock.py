"""Make offerings, releases and stated SBOMs for tests, through the services that pages use."""

from __future__ import annotations

from hikeshi.inventory import services
from hikeshi.inventory.interning import PackageName
from hikeshi.inventory.models import Gap, Offering, Release, Via
from hikeshi.inventory.reading import StatedComponent, StatedName, StatedSBOM
from tests.builders import NOW, Firm


def gate(firm: Firm, **details: object) -> Offering:
    details = {"code": "KZG", "unit": firm.network} | details
    return services.create_offering(
        company=firm.company, name={"ja": "KZ-Gate 500", "en": "KZ-Gate 500"},
        by=firm.admin, at=NOW, **details,
    )  # fmt: skip


def release(firm: Firm, offering: Offering | None = None, version: str = "4.2.1") -> Release:
    return services.create_release(
        offering=offering or gate(firm), version=version, by=firm.admin, at=NOW
    )


def npm(name: str, version: str, ref: str = "") -> StatedComponent:
    key = bytes(int(part) + 1 for part in version.split("."))
    package = PackageName("npm", "", "semver", name)
    return StatedComponent(
        name, version, f"pkg:npm/{name}@{version}", bom_ref=ref or f"{name}-{version}",
        names=(StatedName(Via.PURL, package, version, key),),
    )  # fmt: skip


def nameless(name: str) -> StatedComponent:
    return StatedComponent(name, gap=Gap.NO_NAME)


def stated(*components: StatedComponent) -> StatedSBOM:
    return StatedSBOM("cyclonedx", "1.6", "syft 1.18", components=components)
