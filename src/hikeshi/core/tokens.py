"""Cut texts and questions into search tokens, the same for every database and language.

1. NFKC and lower case first: full-width letters and half-width kana are the usual ones then.
2. Latin runs are words; a run with marks inside (``CVE-2023-38545``, ``pkg:npm/a@1``) is a token
   whole, and so are its parts.
3. Other scripts go by pairs of neighbouring characters, because Japanese writes no spaces; a run of
   one character is a token by itself.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_RUN: Final = re.compile(r"[a-z0-9](?:[a-z0-9._:/@+%-]*[a-z0-9])?|[^\W\x00-\x7f]+")
_PART: Final = re.compile(r"[a-z0-9]+")
TEXT_LIMIT: Final = 100_000
QUERY_LIMIT: Final = 200


def plain(text: str) -> str:
    """Return a text as it is compared: NFKC, lower case, one space for any."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def tokens_of(text: str) -> set[str]:
    """Return what a text can be found by; of its first ``TEXT_LIMIT`` characters."""
    found: set[str] = set()
    for run in _RUN.findall(plain(text[:TEXT_LIMIT])):
        if run[0].isascii():
            found.add(run[:200])
            found.update(_PART.findall(run))
        else:
            found.update(_pairs(run))
    return found


def words_of(query: str) -> list[str]:
    """Return the words of a question, each of which a hit must hold."""
    return _RUN.findall(plain(query[:QUERY_LIMIT]))


def query_tokens(query: str) -> set[str]:
    """Return the tokens that a hit must have, all of them."""
    found: set[str] = set()
    for word in words_of(query):
        if word[0].isascii():
            found.update(_PART.findall(word))
        else:
            found.update(_pairs(word))
    return found


def _pairs(run: str) -> list[str]:
    return [run[n : n + 2] for n in range(len(run) - 1)] or [run]
