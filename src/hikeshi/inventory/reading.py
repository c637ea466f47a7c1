"""What one SBOM states, in the form in which this area stores it: the seam to ``formats``."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field

from hikeshi.inventory.interning import ComponentRow, PackageName
from hikeshi.inventory.models import Via


@dataclass(frozen=True, slots=True)
class StatedName:
    """One name of a component; key is None when the scheme cannot read the version."""

    via: Via
    package: PackageName
    version: str
    key: bytes | None


@dataclass(frozen=True, slots=True)
class StatedComponent:
    """One component as the file states it, with the names that matching can use.

    gap: why nothing, or not everything, can be decided about it; empty when all can.
    """

    name: str
    version: str = ""
    purl: str = ""
    cpe: str = ""
    supplier: str = ""
    bom_ref: str = ""
    gap: str = ""
    names: tuple[StatedName, ...] = ()

    def row(self) -> ComponentRow:
        """Return the interned row; its digest covers the names too, so new rules make new rows."""
        texts = (self.name, self.version, self.purl, self.cpe, self.supplier, self.gap)
        names = [(name.via, *name.package, name.version, name.key) for name in self.names]
        digest = hashlib.sha256(repr((texts, names)).encode()).hexdigest()[:40]
        return ComponentRow(
            digest, self.name, self.version, self.purl, self.cpe, self.supplier, self.gap
        )


@dataclass(frozen=True, slots=True)
class StatedSBOM:
    """A whole SBOM: what it is, who made it, what it lists."""

    format: str
    spec_version: str = ""
    made_by: str = ""
    made_at: str = ""
    subject: str = ""
    components: tuple[StatedComponent, ...] = field(default=())

    def gaps(self) -> dict[str, int]:
        """Count the components by their gap."""
        return dict(Counter(c.gap for c in self.components if c.gap).most_common())
