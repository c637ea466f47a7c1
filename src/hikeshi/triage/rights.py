"""Who may act on a case: as on any walled row (``records.rights``), and who leads it."""

from __future__ import annotations

from hikeshi.core.errors import NotAllowed, NotFound, gettext_noop
from hikeshi.organisation.roles import PERMISSION_WORDS, Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.rights import may, sees
from hikeshi.triage.models import Case

__all__ = ["may", "may_lead", "require", "require_lead", "require_sight"]


def may_lead(case: Case, by: Viewer) -> bool:
    """Tell whether somebody leads the case: its owner, or who may lead cases."""
    is_owner = case.owner_id is not None and case.owner_id == by.account_id
    return (is_owner and may(case, by, Permission.CASE_WORK)) or may(case, by, Permission.CASE_LEAD)


def require_sight(case: Case, by: Viewer) -> None:
    """Raise NotFound unless the viewer may know of the case."""
    if not sees(case, by):
        raise NotFound(gettext_noop("There is no such case."))


def require(case: Case, by: Viewer, permission: Permission) -> None:
    """Raise NotFound for who does not see the case, NotAllowed for who may not do this."""
    require_sight(case, by)
    if not may(case, by, permission):
        raise NotAllowed(
            gettext_noop("This needs the right “%(right)s”. An administrator can grant it."),
            right=PERMISSION_WORDS[permission],
        )


def require_lead(case: Case, by: Viewer) -> None:
    """Raise NotFound or NotAllowed unless the viewer leads the case."""
    require_sight(case, by)
    if not may_lead(case, by):
        raise NotAllowed(gettext_noop("Only the owner of the case, or who leads cases, may do so."))
