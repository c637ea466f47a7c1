"""Versions of Python packages: PEP 440.

Source: PEP 440, "Summary of permitted suffixes and relative ordering" and "Normalization"; the
order of details is that of ``packaging.version``. What came before PEP 440 (``2004d``) has no
agreed order and gets no key.
"""

from __future__ import annotations

import re

from hikeshi.core.versions.encoding import END, UnreadableVersion, number

SCHEME = "pypi"

_VERSION = re.compile(
    r"""\s* v?
    (?:([0-9]+)!)?                                                   # 1 epoch
    ([0-9]+(?:\.[0-9]+)*)                                            # 2 release
    (?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)[-_.]?([0-9]*))?       # 3 4 pre-release
    (?:-([0-9]+)|[-_.]?(post|rev|r)[-_.]?([0-9]*))?                  # 5, 6 7 post-release
    (?:[-_.]?(dev)[-_.]?([0-9]*))?                                   # 8 9 development release
    (?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?                            # 10 local version
    \s*""",
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_STAGES = {
    "a": b"\x01", "alpha": b"\x01",
    "b": b"\x02", "beta": b"\x02",
    "c": b"\x03", "rc": b"\x03", "pre": b"\x03", "preview": b"\x03",
}  # fmt: skip
_BEFORE_STAGES = b"\x00"
_AFTER_STAGES = b"\x04"
_LOCAL_SEPARATOR = re.compile(r"[-_.]")


def key(text: str) -> bytes:
    """Return the key of a version. Raises UnreadableVersion for anything else."""
    read = _VERSION.fullmatch(text)
    if read is None:
        raise UnreadableVersion(SCHEME, text)
    epoch, release, stage, stage_n, post_n1, post, post_n2, dev, dev_n, local = read.groups()
    numbers = [int(part) for part in release.split(".")]
    while len(numbers) > 1 and numbers[-1] == 0:
        numbers.pop()
    parts = [number(int(epoch or 0)), *map(number, numbers), END]
    has_post = post_n1 is not None or post is not None
    if stage is not None:
        parts += (_STAGES[stage.lower()], number(int(stage_n or 0)))
    else:
        # 1.0.dev1 comes before 1.0a1, but 1.0.post1.dev1 is a post-release.
        parts.append(_BEFORE_STAGES if dev is not None and not has_post else _AFTER_STAGES)
    parts += (b"\x01", number(int(post_n1 or post_n2 or 0))) if has_post else (b"\x00",)
    parts += (b"\x00", number(int(dev_n or 0))) if dev is not None else (b"\x01",)
    if local is not None:
        parts.append(_local(local))
    return b"".join(parts)


def _local(local: str) -> bytes:
    """Encode a local version: words before numbers, fewer parts before more."""
    parts = []
    for part in _LOCAL_SEPARATOR.split(local.lower()):
        if part.isdigit():
            parts.append(b"\x02" + number(int(part)))
        else:
            parts.append(b"\x01" + part.encode("ascii") + END)
    return b"".join(parts) + END
