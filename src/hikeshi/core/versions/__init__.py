"""Version schemes: each turns a version into bytes whose plain order is the scheme's order.

One file per scheme with ``SCHEME`` (its name) and ``key(text) -> bytes``; the rules that keys keep
stand in ``encoding``. A scheme that is not here, and a version that its scheme cannot read, get no
key: the answer is then "cannot decide".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from hikeshi.core.versions import deb, generic, golang, pypi, semver
from hikeshi.core.versions.encoding import KEY_LIMIT_BYTES, TEXT_LIMIT, UnreadableVersion

__all__ = ["KEY_LIMIT_BYTES", "SCHEMES", "TEXT_LIMIT", "UnreadableVersion", "key", "key_or_none"]

SCHEMES: Final[Mapping[str, Callable[[str], bytes]]] = MappingProxyType(
    {scheme.SCHEME: scheme.key for scheme in (deb, generic, golang, pypi, semver)}
)


def key(scheme: str, text: str) -> bytes:
    """Return the key of a version in a scheme.

    Raises UnreadableVersion for an unknown scheme, a version that the scheme cannot read, and one
    that passes the limits (255 characters, key of 1,024 bytes).
    """
    made = key_or_none(scheme, text)
    if made is None:
        raise UnreadableVersion(scheme, text)
    return made


@lru_cache(maxsize=131_072)
def key_or_none(scheme: str, text: str) -> bytes | None:
    """Return the key of a version, or None where ``key`` would raise."""
    make = SCHEMES.get(scheme)
    if make is None or len(text) > TEXT_LIMIT:
        return None
    try:
        made = make(text)
    except UnreadableVersion:
        return None
    return made if len(made) <= KEY_LIMIT_BYTES else None
