"""Erase what a record says when its retention class lets it go.

1. A class says how many years after its end a record is kept. A job lists what is due; nothing is
   erased until a person confirms it with a reason.
2. A legal hold stops it, also for single files, until somebody lifts it.
3. Erasing takes every sealed text of the record and of the rows that hang on it (found by their
   foreign keys and by ``subject_uid``), what their events say, their files, their words in search
   and, when nothing else lies behind it, the wall's key. Rows, numbers, moments and the events'
   hashes stay: the chain still proves what happened and when.
4. A row with a retention class of its own (an advisory) waits for that one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q

from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, NotFound, gettext_noop
from hikeshi.ledger.erasing import erase_payloads, hold_payloads
from hikeshi.ledger.events import record
from hikeshi.ledger.models import EventPayload
from hikeshi.organisation import keys
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import seal
from hikeshi.organisation.sealed_column import CLEAR, Sealed, SealedField
from hikeshi.organisation.viewer import Viewer
from hikeshi.records import blobs, rights, search
from hikeshi.records.models import Blob, Record, Retention, SearchEntry, TextState

YEARS: Final[dict[str, int]] = {"case": 10}
_REASON_LIMIT = 500
_PART = 500
_governed: dict[str, str] = {}
# Walls, accounts and events are nobody's part; the index and this list are kept by hand.
_APART: Final = frozenset({"organisation", "ledger", "ui"})


def govern(kind: str, *, ended: str) -> None:
    """Let an area's records be listed when they are due; ended: the column of their end."""
    _governed[kind] = ended


def years_after(moment: datetime, years: int) -> datetime:
    """Return the same day and time, years later (or earlier); 29 February becomes the 28th."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, day=28)


def due_at(row: Record) -> datetime | None:
    """Return from when a record may be erased; None while it goes on or is kept for ever."""
    ended = getattr(row, _governed[row._meta.label_lower])
    years = YEARS.get(row.retention)
    return None if ended is None or years is None else years_after(ended, years)


def find_due(*, at: datetime, check: Callable[[], None] = lambda: None) -> int:
    """List what is due now, and forget what is no longer (a case that was opened again).

    Returns how many are due. check: called between parts, so that a job can be stopped.
    """
    due = 0
    for kind, ended in _governed.items():
        model: Any = apps.get_model(kind)
        rows = model.objects.for_system("a job lists what is due")
        marks = Retention.objects.for_system("the list itself").filter(
            subject_kind=kind, erased_at__isnull=True
        )
        for name, years in YEARS.items():
            wanted = rows.filter(retention=name, **{f"{ended}__lte": years_after(at, -years)})
            gone = Retention.objects.for_system("the list itself").filter(erased_at__isnull=False)
            for row in wanted.exclude(uid__in=gone.values("subject_uid")).iterator(_PART):
                check()
                _mark(row)
                due += 1
        going_on = rows.filter(**{f"{ended}__isnull": True}).values("uid")
        marks.filter(subject_uid__in=going_on, held_at__isnull=True).delete()
        marks.filter(subject_uid__in=going_on).update(ended_at=None, due_at=None)
    return due


def _mark(row: Record) -> Retention:
    mark, _made = Retention.objects.update_or_create(
        subject_uid=row.uid,
        defaults={
            "subject_kind": row._meta.label_lower, "company": row.company, "unit": row.unit,
            "wall": row.wall, "realm": row.realm, "due_at": due_at(row),
            "ended_at": getattr(row, _governed[row._meta.label_lower]),
        },
    )  # fmt: skip
    return mark


def marks_of(viewer: Viewer) -> models.QuerySet[Retention]:
    """Select what the viewer may know of: due, held and erased records."""
    return Retention.objects.visible_to(viewer).select_related("held_by", "erased_by")


def mark_by_uid(viewer: Viewer, uid: UUID) -> Retention:
    """Return one line of the list; NotFound also for one behind a wall."""
    mark = marks_of(viewer).filter(uid=uid).first()
    if mark is None:
        raise NotFound(gettext_noop("There is no such page."))
    return mark


def record_by_number(viewer: Viewer, number: str) -> Record:
    """Return a governed record by its number; NotFound also for one behind a wall."""
    # PostgreSQL takes no NUL in a text, and no number holds one.
    number = number.replace("\x00", "")
    for kind in _governed:
        model: Any = apps.get_model(kind)
        found: Record | None = model.objects.visible_to(viewer).filter(number=number).first()
        if found is not None:
            return found
    raise NotFound(gettext_noop("There is no record “%(number)s” here."), number=number[:40])


def record_of(viewer: Viewer, mark: Retention) -> Record:
    """Return the record that a line is about; NotFound when the viewer may not know of it."""
    model: Any = apps.get_model(mark.subject_kind)
    found: Record | None = model.objects.visible_to(viewer).filter(uid=mark.subject_uid).first()
    if found is None:
        raise NotFound(gettext_noop("There is no such page."))
    return found


def _reason(text: str) -> str:
    reason = text.strip()[:_REASON_LIMIT]
    if not reason:
        raise InputRefused(gettext_noop("Say why; the reason goes on record."))
    return reason


def hold(*, row: Record, by: Viewer, at: datetime, reason: str) -> Retention:
    """Put a legal hold on a record, due or not.

    Raises InputRefused without a reason, AlreadyDone when one lies on it, Conflict when it was
    erased before, NotAllowed without the right.
    """
    account, reason = rights.require(row, by, Permission.CASE_LEAD), _reason(reason)
    with transaction.atomic():
        mark = _locked(_mark(row))
        if mark.erased_at is not None:
            raise Conflict(gettext_noop("This was erased before."))
        if mark.held_at is not None:
            raise AlreadyDone(gettext_noop("A legal hold lies on this already."))
        mark.held_at, mark.held_by, mark.hold_reason = at, account, seal(reason, row.wall)
        mark.save(update_fields=["held_at", "held_by", "hold_reason"])
        hold_payloads(subject_uid=row.uid, held=True, by=account, at=at)
        record("retention.held", subject=row, by=account, at=at, after={"reason": reason})
    return mark


def release(*, row: Record, by: Viewer, at: datetime, reason: str) -> None:
    """Lift a record's legal hold. Raises as ``hold``; AlreadyDone when none lies on it."""
    account, reason = rights.require(row, by, Permission.CASE_LEAD), _reason(reason)
    with transaction.atomic():
        mark = _locked(_mark(row))
        if mark.held_at is None:
            raise AlreadyDone(gettext_noop("No legal hold lies on this."))
        mark.held_at = mark.held_by = mark.hold_reason = None
        mark.save(update_fields=["held_at", "held_by", "hold_reason"])
        hold_payloads(subject_uid=row.uid, held=False, by=account, at=at)
        record("retention.released", subject=row, by=account, at=at, after={"reason": reason})


