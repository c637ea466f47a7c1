"""What people do to units, weighed against the rights of who does it, and the tree they see.

``services`` changes rows for whoever calls; these functions are the door for pages, API and
commands.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from hikeshi.core.errors import Conflict, NotFound, Stale, gettext_noop
from hikeshi.organisation import journal, services
from hikeshi.organisation.models import Account, Appointment, Company, Unit, UnitEdge
from hikeshi.organisation.queries import running, text_in, unended, units_of
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Node:
    """A unit in its tree: how deep it hangs, how many people hold a role in it now."""

    unit: Unit
    depth: int
    people: int
    parent_id: int | None


def unit_by_uid(viewer: Viewer, uid: UUID | str) -> Unit:
    """Return a unit of a company of the viewer. Raises NotFound, also for a text that is no uid."""
    try:
        uid = UUID(str(uid))
    except ValueError:
        found = None
    else:
        found = units_of(viewer).filter(uid=uid).select_related("company", "owner").first()
    if found is None:
        raise NotFound(gettext_noop("There is no such unit."))
    return found


def unit_tree(
    viewer: Viewer, company: Company, *, language: str, with_closed: bool = False
) -> list[Node]:
    """Return a company's units, parents before their children, in three queries."""
    units = units_of(viewer).filter(company=company).select_related("owner", "outsourced_to")
    if not with_closed:
        units = units.filter(closed_at__isnull=True)
    edges = UnitEdge.objects.filter(running(viewer.at), unit__company=company)
    parents = dict(edges.values_list("unit_id", "parent_id"))
    held = Appointment.objects.filter(running(viewer.at), company=company, unit__isnull=False)
    people = Counter(held.values_list("unit_id", flat=True))
    children: dict[int | None, list[Unit]] = defaultdict(list)
    shown = {unit.pk: unit for unit in units}
    for unit in shown.values():
        parent = parents.get(unit.pk)
        # A unit whose parent is closed stands at the top rather than vanish with it.
        children[parent if parent in shown else None].append(unit)
    nodes: list[Node] = []

    def walk(parent: int | None, depth: int) -> None:
        for unit in sorted(children[parent], key=lambda unit: text_in(unit.name, language)):
            nodes.append(Node(unit, depth, people[unit.pk], parent))
            walk(unit.pk, depth + 1)

    walk(None, 0)
    return nodes


def parent_of(unit: Unit, at: datetime) -> Unit | None:
    """Return the unit under which this one hangs at a moment."""
    edge = UnitEdge.objects.filter(running(at), unit=unit).select_related("parent").first()
    return edge.parent if edge else None


def moves_of(unit: Unit) -> list[UnitEdge]:
    """Return where a unit has hung, newest first (R006)."""
    return list(UnitEdge.objects.filter(unit=unit).select_related("parent").order_by("-since"))


def add_unit(
    *,
    viewer: Viewer,
    company: Company,
    name: Mapping[str, str],
    parent: Unit | None,
    at: datetime,
    **settings: Any,
) -> Unit:
    """Create a unit.

    Raises NotAllowed without the right over its parent, or over the company; Conflict below a
    closed unit.
    """
    viewer.require(Permission.ORGANISATION_MANAGE, company.pk, parent.pk if parent else None)
    if parent is not None and parent.closed_at is not None:
        raise Conflict(gettext_noop("That unit is closed; choose an open one."))
    return services.create_unit(
        company=company, name=name, parent=parent, by=viewer.account, at=at, **settings
    )


def edit_unit(*, viewer: Viewer, unit: Unit, revision: int, at: datetime, **changes: Any) -> Unit:
    """Change a unit's own fields. Raises NotAllowed, or Stale when somebody saved in between."""
    viewer.require(Permission.ORGANISATION_MANAGE, unit.company_id, unit.pk)
    return services.change_unit(unit=unit, by=_account(viewer), at=at, revision=revision, **changes)


def rehang_unit(*, viewer: Viewer, unit: Unit, parent: Unit | None, at: datetime) -> UnitEdge:
    """Move a unit; needs the right over it and over its new place."""
    viewer.require(Permission.ORGANISATION_MANAGE, unit.company_id, unit.pk)
    viewer.require(Permission.ORGANISATION_MANAGE, unit.company_id, parent.pk if parent else None)
    if parent is not None and parent.closed_at is not None:
        raise Conflict(gettext_noop("That unit is closed; choose an open one."))
    return services.move_unit(unit=unit, parent=parent, by=viewer.account, at=at)


def close_unit(*, viewer: Viewer, unit: Unit, revision: int, at: datetime) -> Unit:
    """Close a unit: it stays on record with what it owns, and the roles in it end or never begin.

    Raises Conflict while open units hang below it.
    """
    viewer.require(Permission.ORGANISATION_MANAGE, unit.company_id, unit.pk)
    with transaction.atomic():
        Company.objects.select_for_update().get(pk=unit.company_id)
        below = UnitEdge.objects.filter(running(at), parent=unit, unit__closed_at__isnull=True)
        if below.exists():
            raise Conflict(gettext_noop("Open units hang below it. Move or close them first."))
        closed = Unit.objects.filter(pk=unit.pk, revision=revision, closed_at__isnull=True).update(
            closed_at=at, revision=revision + 1
        )
        if not closed:
            raise Stale(gettext_noop("Somebody else changed this unit meanwhile."))
        for appointment in Appointment.objects.filter(unended(at), unit=unit):
            services.end_appointment(appointment=appointment, by=viewer.account, at=at)
        journal.record(
            "unit.closed", subject=unit, company=unit.company, unit=unit, by=viewer.account, at=at
        )
    unit.refresh_from_db()
    return unit


def _account(viewer: Viewer) -> Account:
    if viewer.account is None:
        raise RuntimeError("an act needs an account")
    return viewer.account
