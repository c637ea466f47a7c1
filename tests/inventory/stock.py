"""Make offerings, releases and SBOMs for tests, through the services that pages use."""

from __future__ import annotations

import json
from typing import Any

from hikeshi.core.component import BillOfMaterials, Component
from hikeshi.inventory import services
from hikeshi.inventory.models import Offering, Release
from tests.builders import NOW, Firm


def gate(firm: Firm, **details: Any) -> Offering:
    details = {"code": "KZG", "unit": firm.network} | details
    name = {"ja": "KZ-Gate 500", "en": "KZ-Gate 500"}
    return services.create_offering(
        **{"company": firm.company, "name": name, "by": firm.admin, "at": NOW} | details
    )


def release(
    firm: Firm, offering: Offering | None = None, version: str = "4.2.1", **details: Any
) -> Release:
    return services.create_release(
        offering=offering or gate(firm), version=version, by=firm.admin, at=NOW, **details
    )


def npm(name: str, version: str, ref: str = "") -> Component:
    ref = ref or f"{name}-{version}"
    return Component(name, version, f"pkg:npm/{name}@{version}", bom_ref=ref)


def bom(*components: Component) -> BillOfMaterials:
    return BillOfMaterials("CycloneDX", "1.6", made_by="syft 1.18", components=components)


def cyclonedx(*components: Component) -> bytes:
    """Write components as a CycloneDX file."""
    parts = [
        {"type": "library", "bom-ref": c.bom_ref, "name": c.name, "version": c.version}
        | ({"purl": c.purl} if c.purl else {})
        for c in components
    ]
    document = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts}
    return json.dumps(document).encode()
