"""Export one company by uid, as its viewer sees it.

A tar of ``manifest.json`` and ``<app.model>.jsonl``; a line is one row as a JSON object, references
are uids, texts are opened. What lies behind a wall that the viewer is not inside of is absent, and
the manifest does not count it: an export tells no more than the pages do. Files stand opened under
``files/<uid of the records.blob>``. What the machinery keeps for itself (jobs, the outbox, their
effects) says nothing of the company and stays here.
"""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from django.apps import apps
from django.db import models
from django.db.models import Q
from django.utils import timezone

from hikeshi import __version__
from hikeshi.core.errors import NotAvailable, NotFound, gettext_noop
from hikeshi.organisation.models import Company
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import Sealed, unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.organisation.walls import visibility
from hikeshi.records import blobs
from hikeshi.records.models import Blob
from hikeshi.stakeholders.models import Conversation
from hikeshi.stakeholders.queries import reads

_WALL_COLUMNS = frozenset({"company", "unit", "wall"})
# Rows of the company itself, which no wall guards.
_OPEN = frozenset({"organisation.unit", "organisation.appointment"})
# A conversation is for its members, not for everybody inside the wall: label → way to it.
_TALKS = {
    "stakeholders.conversation": "",
    "stakeholders.conversationmember": "conversation__",
    "stakeholders.message": "conversation__",
}
# Wrapped keys, digests and other bytes that mean nothing outside this installation.
_NEVER = frozenset(
    {
        "organisation.companykey",
        "organisation.wallkey",
        "organisation.apitoken",
        "records.searchentry",
        "records.searchtoken",
        # Machinery: what is to be done, not what is known.
        "ledger.job",
        "ledger.jobeffect",
        "ledger.outboxmessage",
    }
)


def _path_to_company(model: type[models.Model], seen: frozenset[Any] = frozenset()) -> str | None:
    """Find how a model reaches its walled row: "" when it is one, else a join like ``contact__``.

    Only parents whose rows cannot stand without (``CASCADE`` or ``PROTECT``, not null) are climbed.
    """
    if {field.name for field in model._meta.concrete_fields} >= _WALL_COLUMNS:
        return ""
    for field in model._meta.concrete_fields:
        if not isinstance(field, models.ForeignKey | models.OneToOneField) or field.null:
            continue
        target: Any = field.related_model
        if target in seen or target is model:
            continue
        if target is Company or target._meta.app_label != model._meta.app_label:
            continue
        above = _path_to_company(target, seen | {model})
        if above is not None:
            return f"{field.name}__{above}"
    return None


def exported_models() -> list[tuple[type[models.Model], str]]:
    """Return the models of an export with the join to the walled row that guards them."""
    found = []
    for model in apps.get_models():
        label = model._meta.label_lower
        if not model.__module__.startswith("hikeshi.") or label in _NEVER:
            continue
        path = "" if label in _OPEN else _path_to_company(model)
        if path is not None:
            found.append((model, path))
    return sorted(found, key=lambda pair: pair[0]._meta.label_lower)


def _rows(model: type[models.Model], guard: str, company: Company, viewer: Viewer) -> Any:
    related = [
        field.name
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and not _is_private(field)
    ]
    label = model._meta.label_lower
    seen = Q() if label in _OPEN else visibility(viewer, guard)
    if label in _TALKS:
        talks = Conversation.objects.filter(reads(viewer)).values("pk")
        seen &= Q(**{f"{_TALKS[label]}pk__in": talks})
    return (
        model._base_manager.filter(seen, **{f"{guard}company": company})
        .select_related(*related)
        .order_by("pk")
        .distinct()
    )


def _is_private(field: models.Field[Any, Any]) -> bool:
    return isinstance(field, models.BinaryField) and not hasattr(field, "from_db_value")


def _plain(value: Any) -> Any:
    if isinstance(value, Sealed):
        return value.value
    if isinstance(value, models.Model):
        uid = getattr(value, "uid", None)
        return str(uid) if uid is not None else value.pk
    return value


def _line(row: models.Model) -> bytes:
    values = {
        field.name: _plain(getattr(row, field.name))
        for field in row._meta.concrete_fields
        if not _is_private(field)
    }
    return orjson.dumps(values, default=str) + b"\n"


def _batches(rows: Iterable[models.Model], size: int = 500) -> Iterator[list[models.Model]]:
    batch: list[models.Model] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _add_files(archive: tarfile.TarFile, company: Company, viewer: Viewer) -> tuple[int, list[str]]:
    """Add the bytes of the files the viewer may open; return how many, and uids of missing ones."""
    count, missing = 0, []
    found = (
        Blob.objects.visible_to(viewer)
        .filter(company=company, erased_at__isnull=True)
        .select_related("file", "file__company_key", "file__wall")
        .order_by("pk")
    )
    for blob in found.iterator(chunk_size=500):
        with tempfile.TemporaryFile() as spool:
            try:
                spool.writelines(blobs.pieces_of(blob))
            except (NotAvailable, NotFound):
                # One lost file must not keep the rest from its owner; the manifest names it.
                missing.append(str(blob.uid))
                continue
            entry = tarfile.TarInfo(f"files/{blob.uid}")
            entry.size = spool.tell()
            spool.seek(0)
            archive.addfile(entry, spool)
        count += 1
    return count, missing


def export_company(*, uid: UUID, viewer: Viewer, target: Path) -> dict[str, Any]:
    """Write the export file; return its manifest.

    Raises NotFound for a company the viewer holds nothing in, NotAllowed without the export right.
    """
    company = Company.objects.filter(uid=uid, pk__in=list(viewer.scopes)).first()
    if company is None:
        raise NotFound(gettext_noop("There is no company %(uid)s."), uid=str(uid))
    viewer.require(Permission.EXPORT, company.pk)
    manifest: dict[str, Any] = {
        "format": 1,
        "version": __version__,
        "company": str(company.uid),
        "made_at": timezone.now().isoformat(),
        "rows": {},
    }
    part = target.with_name(target.name + ".part")
    with part.open("wb") as raw, tarfile.open(fileobj=raw, mode="w:gz") as archive:
        for model, guard in exported_models():
            label = model._meta.label_lower
            sealed = [f.name for f in model._meta.concrete_fields if hasattr(f, "from_db_value")]
            count = 0
            with tempfile.TemporaryFile() as spool:
                rows = _rows(model, guard, company, viewer).iterator(chunk_size=500)
                for batch in _batches(rows):
                    unseal(batch, *sealed)
                    spool.writelines(_line(row) for row in batch)
                    count += len(batch)
                entry = tarfile.TarInfo(f"{label}.jsonl")
                entry.size = spool.tell()
                spool.seek(0)
                archive.addfile(entry, spool)
            manifest["rows"][label] = count
        manifest["files"], manifest["missing"] = _add_files(archive, company, viewer)
        encoded = orjson.dumps(manifest, option=orjson.OPT_INDENT_2)
        entry = tarfile.TarInfo("manifest.json")
        entry.size = len(encoded)
        archive.addfile(entry, io.BytesIO(encoded))
    part.chmod(0o600)
    part.replace(target)
    return manifest
