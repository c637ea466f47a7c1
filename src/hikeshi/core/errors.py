"""The tree of errors that a person may meet.

    HikeshiError
    ├── InputRefused          bytes or values from outside that we will not take
    │   ├── TooLarge          a size, depth, count or time limit was passed
    │   └── Malformed         not what its format says
    ├── NotAllowed            the viewer lacks the right
    ├── NotFound              no such thing, or none that the viewer may know of
    ├── Conflict              the act does not fit the state of the thing
    │   ├── Stale             somebody saved in between
    │   └── AlreadyDone       the same act was done before
    └── NotAvailable          a part is missing: an extra, a key, a remote

An error carries a sentence with named places and the facts that fill them, so that the same error
can be said in the reader's language: ``ui`` translates ``sentence`` and fills it in again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar


def gettext_noop(message: str) -> str:
    """Mark a sentence for translation without translating it; core knows no language."""
    return message


class Term(str):
    """A fact of an error that is a word of ours: said in the reader's language, as a sentence is.

    Write ``Term(gettext_noop("Triage"))``; a name or a number stays a plain fact.
    """

    __slots__ = ()


class HikeshiError(Exception):
    """An error whose text is meant for a person.

    sentence: English, with ``%(name)s`` places; marked with ``gettext_noop`` where it is written.
    facts: what fills the places; never a secret, since errors reach logs.
    """

    code: ClassVar[str] = "error"

    def __init__(self, sentence: str, **facts: object) -> None:
        super().__init__(sentence, facts)
        self.sentence = sentence
        self.facts = facts

    def __str__(self) -> str:
        return self.sentence % self.facts if self.facts else self.sentence


class InputRefused(HikeshiError):
    """Bytes or values from outside that we will not take."""

    code = "input-refused"


class TooLarge(InputRefused):
    """A size, depth, count or time limit was passed."""

    code = "too-large"


class Malformed(InputRefused):
    """The input is not what its format says."""

    code = "malformed"


class NotAllowed(HikeshiError):
    """The viewer lacks the right for this act."""

    code = "not-allowed"


class NotFound(HikeshiError):
    """There is no such thing, or none that the viewer may know of: the two look the same."""

    code = "not-found"


class Conflict(HikeshiError):
    """The act does not fit the present state of the thing."""

    code = "conflict"


class Stale(Conflict):
    """Somebody else saved the thing since it was read."""

    code = "stale"


class AlreadyDone(Conflict):
    """The same act was done before; doing it twice would double it."""

    code = "already-done"


class NotAvailable(HikeshiError):
    """A part that the act needs is missing: an extra, a key, a remote."""

    code = "not-available"


@dataclass(frozen=True, slots=True)
class Deviation:
    """Something a reader forgave: a sentence with named places, and the facts that fill them."""

    sentence: str
    facts: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence % self.facts
