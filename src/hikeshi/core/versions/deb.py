"""Versions of Debian packages: ``[epoch:]upstream[-revision]``.

Source: Debian Policy 5.6.12 and deb-version(7). Text and numbers alternate; ``~`` comes before the
end of a part, letters before everything else; a missing number is 0, a missing revision is ``0``.
"""

from __future__ import annotations

import re

from hikeshi.core.versions.encoding import UnreadableVersion, number

SCHEME = "deb"

_VERSION = re.compile(r"\s*(?:([0-9]+):)?([0-9A-Za-z.+~:-]+?)(?:-([0-9A-Za-z.+~]+))?\s*", re.ASCII)
_PART = re.compile(r"([^0-9]*)([0-9]*)")

_TILDE = 0x01
_END = b"\x02"
_ORDER = bytes(
    _TILDE if char == "~" else code if char.isalpha() else min(code + 0x80, 0xFF)
    for code, char in ((code, chr(code)) for code in range(128))
) + bytes(128)


def key(text: str) -> bytes:
    """Return the key of a version. Raises UnreadableVersion for anything else."""
    read = _VERSION.fullmatch(text)
    if read is None:
        raise UnreadableVersion(SCHEME, text)
    epoch, upstream, revision = read.groups()
    if (epoch is None and ":" in upstream) or (revision is None and upstream.endswith("-")):
        raise UnreadableVersion(SCHEME, text)
    return number(int(epoch or 0)) + _part(upstream) + _part(revision or "0")


def _part(text: str) -> bytes:
    """Encode upstream version or revision.

    Only the first pair can have empty text, so the end mark, which also ends a text, cannot be
    mistaken for a text that goes on.
    """
    parts: list[bytes] = []
    for words, digits in _PART.findall(text):
        if words or digits or not parts:
            parts.append(words.encode("ascii").translate(_ORDER) + _END + number(int(digits or 0)))
    return b"".join(parts) + _END
