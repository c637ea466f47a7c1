"""Who is looking: the value that every queryset starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from hikeshi.core.errors import NotAllowed, gettext_noop
from hikeshi.organisation.roles import PERMISSION_WORDS, Permission

if TYPE_CHECKING:
    from hikeshi.organisation.models import Account


@dataclass(frozen=True, slots=True)
class Scope:
    """What a viewer holds in one company.

    everywhere: rights held in the company as a whole.
    in_unit: rights held in a unit; the units below it are spelled out as keys of their own.
    """

    everywhere: frozenset[Permission] = frozenset()
    in_unit: Mapping[int, frozenset[Permission]] = field(default_factory=dict)

    def may(self, permission: Permission, unit_id: int | None) -> bool:
        """Tell whether the right is held for a row of this unit (None: of no unit)."""
        if permission in self.everywhere:
            return True
        if unit_id is not None:
            return permission in self.in_unit.get(unit_id, frozenset())
        # A row of no unit belongs to the whole company; reading it needs any foothold there.
        return permission is Permission.VIEW and any(
            Permission.VIEW in held for held in self.in_unit.values()
        )

    def may_somewhere(self, permission: Permission) -> bool:
        """Tell whether the right is held for any unit at all."""
        return permission in self.everywhere or any(
            permission in held for held in self.in_unit.values()
        )


@dataclass(frozen=True, slots=True)
class Viewer:
    """One person, link or nobody, with what they hold at one moment.

    account: None for links and anonymous visitors.
    scopes: company id → what is held there.
    teams: ids of units the person belongs to, with all units above: a wall that admits a unit
        admits the teams below it.
    party: (kind, uid) of a contact or token that came by a link, else None.
    token_permissions: when the viewer came by an API token, only these rights count; else None.
    at: the moment at which rights are weighed, always now, also for "as of" reads.
    """

    at: datetime
    account: Account | None = None
    scopes: Mapping[int, Scope] = field(default_factory=dict)
    teams: frozenset[int] = frozenset()
    party: tuple[str, UUID] | None = None
    token_permissions: frozenset[Permission] | None = None

    @property
    def account_id(self) -> int | None:
        """Return the account's id, None for links and anonymous visitors."""
        return self.account.pk if self.account is not None else None

    @property
    def is_anonymous(self) -> bool:
        """Tell whether nothing at all is known of the viewer."""
        return self.account is None and self.party is None

    def may(self, permission: Permission, company_id: int, unit_id: int | None = None) -> bool:
        """Tell whether the right is held for a row of this company and unit."""
        if self.token_permissions is not None and permission not in self.token_permissions:
            return False
        scope = self.scopes.get(company_id)
        return scope is not None and scope.may(permission, unit_id)

    def may_somewhere(self, permission: Permission) -> bool:
        """Tell whether the right is held anywhere: for menus, never for a decision on a row."""
        if self.token_permissions is not None and permission not in self.token_permissions:
            return False
        return any(scope.may_somewhere(permission) for scope in self.scopes.values())

    def require(self, permission: Permission, company_id: int, unit_id: int | None = None) -> None:
        """Raise NotAllowed unless the right is held."""
        if not self.may(permission, company_id, unit_id):
            raise NotAllowed(
                gettext_noop("This needs the right “%(right)s”. An administrator can grant it."),
                right=PERMISSION_WORDS[permission],
            )

    def company_ids(self, permission: Permission = Permission.VIEW) -> list[int]:
        """Return the ids of companies in which the right is held somewhere, sorted."""
        if self.token_permissions is not None and permission not in self.token_permissions:
            return []
        return sorted(
            company_id
            for company_id, scope in self.scopes.items()
            if scope.may_somewhere(permission)
        )


def anonymous(at: datetime) -> Viewer:
    """Return the viewer who is nobody: sees only what is public."""
    return Viewer(at=at)
