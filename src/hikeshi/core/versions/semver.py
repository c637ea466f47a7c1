"""Semantic Versioning 2.0.0, as npm reads it.

Source: Semantic Versioning 2.0.0, section 11 (precedence); node-semver 7 for what npm lets pass
beside it: a leading ``v`` or ``=``, one or two numbers instead of three (``1.2`` is ``1.2.0``), and
leading zeros. Build metadata has no say in the order (section 10).
"""

from __future__ import annotations

import re

from hikeshi.core.versions.encoding import END, UnreadableVersion, number

SCHEME = "semver"

_PRE = b"\x01"
_RELEASE = b"\x02"
_NUMERIC = b"\x01"
_WORD = b"\x02"

_VERSION = re.compile(
    r"\s*[vV=]?\s*([0-9]+)(?:\.([0-9]+))?(?:\.([0-9]+))?"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?\s*"
)


def key(text: str) -> bytes:
    """Return the key of a version. Raises UnreadableVersion for anything else."""
    return key_of(_VERSION.fullmatch(text), text)


def key_of(
    read: re.Match[str] | None, text: str, *, scheme: str = SCHEME, zeros_are_words: bool = False
) -> bytes:
    """Return the key of what a pattern read: three numbers and the pre-release part.

    zeros_are_words: a pre-release part like ``011`` counts as a word (Go) and not as 11 (npm).
    """
    if read is None:
        raise UnreadableVersion(scheme, text)
    major, minor, patch, pre = read.groups()
    core = number(int(major)) + number(int(minor or 0)) + number(int(patch or 0))
    if pre is None:
        return core + _RELEASE
    parts = [core, _PRE]
    for part in pre.split("."):
        if part.isdigit() and not (zeros_are_words and part[0] == "0" and part != "0"):
            parts += (_NUMERIC, number(int(part)))
        else:
            parts += (_WORD, part.encode("ascii"), END)
    parts.append(END)
    return b"".join(parts)
