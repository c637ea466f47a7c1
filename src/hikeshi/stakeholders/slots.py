"""What this area tells others: how to name its records."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.saved import keep
from hikeshi.records.subjects import Subject, name_subjects_of
from hikeshi.stakeholders import queries


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


def fill() -> None:
    """Fill the slots; called once, at start-up."""
    keep("contacts", "stakeholders:contacts", _("Directory"))
    name_subjects_of("stakeholders.contact", name_contacts)
    name_subjects_of("stakeholders.round", name_rounds)