def _locked(mark: Retention) -> Retention:
    return (
        Retention.objects.for_system("the caller has read the record")
        .select_for_update(of=("self",))
        .get(pk=mark.pk)
    )


Parts = dict[type[models.Model], dict[int, UUID | None]]


def _part_models() -> list[type[models.Model]]:
    own = [
        model for model in apps.get_models()
        if model.__module__.startswith("hikeshi.") and model._meta.app_label not in _APART
    ]  # fmt: skip
    return [model for model in own if model not in {Retention, SearchEntry}]


def parts_of(row: Record) -> Parts:
    """Return the record and the rows that hang on it, by model: key and outward name."""
    found: Parts = defaultdict(dict)
    found[type(row)][row.pk] = row.uid
    grown = True
    while grown:
        uids = {uid for rows in found.values() for uid in rows.values() if uid is not None}
        grown = False
        for model in _part_models():
            wanted = _hanging(model, found, uids) if model is not type(row) else None
            if wanted is None:
                continue
            names = {field.name for field in model._meta.get_fields()}
            if "retention" in names:
                wanted &= Q(retention=row.retention)
            columns = ("pk", "uid") if "uid" in names else ("pk", "pk")
            rows = model._base_manager.filter(wanted).exclude(pk__in=list(found.get(model, {})))
            for pk, uid in rows.values_list(*columns):
                found[model][pk] = uid if "uid" in names else None
                grown = True
    return found


