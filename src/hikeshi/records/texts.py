"""Texts in several languages: which translation was made from which source text.

A text stays what all pages take: ``{language: text}``. Beside it lies, per record, from which
source text each translation was made, as a fingerprint. A translation is stale when the source
reads otherwise now; nothing has to be marked when somebody saves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from hikeshi.core.errors import InputRefused, gettext_noop
from hikeshi.organisation.sealed import seal, unseal
from hikeshi.records.models import Record, TextState

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text's translations come from.

    source: the language it is written in. made_from: language → fingerprint of the source text
    that the translation was made from.
    """

    source: str
    made_from: Mapping[str, str] = field(default_factory=dict)


def fingerprint(text: str) -> str:
    """Return what tells whether a source text is still the same; spaces at its ends do not."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:32]


def stale_languages(text: Texts, origin: Origin) -> list[str]:
    """Return the languages whose translation was made from another source text, sorted."""
    now = fingerprint(text.get(origin.source, ""))
    return sorted(
        language
        for language, words in text.items()
        if language != origin.source and words.strip() and origin.made_from.get(language) != now
    )


def missing_languages(text: Texts, languages: Iterable[str]) -> list[str]:
    """Return the languages that a text should have and has not."""
    return [language for language in languages if not text.get(language, "").strip()]


def origin_after(
    origin: Origin | None,
    before: Texts,
    after: Texts,
    *,
    source: str,
    confirmed: Iterable[str] = (),
) -> Origin:
    """Return where translations come from once a text is saved.

    A translation that changed was made from the source as it is now; one that did not keeps what it
    was made from, unless its writer says that it still fits (``confirmed``).
    """
    now = fingerprint(after.get(source, ""))
    held = dict(origin.made_from) if origin is not None and origin.source == source else {}
    kept = set(confirmed)
    for language, words in after.items():
        if language == source or not words.strip():
            held.pop(language, None)
        elif language in kept or words.strip() != before.get(language, "").strip():
            held[language] = now
        elif origin is None:
            # Nothing was known before: what stood beside the old source was made from it.
            held[language] = fingerprint(before.get(source, ""))
    return Origin(source, {language: held[language] for language in held if language in after})


def origins_of(subject: Record) -> dict[str, Origin]:
    """Return the origins of a record's texts by field; the caller has read the record."""
    row = _row(subject)
    return {} if row is None else _read(row)


def note_texts(
    *,
    subject: Record,
    before: Mapping[str, Texts],
    after: Mapping[str, Texts],
    source: str,
    confirmed: Iterable[str] = (),
) -> dict[str, Origin]:
    """Note from which source the translations were made that a service saves now.

    Call it inside the transaction that saves the record. before, after: field → text, for the
    fields saved. source: the language written in. confirmed: languages said to fit still.
    Raises InputRefused for a text without its source language.
    """
    confirmed = list(confirmed)
    for text in after.values():
        if any(words.strip() for words in text.values()) and not text.get(source, "").strip():
            raise InputRefused(
                gettext_noop("The text is missing in “%(language)s”, the language it starts from."),
                language=source,
            )
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("texts noted outside a transaction")
    row = _row(subject)
    origins = {} if row is None else _read(row)
    for name, text in after.items():
        origins[name] = origin_after(
            origins.get(name), before.get(name, {}), text, source=source, confirmed=confirmed
        )
    state = {
        name: {"source": origin.source, "made_from": dict(origin.made_from)}
        for name, origin in origins.items()
    }
    TextState.objects.update_or_create(
        subject_uid=subject.uid,
        defaults={
            "subject_kind": subject._meta.label_lower, "company": subject.company,
            "unit": subject.unit, "wall": subject.wall, "state": seal(state, subject.wall),
        },
    )  # fmt: skip
    return origins


def stale_texts(subject: Record, texts: Mapping[str, Texts]) -> dict[str, list[str]]:
    """Return, by field, the languages to be translated again; fields that fit are left out."""
    origins = origins_of(subject)
    found = {
        name: stale_languages(text, origins[name])
        for name, text in texts.items()
        if name in origins
    }
    return {name: languages for name, languages in found.items() if languages}


def _row(subject: Record) -> TextState | None:
    return (
        TextState.objects.for_system("the caller has read the record")
        .filter(subject_uid=subject.uid)
        .first()
    )


def _read(row: TextState) -> dict[str, Origin]:
    unseal([row], "state")
    state: dict[str, Any] = row.state.value or {}
    return {name: Origin(one["source"], one["made_from"]) for name, one in state.items()}
