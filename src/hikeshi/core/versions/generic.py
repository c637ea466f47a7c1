"""Dotted numbers as most software without a scheme of its own has them.

Read are dotted numbers, with one letter behind (``1.1.1k``, OpenSSL's way) or a patch level
(``8.9p1``, OpenSSH's way); both come after the version without. Missing numbers are 0, so ``1.0``
equals ``1``. Words (``rc``, ``beta``, ``final``) have no order that all makers share: such a
version gets no key.
"""

from __future__ import annotations

import re

from hikeshi.core.versions.encoding import END, UnreadableVersion, number

SCHEME = "generic"

_VERSION = re.compile(r"\s*[vV]?([0-9]+(?:\.[0-9]+)*)(?:p([0-9]+)|([A-Za-z]))?\s*", re.ASCII)


def key(text: str) -> bytes:
    """Return the key of a version. Raises UnreadableVersion for anything else."""
    read = _VERSION.fullmatch(text)
    if read is None:
        raise UnreadableVersion(SCHEME, text)
    release, patch_level, letter = read.groups()
    numbers = [int(part) for part in release.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    head = b"".join(map(number, numbers)) + END
    if letter is not None:
        return head + b"\x01" + letter.lower().encode("ascii")
    if patch_level is not None:
        return head + b"\x02" + number(int(patch_level))
    return head + b"\x00"
