"""JSON text from outside, read once with limits and clear errors.

1. Size before anything else; then encoding (UTF-8 without doubt), then form.
   Size counts twice: in bytes, and in values, of which a few bytes can cost hundreds in memory.
2. Nesting too deep is refused, whoever skips it.
3. U+0000 is refused: PostgreSQL stores no text that holds it, and no honest text does.
"""

from __future__ import annotations

import codecs
import re
from typing import Final, TypeVar

import msgspec

from hikeshi.core.errors import Malformed, TooLarge, gettext_noop

_T = TypeVar("_T")

UTF8_MARK = b"\xef\xbb\xbf"
# A backslash that is itself escaped starts no escape.
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
# The densest honest SBOMs have an object or list in 84 bytes and a comma in 37: 128 MiB of them
# stay below both.
LIMIT_OBJECTS: Final = 2_500_000
LIMIT_VALUES: Final = 8_000_000
_PIECE_BYTES: Final = 1024 * 1024


class NotAsDescribed(Malformed):
    """The JSON is sound, but a field has another type than its format says."""

    code = "not-as-described"


def checked(content: bytes, *, limit_bytes: int, limit_values: int = LIMIT_VALUES) -> bytes:
    """Return JSON text as UTF-8 without mark, its size and encoding checked.

    limit_values: how many values it may have at most, counted by commas and openings.
    Raises TooLarge over a limit, Malformed for another encoding or U+0000.
    """
    if len(content) > limit_bytes:
        raise TooLarge(
            gettext_noop("The file has %(size)s bytes; at most %(limit)s are read."),
            size=len(content),
            limit=limit_bytes,
        )
    if content.startswith(_UTF16_MARKS):
        raise Malformed(
            gettext_noop("The file is encoded as UTF-16; JSON is UTF-8. Save it as UTF-8.")
        )
    content = content.removeprefix(UTF8_MARK)
    _refuse_other_encodings(content)
    if b"\x00" in content or (rb"\u0000" in content and _ESCAPED_NUL.search(content)):
        raise Malformed(gettext_noop("The file holds a NUL character, which no text may have."))
    objects = content.count(b"{") + content.count(b"[")
    if objects > min(LIMIT_OBJECTS, limit_values) or content.count(b",") > limit_values:
        raise TooLarge(
            gettext_noop("The file has over %(limit)s values; it was not read. Split it."),
            limit=f"{min(LIMIT_OBJECTS, limit_values):,}",
        )
    return content


def _refuse_other_encodings(content: bytes) -> None:
    # Piece by piece: decoded at once, one rare sign would make four bytes of each.
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(content)
    for start in range(0, len(view) + 1, _PIECE_BYTES):
        piece = view[start : start + _PIECE_BYTES]
        held = len(decoder.getstate()[0])
        try:
            decoder.decode(piece, final=start + _PIECE_BYTES > len(view))
        except UnicodeDecodeError as error:
            raise Malformed(
                gettext_noop("Byte %(place)s is not UTF-8. Save the file as UTF-8."),
                place=start - held + error.start,
            ) from error


def decode(decoder: msgspec.json.Decoder[_T], content: bytes) -> _T:
    """Decode text that ``checked`` has let through.

    Raises NotAsDescribed when a field's type is wrong, TooLarge for deep nesting, else Malformed;
    the message names the place.
    """
    try:
        return decoder.decode(content)
    except msgspec.ValidationError as error:
        raise NotAsDescribed(
            gettext_noop("The file is not as its format says: %(reason)s"), reason=str(error)
        ) from error
    except RecursionError as error:
        raise TooLarge(gettext_noop("The file nests too deep to be read.")) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(
            gettext_noop("The file is not JSON, or was cut off: %(reason)s"), reason=str(error)
        ) from error
