"""Files of records: kept encrypted on disk, once per company and wall.

1. A file is read once, in bounded memory: counted, hashed, judged by its first bytes, sealed with a
   key of its own and written beside its final place; then it is synced and renamed, and only then
   do its rows come. A cut leaves no row, and a file that no row names, which ``sweep`` takes away.
2. A file on disk is never written over: it is named by a uid of its own, and the same content is
   found again by a keyed hash in the database.
3. Space is taken by a conditional update, so that uploads at once cannot pass the quota together.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from hikeshi.core import media_types, sealing
from hikeshi.core.errors import (
    AlreadyDone,
    Conflict,
    InputRefused,
    NotAvailable,
    NotFound,
    TooLarge,
    gettext_noop,
)
from hikeshi.core.streams import seal_stream, unseal_stream
from hikeshi.ledger.services import record
from hikeshi.organisation import keys
from hikeshi.organisation.models import Account, Company, CompanyKey, Unit, Wall, new_uid
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import seal, unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records import rights
from hikeshi.records.models import Blob, FileSpace, Record, Retention, StoredFile

SIZE_LIMIT: Final = 200 * 1024 * 1024
DEFAULT_QUOTA: Final = 20 * 1024**3
_PURPOSE: Final = b"file"
# A file that no row names may be one whose rows are just being written.
_ORPHAN_AGE: Final = timedelta(days=1)


def blob_root() -> Path:
    """Return the folder of all files."""
    return Path(settings.DATA_DIR) / "blobs"


def path_of(uid: UUID) -> Path:
    """Return where a stored file lies; the end of a UUIDv7 is random and spreads files evenly."""
    name = uid.hex
    return blob_root() / name[-2:] / name


@dataclass(slots=True)
class _Written:
    """A file that lies on disk and has no rows yet."""

    uid: UUID
    path: Path
    key: bytes
    size_bytes: int = 0
    sha256: bytes = b""
    media_type: str = ""


def store(
    *,
    subject: Record,
    name: str,
    content: Iterable[bytes],
    by: Account | None,
    at: datetime,
    declared: str = "",
    allowed: frozenset[str] = media_types.ALLOWED,
    limit_bytes: int = SIZE_LIMIT,
    retention: str = "",
) -> Blob:
    """Keep a file with a record, behind the record's wall; the caller has weighed the right to.

    content: pieces of any size, as an upload or a file gives them. declared: the media type that
    the sender says. by: None for somebody without an account.
    Raises TooLarge over the limit or the company's quota, InputRefused for a type that is not taken
    or that the content contradicts; nothing is kept then.
    """
    written = _write(content, declared=declared, allowed=allowed, limit_bytes=limit_bytes)
    try:
        with transaction.atomic():
            file = _stored_file(subject.company, subject.wall, written, at)
            blob = Blob.objects.create(
                company=subject.company, unit=subject.unit, wall=subject.wall, realm=subject.realm,
                subject_kind=subject._meta.label_lower, subject_uid=subject.uid, file=file,
                name=seal(media_types.safe_name(name), subject.wall),
                sha256=seal(written.sha256.hex(), subject.wall), size_bytes=written.size_bytes,
                media_type=written.media_type, retention=retention or subject.retention,
                added_by=by, added_at=at,
            )  # fmt: skip
            record("file.added", subject=blob, by=by, at=at, after={
                "name": blob.name.value, "sha256": blob.sha256.value,
                "size_bytes": blob.size_bytes, "media_type": blob.media_type,
            })  # fmt: skip
    except BaseException:
        written.path.unlink(missing_ok=True)
        raise
    if file.uid != written.uid:
        # The same content lies there already.
        written.path.unlink(missing_ok=True)
    return blob


def _write(
    content: Iterable[bytes], *, declared: str, allowed: frozenset[str], limit_bytes: int
) -> _Written:
    """Write the sealed file to its place, whole or not at all."""
    uid = UUID(str(new_uid()))
    written = _Written(uid, path_of(uid), sealing.new_key())
    part = written.path.with_name(f"{written.path.name}.part")
    part.parent.mkdir(parents=True, exist_ok=True)
    try:
        with part.open("xb") as out:
            pieces = _judged(content, written, declared, allowed, limit_bytes)
            out.writelines(seal_stream(written.key, pieces))
            out.flush()
            os.fsync(out.fileno())
        part.replace(written.path)
        _sync_folder(written.path.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise NotAvailable(
            gettext_noop("The file could not be kept: %(reason)s. Nothing was stored."),
            reason=error.strerror or type(error).__name__,
        ) from error
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return written


def _judged(
    content: Iterable[bytes],
    written: _Written,
    declared: str,
    allowed: frozenset[str],
    limit_bytes: int,
) -> Iterator[bytes]:
    """Hand the bytes on, hashing and counting them; refuse at the first moment that allows it."""
    digest, head = hashlib.sha256(), bytearray()
    for piece in content:
        written.size_bytes += len(piece)
        if written.size_bytes > limit_bytes:
            raise TooLarge(
                gettext_noop("The file is larger than %(limit)s MB."), limit=limit_bytes // 2**20
            )
        digest.update(piece)
        if not written.media_type:
            head += piece[: media_types.HEAD_BYTES]
            if len(head) >= media_types.HEAD_BYTES:
                head = head[: media_types.HEAD_BYTES]
                written.media_type = media_types.judge(declared, bytes(head), allowed)
        yield bytes(piece)
    written.media_type = written.media_type or media_types.judge(declared, bytes(head), allowed)
    written.sha256 = digest.digest()


def _sync_folder(folder: Path) -> None:
    """Make a new name survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _wrapping_key(company: Company, wall: Wall | None) -> tuple[CompanyKey | None, bytes]:
    if wall is None:
        return keys.open_company_key(company)
    key = keys.wall_keys([wall.pk])[wall.pk]
    if key is None:
        raise NotAvailable(
            gettext_noop("This wall's key was erased; nothing can be written behind it.")
        )
    return None, key


