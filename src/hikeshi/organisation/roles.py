"""Roles and what each may do: a table, so that a person can read who may do what.

A role is held in a company, or in one unit of it, from a day until a day. ``view`` is the right to
see what lies in the role's scope; walls cut across all of it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """What a person is in a company or unit."""

    ADMIN = "admin"
    LEAD = "lead"
    RESPONDER = "responder"
    DEVELOPER = "developer"
    APPROVER = "approver"
    EXECUTIVE = "executive"
    AUDITOR = "auditor"
    READER = "reader"
    GUEST = "guest"


class Permission(StrEnum):
    """One kind of act. Views, API operations and services name these."""

    VIEW = "view"
    ORGANISATION_MANAGE = "organisation.manage"
    PEOPLE_MANAGE = "people.manage"
    STAKEHOLDER_EDIT = "stakeholder.edit"
    INVENTORY_EDIT = "inventory.edit"
    FEED_MANAGE = "feed.manage"
    CASE_OPEN = "case.open"
    CASE_WORK = "case.work"
    CASE_LEAD = "case.lead"
    ASSESS = "assessment.make"
    PROPOSE = "approval.propose"
    REVIEW = "approval.review"
    APPROVE = "approval.approve"
    PUBLISH = "advisory.publish"
    AUDIT_READ = "audit.read"
    EXPORT = "export"
    KEYS_MANAGE = "keys.manage"


_P = Permission
_WORK = frozenset({_P.VIEW, _P.CASE_WORK, _P.ASSESS, _P.PROPOSE, _P.EXPORT})
_RESPOND = _WORK | {
    _P.CASE_OPEN, _P.INVENTORY_EDIT, _P.STAKEHOLDER_EDIT, _P.FEED_MANAGE, _P.REVIEW,
}  # fmt: skip

PERMISSIONS: Final[dict[Role, frozenset[Permission]]] = {
    # An administrator of a one-person team does everything; a larger team gives the role to few.
    Role.ADMIN: frozenset(Permission),
    Role.LEAD: _RESPOND | {_P.CASE_LEAD, _P.APPROVE, _P.PUBLISH, _P.PEOPLE_MANAGE, _P.AUDIT_READ},
    Role.RESPONDER: _RESPOND,
    Role.DEVELOPER: _WORK,
    Role.APPROVER: frozenset({_P.VIEW, _P.REVIEW, _P.APPROVE}),
    Role.EXECUTIVE: frozenset({_P.VIEW, _P.APPROVE}),
    Role.AUDITOR: frozenset({_P.VIEW, _P.AUDIT_READ, _P.EXPORT}),
    Role.READER: frozenset({_P.VIEW}),
    # A guest sees only what a wall or an invitation names; the scope itself stays closed.
    Role.GUEST: frozenset({_P.CASE_WORK}),
}

ROLE_WORDS: Final[dict[Role, str | Promise]] = {
    Role.ADMIN: _("administrator"),
    Role.LEAD: _("PSIRT lead"),
    Role.RESPONDER: _("responder"),
    Role.DEVELOPER: _("developer"),
    Role.APPROVER: _("approver"),
    Role.EXECUTIVE: _("executive"),
    Role.AUDITOR: _("auditor"),
    Role.READER: _("reader"),
    Role.GUEST: _("guest"),
}
ROLE_HINTS: Final[dict[Role, str | Promise]] = {
    Role.ADMIN: _("does everything, also company settings and keys"),
    Role.LEAD: _("leads cases, approves, publishes, appoints"),
    Role.RESPONDER: _("takes in reports, opens and works cases, keeps products and feeds"),
    Role.DEVELOPER: _("works on cases and assesses own products"),
    Role.APPROVER: _("reviews and approves, changes nothing else"),
    Role.EXECUTIVE: _("reads and signs decisions"),
    Role.AUDITOR: _("reads everything outside walls, with the audit log"),
    Role.READER: _("reads"),
    Role.GUEST: _("an outside partner: sees only what invites them, until a day"),
}
PERMISSION_WORDS: Final[dict[Permission, str | Promise]] = {
    Permission.VIEW: _("read"),
    Permission.ORGANISATION_MANAGE: _("change company and units"),
    Permission.PEOPLE_MANAGE: _("appoint people"),
    Permission.STAKEHOLDER_EDIT: _("change contacts"),
    Permission.INVENTORY_EDIT: _("change products and releases"),
    Permission.FEED_MANAGE: _("manage feeds"),
    Permission.CASE_OPEN: _("open cases"),
    Permission.CASE_WORK: _("work on cases"),
    Permission.CASE_LEAD: _("lead cases"),
    Permission.ASSESS: _("assess findings"),
    Permission.PROPOSE: _("propose for approval"),
    Permission.REVIEW: _("review"),
    Permission.APPROVE: _("approve"),
    Permission.PUBLISH: _("publish advisories"),
    Permission.AUDIT_READ: _("read the audit log"),
    Permission.EXPORT: _("export"),
    Permission.KEYS_MANAGE: _("manage keys"),
}
