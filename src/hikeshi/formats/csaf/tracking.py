"""Mandatory tests of CSAF 2.0 about versions and the history of a document.

Versions are integers or semantic ones (section 3.1.11). The history is read by its dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

from hikeshi.formats.csaf.products import JSON, Found, doubles

_SEMANTIC: Final = re.compile(r"^(\d+)\.(\d+)\.(\d+)(?:-([^+]+))?(?:\+.+)?$")
_RELEASED: Final = {"final", "interim"}


def _tracking(document: JSON) -> JSON:
    found: JSON = document["document"]["tracking"]
    return found


def _history(document: JSON) -> list[JSON]:
    """Return the revisions, oldest first; of one moment in the order of their numbers."""
    held = _tracking(document).get("revision_history", [])
    return sorted(held, key=lambda one: (_moment(one["date"]), _order(one["number"])))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text.upper())


def _parts(version: str) -> tuple[int, int, int, str]:
    """Return major, minor, patch and what marks a version as not yet released."""
    found = _SEMANTIC.match(version)
    if found is None:
        return int(version), 0, 0, ""
    return int(found[1]), int(found[2]), int(found[3]), found[4] or ""


def _order(version: str) -> tuple[Any, ...]:
    """Order by precedence of Semantic Versioning 2.0.0, section 11."""
    major, minor, patch, before = _parts(version)
    marks = [
        (0, int(mark), "") if mark.isdigit() else (1, 0, mark) for mark in before.split(".") if mark
    ]
    return (major, minor, patch, not before, marks)


def _plain(version: str, *, draft: bool) -> str:
    """Take off the build, and for a draft what marks a version as not yet released."""
    version = version.partition("+")[0]
    return version.partition("-")[0] if draft else version


def _is_released(document: JSON) -> bool:
    return _tracking(document)["status"] in _RELEASED


def _is_zero(version: str) -> bool:
    return _parts(version)[0] == 0


def unsorted_history(document: JSON) -> Found:
    """6.1.14: in the order of dates, numbers rise."""
    numbers = [_order(one["number"]) for one in _history(document)]
    if numbers != sorted(numbers):
        yield "document/tracking/revision_history"


def latest_version(document: JSON) -> Found:
    """6.1.16: the document has the version of its newest revision."""
    history, tracking = _history(document), _tracking(document)
    draft = tracking["status"] == "draft"
    if history:
        newest = history[-1]["number"]
        if _plain(newest, draft=draft) != _plain(tracking["version"], draft=draft):
            yield f"document/tracking/version: {tracking['version']}, newest {newest}"


def undeclared_draft(document: JSON) -> Found:
    """6.1.17: what has a version of a draft is called a draft."""
    version = _tracking(document)["version"]
    if (_is_zero(version) or _parts(version)[3]) and _is_released(document):
        yield f"document/tracking/version: {version}"


def released_zero(document: JSON) -> Found:
    """6.1.18: what is released has no revision 0 in its history."""
    if _is_released(document):
        yield from (one["number"] for one in _history(document) if _is_zero(one["number"]))


def marked_revisions(document: JSON) -> Found:
    """6.1.19: no revision in the history is marked as not yet released."""
    yield from (one["number"] for one in _history(document) if _parts(one["number"])[3])


def released_marked(document: JSON) -> Found:
    """6.1.20: what is released has no version marked as not yet released."""
    if _is_released(document) and _parts(_tracking(document)["version"])[3]:
        yield "document/tracking/version"


def missing_revisions(document: JSON) -> Found:
    """6.1.21: the history begins with 0 or 1 and leaves no number out."""
    majors = [_parts(one["number"])[0] for one in _history(document)]
    if majors and majors[0] not in {0, 1}:
        yield f"document/tracking/revision_history: begins with {majors[0]}"
    for here, following in pairwise(majors):
        if following - here > 1:
            yield f"document/tracking/revision_history: {here} is followed by {following}"


def double_revisions(document: JSON) -> Found:
    """6.1.22: a number is used once."""
    yield from doubles([one["number"] for one in _history(document)])


def mixed_versions(document: JSON) -> Found:
    """6.1.30: versions are all integers or all semantic."""
    if len({_SEMANTIC.match(one) is None for one in _versions(document)}) > 1:
        yield "document/tracking"


def _versions(document: JSON) -> Iterator[str]:
    yield _tracking(document)["version"]
    yield from (one["number"] for one in _tracking(document).get("revision_history", []))
