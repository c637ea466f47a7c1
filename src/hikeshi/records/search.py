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
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise

from hikeshi.core.sealing import keyed_token
from hikeshi.core.tokens import plain, query_tokens, tokens_of, words_of
from hikeshi.organisation import keys
from hikeshi.organisation.models import Company, Wall
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.sealed_column import Sealed
from hikeshi.organisation.viewer import Viewer
from hikeshi.organisation.walls import walls_open_to
from hikeshi.records.models import SearchEntry, SearchToken
from hikeshi.records.subjects import Subject, subjects
from hikeshi.ui.paging import Page, page_of

PAGE_SIZE: Final = 50
RARE: Final = 500
_AT_ONCE: Final = 500
_INSERT: Final = """
INSERT INTO records_searchtoken (entry_id, token) VALUES (%s, %s) ON CONFLICT DO NOTHING
"""
_KINDS: Final[list[tuple[str, re.Pattern[str]]]] = [
    ("CVE", re.compile(r"cve-\d{4}-\d{4,19}", re.IGNORECASE)),
    ("GHSA", re.compile(r"ghsa(-[a-z0-9]{4}){3}", re.IGNORECASE)),
    ("CPE", re.compile(r"cpe:(2\.3:[aho*-]:|/[aho]:)\S+", re.IGNORECASE)),
    ("purl", re.compile(r"pkg:[a-z0-9.+-]+/\S+", re.IGNORECASE)),
    ("CVSS", re.compile(r"(cvss:[34]\.\d/)?av:[naplh]/\S+", re.IGNORECASE)),
    ("number", re.compile(r"[a-z][a-z0-9]{0,7}(-[a-z]{1,3})?-\d{4}-\d{4,}", re.IGNORECASE)),
]


@dataclass(frozen=True, slots=True)
class Searchable:
    """How records of a kind are found. texts: sealed or JSON columns; clear: plain ones.

    more: further words that belong to a row, for what lies in other tables; prefetch: which.
    changed: the column that says when a row was changed last.
    rows: what a viewer may see of the kind, where walls alone do not say it.
    label: the heading above hits of this kind. order: where the kind stands among the others.
    """

    texts: tuple[str, ...]
    clear: tuple[str, ...] = ("number",)
    more: Callable[[Any], Iterable[str]] | None = None
    prefetch: tuple[str, ...] = ()
    changed: str = "changed_at"
    rows: Callable[[Viewer], QuerySet[Any]] | None = None
    label: str | Promise = ""
    order: int = 50


_searchable: dict[str, Searchable] = {}


def searchable(kind: str, how: Searchable) -> None:
    """Let records of a kind (``triage.case``) be found; called at start-up."""
    _searchable[kind] = how


def recognised(text: str) -> str:
    """Name what a pasted text is: CVE, GHSA, CPE, purl, CVSS, number; "" for words."""
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
        for row in rows:
            # What the caller's own row remembers may be older than the act that is indexed.
            getattr(row, "_prefetched_objects_cache", {}).clear()
        models.prefetch_related_objects(rows, *how.prefetch)
    return {
        row.uid: "\n".join(
            [word for name in (*how.clear, *how.texts) for word in _words(getattr(row, name))]
            + list(how.more(row) if how.more else [])
        )
        for row in rows
    }


def note(subjects: Sequence[models.Model]) -> None:
    """Index the subjects of acts, when their kind is searchable; called by the ledger."""
    by_kind: dict[str, list[Any]] = defaultdict(list)
    for subject in subjects:
        by_kind[subject._meta.label_lower].append(subject)
    for kind in by_kind.keys() & _searchable.keys():
        index(kind, by_kind[kind])


def index(kind: str, rows: Sequence[Any]) -> None:
    """Make rows of one kind findable by their present words; 500 cost the queries of one."""
    how, by_uid = _searchable[kind], {row.uid: row for row in rows}
    # In one order always, so that two who index the same rows wait for each other and no more.
    ordered = [by_uid[uid] for uid in sorted(by_uid)]
    with transaction.atomic():
        for n in range(0, len(ordered), _AT_ONCE):
            some = ordered[n : n + _AT_ONCE]
            _keep_tokens(_enter(kind, how, some), _numbers(how, some))


