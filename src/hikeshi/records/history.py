"""Rebuild what a record said at a past moment, from its ledger events with before and after.

For one field, the events around the moment decide, the nearest first:

1. the last event up to the moment whose ``after`` names the field; else
2. the first event past the moment whose ``before`` names it; else
3. what stands now, when no event past the moment touched the field.

An event whose payload was erased, or lies behind a wall that the viewer is not inside of, may have
touched any field. Where such an event stands between the moment and the evidence, the answer is
that it was erased or is hidden. Nothing is guessed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import Q

from hikeshi.ledger.models import Event, EventPayload
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.organisation.walls import walls_open_to


class Certainty(StrEnum):
    """How far the ledger can say what a field was.

    TOLD: as it stood. ERASED: the payload that would say is gone. HIDDEN: it lies behind a wall.
    UNTOLD: events changed it without saying from what.
    """

    TOLD = "told"
    ERASED = "erased"
    HIDDEN = "hidden"
    UNTOLD = "untold"


@dataclass(frozen=True, slots=True)
class Known:
    """A field at a moment; value is None unless the certainty is TOLD."""

    value: Any
    certainty: Certainty = Certainty.TOLD

    @property
    def is_told(self) -> bool:
        """Tell whether the value can be leant on."""
        return self.certainty is Certainty.TOLD


@dataclass(frozen=True, slots=True)
class Told:
    """What one event says; both sides are None where ``certainty`` says why."""

    at: datetime
    name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    certainty: Certainty = Certainty.TOLD


def told_of(viewer: Viewer, subjects: Iterable[UUID]) -> dict[UUID, list[Told]]:
    """Return all events of records that the caller has read as its viewer, oldest first.

    Being allowed to read the record is what opens its history: the unit may have changed since. A
    wall that the viewer is not inside of hides what an event says, not that it was there. Three
    queries whatever the number of records.
    """
    events = list(Event.objects.filter(subject_uid__in=list(subjects)).order_by("at", "pk"))
    readable = set(
        Event.objects.filter(
            Q(wall__isnull=True)
            | Q(wall__ended_at__lte=viewer.at)
            | Q(wall__in=walls_open_to(viewer)),
            pk__in=[event.pk for event in events],
        ).values_list("pk", flat=True)
    )
    payloads = {row.event_id: row for row in EventPayload.objects.filter(event__in=readable)}
    unseal([row for row in payloads.values() if row.content is not None], "content")
    found: dict[UUID, list[Told]] = defaultdict(list)
    for event in events:
        if event.subject_uid is None:
            continue
        if event.pk not in readable:
            told = Told(event.at, event.name, {}, {}, Certainty.HIDDEN)
        else:
            told = _opened(event, payloads.get(event.pk))
        found[event.subject_uid].append(told)
    return found


def _opened(event: Event, payload: EventPayload | None) -> Told:
    if payload is None:
        return Told(event.at, event.name, {}, {})
    if payload.erased_at is not None or payload.content is None or payload.content.is_erased:
        return Told(event.at, event.name, {}, {}, Certainty.ERASED)
    said = payload.content.value
    return Told(event.at, event.name, said.get("before") or {}, said.get("after") or {})


def fields_at(
    events: Sequence[Told],
    at: datetime,
    current: Mapping[str, Any],
    *,
    names: Collection[str],
    only: Callable[[Told], bool] = lambda _told: True,
) -> dict[str, Known]:
    """Return what the fields of ``current`` were at a moment.

    events: of one record, oldest first. current: what stands now, written as events write it.
    names: the events that speak of these fields; others use the same words for other things.
    only: a further choice among them; it is not asked about events that cannot be read.
    """
    speaking = [
        told
        for told in events
        if told.name in names and (told.certainty is not Certainty.TOLD or only(told))
    ]
    past = [told for told in reversed(speaking) if told.at <= at]
    future = [told for told in speaking if told.at > at]
    return {field: _field(field, value, past, future) for field, value in current.items()}


def _field(field: str, now: Any, past: Sequence[Told], future: Sequence[Told]) -> Known:
    dark: Certainty | None = None
    for told in past:
        if told.certainty is not Certainty.TOLD:
            dark = told.certainty
            break
        if field in told.after:
            return Known(told.after[field])
    for told in future:
        if told.certainty is not Certainty.TOLD:
            return Known(None, told.certainty)
        if field in told.before:
            return Known(told.before[field])
        if field in told.after:
            return Known(None, dark or Certainty.UNTOLD)
    # Nothing past the moment touched it, so that it stands as it stood, whatever was erased before.
    return Known(now)


@dataclass(frozen=True, slots=True)
class Line:
    """A field as a page shows it. value: text, ``{language: text}``, a moment or a day."""

    name: str
    label: str
    known: Known


@dataclass(frozen=True, slots=True)
class AsKnown:
    """A record at a moment: what every page and the API say of it, whatever its kind.

    parts: what hangs on it, as plain values, for programs.
    """

    at: datetime
    number: str
    url: str
    fields: Sequence[Line]
    parts: Mapping[str, Sequence[Mapping[str, Any]]]

    def plain(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "as_of": self.at,
            "number": self.number,
            "fields": {
                line.name: {"value": line.known.value, "certainty": line.known.certainty.value}
                for line in self.fields
            },
            "parts": self.parts,
        }

    def value(self, name: str) -> Any:
        """Return the value of a field; None when the ledger does not say."""
        return next((line.known.value for line in self.fields if line.name == name), None)
