"""Read what we ship, always from the viewer."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar
from uuid import UUID

from django.db.models import Count, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.inventory.models import (
    SBOM,
    Component,
    Occurrence,
    Offering,
    ProductModel,
    Release,
    ReleaseState,
    SBOMSlot,
)
from hikeshi.organisation.models import Company
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.records import blobs
from hikeshi.records.models import Record

_R = TypeVar("_R", bound=Record)

# States in which a release still counts: somebody runs it and may expect an answer.
SUPPORTED: Final = (ReleaseState.SHIPPING, ReleaseState.MAINTAINED)


def fold(text: str) -> str:
    """Fold case, full and half width, and runs of spaces, so that the same words compare equal."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def offerings_of(viewer: Viewer) -> QuerySet[Offering]:
    """Select the offerings the viewer may know of."""
    return Offering.objects.visible_to(viewer).select_related("unit", "owner", "company")


def with_figures(offerings: QuerySet[Offering]) -> QuerySet[Offering]:
    """Add what the list shows: releases, how many have an SBOM, when support ends last."""
    why = "a release has the unit and wall of its offering, which the viewer has read"
    releases = Release.objects.for_system(why).filter(offering=OuterRef("pk"))
    per_offering = releases.order_by().values("offering")
    covered = SBOM.objects.for_system(why).filter(
        release__offering=OuterRef("pk"), replaced_at__isnull=True
    )
    return offerings.annotate(
        release_count=_count(per_offering, "pk"),
        covered_count=_count(covered.order_by().values("release__offering"), "release"),
        support_until=Subquery(per_offering.annotate(last=Max("support_ends_on")).values("last")),
    )


def _count(rows: QuerySet[Any, Any], field: str) -> Coalesce:
    return Coalesce(Subquery(rows.annotate(n=Count(field, distinct=True)).values("n")), 0)


def offering_by_number(viewer: Viewer, number: str) -> Offering:
    """Return one offering. Raises NotFound alike for none and for one the viewer may not see."""
    return _one(offerings_of(viewer), number=number)


def offering_by_uid(viewer: Viewer, uid: UUID) -> Offering:
    """Return one offering by its uid; as ``offering_by_number``."""
    return _one(offerings_of(viewer), uid=uid)


def offering_to_edit(viewer: Viewer, **key: object) -> Offering:
    """Return one offering that the viewer may change (number= or uid=).

    Raises NotFound as ``offering_by_number``, NotAllowed without the right for its unit.
    """
    offering = _one(offerings_of(viewer), **key)
    viewer.require(Permission.INVENTORY_EDIT, offering.company_id, offering.unit_id)
    return offering


def models_of(offering: Offering) -> list[ProductModel]:
    """Return the models of an offering that the caller has read as its viewer."""
    return list(
        ProductModel.objects.for_system("a model has the unit and wall of its offering")
        .filter(offering=offering)
        .order_by("code")
    )


def models_of_all(offerings: Iterable[int]) -> QuerySet[ProductModel]:
    """Select the models of offerings, by ids, that the caller has read as its viewer."""
    rows = ProductModel.objects.for_system("a model has the unit and wall of its offering")
    return rows.filter(offering__in=list(offerings))


def codes_taken(company: Company, codes: Iterable[str]) -> set[str]:
    """Return which product codes a company uses, also for what the viewer may not see.

    The one thing told of those: a code is unique in its company, so a second one is refused.
    """
    rows = Offering.objects.for_system("a code is unique in its company")
    found = rows.filter(company=company, code__in=list(codes)).exclude(code="")
    return set(found.values_list("code", flat=True))


def model_by_code(offering: Offering, code: str) -> ProductModel | None:
    """Return a model of an offering by its code, None for an empty code.

    Raises NotFound when the offering has no such model.
    """
    if not code:
        return None
    for model in models_of(offering):
        if model.code == code:
            return model
    raise NotFound(gettext_noop("The product has no model “%(code)s”."), code=code)


def releases_of(viewer: Viewer) -> QuerySet[Release]:
    """Select the releases the viewer may know of."""
    return Release.objects.visible_to(viewer).select_related(
        "offering", "product_model", "unit", "company", "offering__owner"
    )


