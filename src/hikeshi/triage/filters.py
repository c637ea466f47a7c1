"""What the list of cases can be narrowed to; every filter is in the address."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import QuerySet

from hikeshi.organisation.viewer import Viewer
from hikeshi.triage.models import Band, Case, CaseKind, PhaseChoice
from hikeshi.triage.queries import OPEN, cases_of


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Narrowing by clear columns alone; an unknown value narrows nothing.

    phase: a phase, "all", or "" for all that are open. unit: its uid.
    """

    phase: str = ""
    kind: str = ""
    band: str = ""
    unit: str = ""
    mine: bool = False

    @classmethod
    def read(cls, given: Mapping[str, str]) -> CaseFilter:
        """Read the filter from an address."""
        phase, kind, band = (given.get(name, "") for name in ("phase", "kind", "band"))
        return cls(
            phase=phase if phase in {*PhaseChoice.values, "all"} else "",
            kind=kind if kind in CaseKind.values else "",
            band=band if band in Band.values else "",
            mine=given.get("mine") == "1",
        )

    def rows(self, viewer: Viewer) -> QuerySet[Case]:
        """Select the viewer's cases that pass."""
        found = cases_of(viewer)
        if not self.phase:
            found = found.filter(OPEN)
        elif self.phase != "all":
            found = found.filter(phase=self.phase)
        if self.kind:
            found = found.filter(kind=self.kind)
        if self.band:
            found = found.filter(band=self.band)
        if self.mine:
            found = found.filter(owner_id=viewer.account_id or 0)
        return found
