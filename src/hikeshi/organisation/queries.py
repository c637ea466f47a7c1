"""Read the organisation: who a viewer is, how the units hang, who holds what."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from hikeshi.organisation.models import Account, Appointment, Company, Unit, UnitEdge
from hikeshi.organisation.roles import PERMISSIONS, Permission, Role
from hikeshi.organisation.viewer import Scope, Viewer


def running(at: datetime, prefix: str = "") -> Q:
    """Return the condition of a dated row that counts at this moment."""
    return Q(**{f"{prefix}since__lte": at}) & (
        Q(**{f"{prefix}until__isnull": True}) | Q(**{f"{prefix}until__gt": at})
    )


def unended(at: datetime) -> Q:
    """Return the condition of a dated row that counts at this moment or will."""
    return Q(until__isnull=True) | Q(until__gt=at)


def unit_parents(company_ids: Iterable[int], at: datetime) -> dict[int, int | None]:
    """Return each unit's parent at a moment, for the trees of these companies, in one query."""
    edges = UnitEdge.objects.filter(running(at), unit__company_id__in=company_ids)
    return dict(edges.values_list("unit_id", "parent_id"))


def units_below(parents: Mapping[int, int | None], unit_id: int) -> set[int]:
    """Return a unit and all units below it."""
    children: dict[int | None, list[int]] = defaultdict(list)
    for child, parent in parents.items():
        children[parent].append(child)
    found = {unit_id}
    queue = [unit_id]
    while queue:
        for child in children[queue.pop()]:
            if child not in found:
                found.add(child)
                queue.append(child)
    return found


def units_above(parents: Mapping[int, int | None], unit_id: int) -> list[int]:
    """Return a unit and all units above it, nearest first."""
    found = [unit_id]
    parent = parents.get(unit_id)
    while parent is not None and parent not in found:
        found.append(parent)
        parent = parents.get(parent)
    return found


def viewer_of(account: Account, at: datetime, token_scopes: Iterable[str] | None = None) -> Viewer:
    """Weigh an account's running appointments into a viewer, in two queries.

    token_scopes: permissions of the API token the account came by; None for a person's session.
    """
    if not account.is_active or (account.expires_at is not None and account.expires_at <= at):
        return Viewer(at=at)
    appointments: list[tuple[int, int | None, str]] = list(
        Appointment.objects.filter(running(at), account=account).values_list(
            "company_id", "unit_id", "role"
        )
    )
    companies = {company_id for company_id, _unit, _role in appointments}
    parents = unit_parents(companies, at) if companies else {}
    everywhere: dict[int, set[Permission]] = defaultdict(set)
    in_unit: dict[int, dict[int, set[Permission]]] = defaultdict(lambda: defaultdict(set))
    teams: set[int] = set()
    for company_id, unit_id, role in appointments:
        held = PERMISSIONS[Role(role)]
        if unit_id is None:
            everywhere[company_id] |= held
            continue
        teams.update(units_above(parents, unit_id))
        for below in units_below(parents, unit_id):
            in_unit[company_id][below] |= held
    scopes = {
        company_id: Scope(
            everywhere=frozenset(everywhere[company_id]),
            in_unit={unit: frozenset(held) for unit, held in in_unit[company_id].items()},
        )
        for company_id in companies
    }
    permissions = None if token_scopes is None else frozenset(Permission(s) for s in token_scopes)
    return Viewer(
        at=at,
        account=account,
        scopes=scopes,
        teams=frozenset(teams),
        token_permissions=permissions,
    )


def companies_of(viewer: Viewer) -> QuerySet[Company]:
    """Select the companies in which the viewer holds anything."""
    return Company.objects.filter(pk__in=list(viewer.scopes)).order_by("slug")


def units_of(viewer: Viewer) -> QuerySet[Unit]:
    """Select the units the viewer may know of: all of a company in which they have a foothold."""
    return Unit.objects.filter(company_id__in=viewer.company_ids()).order_by("pk")


def people_of(viewer: Viewer) -> QuerySet[Account]:
    """Select the people who hold an appointment in a company of the viewer."""
    held = Appointment.objects.filter(
        running(viewer.at), company_id__in=viewer.company_ids()
    ).values("account_id")
    return Account.objects.filter(pk__in=held).order_by("name", "pk")


def administrators(at: datetime) -> QuerySet[Appointment, int]:
    """Select the ids of the accounts that administer a whole company."""
    return Appointment.objects.filter(
        running(at), role=Role.ADMIN.value, unit__isnull=True
    ).values_list("account_id", flat=True)


def text_in(texts: Mapping[str, Any] | None, language: str) -> str:
    """Return the text in a language, else in English, else in any."""
    if not texts:
        return ""
    return str(texts.get(language) or texts.get("en") or next(iter(texts.values()), ""))


def own_appointments(viewer: Viewer) -> QuerySet[Appointment]:
    """Select the roles the viewer holds now."""
    return (
        Appointment.objects.filter(running(viewer.at), account=viewer.account)
        .select_related("company", "unit")
        .order_by("company__slug", "pk")
    )


def company_of(account: Account) -> Company | None:
    """Return the company in whose name one writes to an account: where it was appointed last."""
    newest = (
        Appointment.objects.filter(account=account).select_related("company").order_by("-pk")
    ).first()
    return newest.company if newest else Company.objects.order_by("pk").first()
