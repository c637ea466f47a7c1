"""Read the ``all.zip`` of an OSV bucket, member by member, with limits.

1. Sizes are checked against what is unpacked, not against what the archive claims of itself.
2. One bad member is told and skipped; an archive that as a whole is none, or is a bomb, is refused
   before anything of it is used.
3. Names are only names: nothing is ever written to a path from an archive.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Final

from hikeshi.core.errors import InputRefused, Malformed, TooLarge, gettext_noop


@dataclass(frozen=True, slots=True)
class Limits:
    """What is read at most. ratio: unpacked bytes per packed byte, over the whole archive."""

    members: int = 2_000_000
    member_bytes: int = 16 * 1024 * 1024
    total_bytes: int = 64 * 1024 * 1024 * 1024
    ratio: int = 200
    name_characters: int = 300


LIMITS: Final = Limits()
_READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}
# UnicodeDecodeError, a ValueError, for a name that is no UTF-8 though its header says so.
_DAMAGED = (
    zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, ValueError
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Member:
    """A file of the archive: its bytes, or the error for which it was skipped.

    place: how many entries of the archive lie before and with it.
    """

    name: str
    place: int
    content: bytes = b""
    error: InputRefused | None = None


def open_archive(file: IO[bytes], limits: Limits = LIMITS) -> zipfile.ZipFile:
    """Open an archive after checking what its directory promises.

    Raises Malformed when it is no zip archive or was cut off, TooLarge over the limits.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, EOFError) as error:
        raise Malformed(
            gettext_noop("The file is not a zip archive, or was cut off: %(reason)s"),
            reason=str(error),
        ) from error
    entries = archive.infolist()
    if len(entries) > limits.members:
        raise TooLarge(
            gettext_noop("The archive holds %(count)s files; at most %(limit)s are read."),
            count=len(entries),
            limit=limits.members,
        )
    packed = sum(entry.compress_size for entry in entries)
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > limits.total_bytes or unpacked > (packed + 1024) * limits.ratio:
        raise TooLarge(
            gettext_noop(
                "The archive would unpack from %(packed)s to %(unpacked)s bytes; nothing was read."
            ),
            packed=packed,
            unpacked=unpacked,
        )
    return archive


def members(
    archive: zipfile.ZipFile, limits: Limits = LIMITS, *, start: int = 0
) -> Iterator[Member]:
    """Read the JSON files of an archive one after the other, in its own order.

    start: the ``place`` of a member behind which to go on.
    """
    for place, entry in enumerate(archive.infolist()[start:], start + 1):
        if entry.is_dir() or not entry.filename.lower().endswith(".json"):
            continue
        name = entry.filename[: limits.name_characters]
        try:
            yield Member(name, place, _content(archive, entry, limits))
        except InputRefused as error:
            yield Member(name, place, error=error)


def _content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: Limits) -> bytes:
    if entry.flag_bits & 0x1:
        raise Malformed(gettext_noop("The file is encrypted inside the archive."))
    if entry.compress_type not in _READABLE:
        raise Malformed(
            gettext_noop("The file is packed by method %(method)s, which is not read."),
            method=entry.compress_type,
        )
    try:
        with archive.open(entry) as file:
            content = file.read(limits.member_bytes + 1)
    except _DAMAGED as error:
        raise Malformed(
            gettext_noop("The file is damaged inside the archive: %(reason)s"), reason=str(error)
        ) from error
    if len(content) > limits.member_bytes:
        raise TooLarge(
            gettext_noop("The file unpacks to over %(limit)s bytes."), limit=limits.member_bytes
        )
    return content