def _hanging(model: type[models.Model], found: Parts, uids: set[UUID]) -> Q | None:
    wanted = None
    for field in model._meta.concrete_fields:
        one = None
        if field.name == "subject_uid":
            one = Q(subject_uid__in=uids)
        elif isinstance(field, models.ForeignKey) and found.get(field.related_model):
            one = Q(**{f"{field.name}__in": list(found[field.related_model])})
        if one is not None:
            wanted = one if wanted is None else wanted | one
    return wanted


@dataclass(frozen=True, slots=True)
class Extent:
    """What erasing takes: rows with texts, lines of the audit log, files and their bytes."""

    texts: int
    events: int
    files: int
    size_bytes: int
    wall: bool


def _payloads(parts: Parts) -> dict[UUID, int]:
    uids = [uid for rows in parts.values() for uid in rows.values() if uid is not None]
    held = EventPayload.objects.filter(event__subject_uid__in=uids, erased_at__isnull=True)
    counts: dict[UUID, int] = defaultdict(int)
    for uid in held.values_list("event__subject_uid", flat=True):
        if uid is not None:
            counts[uid] += 1
    return counts


def _files(parts: Parts) -> models.QuerySet[Blob]:
    rows = Blob.objects.for_system("files of a record the caller has read")
    return rows.filter(pk__in=list(parts.get(Blob, {})), erased_at__isnull=True)


def _wall_goes(row: Record, parts: Parts) -> bool:
    """Tell whether nothing else lies behind the record's wall."""
    if row.wall_id is None:
        return False
    for model in apps.get_models():
        if issubclass(model, Record):
            others = model._base_manager.filter(wall_id=row.wall_id)
            if others.exclude(pk__in=list(parts.get(model, {}))).exists():
                return False
    return True


def extent_of(row: Record) -> Extent:
    """Count what erasing a record would take; the caller has read it as its viewer."""
    parts = parts_of(row)
    sizes = list(_files(parts).values_list("size_bytes", flat=True))
    texts = sum(len(rows) for model, rows in parts.items() if _sealed(model))
    return Extent(
        texts, sum(_payloads(parts).values()), len(sizes), sum(sizes), _wall_goes(row, parts)
    )


def _sealed(model: type[models.Model]) -> list[SealedField]:
    return [field for field in model._meta.concrete_fields if isinstance(field, SealedField)]


def erase(*, row: Record, by: Viewer, at: datetime, reason: str) -> Extent:
    """Erase what a record says, for good; return what went.

    Raises InputRefused without a reason, Conflict under a legal hold or before it is due,
    AlreadyDone when it was erased before, NotAllowed without the right. Nothing is erased then.
    """
    account, reason = rights.require(row, by, Permission.CASE_LEAD), _reason(reason)
    with transaction.atomic():
        row.refresh_from_db()
        mark = _locked(_mark(row))
        if mark.erased_at is not None:
            raise AlreadyDone(gettext_noop("This was erased before."))
        if mark.held_at is not None:
            raise Conflict(gettext_noop("A legal hold lies on this. Lift it first."))
        if mark.due_at is None or mark.due_at > at:
            raise Conflict(gettext_noop("This is not due for erasing yet."))
        went = extent_of(row)
        _erase_parts(row, account, at, reason)
        # Its reason stands in the list, in clear: behind a wall the key goes with this act.
        record("retention.erased", subject=row, by=account, at=at)
        mark.erased_at, mark.erased_by, mark.erase_reason = at, account, seal(reason, None)
        mark.save(update_fields=["erased_at", "erased_by", "erase_reason"])
        if went.wall and row.wall is not None:
            keys.shred_wall_key(wall=row.wall, at=at)
    return went


def _erase_parts(row: Record, account: Account, at: datetime, reason: str) -> None:
    parts = parts_of(row)
    for blob in _files(parts).select_related("company", "unit", "wall"):
        blobs.forget(blob=blob, by=account, at=at, reason=reason)
    for uid in _payloads(parts):
        erase_payloads(subject_uid=uid, by=account, at=at)
    TextState._base_manager.filter(pk__in=list(parts.pop(TextState, {}))).delete()
    for model, rows in parts.items():
        blank = {f.name: None if f.null else Sealed(CLEAR) for f in _sealed(model)}
        if blank:
            model._base_manager.filter(pk__in=list(rows)).update(**blank)
    for model, rows in parts.items():
        search.note(list(model._base_manager.filter(pk__in=list(rows))))
    row.refresh_from_db()