def _stored_file(
    company: Company, wall: Wall | None, written: _Written, at: datetime
) -> StoredFile:
    """Return the row of the content: the one that is there, else a new one that takes its space."""
    # Keyed by what outlives a rotation, so that the same content is known for ever.
    secret = sealing.derive(keys.search_key(company), b"files")
    scope = b"wall:%d:" % wall.pk if wall is not None else b"company:"
    digest = hmac.digest(secret, scope + written.sha256, hashlib.sha256)
    same = StoredFile.objects.filter(
        company=company, wall=wall, digest=digest, wrapped_key__isnull=False
    )
    # Locked, so that nobody erases it between this and the row that will name it.
    found = same.select_for_update().first()
    if found is not None:
        return found
    row, key = _wrapping_key(company, wall)
    try:
        with transaction.atomic():
            file = StoredFile.objects.create(
                uid=written.uid, company=company, wall=wall, digest=digest, company_key=row,
                size_bytes=written.size_bytes, stored_at=at,
                wrapped_key=sealing.seal(key, written.key, purpose=_PURPOSE),
            )  # fmt: skip
    except IntegrityError:
        # Two uploads of the same content ran side by side; the other one was first.
        return same.select_for_update().get()
    _take_space(company, written.size_bytes)
    return file


def space_of(company: Company) -> FileSpace:
    """Return a company's space for files, made when first asked for."""
    space, _made = FileSpace.objects.get_or_create(
        company=company, defaults={"quota_bytes": DEFAULT_QUOTA}
    )
    return space


def _take_space(company: Company, size_bytes: int) -> None:
    space = space_of(company)
    taken = FileSpace.objects.filter(
        pk=space.pk, quota_bytes__gte=F("used_bytes") + size_bytes
    ).update(used_bytes=F("used_bytes") + size_bytes)
    if not taken:
        raise TooLarge(
            gettext_noop(
                "The company's files may take %(quota)s MB and would take more. "
                "An administrator can erase files or raise the quota."
            ),
            quota=space.quota_bytes // 2**20,
        )


def set_quota(*, company: Company, quota_bytes: int, by: Viewer, at: datetime) -> FileSpace:
    """Change how much space a company's files may take.

    Raises Conflict below what they take already, NotAllowed without the right.
    """
    by.require(Permission.ORGANISATION_MANAGE, company.pk)
    if not 0 < quota_bytes < 2**62:
        raise InputRefused(gettext_noop("A quota of %(quota)s bytes is not possible."),
                           quota=quota_bytes)  # fmt: skip
    space = space_of(company)
    with transaction.atomic():
        fits = FileSpace.objects.filter(pk=space.pk, used_bytes__lte=quota_bytes)
        if not fits.update(quota_bytes=quota_bytes):
            raise Conflict(gettext_noop("The files take more than that already."))
        before, after = {"quota_bytes": space.quota_bytes}, {"quota_bytes": quota_bytes}
        record(
            "files.quota_set", subject=space, company=company, by=by.account, at=at, before=before,
            after=after,
        )  # fmt: skip
    space.refresh_from_db()
    return space


def blobs_about(viewer: Viewer, subject_uid: UUID) -> list[Blob]:
    """Return a record's files, oldest first, names opened; erased ones are among them."""
    found = list(
        Blob.objects.visible_to(viewer)
        .filter(subject_uid=subject_uid)
        .select_related("added_by")
        .order_by("added_at", "pk")
    )
    unseal(found, "name", "sha256")
    return found


