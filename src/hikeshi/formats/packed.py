"""Files that come packed with gzip (RFC 1952), unpacked no further than a limit."""

from __future__ import annotations

import zlib
from typing import Final

from hikeshi.core.errors import Malformed, TooLarge, gettext_noop

GZIP_MARK: Final = b"\x1f\x8b"
_WITH_GZIP_HEAD: Final = 16 + zlib.MAX_WBITS


def unpacked(content: bytes, *, limit_bytes: int) -> bytes:
    """Return the bytes inside a gzip file, or the bytes themselves when they are not packed.

    Several members behind one another are joined, as RFC 1952 allows.
    Raises TooLarge as soon as more than the limit comes out, Malformed when the file is damaged
    or was cut off.
    """
    if not content.startswith(GZIP_MARK):
        return content
    parts: list[bytes] = []
    size = 0
    rest = content
    try:
        while rest.startswith(GZIP_MARK):
            member = zlib.decompressobj(_WITH_GZIP_HEAD)
            part = member.decompress(rest, limit_bytes - size + 1)
            size += len(part)
            if size > limit_bytes:
                raise TooLarge(
                    gettext_noop("The gzip file unpacks to over %(limit)s MB; it was not read."),
                    limit=limit_bytes // (1024 * 1024),
                )
            if not member.eof:
                raise Malformed(gettext_noop("The gzip file was cut off; pack it again."))
            parts.append(part)
            rest = member.unused_data
    except zlib.error as error:
        raise Malformed(gettext_noop("The gzip file is damaged; pack it again.")) from error
    return b"".join(parts)
