"""What can be found by the search of all pages, and by which of its words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.urls import reverse
from django.utils.translation import get_language

from hikeshi.inventory.models import Offering
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.search import Searchable, searchable
from hikeshi.records.subjects import Subject, name_subjects_of
from hikeshi.triage.models import Case


def _vulnerabilities(case: Case) -> Iterable[str]:
    return (name for one in case.vulnerabilities.all() for name in (one.name, one.cve) if name)


def name_offerings(viewer: Viewer, uids: Sequence[UUID]) -> dict[UUID, Subject]:
    """Name products."""
    return {
        offering.uid: Subject(
            offering.number,
            text_in(offering.name, get_language() or "en"),
            reverse("inventory:product", args=[offering.number]),
            offering.wall_id is not None,
        )
        for offering in Offering.objects.visible_to(viewer).filter(uid__in=uids)
    }


def fill() -> None:
    """Say what can be found; called once, at start-up."""
    name_subjects_of("inventory.offering", name_offerings)
    searchable("inventory.offering", Searchable(("name", "summary")))
    searchable("stakeholders.contact", Searchable(("name",)))
    searchable("stakeholders.round", Searchable(("title",)))
    searchable(
        "triage.case",
        Searchable(("title", "summary"), more=_vulnerabilities, prefetch=("vulnerabilities",)),
    )
