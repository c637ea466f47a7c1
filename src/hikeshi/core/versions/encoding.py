"""Pieces from which order-preserving keys are made, and the error of a version without one.

Rules that every scheme's key keeps:

1. Plain byte order of two keys is the scheme's order of the two versions; versions that the scheme
   calls equal have the same key.
2. No key is empty and none starts with 0xFF: ``b""`` and ``b"\\xff"`` are the ends of unbounded
   ranges (``core.ranges``).
3. A text over 255 characters and a key over 1,024 bytes are refused, since index rows have limits.
"""

from __future__ import annotations

from hikeshi.core.errors import Malformed, gettext_noop

TEXT_LIMIT = 255
KEY_LIMIT_BYTES = 1024

# Ends a run of numbers: no number starts with it.
END = b"\x00"


class UnreadableVersion(Malformed):
    """The scheme cannot read the version: it is listed as "cannot decide", never guessed."""

    code = "unreadable-version"

    def __init__(self, scheme: str, text: str) -> None:
        super().__init__(
            gettext_noop("“%(text)s” cannot be read as a version of the scheme %(scheme)s."),
            text=text if len(text) <= TEXT_LIMIT else f"{text[:TEXT_LIMIT]}…",
            scheme=scheme,
        )


def _encoded(value: int) -> bytes:
    size = (value.bit_length() + 7) // 8
    return bytes((size + 1,)) + value.to_bytes(size, "big")


# Nearly all numbers in versions are small.
_SMALL = [_encoded(value) for value in range(4096)]


def number(value: int) -> bytes:
    """Encode a number of up to 255 decimal digits; the first byte is 0x01 to 0x6B.

    Keeps the order because the size in bytes comes first.
    """
    return _SMALL[value] if value < 4096 else _encoded(value)
