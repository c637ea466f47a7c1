"""Search over 100,000 records of one company, against the same question among 100 records.

The question is asked as the search page does: entries found, texts opened and compared, hits named.
Asked for are a word that one record holds, one that every third holds, a pair of Japanese
characters, two words of which one is rare, and two common words that never meet (the worst case).
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from bench.measure import Figure, median_seconds
from bench.world import NOW, company, settle, use_fresh_installation

FEW, MANY = 100, int(os.environ.get("BENCH_ROWS", "100000"))
AIM = "0.2 s"
QUESTIONS = (
    ("one record holds it", "supplier77"),
    ("each third record holds it", "valves"),
    ("Japanese, each fifth", "認証"),
    ("a rare and a common word", "supplier77 parts"),
    ("common words that never meet", "valves pumps"),
    ("nobody holds it", "nothing-has-this"),
)


def _words(n: int) -> str:
    goods = ("valves", "pumps", "gauges")[n % 3]
    return f"supplier{n} parts {goods}" + (" 認証機器" if n % 5 == 0 else "")


def _fill(count: int, start: int) -> None:
    from hikeshi.core.sealing import keyed_token
    from hikeshi.core.tokens import tokens_of
    from hikeshi.organisation import keys
    from hikeshi.organisation.sealed import seal
    from hikeshi.records.models import SearchEntry, SearchToken
    from hikeshi.stakeholders.models import Contact, ContactKind

    ours, _admin = company()
    secret = keys.search_key(ours)
    made = Contact.objects.bulk_create(
        (
            Contact(
                company=ours,
                number=f"B-S-{n}",
                kind=ContactKind.SUPPLIER,
                name=seal(_words(n), None),
                created_at=NOW,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )
    entries = SearchEntry.objects.bulk_create(
        (
            SearchEntry(
                company=ours,
                subject_kind="stakeholders.contact",
                subject_uid=contact.uid,
                changed_at=contact.changed_at,
            )
            for contact in made
        ),
        batch_size=2000,
    )
    SearchToken.objects.bulk_create(
        (
            SearchToken(entry=entry, token=keyed_token(secret, token))
            for n, entry in enumerate(entries, start)
            for token in tokens_of(_words(n))
        ),
        batch_size=5000,
    )


def run() -> Iterator[Figure]:
    use_fresh_installation()

    from hikeshi.organisation.queries import viewer_of
    from hikeshi.records.search import search

    _ours, admin = company()
    viewer = viewer_of(admin, NOW)

    def seconds() -> list[float]:
        settle()
        return [
            median_seconds(lambda text=text: search(viewer, text))  # type: ignore[misc]
            for _what, text in QUESTIONS
        ]

    _fill(FEW, 0)
    few = seconds()
    _fill(MANY - FEW, FEW)
    for (what, text), many, baseline in zip(QUESTIONS, seconds(), few, strict=True):
        hits = len(search(viewer, text).hits)
        label = f"{what}, {hits} hits on the page, {MANY} records"
        yield Figure(label, many, "s", baseline, f"{FEW} records", AIM)
