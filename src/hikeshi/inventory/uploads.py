"""Take an SBOM into a slot of a release.

1. The file is read whole before anything is written; a refused file leaves the current one.
2. Names are interned ahead, in short transactions: a name that nothing points at says nothing.
3. One transaction under the stage's lock then closes what is gone, opens what is new, and numbers
   the batch. What stays keeps its row, so that only what is new counts as new.
4. The bytes are kept sealed, as a file of the release; a rollback leaves a file that no row names,
   which ``records.blobs.sweep`` takes away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Max

from hikeshi.core.component import BillOfMaterials
from hikeshi.core.errors import InputRefused, TooLarge, gettext_noop
from hikeshi.formats import sbom as sboms
from hikeshi.formats.packed import unpacked
from hikeshi.inventory import setwise
from hikeshi.inventory.interning import (
    VersionName,
    intern_components,
    intern_packages,
    intern_versions,
)
from hikeshi.inventory.models import SBOM, Batch, Release, SBOMSlot, Stage, Via
from hikeshi.inventory.reading import VIA, Stated, gaps_of, head_of, stated
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account
from hikeshi.records import blobs

STAGE = "inventory"
DEFAULT_SLOT = "application"
MAX_BYTES = sboms.LIMIT_BYTES
# What a file of a format is kept as, unless its first bytes say otherwise (gzip).
MEDIA_TYPES = {
    "CycloneDX": "application/vnd.cyclonedx+json", "SPDX": "application/spdx+json",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Upload:
    """What an upload did. is_new: False when the very same bytes were current already."""

    sbom: SBOM
    is_new: bool
    opened: int = 0
    closed: int = 0


class _Place(NamedTuple):
    """What makes two occurrences of one slot the same."""

    component_id: int
    package_version_id: int | None
    via: int


def upload_sbom(
    *,
    release: Release,
    content: bytes,
    by: Account | None,
    at: datetime,
    slot: str = DEFAULT_SLOT,
    file_name: str = "",
) -> Upload:
    """Read CycloneDX or SPDX JSON, perhaps packed with gzip, and make it current in its slot.

    Raises InputRefused for a file that is too large, damaged or of another kind: nothing is
    written then and the current SBOM stands.
    """
    if len(content) > MAX_BYTES:
        raise too_large(len(content))
    bom = sboms.read(unpacked(content, limit_bytes=MAX_BYTES))
    return store_sbom(
        release=release, bom=bom, content=content, by=by, at=at, slot=slot, file_name=file_name
    )


def too_large(size_bytes: int) -> TooLarge:
    """Return the error for a file over the limit, whoever counts its bytes."""
    return TooLarge(
        gettext_noop("The file has %(size)s MB; an SBOM may have at most %(limit)s MB."),
        size=size_bytes // (1024 * 1024),
        limit=MAX_BYTES // (1024 * 1024),
    )


def store_sbom(
    *,
    release: Release,
    bom: BillOfMaterials,
    content: bytes,
    by: Account | None,
    at: datetime,
    slot: str = DEFAULT_SLOT,
    file_name: str = "",
) -> Upload:
    """Make what a file states the current SBOM of a slot, closing what the last one had more.

    Raises InputRefused for an empty slot name.
    """
    slot = " ".join(slot.replace("\x00", "").split())[:80]
    if not slot:
        raise InputRefused(gettext_noop("An SBOM needs the name of the part it describes."))
    sha256 = hashlib.sha256(content).digest()
    current = _current(release, slot)
    if current is not None and bytes(current.sha256) == sha256:
        return Upload(current, is_new=False)
    parts = stated(bom.components)
    places, components = _intern(parts)
    fields = head_of(bom) | {
        "gaps": gaps_of(parts),
        "components": components,
        "size_bytes": len(content),
        "sha256": sha256,
        "file_name": file_name.replace("\x00", "")[-255:],
        "uploaded_by": by,
        "uploaded_at": at,
    }
    with transaction.atomic():
        batch = _next_batch()
        place, _made = SBOMSlot.objects.get_or_create(
            release=release, name=slot, defaults={"created_at": at}
        )
        current = _current(release, slot)
        if current is not None and bytes(current.sha256) == sha256:
            # Two uploads of the same bytes ran side by side; the other one was first.
            transaction.set_rollback(True)
            return Upload(current, is_new=False)
        fields["blob"] = blobs.store(
            subject=release, name=file_name or f"{slot}.json", content=[content], by=by, at=at,
            declared=MEDIA_TYPES.get(bom.format, ""), limit_bytes=MAX_BYTES,
        )  # fmt: skip
        sbom = _add_version(place, current, fields | {"batch": batch})
        opened, closed = _replace_occurrences(sbom, places)
        Batch.objects.create(number=batch, sbom=sbom, at=at, opened=opened, closed=closed)
        after: dict[str, Any] = {"release": str(release.uid), "slot": slot, "sha256": sha256.hex()}
        after |= {"components": components, "opened": opened, "closed": closed}
        record("sbom.uploaded", subject=sbom, by=by, at=at, after=after)
    return Upload(sbom, is_new=True, opened=opened, closed=closed)


def _current(release: Release, slot: str) -> SBOM | None:
    return (
        SBOM.objects.for_system("the caller has read the release as its viewer")
        .filter(release=release, slot__name=slot, replaced_at__isnull=True)
        .first()
    )


def _next_batch() -> int:
    """Number a batch and hold the stage's lock until it is committed: a higher number is later."""
    Stage.objects.get_or_create(name=STAGE)
    stage = Stage.objects.select_for_update().get(name=STAGE)
    stage.last_batch += 1
    stage.save(update_fields=["last_batch"])
    return stage.last_batch


