"""The wall in the data layer: the abstract walled row and its one ``visible_to``.

Every row that can hold unpublished matter has a company (the hard wall), a unit (the soft one) and
perhaps a wall (need to know). A row is visible

1. to a member of its wall, whoever that is and while the membership lasts; or
2. where it has no wall, or its wall has ended by publishing, to whoever may view its company and
   unit.

Nothing else opens it: no role and no ownership.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models, transaction
from django.db.models import Q

from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer

if TYPE_CHECKING:
    from hikeshi.organisation.models import WallMember


_M_co = TypeVar("_M_co", bound=models.Model, covariant=True)


def walls_open_to(viewer: Viewer) -> models.QuerySet[WallMember, int]:
    """Select the ids of the walls the viewer is inside of at this moment."""
    from hikeshi.organisation.models import WallMember

    who = Q(pk__in=[])
    if viewer.token_permissions is not None and Permission.VIEW not in viewer.token_permissions:
        return WallMember.objects.none().values_list("wall_id", flat=True)
    if viewer.account_id is not None:
        who |= Q(account_id=viewer.account_id)
    if viewer.teams:
        who |= Q(unit_id__in=viewer.teams)
    if viewer.party is not None:
        who |= Q(party_kind=viewer.party[0], party_uid=viewer.party[1])
    return (
        WallMember.objects.filter(who, since__lte=viewer.at)
        .filter(Q(until__isnull=True) | Q(until__gt=viewer.at))
        .values_list("wall_id", flat=True)
    )


def in_scope(viewer: Viewer, prefix: str = "") -> Q:
    """Select rows whose company and unit the viewer may view, walls aside."""
    scope = Q(pk__in=[])
    if viewer.token_permissions is not None and Permission.VIEW not in viewer.token_permissions:
        return scope
    for company_id, held in viewer.scopes.items():
        here = Q(**{f"{prefix}company_id": company_id})
        if Permission.VIEW in held.everywhere:
            scope |= here
            continue
        units = [unit for unit, rights in held.in_unit.items() if Permission.VIEW in rights]
        if units:
            scope |= here & (
                Q(**{f"{prefix}unit_id__in": units}) | Q(**{f"{prefix}unit_id__isnull": True})
            )
    return scope


def visibility(viewer: Viewer, prefix: str = "") -> Q:
    """Return the condition under which a walled row is visible; ``prefix`` reaches it by a join."""
    open_walls = walls_open_to(viewer)
    unwalled = Q(**{f"{prefix}wall__isnull": True}) | Q(
        **{f"{prefix}wall__ended_at__lte": viewer.at}
    )
    return Q(**{f"{prefix}wall__in": open_walls}) | (in_scope(viewer, prefix) & unwalled)


class WalledQuerySet(models.QuerySet[_M_co]):
    """Rows behind walls; reading starts with ``visible_to``."""

    def visible_to(self, viewer: Viewer) -> Self:
        """Keep the rows that the viewer may know of."""
        return self.filter(visibility(viewer))

    def update(self, **values: Any) -> int:
        """Change the rows that meet the conditions now; of two writers at once, one counts.

        Through the wall's join Django writes ``WHERE id IN (SELECT …)``, and PostgreSQL does not
        ask such a selection again after it waited for another's row. Locking the rows first does.
        """
        joined = sum(self.query.alias_refcount.values()) > 1
        if not joined or self.query.distinct or not self.query.can_filter():
            return super().update(**values)
        with transaction.atomic(using=self.db):
            # In the order of their ids, so that two who lock several never wait for each other.
            rows = self.order_by("pk").select_for_update(of=("self",))
            keys = list(rows.values_list("pk", flat=True))
            unjoined = self.model._base_manager.using(self.db).filter(pk__in=keys)
            return unjoined.update(**values) if keys else 0

    def for_system(self, why: str) -> Self:
        """Take all rows for work that shows nothing to anybody (jobs, matching, migration).

        why: a few words for the reader of the code; a test lists all uses.
        """
        assert why  # noqa: S101  # a reason is the price of the door
        return self.all()


class WalledRow(models.Model):
    """A row that can hold unpublished matter. What derives from it inherits all three columns."""

    company = models.ForeignKey("organisation.Company", on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(
        "organisation.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    wall = models.ForeignKey(
        "organisation.Wall", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = WalledQuerySet.as_manager()

    class Meta:
        abstract = True
