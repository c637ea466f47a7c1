"""What this area tells others: how to name and find its cases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.urls import reverse

from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.search import Searchable, searchable
from hikeshi.records.subjects import Subject, name_subjects_of
from hikeshi.triage.models import Case
from hikeshi.triage.queries import cases_of


def name_cases(viewer: Viewer, uids: Sequence[UUID]) -> dict[UUID, Subject]:
    """Name cases, as many as the viewer may know of."""
    found = list(cases_of(viewer).filter(uid__in=uids))
    unseal(found, "title")
    return {
        case.uid: Subject(
            case.number,
            case.title.value or "",
            reverse("triage:case", args=[case.number]),
            case.wall is not None and case.wall.ended_at is None,
        )
        for case in found
    }


def _names(case: Case) -> Iterable[str]:
    """Return the ids by which a case is looked for."""
    for one in case.vulnerabilities.all():
        yield from filter(None, (one.name, one.cve))


def fill() -> None:
    """Fill the slots; called once, at start-up."""
    name_subjects_of("triage.case", name_cases)
    searchable(
        "triage.case",
        Searchable(texts=("title", "summary"), more=_names, prefetch=("vulnerabilities",)),
    )
