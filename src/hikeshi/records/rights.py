"""Who may do what to a walled row. Who does not see it gets the answer of a row that is not there.

Being inside the wall is what counts: people of other units are let in for just that, so there the
right may be held anywhere in the company. Without a wall it must be held for the row's unit.
"""

from __future__ import annotations

from datetime import datetime

from hikeshi.core.errors import Conflict, NotAllowed, NotFound, gettext_noop
from hikeshi.organisation.models import Account, Unit, WallMember
from hikeshi.organisation.queries import running, unit_parents, units_above, viewer_of
from hikeshi.organisation.roles import PERMISSION_WORDS, Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.organisation.walls import WalledRow


def may(row: WalledRow, by: Viewer, permission: Permission) -> bool:
    """Tell whether somebody who sees the row may do this kind of act on it."""
    if by.may(permission, row.company_id, row.unit_id):
        return True
    if row.wall_id is None:
        return False
    if by.token_permissions is not None and permission not in by.token_permissions:
        return False
    scope = by.scopes.get(row.company_id)
    return scope is not None and scope.may_somewhere(permission)


def sees(row: WalledRow, viewer: Viewer) -> bool:
    """Tell whether the viewer may know of a row."""
    return type(row).objects.visible_to(viewer).filter(pk=row.pk).exists()


def require_sight(row: WalledRow, by: Viewer) -> Account:
    """Return who acts. Raises NotFound unless they may know of the row and have an account."""
    if by.account is None or not sees(row, by):
        raise NotFound(gettext_noop("There is nothing at this address."))
    return by.account


def require(row: WalledRow, by: Viewer, permission: Permission) -> Account:
    """Return who acts.

    Raises NotFound for who does not see the row, NotAllowed for who may not do this.
    """
    account = require_sight(row, by)
    if not may(row, by, permission):
        raise NotAllowed(
            gettext_noop("This needs the right “%(right)s”. An administrator can grant it."),
            right=PERMISSION_WORDS[permission],
        )
    return account


def require_reader(row: WalledRow, account: Account, at: datetime) -> None:
    """Raise Conflict unless somebody else could read the row they are to be given."""
    if not sees(row, viewer_of(account, at)):
        raise Conflict(
            gettext_noop("%(name)s cannot see what this is about; invite them first."),
            name=account.name,
        )


def require_reading_unit(row: WalledRow, unit: Unit, at: datetime) -> None:
    """Raise Conflict unless the people of a unit could read the row they are to be given.

    Behind a wall the unit, or one above it, must be a member; without one the row must be of the
    unit, of one below it, or of no unit.
    """
    parents = unit_parents([row.company_id], at)
    if unit.company_id == row.company_id:
        if row.wall is not None and row.wall.ended_at is None:
            above = units_above(parents, unit.pk)
            members = WallMember.objects.filter(running(at), wall=row.wall, unit_id__in=above)
            if members.exists():
                return
        elif row.unit_id is None or unit.pk in units_above(parents, row.unit_id):
            return
    raise Conflict(gettext_noop("This unit cannot see what this is about; invite it first."))
