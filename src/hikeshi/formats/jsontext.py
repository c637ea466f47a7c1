"""JSON text from outside, read once with limits and clear errors.

1. Size before anything else; then encoding (UTF-8 without doubt), then form.
2. Nesting too deep is refused, whoever skips it.
3. U+0000 is refused: PostgreSQL stores no text that holds it, and no honest text does.
"""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from hikeshi.core.errors import Malformed, TooLarge, gettext_noop

_T = TypeVar("_T")

UTF8_MARK = b"\xef\xbb\xbf"
# A backslash that is itself escaped starts no escape.
_ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")


class NotAsDescribed(Malformed):
    """The JSON is sound, but a field has another type than its format says."""

    code = "not-as-described"


def checked(content: bytes, *, limit_bytes: int) -> bytes:
    """Return JSON text as UTF-8 without mark, its size and encoding checked.

    Raises TooLarge over the limit, Malformed for another encoding or U+0000.
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
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(
            gettext_noop("Byte %(place)s is not UTF-8. Save the file as UTF-8."), place=error.start
        ) from error
    if b"\x00" in content or (rb"\u0000" in content and _ESCAPED_NUL.search(content)):
        raise Malformed(gettext_noop("The file holds a NUL character, which no text may have."))
    return content


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
