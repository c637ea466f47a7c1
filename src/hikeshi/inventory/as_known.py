"""A release as it was known at a moment: fields from the ledger, contents from dated rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from hikeshi.inventory.models import SBOM, Component, Gap, Occurrence, Release, ReleaseState
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.history import AsKnown, Known, Line, fields_at, told_of
from hikeshi.records.known import known_at, not_known_yet

_EVENTS: Final = frozenset({"release.created", "release.changed"})
_FIELDS: Final = (
    "version", "state", "shipped_on", "last_shipped_on", "support_ends_on", "disposed_on",
    "units_in_use", "purl", "cpe",
)  # fmt: skip
SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class KnownRelease:
    """What the page shows. components: the first ``SHOWN`` of ``component_count``, by name."""

    known: AsKnown
    release: Release
    sboms: Sequence[SBOM]
    components: Sequence[Component]
    component_count: int
    gaps: Sequence[tuple[str, int]]

    @property
    def at(self) -> datetime:
        """Return the moment."""
        return self.known.at

    @property
    def left_out(self) -> int:
        """Return how many components are not listed."""
        return self.component_count - len(self.components)


def occurrences_known(release: Release, at: datetime) -> QuerySet[Occurrence]:
    """Select what stood in the SBOMs of a release that the caller has read as its viewer."""
    return Occurrence.objects.as_known(at).filter(release=release)


def release_as_known(viewer: Viewer, release: Release, at: datetime) -> KnownRelease:
    """Return a release, which the caller has read as its viewer, as it was known at a moment.

    Raises InputRefused for a moment before it was entered.
    """
    if release.created_at > at:
        raise not_known_yet()
    sboms = list(
        SBOM.objects.visible_to(viewer)
        .filter(known_at(at, since="uploaded_at", until="replaced_at"), release=release)
        .select_related("slot", "uploaded_by")
        .order_by("slot__name")
    )
    held = occurrences_known(release, at).values("component_id")
    components = Component.objects.filter(pk__in=held)
    counted = components.exclude(gap="").order_by().values_list("gap").annotate(n=Count("pk"))
    gaps = [(str(Gap(gap).label), n) for gap, n in counted.values_list("gap", "n")]
    listed = list(components.order_by("name", "version", "pk")[:SHOWN])
    known = AsKnown(
        at=at, number=release.number, url=reverse("inventory:release", args=[release.number]),
        fields=_lines(viewer, release, at),
        parts={
            "sboms": [
                {"uid": one.uid, "slot": one.slot.name, "version": one.ordinal,
                 "sha256": bytes(one.sha256).hex(), "uploaded_at": one.uploaded_at}
                for one in sboms
            ],
            "components": [
                {"name": one.name, "version": one.version, "purl": one.purl} for one in listed
            ],
        },
    )  # fmt: skip
    return KnownRelease(known, release, sboms, listed, components.count(), sorted(gaps))


def _lines(viewer: Viewer, release: Release, at: datetime) -> list[Line]:
    current = {name: _plain(getattr(release, name)) for name in _FIELDS}
    told = told_of(viewer, [release.uid]).get(release.uid, [])
    fields = fields_at(told, at, current, names=_EVENTS)
    state = fields["state"]
    if state.is_told:
        fields["state"] = Known(str(ReleaseState(state.value).label))
    labels = {
        "version": _("Version"), "state": _("State"), "shipped_on": _("Shipped"),
        "last_shipped_on": _("Last shipped"), "disposed_on": _("Disposed of"),
        "support_ends_on": _("Support ends"), "units_in_use": _("Units in use"),
        "purl": _("Package URL"), "cpe": _("CPE name"),
    }  # fmt: skip
    return [Line(name, labels[name], fields[name]) for name in _FIELDS]


def _plain(value: Any) -> Any:
    """Write a value as an audit line keeps it."""
    return value.isoformat() if isinstance(value, date) else value