def _numbers(how: Searchable, rows: list[Any]) -> dict[UUID, set[int]]:
    """Return the tokens that rows are to have, by uid."""
    texts, wanted = _texts(rows, how), dict[UUID, set[int]]()
    secrets: dict[int, bytes] = {}
    known: dict[tuple[int, str], int] = {}
    for row in rows:
        company = row.company_id
        if company not in secrets:
            secrets[company] = keys.search_key(row.company)
        tokens = {(company, token) for token in tokens_of(texts[row.uid])}
        for one in tokens - known.keys():
            known[one] = keyed_token(secrets[company], one[1])
        wanted[row.uid] = {known[one] for one in tokens}
    return wanted


def _enter(kind: str, how: Searchable, rows: list[Any]) -> dict[int, UUID]:
    """Make or renew the entries of rows; return entry id → uid of the row."""
    SearchEntry.objects.bulk_create(
        (
            SearchEntry(
                subject_kind=kind, subject_uid=row.uid, company_id=row.company_id,
                unit_id=row.unit_id, wall_id=row.wall_id, changed_at=getattr(row, how.changed),
            )
            for row in rows
        ),
        update_conflicts=True, unique_fields=["subject_uid"],
        update_fields=["subject_kind", "company", "unit", "wall", "changed_at"],
    )  # fmt: skip
    entries = SearchEntry.objects.for_system("the index itself")
    found = entries.filter(subject_uid__in=[row.uid for row in rows])
    return dict(found.values_list("pk", "subject_uid"))


def _keep_tokens(entries: Mapping[int, UUID], wanted: Mapping[UUID, set[int]]) -> None:
    """Take away the tokens that entries no longer hold, and add those that they now hold."""
    held: dict[int, dict[int, int]] = {entry: {} for entry in entries}
    rows = SearchToken.objects.filter(entry__in=held)
    for pk, entry, token in rows.values_list("pk", "entry_id", "token"):
        held[entry][token] = pk
    gone, new = list[int](), list[tuple[int, int]]()
    for entry, uid in entries.items():
        gone += [pk for token, pk in held[entry].items() if token not in wanted[uid]]
        new += [(entry, token) for token in wanted[uid] - held[entry].keys()]
    for n in range(0, len(gone), _AT_ONCE):
        SearchToken.objects.filter(pk__in=gone[n : n + _AT_ONCE]).delete()
    # A list of products brings tens of thousands: as objects they take three times as long.
    with connection.cursor() as cursor:
        cursor.executemany(_INSERT, new)


def refresh(limit: int = 1000) -> int:
    """Index records that have no entry or changed without one; return how many."""
    done = 0
    for kind, how in _searchable.items():
        model: Any = apps.get_model(kind)
        current = SearchEntry.objects.for_system("the index itself").filter(
            subject_uid=OuterRef("uid"), changed_at__gte=OuterRef(how.changed)
        )
        stale = model.objects.for_system("making records findable").filter(~Exists(current))
        rows = list(stale.select_related("company").order_by("pk")[: limit - done])
        # A transaction each: nobody who writes waits for the whole of it.
        for n in range(0, len(rows), 100):
            index(kind, rows[n : n + 100])
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
    matching = Q(pk__in=[])
    # Tokens are keyed by company: whoever works in several asks in the words of each.
    for company in _companies(viewer):
        secret = keys.search_key(company)
        numbers = sorted(keyed_token(secret, token) for token in tokens)
        matching |= Q(company=company) & _holding(numbers)
    wanted = list(kinds)
    return SearchEntry.objects.visible_to(viewer).filter(
        matching, subject_kind__in=wanted or list(_searchable)
    )


def uids_holding(viewer: Viewer, text: str, kind: str) -> QuerySet[SearchEntry, UUID]:
    """Select the uids of records of a kind that hold every word of a text, to narrow a list with.

    Pairs of characters may meet by chance: a list checks the texts of its page by ``holds``.
    """
    tokens = query_tokens(text)
    found = _entries(viewer, tokens, [kind]) if tokens else SearchEntry.objects.none()
    return found.order_by().values_list("subject_uid", flat=True)


def holds(text: str, *found_in: Any) -> bool:
    """Tell whether opened values really hold each word of a text."""
    inside = plain(" ".join(word for value in found_in for word in _words(value)))
    return all(word in inside for word in words_of(text))


