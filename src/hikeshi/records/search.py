"""Find records by their words, walled or not, as far as the viewer may see them.

1. Every searchable record has an entry behind its own wall, and tokens that are keyed numbers: the
   tables hold none of its words (what they tell a thief stands in THREAT_MODEL).
2. Entries are filtered by ``visible_to`` before anything is counted or shown.
3. Pairs of characters may meet by chance, so the texts of a page's hits are opened and must really
   hold each word.
4. A record is indexed in the transaction of each act on it; ``refresh`` catches up with the rest.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from hikeshi.core.sealing import keyed_token
from hikeshi.core.tokens import plain, query_tokens, tokens_of, words_of
from hikeshi.organisation import keys
from hikeshi.organisation.models import Company
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.sealed_column import Sealed
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.models import SearchEntry, SearchToken
from hikeshi.records.subjects import Subject, subjects
from hikeshi.ui.paging import Page, page_of

PAGE_SIZE: Final = 50
_KINDS: Final[list[tuple[str, re.Pattern[str]]]] = [
    ("CVE", re.compile(r"cve-\d{4}-\d{4,19}", re.IGNORECASE)),
    ("GHSA", re.compile(r"ghsa(-[a-z0-9]{4}){3}", re.IGNORECASE)),
    ("purl", re.compile(r"pkg:[a-z0-9.+-]+/\S+", re.IGNORECASE)),
    ("CVSS", re.compile(r"(cvss:[34]\.\d/)?av:[naplh]/\S+", re.IGNORECASE)),
    ("number", re.compile(r"[a-z][a-z0-9]{0,7}(-[a-z]{1,3})?-\d{4}-\d{4,}", re.IGNORECASE)),
]


@dataclass(frozen=True, slots=True)
class Searchable:
    """How records of a kind are found. texts: sealed or JSON columns; clear: plain ones.

    more: further words that belong to a row, for what lies in other tables; prefetch: which.
    """

    texts: tuple[str, ...]
    clear: tuple[str, ...] = ("number",)
    more: Callable[[Any], Iterable[str]] | None = None
    prefetch: tuple[str, ...] = ()


_searchable: dict[str, Searchable] = {}


def searchable(kind: str, how: Searchable) -> None:
    """Let records of a kind (``triage.case``) be found; called at start-up."""
    _searchable[kind] = how


def recognised(text: str) -> str:
    """Name what a pasted text is: CVE, GHSA, purl, CVSS, number; "" for words."""
    text = text.strip()
    return next((name for name, pattern in _KINDS if pattern.fullmatch(text)), "")


def _words(value: Any) -> Iterable[str]:
    if isinstance(value, Sealed):
        value = value.value
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _words(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _words(one)
    elif value is not None:
        yield str(value)


def _texts(rows: list[Any], how: Searchable) -> dict[UUID, str]:
    """Open rows of one kind and return their searchable text by uid."""
    unseal(rows, *how.texts)
    if how.prefetch:
        models.prefetch_related_objects(rows, *how.prefetch)
    return {
        row.uid: "\n".join(
            [word for name in (*how.clear, *how.texts) for word in _words(getattr(row, name))]
            + list(how.more(row) if how.more else [])
        )
        for row in rows
    }


def note(subject: models.Model) -> None:
    """Index the subject of an act, when its kind is searchable; called by the ledger."""
    kind = subject._meta.label_lower
    if kind in _searchable:
        index(kind, [subject])


def index(kind: str, rows: list[Any]) -> None:
    """Make rows of one kind findable by their present words."""
    how = _searchable[kind]
    secrets: dict[int, bytes] = {}
    with transaction.atomic():
        for row in rows:
            if row.company_id not in secrets:
                secrets[row.company_id] = keys.search_key(row.company)
            text = _texts([row], how)[row.uid]
            entry, _made = SearchEntry.objects.update_or_create(
                subject_uid=row.uid,
                defaults={
                    "subject_kind": kind, "company_id": row.company_id, "unit_id": row.unit_id,
                    "wall_id": row.wall_id, "changed_at": row.changed_at,
                },
            )  # fmt: skip
            wanted = {keyed_token(secrets[row.company_id], one) for one in tokens_of(text)}
            held = set(entry.tokens.values_list("token", flat=True))
            for gone in _parts(sorted(held - wanted)):
                entry.tokens.filter(token__in=gone).delete()
            SearchToken.objects.bulk_create(
                [SearchToken(entry=entry, token=one) for one in wanted - held],
                ignore_conflicts=True, batch_size=500,
            )  # fmt: skip


def _parts(values: list[int], size: int = 500) -> Iterable[list[int]]:
    return (values[n : n + size] for n in range(0, len(values), size))


def refresh(limit: int = 1000) -> int:
    """Index records that have no entry or changed without one; return how many."""
    done = 0
    for kind in _searchable:
        model: Any = apps.get_model(kind)
        current = SearchEntry.objects.for_system("the index itself").filter(
            subject_uid=OuterRef("uid"), changed_at__gte=OuterRef("changed_at")
        )
        stale = model.objects.for_system("making records findable").filter(~Exists(current))
        rows = list(stale.select_related("company").order_by("pk")[: limit - done])
        for row in rows:
            index(kind, [row])
        done += len(rows)
    return done


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that holds each word asked for."""

    kind: str
    subject: Subject


@dataclass(frozen=True, slots=True)
class Found:
    """One page of hits; about says that more entries may match than were opened."""

    hits: list[Hit]
    next_cursor: str


def search(
    viewer: Viewer, text: str, *, kinds: Iterable[str] = (), after: str | None = None
) -> Found:
    """Return a page of records that hold every word of a text, last changed first.

    kinds: only these; empty for all. after: the cursor of the page before.
    """
    tokens, words = query_tokens(text), words_of(text)
    if not tokens:
        return Found([], "")
    page = page_of(
        _entries(viewer, tokens, kinds), order=("-changed_at", "-pk"), after=after,
        size=PAGE_SIZE, counted=False,
    )  # fmt: skip
    return Found(_verified(viewer, page, words), page.next_cursor)


def _entries(viewer: Viewer, tokens: set[str], kinds: Iterable[str]) -> QuerySet[SearchEntry]:
    seen = SearchEntry.objects.visible_to(viewer)
    matching = Q(pk__in=[])
    # Tokens are keyed by company: whoever works in several asks in the words of each.
    for company in Company.objects.filter(pk__in=seen.values("company_id")):
        secret = keys.search_key(company)
        here = Q(company=company)
        for token in sorted(tokens):
            number = keyed_token(secret, token)
            here &= Q(Exists(SearchToken.objects.filter(entry=OuterRef("pk"), token=number)))
        matching |= here
    wanted = list(kinds)
    return seen.filter(matching, subject_kind__in=wanted or list(_searchable))


def _verified(viewer: Viewer, page: Page[SearchEntry], words: list[str]) -> list[Hit]:
    by_kind: dict[str, list[UUID]] = defaultdict(list)
    for entry in page.rows:
        by_kind[entry.subject_kind].append(entry.subject_uid)
    texts: dict[UUID, str] = {}
    for kind, uids in by_kind.items():
        model: Any = apps.get_model(kind)
        rows = list(model.objects.visible_to(viewer).filter(uid__in=uids))
        if rows:
            texts |= _texts(rows, _searchable[kind])
    named = subjects(viewer, [(e.subject_kind, e.subject_uid) for e in page.rows])
    return [
        Hit(entry.subject_kind, named[entry.subject_uid])
        for entry in page.rows
        if entry.subject_uid in named
        and all(word in plain(texts.get(entry.subject_uid, "")) for word in words)
    ]
