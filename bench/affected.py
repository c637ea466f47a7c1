"""What a vulnerability reaches over a whole fleet, and the lists over what is found in it.

The fleet is written as rows, with the skew of ``fleet``: a few packages stand everywhere, most in
one product. The baseline of a question is asking it of a vulnerability that reaches one product; of
a page, /products/.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from typing import Any

from bench.fleet import Catalogue, key_of
from bench.measure import Figure, median_seconds
from bench.world import NOW, company, insert_rows, settle, use_fresh_installation

# Releases, components of the first release of a product, names, vulnerabilities.
SMALL = (400, 300, 4_000, 115_000)
LARGE = (10_000, 600, 60_000, 30_000)
RELEASES_OF_A_PRODUCT = 10
PAGES = (
    "/findings/", "/findings/?state=all&sort=-releases", "/findings/?state=all&sort=name",
    "/findings/?kev=1", "/findings/?support=supported&epss=0.1", "/findings/?q=pack-0001", "/",
)  # fmt: skip


def run() -> Iterator[Figure]:
    yield from _figures(*SMALL)


def large() -> Iterator[Figure]:
    yield from _figures(*LARGE)


def _figures(releases: int, components: int, names: int, flaws: int) -> Iterator[Figure]:
    use_fresh_installation()

    from hikeshi.inventory.models import Occurrence
    from hikeshi.matching.models import Match, Reach
    from hikeshi.matching.services import pull
    from hikeshi.matching.standings import keep

    _write(releases, components, names, flaws)
    places = Occurrence.objects.count()
    start = time.perf_counter()
    pull(at=NOW)
    taken = time.perf_counter() - start
    matches, reach = Match.objects.count(), Reach.objects.count()
    idle = median_seconds(lambda: keep(at=NOW), runs=3)
    size = f"{releases:,} releases, {places:,} occurrences, {matches:,} matches"
    yield Figure(
        f"matched and counted from nothing: {size}, {reach:,} reach", taken, "s", idle,
        "nothing new",
    )  # fmt: skip
    settle()
    yield from _affected()
    yield from _pages(matches)


def _affected() -> Iterator[Figure]:
    from django.db.models import Count, Sum
    from django.utils import timezone

    from hikeshi.intelligence.models import Vulnerability
    from hikeshi.matching.models import Reach
    from hikeshi.matching.reach import places_of, releases_reached, with_reasons
    from hikeshi.organisation.queries import viewer_of

    _ours, admin = company()
    viewer = viewer_of(admin, timezone.now())
    counted = (
        Reach.objects.values("standing__vulnerability")
        .annotate(n=Sum("releases"), products=Count("offering"))
        .order_by("-n")
    )
    few = counted.filter(products=1).values_list("standing__vulnerability", flat=True)[0]
    ranked = list(counted.values_list("standing__vulnerability", "n"))
    for widest, reached in (ranked[0], ranked[len(ranked) // 10]):
        one, other = Vulnerability.objects.get(pk=widest), Vulnerability.objects.get(pk=few)

        def first_page(of: Vulnerability) -> object:
            rows = places_of(viewer, of).order_by("release__offering__search_key", "pk")[:51]
            return with_reasons(viewer, of, list(rows))

        yield Figure(
            f"affected, counted: a vulnerability in {reached:,} releases",
            median_seconds(lambda: releases_reached(viewer, [one.pk])), "s",  # noqa: B023
            median_seconds(lambda: releases_reached(viewer, [other.pk])), "in one product", "0.3 s",  # noqa: B023
        )  # fmt: skip
        yield Figure(
            f"affected, first page: a vulnerability in {reached:,} releases",
            median_seconds(lambda: first_page(one)), "s",  # noqa: B023
            median_seconds(lambda: first_page(other)), "in one product", "0.3 s",  # noqa: B023
        )  # fmt: skip


def _pages(matches: int) -> Iterator[Figure]:
    from django.db import connection
    from django.test import Client

    _ours, admin = company()
    client = Client(raise_request_exception=False, headers={"host": "127.0.0.1"})
    client.force_login(admin)
    base = median_seconds(lambda: client.get("/products/"), runs=3)

    def look(address: str) -> tuple[float, int]:
        asked = 0

        def note(execute: Any, *arguments: Any) -> Any:
            nonlocal asked
            asked += 1
            return execute(*arguments)

        with connection.execute_wrapper(note):
            answer = client.get(address)
        if answer.status_code != 200:
            raise RuntimeError(f"{address} answered {answer.status_code}")
        return median_seconds(lambda: client.get(address), runs=5), asked

    for address in PAGES:
        seconds, asked = look(address)
        label = f"{address} with {matches:,} matches, {asked} queries"
        yield Figure(label, seconds, "s", base, "/products/", "0.2 s")


def _write(releases: int, components: int, names: int, flaws: int) -> None:
    from django.db import connection, transaction

    dice = random.Random(31)
    catalogue = Catalogue(names)
    with transaction.atomic(), connection.cursor() as cursor:
        versions = _write_versions(cursor, names, dice)
        products = releases // RELEASES_OF_A_PRODUCT
        _write_products(cursor, products)
        _write_places(cursor, catalogue, versions, products, components, dice)
        _write_flaws(cursor, catalogue, versions, flaws, dice)
    settle()


def _write_versions(cursor: Any, names: int, dice: random.Random) -> dict[int, list[int]]:
    """Write packages, their versions and one component of each; return version ids by rank."""
    base, held, rows, number = 1_000_000, {}, [], 1_000_000
    for rank in range(names):
        # What everybody ships is shipped in many versions.
        count = 1 if dice.random() < 0.8 and rank > 200 else min(int(dice.paretovariate(0.9)), 30)
        held[rank] = list(range(number, number + count))
        rows += [(number + n, base + rank, 60 - n) for n in range(count)]
        number += count
    insert_rows(
        cursor, "inventory_package", ("id", "system", "distro_release", "scheme", "name"),
        ((base + rank, "npm", "", "semver", f"npm-pack-{rank:06}") for rank in range(names)),
    )  # fmt: skip
    insert_rows(
        cursor, "inventory_packageversion", ("id", "package_id", "version", "key"),
        ((pk, package, str(step), key_of(step)) for pk, package, step in rows),
    )  # fmt: skip
    insert_rows(
        cursor, "inventory_component",
        ("id", "digest", "name", "version", "purl", "cpe", "supplier", "gap"),
        (
            (pk, f"{pk:040}", f"npm-pack-{package - base:06}", str(step),
             f"pkg:npm/npm-pack-{package - base:06}@{step}", "", "", "")
            for pk, package, step in rows
        ),
    )  # fmt: skip
    return held


def _write_products(cursor: Any, products: int) -> None:
    from hikeshi.inventory.models import Offering, Rank, Release, ReleaseState

    ours, _admin = company()
    ranks = [Rank.SAFETY, Rank.FLAGSHIP, *[Rank.OTHER] * 6]
    states = [ReleaseState.ENDED] * 4 + [ReleaseState.MAINTAINED] * 4 + [ReleaseState.SHIPPING] * 2
    offerings = Offering.objects.bulk_create(
        (
            Offering(
                company=ours, number=f"W-P-{n}", name={"en": f"Wide {n:04}"}, code=f"W{n}",
                rank=ranks[n % len(ranks)], search_key=f"wide {n:04}", created_at=NOW,
            )
            for n in range(products)
        ),
        batch_size=500,
    )  # fmt: skip
    Release.objects.bulk_create(
        (
            Release(
                company=ours, offering=offering, number=f"{offering.number}-{n}", version=f"1.{n}",
                state=states[n], csaf_product_id=f"{offering.number}-{n}", created_at=NOW,
            )
            for offering in offerings
            for n in range(RELEASES_OF_A_PRODUCT)
        ),
        batch_size=500,
    )  # fmt: skip


def _write_places(
    cursor: Any, catalogue: Catalogue, versions: dict[int, list[int]], products: int,
    components: int, dice: random.Random,
) -> None:  # fmt: skip
    """Write what the first release of each product holds, then the next from the one before."""
    from hikeshi.inventory.models import Release

    releases = list(
        Release.objects.for_system("benchmark").filter(number__startswith="W-P-")
        .order_by("offering", "pk").values_list("pk", flat=True)
    )  # fmt: skip
    moment = cursor.db.ops.adapt_datetimefield_value(NOW)
    columns = ("release_id", "slot_id", "sbom_id", "component_id", "package_version_id", "via",
               "bom_ref", "known_from", "opened_in")  # fmt: skip

    def firsts() -> Iterator[tuple[Any, ...]]:
        for product in range(products):
            held: dict[int, int] = {}
            while len(held) < components:
                rank = catalogue.draw_rank(dice)
                held.setdefault(rank, dice.choice(versions[rank]))
            release = releases[product * RELEASES_OF_A_PRODUCT]
            for version in held.values():
                yield (release, release, release, version, version, 1, "", moment, 1)

    insert_rows(cursor, "inventory_occurrence", columns, firsts())
    step = {release: releases[n - 1] for n, release in enumerate(releases) if n}
    for n in range(1, RELEASES_OF_A_PRODUCT):
        pairs = [(step[r], r) for r in releases[n::RELEASES_OF_A_PRODUCT]]
        cursor.execute("CREATE TEMPORARY TABLE next_release (old bigint, new bigint)")
        insert_rows(cursor, "next_release", ("old", "new"), pairs)
        cursor.execute(
            f"INSERT INTO inventory_occurrence ({', '.join(columns)}) "
            "SELECT p.new, p.new, p.new, o.component_id, o.package_version_id, o.via, o.bom_ref, "
            "o.known_from, o.opened_in FROM next_release p CROSS JOIN inventory_occurrence o "
            "WHERE o.release_id = p.old AND (o.component_id * 31 + p.new * 7) %% 25 <> 0",
            [],
        )
        cursor.execute("DROP TABLE next_release")


def _write_flaws(
    cursor: Any, catalogue: Catalogue, versions: dict[int, list[int]], flaws: int,
    dice: random.Random,
) -> None:  # fmt: skip
    """Write vulnerabilities, most of them about what many ship; some score, few are exploited."""
    from hikeshi.intelligence.models import STAGE, Document, Source, Stage
    from hikeshi.organisation.models import new_uid

    stage, _made = Stage.objects.get_or_create(name=STAGE)
    run, base = stage.last_closed + 1, 5_000_000
    document = Document.objects.create(
        family="osv", sha256=b"w" * 32, size_bytes=1, packed=b"", fetched_at=NOW, opened_in=run
    )
    source, _made = Source.objects.get_or_create(family="osv", part="wide")
    moment = cursor.db.ops.adapt_datetimefield_value(NOW)
    uids = [new_uid() for _ in range(flaws)]
    uid = (lambda one: one.hex) if cursor.db.vendor == "sqlite" else str
    ids = range(base, base + flaws)
    names = [f"CVE-2025-{n:05}" for n in range(10_000, 10_000 + flaws)]
    facts = ("opened_in", "known_from")
    named = list(zip(ids, map(uid, uids), names, strict=True))
    insert_rows(cursor, "intelligence_claim", ("id", "uid", "family", "record_id", "opened_in"),
                ((pk, one, "osv", name, run) for pk, one, name in named))  # fmt: skip
    insert_rows(cursor, "intelligence_vulnerability", ("id", "uid", "name", "opened_in"),
                ((*one, run) for one in named))  # fmt: skip
    insert_rows(cursor, "intelligence_vulnerabilityname", ("name", "vulnerability_id", *facts),
                ((name, pk, run, moment) for pk, _uid, name in named))  # fmt: skip
    insert_rows(cursor, "intelligence_claimsubject", ("claim_id", "vulnerability_id", *facts),
                ((pk, pk, run, moment) for pk in ids))  # fmt: skip
    insert_rows(
        cursor, "intelligence_claimrevision",
        ("claim_id", "document_id", "source_id", "reader", "summary", "vector", "score", "aliases",
         "weaknesses", "only_commits", "deviations", *facts),
        ((pk, document.pk, source.pk, 1, f"A flaw of {name}", "",
          None if dice.random() < 0.2 else f"{dice.uniform(3, 9.9):.1f}", "[]", "[]", False, "[]",
          run, moment) for pk, _uid, name in named),
    )  # fmt: skip

    def ranges() -> Iterator[tuple[Any, ...]]:
        for pk in ids:
            rank = catalogue.draw_rank(dice)
            high = int(dice.betavariate(5, 1.5) * 60) + 1
            yield (pk, 1_000_000 + rank, b"", key_of(high), f"<{high}", run, moment)

    insert_rows(cursor, "intelligence_affectedrange",
                ("claim_id", "package_id", "lo", "hi", "stated", *facts), ranges())  # fmt: skip
    signals: list[tuple[Any, ...]] = [
        (name, "epss", f"{min(dice.paretovariate(0.7) * 0.001, 0.97):.3f}", None, "{}")
        for name in names
    ]
    signals += [(name, "kev", None, None, "{}") for name in dice.sample(names, flaws // 200)]
    insert_rows(cursor, "intelligence_signal",
                ("name", "kind", "number", "percentile", "facts", *facts),
                ((*one, run, moment) for one in signals))  # fmt: skip
    stage.last_closed = run
    stage.save()
