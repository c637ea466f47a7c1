"""A record to hang tasks, approvals, clocks, files and texts on: a contact."""

from __future__ import annotations

from hikeshi.organisation import services as organisation
from hikeshi.organisation.models import Account, Unit
from hikeshi.records.models import Record
from hikeshi.stakeholders.models import ContactKind
from hikeshi.stakeholders.services import add_contact
from tests.builders import NOW, Firm

CANARY = "canary-7c2e"


def a_record(
    kazahaya: Firm,
    *,
    inside: tuple[Account, ...] = (),
    unit: Unit | None = None,
    name: str = "S",
) -> Record:
    """A record; behind a wall around those ``inside`` when there are any."""
    wall = None
    if inside:
        wall = organisation.raise_wall(
            company=kazahaya.company, members=list(inside), at=NOW, by=inside[0]
        )
    return add_contact(
        company=kazahaya.company, kind=ContactKind.SUPPLIER, name=name, wall=wall, unit=unit,
        by=kazahaya.admin, at=NOW,
    )  # fmt: skip