def release_list(viewer: Viewer, offering: Offering) -> list[Release]:
    """Return the releases of one offering with figures of their SBOMs, newest first."""
    current = (
        SBOM.objects.for_system("an SBOM has the unit and wall of its release")
        .filter(release=OuterRef("pk"), replaced_at__isnull=True)
        .order_by()
        .values("release")
    )
    return list(
        releases_of(viewer)
        .filter(offering=offering)
        .annotate(
            sbom_count=_count(current, "pk"),
            last_upload_at=Subquery(current.annotate(last=Max("uploaded_at")).values("last")),
        )
        .order_by(F("shipped_on").desc(nulls_first=True), "-pk")
    )


def first_without_sbom(releases: list[Release]) -> Release | None:
    """Return the newest of a ``release_list`` whose contents nobody has told yet."""
    return next((row for row in releases if not getattr(row, "sbom_count", 0)), None)


def release_by_number(viewer: Viewer, number: str) -> Release:
    """Return one release. Raises NotFound alike for none and for one the viewer may not see."""
    return _one(releases_of(viewer), number=number)


def release_by_uid(viewer: Viewer, uid: UUID) -> Release:
    """Return one release by its uid; as ``release_by_number``."""
    return _one(releases_of(viewer), uid=uid)


def release_to_edit(viewer: Viewer, **key: object) -> Release:
    """Return one release that the viewer may change (number= or uid=).

    Raises NotFound as ``release_by_number``, NotAllowed without the right for its unit.
    """
    release = _one(releases_of(viewer), **key)
    viewer.require(Permission.INVENTORY_EDIT, release.company_id, release.unit_id)
    return release


def _one(rows: QuerySet[_R], **key: object) -> _R:
    row = rows.filter(**key).order_by("pk").first()
    if row is None:
        raise NotFound(gettext_noop("There is no such product or release."))
    return row


@dataclass(frozen=True, slots=True)
class SlotView:
    """A slot with its current SBOM and how many versions it had."""

    slot: SBOMSlot
    current: SBOM | None
    versions: int


def slots_of(release: Release) -> list[SlotView]:
    """Return the slots of a release that the caller has read as its viewer, by name."""
    why = "an SBOM has the unit and wall of its release"
    slots = list(SBOMSlot.objects.filter(release=release).order_by("name"))
    sboms = SBOM.objects.for_system(why).filter(release=release)
    current = {
        sbom.slot_id: sbom
        for sbom in sboms.filter(replaced_at__isnull=True).select_related("uploaded_by")
    }
    versions: Mapping[int, int] = dict(
        sboms.order_by().values_list("slot").annotate(n=Count("pk")).values_list("slot", "n")
    )
    return [SlotView(slot, current.get(slot.pk), versions.get(slot.pk, 0)) for slot in slots]


def sboms_of(release: Release) -> list[SBOM]:
    """Return all versions of all slots of a release, newest first."""
    return list(
        SBOM.objects.for_system("an SBOM has the unit and wall of its release")
        .filter(release=release)
        .select_related("slot", "uploaded_by")
        .order_by("-batch")
    )


def sbom_by_uid(viewer: Viewer, uid: UUID) -> SBOM:
    """Return one SBOM. Raises NotFound alike for none and for one not visible."""
    sbom = (
        SBOM.objects.visible_to(viewer)
        .filter(uid=uid)
        .select_related(
            "slot", "release", "release__offering", "release__product_model",
            "blob__file__company_key", "blob__file__wall",
        )
        .first()
    )  # fmt: skip
    if sbom is None:
        raise NotFound(gettext_noop("There is no such SBOM."))
    return sbom


def content_of(sbom: SBOM) -> bytes:
    """Return the bytes of an SBOM, as they came, that the caller has read as its viewer.

    Raises NotFound when the file was erased, NotAvailable when it is missing on disk.
    """
    return blobs.read(sbom.blob)


def components_of(release: Release) -> QuerySet[Component]:
    """Select what is in a release now; the caller has read the release as its viewer."""
    held = Occurrence.objects.filter(release=release, known_to__isnull=True)
    return Component.objects.filter(pk__in=held.values("component_id"))


def support_ending(viewer: Viewer, until: date) -> QuerySet[Release]:
    """Select supported releases whose support ends by a day (R095)."""
    return (
        releases_of(viewer)
        .filter(state__in=SUPPORTED, support_ends_on__lte=until)
        .order_by("support_ends_on", "pk")
    )


@dataclass(frozen=True, slots=True)
class Change:
    """How two SBOMs differ in one component. kind: added, changed or removed."""

    kind: str
    name: str
    before: list[str]
    after: list[str]


