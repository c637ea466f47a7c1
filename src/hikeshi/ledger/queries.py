"""What people may see of the machinery: audit events, jobs, messages on their way out.

A row shows to who holds the right in its company or unit and is inside its wall. Rows of no company
are the installation's own; they hold no content, and whoever manages a company sees them.
"""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

from django.db import models
from django.db.models import Q

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.ledger.models import ChainCheck, Event, Job, JobState, OutboxMessage
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.organisation.walls import WalledQuerySet, visibility

_M = TypeVar("_M", bound=models.Model)


def held_where(viewer: Viewer, permission: Permission) -> Q:
    """Return the condition of rows in whose company or unit the viewer holds a right."""
    held = Q(pk__in=[])
    if viewer.token_permissions is not None and permission not in viewer.token_permissions:
        return held
    for company_id, scope in viewer.scopes.items():
        if permission in scope.everywhere:
            held |= Q(company_id=company_id)
        units = [unit for unit, rights in scope.in_unit.items() if permission in rights]
        if units:
            held |= Q(company_id=company_id, unit_id__in=units)
    return held


def events_of(viewer: Viewer) -> models.QuerySet[Event]:
    """Select the audit events that the viewer may read, with who did them."""
    mine = held_where(viewer, Permission.AUDIT_READ)
    return Event.objects.visible_to(viewer).filter(mine).select_related("by", "batch")


def _managed(rows: WalledQuerySet[_M], viewer: Viewer) -> models.QuerySet[_M]:
    shown = visibility(viewer) & held_where(viewer, Permission.ORGANISATION_MANAGE)
    if viewer.may_somewhere(Permission.ORGANISATION_MANAGE):
        shown |= Q(company__isnull=True, wall__isnull=True)
    return rows.filter(shown)


def jobs_of(viewer: Viewer) -> models.QuerySet[Job]:
    """Select the jobs that the viewer may see and steer."""
    return _managed(Job.objects.all(), viewer).select_related("by")


def unfinished_keys(name: str) -> set[str]:
    """Return the keys of jobs of a kind that wait or run; for kinds whose keys tell no content."""
    states = [JobState.QUEUED, JobState.RUNNING]
    waiting = Job.objects.for_system("keys alone").filter(name=name, state__in=states)
    return {key for key in waiting.values_list("key", flat=True) if key is not None}


def job_by_uid(viewer: Viewer, uid: UUID) -> Job:
    """Return one job. Raises NotFound alike for none and for one that is not the viewer's."""
    found = jobs_of(viewer).filter(uid=uid).first()
    if found is None:
        raise NotFound(gettext_noop("There is no such job."))
    return found


def messages_of(viewer: Viewer) -> models.QuerySet[OutboxMessage]:
    """Select the messages to the outside that the viewer may see and steer."""
    return _managed(OutboxMessage.objects.all(), viewer)


def message_by_uid(viewer: Viewer, uid: UUID) -> OutboxMessage:
    """Return one message; as ``job_by_uid``."""
    found = messages_of(viewer).filter(uid=uid).first()
    if found is None:
        raise NotFound(gettext_noop("There is no such message."))
    return found


def last_check() -> ChainCheck | None:
    """Return what the newest verification of the chain found."""
    return ChainCheck.objects.order_by("-at", "-pk").first()
