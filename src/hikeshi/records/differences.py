"""Two texts side by side, for who saved onto something that changed meanwhile.

``records/difference.html`` shows them: what is stored now, what the person wrote, the words that
differ marked in both, and a choice. Nothing is merged by guess.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_WORDS = re.compile(r"[A-Za-z0-9_]+|\s+|.", re.DOTALL)
# Marking words takes square time; beyond this the texts stand side by side unmarked.
_LIMIT = 5_000


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of a text. differs: the other text has something else here."""

    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """One field, or one language of one, that is not the same now as in the form.

    name: of the form's field, with the language after a dot where it has languages.
    """

    name: str
    field: str
    language: str
    theirs: str
    mine: str

    @property
    def runs(self) -> tuple[list[Run], list[Run]]:
        """Return both texts in runs, theirs first."""
        return marked(self.theirs, self.mine)


def differences(theirs: Mapping[str, Any], mine: Mapping[str, Any]) -> list[Difference]:
    """Return where what is stored now and what a person wants to save differ.

    theirs: field → value as stored, opened. mine: the same fields as the form brought them.
    Values that are ``{language: text}`` are compared language by language.
    """
    found = []
    for name, wanted in mine.items():
        held = theirs.get(name)
        if isinstance(wanted, Mapping):
            held = held if isinstance(held, Mapping) else {}
            for language in sorted(held.keys() | wanted.keys()):
                pair = _said(held.get(language)), _said(wanted.get(language))
                if pair[0] != pair[1]:
                    found.append(Difference(f"{name}.{language}", name, language, *pair))
        elif _said(held) != _said(wanted):
            found.append(Difference(name, name, "", _said(held), _said(wanted)))
    return found


def _said(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return "\n".join(_said(one) for one in value)
    # A form brings line ends as CR LF; that alone is no difference.
    return str(value).replace("\r\n", "\n").strip()


def marked(first: str, second: str) -> tuple[list[Run], list[Run]]:
    """Cut two texts into runs; Latin words stay whole, Japanese goes by character."""
    if len(first) > _LIMIT or len(second) > _LIMIT:
        return [Run(first, differs=True)], [Run(second, differs=True)]
    a, b = _WORDS.findall(first), _WORDS.findall(second)
    left: list[Run] = []
    right: list[Run] = []
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    for kind, a0, a1, b0, b1 in matcher.get_opcodes():
        if a1 > a0:
            left.append(Run("".join(a[a0:a1]), kind != "equal"))
        if b1 > b0:
            right.append(Run("".join(b[b0:b1]), kind != "equal"))
    return left, right
