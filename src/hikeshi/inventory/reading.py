"""From what an SBOM states to the rows that are stored: cut texts, names, digest."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hikeshi.core.component import (
    BillOfMaterials,
    Component,
    ComponentName,
    Gap,
    Names,
    names_of,
)
from hikeshi.inventory.interning import ComponentRow
from hikeshi.inventory.models import Via

VIA: Final = {"purl": Via.PURL, "source": Via.SOURCE, "cpe": Via.CPE}


@dataclass(frozen=True, slots=True)
class Stated:
    """One component as it will be stored: its interned row and the names it is matched by."""

    row: ComponentRow
    names: tuple[ComponentName, ...]
    bom_ref: str


def stated(components: Iterable[Component]) -> list[Stated]:
    """Prepare the components of an SBOM for storing."""
    return [_stated(component) for component in components]


def _stated(component: Component) -> Stated:
    found = names_of(component)
    if component.kind == "operating-system" and found.gap is Gap.NO_NAME:
        # A distribution is decided by the packages in it; it is nothing to decide by itself.
        found = Names()
    texts = (
        _text(component.name, 255) or "?",
        _text(component.version, 255),
        _text(component.purl, 1024),
        _text(component.cpe, 400),
        _text(component.supplier, 255),
        str(found.gap),
    )
    # The digest covers the names too: when a rule changes, reading again makes a new row.
    names = [(name.via, *name.package, name.version, name.key) for name in found.names]
    digest = hashlib.sha256(repr((texts, names)).encode(errors="replace")).hexdigest()[:40]
    return Stated(ComponentRow(digest, *texts), found.names, _text(component.bom_ref, 255))


def _text(text: str, limit: int) -> str:
    """Cut a text to its column; PostgreSQL stores no NUL."""
    return text.replace("\x00", "")[:limit]


def gaps_of(components: Iterable[Stated]) -> dict[str, int]:
    """Count the components by what cannot be decided about them, most frequent first."""
    counted = Counter({part.row.digest: part.row.gap for part in components}.values())
    return {gap: n for gap, n in counted.most_common() if gap}


def head_of(bom: BillOfMaterials) -> dict[str, object]:
    """Return what is kept of an SBOM beside its components, as columns of the SBOM row."""
    subject = bom.subject
    return {
        "format": _text(bom.format, 20),
        "spec_version": _text(bom.spec_version, 20),
        "made_by": _text(bom.made_by, 255),
        "made_at": _text(bom.made_at, 40),
        "subject": _text(f"{subject.name} {subject.version}".strip(), 255) if subject else "",
        "deviations": [
            {"sentence": said.sentence, "facts": {k: str(v)[:200] for k, v in said.facts.items()}}
            for said in bom.deviations
        ],
    }
