"""From (kind, uid) to something a person can read and open.

Tasks, approvals and clocks name their subject by kind and uid. Each area that owns a kind says at
start-up how to name its rows; a lower page then shows them without knowing the area.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import get_language

from hikeshi.organisation.models import Account
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Subject:
    """A record by its number, title and address, as the viewer may know it."""

    number: str
    title: str
    url: str
    walled: bool = False


Namer = Callable[[Viewer, Sequence[UUID]], dict[UUID, Subject]]
OwnerFinder = Callable[[UUID, datetime], Sequence[Account]]
_namers: dict[str, Namer] = {}
_owner_finders: dict[str, OwnerFinder] = {}


def name_subjects_of(kind: str, namer: Namer) -> None:
    """Let an area name its rows; kind is the model's label, ``triage.case``.

    The namer starts from ``visible_to`` and answers in a fixed number of queries.
    """
    _namers[kind] = namer


def name_owners_of(kind: str, finder: OwnerFinder) -> None:
    """Let an area say in whose hands a row lies at a moment; nobody is an answer, too."""
    _owner_finders[kind] = finder


def owners_of(kind: str, uid: UUID, at: datetime) -> list[Account]:
    """Return in whose hands a row lies; nobody where its area names none."""
    finder = _owner_finders.get(kind)
    return list(finder(uid, at)) if finder is not None else []


def is_named(kind: str) -> bool:
    """Tell whether an area names rows of this kind, so that not being named means not visible."""
    return kind in _namers


def subjects(viewer: Viewer, wanted: Iterable[tuple[str, UUID]]) -> dict[UUID, Subject]:
    """Name many subjects, those absent that the viewer may not know of."""
    by_kind: dict[str, list[UUID]] = defaultdict(list)
    for kind, uid in wanted:
        by_kind[kind].append(uid)
    found: dict[UUID, Subject] = {}
    for kind, uids in by_kind.items():
        namer = _namers.get(kind)
        if namer is not None:
            found |= namer(viewer, uids)
    return {uid: _in_words(subject) for uid, subject in found.items()}


def _in_words(subject: Subject) -> Subject:
    """Say a title that its record keeps in several languages in the reader's."""
    title: Any = subject.title
    if isinstance(title, Mapping):
        return replace(subject, title=text_in(title, get_language() or "en"))
    return subject