def _companies(viewer: Viewer) -> QuerySet[Company]:
    """Select the companies in which anything at all may be visible."""
    inside = Wall.objects.filter(pk__in=walls_open_to(viewer)).values("company_id")
    return Company.objects.filter(Q(pk__in=viewer.company_ids()) | Q(pk__in=inside))


def _holding(numbers: list[int]) -> Q:
    """Say "holds all these tokens", beginning with the rarest one where it is rare.

    Entries that hold a common token are met soon when one walks by last change; those that hold a
    rare one are few enough to be named, where the walk would go through all others first.
    """
    rarest: list[int] | None = None
    for number in numbers:
        held = SearchToken.objects.filter(token=number).values_list("entry_id", flat=True)
        few = list(held[: RARE + 1])
        if len(few) <= RARE and (rarest is None or len(few) < len(rarest)):
            rarest = few
    condition = Q() if rarest is None else Q(pk__in=rarest)
    for number in numbers:
        condition &= Q(Exists(SearchToken.objects.filter(entry=OuterRef("pk"), token=number)))
    return condition


def _verified(viewer: Viewer, page: Page[SearchEntry], words: list[str]) -> list[Hit]:
    by_kind: dict[str, list[UUID]] = defaultdict(list)
    for entry in page.rows:
        by_kind[entry.subject_kind].append(entry.subject_uid)
    texts: dict[UUID, str] = {}
    for kind, uids in by_kind.items():
        model: Any = apps.get_model(kind)
        how = _searchable[kind]
        seen = how.rows(viewer) if how.rows else model.objects.visible_to(viewer)
        rows = list(seen.filter(uid__in=uids))
        if rows:
            texts |= _texts(rows, how)
    named = subjects(viewer, [(e.subject_kind, e.subject_uid) for e in page.rows])
    return [
        Hit(entry.subject_kind, named[entry.subject_uid])
        for entry in page.rows
        if entry.subject_uid in named
        and entry.subject_uid in texts
        and all(word in plain(texts.get(entry.subject_uid, "")) for word in words)
    ]


@dataclass(frozen=True, slots=True)
class Group:
    """Hits of one kind on a page of results."""

    kind: str
    label: str | Promise
    hits: list[Hit]


Finder = Callable[[Viewer, str], Iterable[Group]]
Guide = Callable[[Viewer, str], str]
_finders: list[Finder] = []
_guides: dict[str, list[Guide]] = defaultdict(list)


def also_finds(finder: Finder) -> None:
    """Add hits that are no records of ours (vulnerabilities) above those that are."""
    if finder not in _finders:
        _finders.append(finder)


def guides_to(known_as: str, guide: Guide) -> None:
    """Let an area send a pasted name of a kind (``recognised``) straight to its page."""
    if guide not in _guides[known_as]:
        _guides[known_as].append(guide)


def straight_to(viewer: Viewer, text: str) -> str:
    """Return the address that a pasted name stands for, as far as the viewer may see it, or ""."""
    text, known_as = text.strip(), recognised(text)
    for guide in _guides.get(known_as, []):
        address = guide(viewer, text)
        if address:
            return address
    if known_as == "number":
        same = [
            hit for hit in search(viewer, text).hits if hit.subject.number.lower() == text.lower()
        ]
        records = [hit for hit in same if "number" in _searchable[hit.kind].clear]
        if len(records) == 1:
            return records[0].subject.url
    return ""


def grouped(hits: Iterable[Hit]) -> list[Group]:
    """Put the hits of a page under the headings of their kinds."""
    by_kind: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        by_kind[hit.kind].append(hit)
    kinds = sorted(by_kind, key=lambda kind: (_searchable[kind].order, kind))
    return [Group(kind, _searchable[kind].label, by_kind[kind]) for kind in kinds]


def found_elsewhere(viewer: Viewer, text: str) -> list[Group]:
    """Return what the finders of other areas have for a text, empty groups left out."""
    return [group for finder in _finders for group in finder(viewer, text) if group.hits]


def kinds_found() -> list[tuple[str, str | Promise]]:
    """Return the kinds that can be asked for alone, with their headings, in order."""
    kinds = sorted(_searchable, key=lambda kind: (_searchable[kind].order, kind))
    return [(kind, _searchable[kind].label) for kind in kinds]
