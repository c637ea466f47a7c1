"""Versions of Go modules and of the Go tool chain.

Source: golang.org/x/mod/semver (order), "Go Modules Reference" (pseudo-versions and
``+incompatible``), "Go Toolchains" (``go1.21.3``, ``go1.21rc2``). A module is tagged ``v1.2.3``;
vulnerability databases leave out the ``v``, so it is optional here.
"""

from __future__ import annotations

import re

from hikeshi.core.versions.semver import key_of

SCHEME = "golang"

_VERSION = re.compile(
    r"v?(0|[1-9][0-9]*)(?:\.(0|[1-9][0-9]*))?(?:\.(0|[1-9][0-9]*))?"
    r"(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?"
    r"(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
_TOOLCHAIN = re.compile(r"go([0-9]+(?:\.[0-9]+)*)(?:(beta|rc)([0-9]+))?(?:[- ].*)?")


def key(text: str) -> bytes:
    """Return the key of a version. Raises UnreadableVersion for anything else."""
    version = text
    if toolchain := _TOOLCHAIN.fullmatch(text):
        release, stage, count = toolchain.groups()
        version = f"{release}-{stage}.{count}" if stage else release
    return key_of(_VERSION.fullmatch(version), text, scheme=SCHEME, zeros_are_words=True)
