"""What this area tells others: how to name its records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.news import KEPT, belong, matters
from hikeshi.records.saved import keep
from hikeshi.records.subjects import Subject, name_subjects_of
from hikeshi.stakeholders import queries
from hikeshi.stakeholders.models import Conversation, Round


def name_contacts(viewer: Viewer, uids: Sequence[UUID]) -> dict[UUID, Subject]:
    """Name contacts."""
    found = list(queries.contacts_of(viewer, retired=True).filter(uid__in=uids))
    unseal(found, "name")
    return {
        contact.uid: Subject(
            contact.number,
            contact.name.value or "",
            reverse("stakeholders:contact", args=[contact.uid]),
            contact.wall_id is not None,
        )
        for contact in found
    }


def name_rounds(viewer: Viewer, uids: Sequence[UUID]) -> dict[UUID, Subject]:
    """Name rounds of questions."""
    found = list(queries.rounds_of(viewer).filter(uid__in=uids))
    unseal(found, "title")
    return {
        asked.uid: Subject(
            asked.number,
            asked.title.value or "",
            reverse("stakeholders:round", args=[asked.number]),
            asked.wall_id is not None,
        )
        for asked in found
    }


def _my_conversations(viewer: Viewer) -> QuerySet[Any, Any]:
    """Select the uids of the conversations in which the viewer is a member."""
    read = Conversation.objects.visible_to(viewer).filter(queries.reads(viewer), open_to_all=False)
    return read.values_list("uid")


def _my_rounds(viewer: Viewer) -> QuerySet[Any, Any]:
    """Select the uids of the rounds that the viewer wrote, unless closed long ago."""
    written = Round.objects.visible_to(viewer).filter(
        Q(closed_at__isnull=True) | Q(closed_at__gt=viewer.at - KEPT), asked_by_id=viewer.account_id
    )
    return written.values_list("uid")


def _talks_of_matters(viewer: Viewer, found: Sequence[UUID]) -> QuerySet[Any, Any]:
    """Select the uids of the conversations that all in a case read, and of its rounds."""
    talks = Conversation.objects.visible_to(viewer).filter(subject_uid__in=found, open_to_all=True)
    rounds = Round.objects.visible_to(viewer).filter(subject_uid__in=found)
    return talks.values_list("uid").union(rounds.values_list("uid"))


def fill() -> None:
    """Fill the slots; called once, at start-up."""
    matters(_my_conversations)
    matters(_my_rounds)
    belong(_talks_of_matters)
    keep("contacts", "stakeholders:contacts", _("Directory"))
    name_subjects_of("stakeholders.contact", name_contacts)
    name_subjects_of("stakeholders.round", name_rounds)