def blob_by_uid(viewer: Viewer, uid: UUID) -> Blob:
    """Return one file, its name opened; NotFound also for one behind a wall and an erased one."""
    blob = (
        Blob.objects.visible_to(viewer)
        .filter(uid=uid, erased_at__isnull=True)
        .select_related("file", "file__company_key", "file__wall")
        .first()
    )
    if blob is None:
        raise NotFound(gettext_noop("There is no such file."))
    unseal([blob], "name", "sha256")
    return blob


def pieces_of(blob: Blob) -> Iterator[bytes]:
    """Yield the bytes of a file that the caller has read as its viewer, in bounded memory.

    Raises NotAvailable when the file on disk is missing, KeyMismatch when it was changed.
    """
    file = blob.file
    if file.wall_id is not None:
        wrapping = keys.wall_keys([file.wall_id])[file.wall_id]
    else:
        assert file.company_key is not None  # noqa: S101  # one of the two wraps
        wrapping = keys.company_key_of(file.company_key)
    if wrapping is None or file.wrapped_key is None:
        raise NotFound(gettext_noop("This file was erased."))
    key = sealing.unseal(wrapping, bytes(file.wrapped_key), purpose=_PURPOSE)
    try:
        source = path_of(file.uid).open("rb")
    except FileNotFoundError as error:
        raise NotAvailable(
            gettext_noop("The file is missing on disk. Restore it from a backup.")
        ) from error
    with closing(source):
        yield from unseal_stream(key, source)


def read(blob: Blob, limit_bytes: int = SIZE_LIMIT) -> bytes:
    """Return the whole of a file. Raises TooLarge over the limit, else as ``pieces_of``."""
    if blob.size_bytes > limit_bytes:
        raise TooLarge(
            gettext_noop("The file is larger than %(limit)s MB."), limit=limit_bytes // 2**20
        )
    return b"".join(pieces_of(blob))


def move(*, subject_uids: Iterable[UUID], unit: Unit | None) -> None:
    """Let the files of records follow them to a unit; the caller moves the records."""
    Blob.objects.for_system("a file has the unit of its record").filter(
        subject_uid__in=subject_uids
    ).update(unit=unit)


def erase(*, blob: Blob, by: Viewer, at: datetime, reason: str) -> None:
    """Erase a file for good; that it was there, its name and its hash stay on record.

    The bytes go when no other record names them: their key is forgotten at once, also for copies
    on tape, and the file is taken off the disk.
    Raises InputRefused without a reason, AlreadyDone when it was erased before.
    """
    account = rights.require(blob, by, Permission.CASE_LEAD)
    if not reason.strip():
        raise InputRefused(gettext_noop("Say why the file is erased."))
    forget(blob=blob, by=account, at=at, reason=reason)


def forget(*, blob: Blob, by: Account | None, at: datetime, reason: str) -> None:
    """Erase a file for a caller that has weighed the right (``erase``, retention).

    Raises Conflict while a legal hold lies on its record.
    """
    with transaction.atomic():
        holds = Retention.objects.for_system("a hold binds also who may not see it")
        if holds.filter(subject_uid=blob.subject_uid, held_at__isnull=False).exists():
            raise Conflict(gettext_noop("A legal hold lies on this. Lift it first."))
        file = StoredFile.objects.select_for_update().get(pk=blob.file_id)
        blobs = Blob.objects.for_system("a file the caller has read")
        if not blobs.filter(pk=blob.pk, erased_at__isnull=True).update(erased_at=at):
            raise AlreadyDone(gettext_noop("This file was erased already."))
        record("file.erased", subject=blob, by=by, at=at, after={"reason": reason})
        if not blobs.filter(file=file, erased_at__isnull=True).exists():
            StoredFile.objects.filter(pk=file.pk).update(wrapped_key=None)
            FileSpace.objects.filter(company_id=file.company_id).update(
                used_bytes=F("used_bytes") - file.size_bytes
            )
            path = path_of(file.uid)
            # After the commit: a rollback must find the bytes where they were.
            transaction.on_commit(lambda: path.unlink(missing_ok=True))
    blob.erased_at = at


@dataclass(frozen=True, slots=True)
class Swept:
    """What ``sweep`` found. missing: uids of stored files whose bytes are not on disk."""

    removed: int
    missing: list[UUID]


def sweep(*, at: datetime) -> Swept:
    """Take away files that no row names, left by a cut, and name rows whose file is gone."""
    named = {
        uid.hex: uid
        for uid in StoredFile.objects.filter(wrapped_key__isnull=False)
        .values_list("uid", flat=True)
        .iterator(chunk_size=5000)
    }
    old = (at - _ORPHAN_AGE).timestamp()
    removed, seen = 0, set()
    for path in blob_root().glob("??/*"):
        if path.name in named:
            seen.add(path.name)
            continue
        # An upload that ends meanwhile takes its unfinished file away itself.
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < old:
                path.unlink()
                removed += 1
    return Swept(removed, [uid for name, uid in named.items() if name not in seen])
