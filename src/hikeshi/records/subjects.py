"""From (kind, uid) to something a person can read and open.

Tasks, approvals and clocks name their subject by kind and uid. Each area that owns a kind says at
start-up how to name its rows; a lower page then shows them without knowing the area.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils.translation import get_language

from hikeshi.organisation.models import Account
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.models import Approval, Clock, Record


@dataclass(frozen=True, slots=True)
class Subject:
    """A record by its number, title and address, as the viewer may know it."""

    number: str
    title: str
    url: str
    walled: bool = False


Namer = Callable[[Viewer, Sequence[UUID]], dict[UUID, Subject]]
_namers: dict[str, Namer] = {}
_owned: dict[str, tuple[type[Record], str]] = {}


def name_subjects_of(kind: str, namer: Namer) -> None:
    """Let an area name its rows; kind is the model's label, ``triage.case``.

    The namer starts from ``visible_to`` and answers in a fixed number of queries.
    """
    _namers[kind] = namer


def name_owners_of(kind: str, model: type[Record], field: str) -> None:
    """Let an area say in whose hands its rows lie: a field of the row that names an account."""
    _owned[kind] = (model, field)


def owner_of(kind: str, uid: UUID) -> Account | None:
    """Return in whose hands a row lies, for jobs; None where its area names nobody."""
    if kind not in _owned:
        return None
    model, field = _owned[kind]
    rows = model._default_manager.filter(uid=uid).values(field)
    return Account.objects.filter(pk__in=rows).first()


def owners(viewer: Viewer, wanted: Iterable[tuple[str, UUID]]) -> dict[UUID, str]:
    """Name the owners of many subjects that the viewer may know of; one query a kind."""
    asked = set(wanted)
    found: dict[UUID, str] = {}
    for kind, (model, field) in _owned.items():
        uids = [uid for held, uid in asked if held == kind]
        if uids:
            rows = model.objects.visible_to(viewer).filter(uid__in=uids)
            named = rows.filter(**{f"{field}__isnull": False})
            found |= dict(named.values_list("uid", f"{field}__name"))
    return found


def not_in_other_hands(viewer: Viewer) -> Q:
    """Return the condition of tasks, clocks and the like whose matter is the viewer's or nobody's.

    What is nobody's is everybody's who sees it: else it would be on no one's list.
    """
    held = Q(pk__in=[])
    for model, field in _owned.values():
        others = model.objects.visible_to(viewer).filter(**{f"{field}__isnull": False})
        others = others.exclude(**{field: viewer.account_id})
        held |= Q(subject_uid__in=others.values("uid"))
    return ~held


def named_by_subject(model: type[Approval | Clock]) -> Namer:
    """Return what names rows without a name of their own by the record they are about."""

    def namer(viewer: Viewer, uids: Sequence[UUID]) -> dict[UUID, Subject]:
        rows: list[Any] = list(model.objects.visible_to(viewer).filter(uid__in=uids))
        named = subjects(viewer, {(row.subject_kind, row.subject_uid) for row in rows})
        return {row.uid: named[row.subject_uid] for row in rows if row.subject_uid in named}

    return namer


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