def diff(older: SBOM, newer: SBOM) -> list[Change]:
    """Compare two versions of an SBOM, or the SBOMs of two releases, by component.

    Versions of one name stand together; changes come first, then what was added, then removed.
    """
    versions: dict[tuple[str, str], tuple[list[str], list[str]]] = {}
    for side, one, other in ((0, older, newer), (1, newer, older)):
        only = Component.objects.filter(pk__in=_held_by(one)).exclude(pk__in=_held_by(other))
        for name, purl, version in only.values_list("name", "purl", "version"):
            key = (name, _without_version(purl))
            versions.setdefault(key, ([], []))[side].append(version)
    changes = [
        Change(_kind_of_change(before, after), name, sorted(before), sorted(after))
        for (name, _purl), (before, after) in versions.items()
    ]
    order = ("changed", "added", "removed")
    return sorted(changes, key=lambda change: (order.index(change.kind), change.name))


def _kind_of_change(before: list[str], after: list[str]) -> str:
    if before and after:
        return "changed"
    return "removed" if before else "added"


def _held_by(sbom: SBOM) -> QuerySet[Occurrence, int]:
    """Select the component ids that one version of a slot's SBOM holds."""
    return (
        Occurrence.objects.filter(
            release_id=sbom.release_id, slot_id=sbom.slot_id, opened_in__lte=sbom.batch
        )
        .filter(Q(closed_in__isnull=True) | Q(closed_in__gt=sbom.batch))
        .values_list("component_id", flat=True)
    )


def _without_version(purl: str) -> str:
    """Return what stays of a package URL from one version to the next."""
    return purl.partition("?")[0].partition("#")[0].rpartition("@")[0]


def component_named(text: str) -> Q:
    """Return the condition of components with a text in their name, version or package URL."""
    return Q(name__icontains=text) | Q(purl__icontains=text) | Q(version__startswith=text)


def gap_counts(release: Release) -> list[tuple[str, int]]:
    """Count what cannot be decided about a release now, by reason, most frequent first."""
    counted = (
        components_of(release).exclude(gap="").order_by().values_list("gap").annotate(n=Count("pk"))
    )
    return sorted(counted.values_list("gap", "n"), key=lambda pair: (-pair[1], pair[0]))


def version_before(sbom: SBOM) -> SBOM | None:
    """Return the version that an SBOM replaced; the caller has read its release as its viewer."""
    return (
        SBOM.objects.for_system("an SBOM has the unit and wall of its release")
        .filter(slot_id=sbom.slot_id, batch__lt=sbom.batch)
        .select_related("slot", "release", "release__product_model")
        .order_by("-batch")
        .first()
    )


def comparable_sboms(viewer: Viewer, release: Release, limit: int = 200) -> list[SBOM]:
    """Return SBOMs to compare with: all of this release, the current ones of its siblings."""
    here = Q(release=release) | Q(release__offering=release.offering_id, replaced_at__isnull=True)
    return list(
        SBOM.objects.visible_to(viewer)
        .filter(here)
        .select_related("slot", "release", "release__product_model")
        .order_by("-batch")[:limit]
    )


def pair_to_compare(
    choices: list[SBOM], release: Release, newer: SBOM | None = None
) -> tuple[SBOM | None, SBOM | None]:
    """Return what a reader most likely wants to see side by side, older first.

    choices: of ``comparable_sboms``. newer: when the reader has chosen it.
    Two versions of one part come first, then the release before, then any release with that part.
    """
    here = [sbom for sbom in choices if sbom.release_id == release.pk and not sbom.replaced_at]
    mine = [newer] if newer is not None else here
    for sbom in mine:
        before = [one for one in choices if one.slot_id == sbom.slot_id and one.batch < sbom.batch]
        if before:
            return before[0], sbom
    for sbom in mine:
        if (found := sbom_of_release_before(choices, sbom)) is not None:
            return found, sbom
    for sbom in mine:
        for one in choices:
            if one.release_id != sbom.release_id and one.slot.name == sbom.slot.name:
                return one, sbom
    return None, mine[0] if mine else None


def sbom_of_release_before(choices: list[SBOM], newer: SBOM) -> SBOM | None:
    """Return the current SBOM of the same part in the release made before, if there is one."""
    same_part = [
        sbom
        for sbom in choices
        if sbom.slot.name == newer.slot.name
        and sbom.release.product_model_id == newer.release.product_model_id
        and sbom.release_id < newer.release_id
        and sbom.replaced_at is None
    ]
    return max(same_part, key=lambda sbom: sbom.release_id, default=None)
