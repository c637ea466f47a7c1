"""Who may act on a case. Whoever does not see it gets the answer of a case that is not there.

Being invited is what counts: a participant behind a wall works on the case with the rights held
anywhere in its company, because people of other units are invited for just that. Without a wall the
right must be held for the case's unit.
"""

from __future__ import annotations

from hikeshi.core.errors import NotAllowed, NotFound, gettext_noop
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.triage.models import Case


def may(case: Case, by: Viewer, permission: Permission) -> bool:
    """Tell whether somebody who sees the case may do this kind of act on it."""
    if by.may(permission, case.company_id, case.unit_id):
        return True
    if case.wall_id is None:
        return False
    if by.token_permissions is not None and permission not in by.token_permissions:
        return False
    scope = by.scopes.get(case.company_id)
    return scope is not None and scope.may_somewhere(permission)


def may_lead(case: Case, by: Viewer) -> bool:
    """Tell whether somebody leads the case: its owner, or who may lead cases."""
    is_owner = case.owner_id is not None and case.owner_id == by.account_id
    return (is_owner and may(case, by, Permission.CASE_WORK)) or may(case, by, Permission.CASE_LEAD)


def require_sight(case: Case, by: Viewer) -> None:
    """Raise NotFound unless the viewer may know of the case."""
    if not Case.objects.visible_to(by).filter(pk=case.pk).exists():
        raise NotFound(gettext_noop("There is no such case."))


def require(case: Case, by: Viewer, permission: Permission) -> None:
    """Raise NotFound for who does not see the case, NotAllowed for who may not do this."""
    require_sight(case, by)
    if not may(case, by, permission):
        raise NotAllowed(
            gettext_noop("This needs the right “%(right)s”. An administrator can grant it."),
            right=permission.value,
        )


def require_lead(case: Case, by: Viewer) -> None:
    """Raise NotFound or NotAllowed unless the viewer leads the case."""
    require_sight(case, by)
    if not may_lead(case, by):
        raise NotAllowed(gettext_noop("Only the owner of the case, or who leads cases, may do so."))