def _intern(parts: list[Stated]) -> tuple[dict[_Place, str], int]:
    """Return where components stand, with the bom-ref of the first there, and how many differ."""
    packages = intern_packages(name.package for part in parts for name in part.names)
    versions = intern_versions(
        VersionName(packages[name.package], name.version, name.key)
        for part in parts
        for name in part.names
    )
    ids = intern_components(part.row for part in parts)
    places: dict[_Place, str] = {}
    for part in parts:
        component_id = ids[part.row.digest]
        if not part.names:
            places.setdefault(_Place(component_id, None, Via.NOTHING), part.bom_ref)
        for name in part.names:
            version_id = versions[(packages[name.package], name.version)]
            places.setdefault(_Place(component_id, version_id, VIA[name.via]), part.bom_ref)
    return places, len(ids)


def _add_version(slot: SBOMSlot, current: SBOM | None, fields: dict[str, Any]) -> SBOM:
    """Store the file as the newest version of its slot."""
    all_versions = SBOM.objects.for_system("numbering").filter(slot=slot)
    last = all_versions.aggregate(last=Max("ordinal"))["last"] or 0
    if current is not None:
        all_versions.filter(pk=current.pk).update(replaced_at=fields["uploaded_at"])
    release = slot.release
    return SBOM.objects.create(
        company=release.company,
        unit=release.unit,
        wall=release.wall,
        release=release,
        slot=slot,
        ordinal=last + 1,
        **fields,
    )


def _replace_occurrences(sbom: SBOM, places: Mapping[_Place, str]) -> tuple[int, int]:
    """Close the slot's open occurrences that are gone, open those that are new; return how many."""
    still_open: set[_Place] = set()
    gone: list[int] = []
    for pk, component_id, package_version_id, via in setwise.open_occurrences(sbom.slot):
        place = _Place(component_id, package_version_id, via)
        if place in places:
            still_open.add(place)
        else:
            gone.append(pk)
    new = [(*place, ref) for place, ref in places.items() if place not in still_open]
    setwise.close_occurrences(gone, sbom)
    setwise.open_new_occurrences(new, sbom)
    return len(new), len(gone)
