"""Keep standings and reach: derived rows that lists read, made anew when their grounds change.

1. ``keep`` follows the matches in transactions of its own, product by product, under the stage's
   lock. What it had not finished it does again: the marks move in the last transaction.
2. New SBOMs count their products again; a run of the sources counts again what it touched, or all
   products when that is much. Changed products are noted in ``ReachDue`` by ``note_change``.
3. Decisions are counted at once (``count_again``), in the transaction of the decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from django.db import connection, models, transaction
from django.db.models import Q, QuerySet

from hikeshi.core.scoring.priority import RankPlace, weight
from hikeshi.intelligence.models import (
    ClaimRevision,
    ClaimSubject,
    last_closed,
)
from hikeshi.intelligence.queries import Signals, signals_of
from hikeshi.intelligence.setwise import NUMBER, insert
from hikeshi.inventory.models import Batch, Containment, Offering, Rank, Release
from hikeshi.inventory.queries import SUPPORTED
from hikeshi.inventory.related import outers_of
from hikeshi.inventory.setwise import as_json, given_rows
from hikeshi.matching.deciding import decider
from hikeshi.matching.models import STAGE, Match, Reach, ReachDue, Stage, Standing

# Rises when rows of an older program no longer say what this one would.
RULES: Final = 1
PLACES: Final = {
    Rank.OTHER: RankPlace.OTHER, Rank.FLAGSHIP: RankPlace.FLAGSHIP, Rank.SAFETY: RankPlace.SAFETY,
}  # fmt: skip
# Beyond so many touched vulnerabilities all products are counted again.
_MANY: Final = 2_000
_OFFERINGS_AT_ONCE: Final = 20
_VULNERABILITIES_AT_ONCE: Final = 500
_STANDINGS_AT_ONCE: Final = 5_000

# Releases that vulnerabilities reach, each pair once. {tables} in the order in which they are to be
# walked, {scope} what narrows them; the numbers of a run are bound four times.
_PAIRS: Final = """
SELECT s.vulnerability_id, r.offering_id, r.id AS release_id, f.rank, MIN({since}) AS since,
    MAX(CASE WHEN r.state IN ({supported}) THEN 1 ELSE 0 END) AS supported
FROM {tables}
WHERE {joined} AND m.closed_in IS NULL AND o.closed_in IS NULL
    AND s.opened_in <= %s AND (s.closed_in IS NULL OR s.closed_in > %s)
    AND c.opened_in <= %s AND (c.closed_in IS NULL OR c.closed_in > %s)
    AND c.withdrawn_at IS NULL AND COALESCE(r.wall_id, 0) = COALESCE(f.wall_id, 0)
    AND {scope}
GROUP BY s.vulnerability_id, r.offering_id, r.id, f.rank
"""
_SINCE: Final = "CASE WHEN o.known_from > m.known_from THEN o.known_from ELSE m.known_from END"
_SINCE_INSIDE: Final = f"CASE WHEN k.known_from > ({_SINCE}) THEN k.known_from ELSE ({_SINCE}) END"
_JOINED: Final = (
    "r.offering_id = f.id AND {shipped} AND m.package_version_id = o.package_version_id "
    "AND s.claim_id = m.claim_id AND c.claim_id = m.claim_id"
)
_FROM_PRODUCTS: Final = (
    "inventory_offering f CROSS JOIN inventory_release r CROSS JOIN inventory_occurrence o "
    "CROSS JOIN matching_match m CROSS JOIN intelligence_claimsubject s "
    "CROSS JOIN intelligence_claimrevision c"
)
_FROM_VULNERABILITIES: Final = (
    "intelligence_claimsubject s CROSS JOIN intelligence_claimrevision c CROSS JOIN "
    "matching_match m CROSS JOIN inventory_occurrence o CROSS JOIN inventory_release r "
    "CROSS JOIN inventory_offering f"
)
_OWN: Final = "o.release_id = r.id"
_INSIDE: Final = "k.outer_id = r.id AND k.known_to IS NULL AND o.release_id = k.inner_id"
# What a release reaches by itself and through its parts, each pair once again.
_EITHER: Final = """
SELECT e.vulnerability_id, e.offering_id, e.release_id, e.rank, MIN(e.since) AS since,
    MAX(e.supported) AS supported
FROM ({own} UNION ALL {inside}) e
GROUP BY e.vulnerability_id, e.offering_id, e.release_id, e.rank
"""
_COUNTED: Final = """
SELECT p.vulnerability_id, p.offering_id, p.rank, COUNT(*), SUM(p.supported),
    SUM(CASE WHEN given.release_id IS NULL THEN 1 ELSE 0 END),
    COALESCE(SUM(given.is_not_affected), 0), MIN(p.since)
FROM ({pairs}) p LEFT JOIN {decided}
    ON given.vulnerability_id = p.vulnerability_id AND given.release_id = p.release_id
GROUP BY p.vulnerability_id, p.offering_id, p.rank
"""


def note_change(subjects: Sequence[models.Model]) -> None:
    """Note that the reach of products is to be counted again; a listener of the ledger."""
    changed = {one.pk for one in subjects if isinstance(one, Offering)}
    # What a release contains, those contain too that it is a part of.
    releases = [one.pk for one in subjects if isinstance(one, Release)]
    for some in _chunks(releases, _STANDINGS_AT_ONCE):
        changed |= _offerings_with(some)
    ReachDue.objects.bulk_create(
        (ReachDue(offering_id=one) for one in sorted(changed)), batch_size=500
    )


def keep(*, at: datetime) -> None:
    """Bring standings and reach up to the matches, runs, uploads and changes there are."""
    with _locked() as stage:
        run, upto, matched = _run(), stage.sbom_batch, stage.last_batch
        due = list(ReachDue.objects.values_list("pk", "offering"))
        told = decider()
        opened = told.opened_since(stage.reach_at) if told is not None else set()
        is_new_run, is_old = run != stage.reach_run, stage.reach_rules != RULES
        touched = _touched(stage, run) if is_new_run and not is_old else set()
        if not (is_old or is_new_run or due or opened or upto != stage.reach_sbom_batch):
            return
        everything = is_old or len(touched) > _MANY
        changed = {one for _pk, one in due} | _uploaded(stage, upto)
        offerings = _offerings() if everything else sorted(changed)
    for chunk in _chunks(offerings, _OFFERINGS_AT_ONCE):
        with _locked():
            _count_offerings(chunk)
    vulnerabilities = [] if everything else sorted(touched | opened)
    for some in _chunks(vulnerabilities, _VULNERABILITIES_AT_ONCE):
        with _locked():
            _count_vulnerabilities(some)
    for some in _chunks(_standing_vulnerabilities() if is_new_run else [], _STANDINGS_AT_ONCE):
        with _locked():
            _weigh(some)
    with _locked() as now:
        Standing.objects.filter(~models.Exists(_reach_of()))._raw_delete(Standing.objects.db)
        ReachDue.objects.filter(pk__in=[pk for pk, _one in due]).delete()
        now.reach_run, now.reach_sbom_batch, now.reach_batch = run, upto, matched
        now.reach_rules, now.reach_at = RULES, at
        now.save()


def count_again(vulnerabilities: Sequence[int]) -> None:
    """Count the reach of vulnerabilities again, by their ids, inside the caller's transaction."""
    with _locked():
        for some in _chunks(vulnerabilities, _VULNERABILITIES_AT_ONCE):
            _count_vulnerabilities(some)


@contextmanager
def _locked() -> Iterator[Stage]:
    """Run one transaction that holds the stage's row."""
    with transaction.atomic():
        stage, _made = Stage.objects.select_for_update().get_or_create(name=STAGE)
        yield stage


def _run() -> int:
    return next(iter(last_closed()), 0)


def _offerings() -> list[int]:
    why = "derived rows of all products; they are read through visible_to"
    return list(Offering.objects.for_system(why).order_by("pk").values_list("pk", flat=True))


def _uploaded(stage: Stage, upto: int) -> set[int]:
    """Return the products whose SBOMs came since reach was counted last."""
    new = Batch.objects.filter(number__gt=stage.reach_sbom_batch, number__lte=upto)
    return _offerings_with(new.values_list("sbom__release", flat=True).distinct())


def _offerings_with(releases: Iterable[int]) -> set[int]:
    """Return the products of some releases and of those that contain them."""
    these = set(releases)
    rows = Release.objects.for_system("derived rows of all products").filter(
        pk__in=these | outers_of(these)
    )
    return set(rows.values_list("offering", flat=True))


def _touched(stage: Stage, run: int) -> set[int]:
    """Return the vulnerabilities with matches whose reach runs since then may have changed."""
    first = stage.reach_run

    def changed(rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.filter(
            Q(opened_in__gt=first, opened_in__lte=run) | Q(closed_in__gt=first, closed_in__lte=run)
        )

    matched = Match.objects.filter(
        Q(opened_in__gt=stage.reach_batch) | Q(closed_in__gt=stage.reach_batch)
    )
    claims: set[int] = set(matched.values_list("claim", flat=True))
    matches = Match.objects.filter(claim=models.OuterRef("claim"))
    for facts in (ClaimSubject, ClaimRevision):
        rows = changed(facts.objects.all()).filter(models.Exists(matches))
        claims |= set(rows.values_list("claim", flat=True))
    found: set[int] = set()
    for some in _chunks(sorted(claims), _STANDINGS_AT_ONCE):
        subjects = ClaimSubject.objects.filter(claim__in=some)
        found |= set(subjects.values_list("vulnerability", flat=True))
    return found


def _standing_vulnerabilities() -> list[int]:
    return list(
        Standing.objects.order_by("vulnerability")
        .values_list("vulnerability", flat=True)
        .distinct()
    )


def _count_offerings(offerings: Sequence[int]) -> None:
    """Count the reach of all that reaches some products."""
    Reach.objects.filter(offering__in=offerings)._raw_delete(Reach.objects.db)
    decided = _decided(offerings=offerings, vulnerabilities=None)
    _store(_counted(_FROM_PRODUCTS, "f.id", offerings, decided))


def _count_vulnerabilities(vulnerabilities: Sequence[int]) -> None:
    """Count the reach of some vulnerabilities over all products."""
    Reach.objects.filter(standing__vulnerability__in=vulnerabilities).delete()
    decided = _decided(offerings=None, vulnerabilities=vulnerabilities)
    _store(_counted(_FROM_VULNERABILITIES, "s.vulnerability_id", vulnerabilities, decided))


def _decided(**scope: Sequence[int] | None) -> list[tuple[int, int, int]]:
    told = decider()
    if told is None:
        return []
    return [(v, release, int(no)) for v, release, no in told.decided(**scope)]


def _counted(
    tables: str, column: str, ids: Sequence[int], decided: Sequence[tuple[int, int, int]]
) -> list[tuple[Any, ...]]:
    pairs = _pairs(tables, column, _OWN, _SINCE)
    run = _run()
    bound: list[Any] = [run, run, run, run, as_json([[one] for one in ids])]
    if Containment.objects.filter(known_to__isnull=True).exists():
        after = "inventory_release r" if tables == _FROM_PRODUCTS else "inventory_occurrence o"
        walked = tables.replace(after, f"{after} CROSS JOIN inventory_containment k")
        pairs = _EITHER.format(own=pairs, inside=_pairs(walked, column, _INSIDE, _SINCE_INSIDE))
        bound *= 2
    given = given_rows("vulnerability_id bigint", "release_id bigint", "is_not_affected int")
    sql = _COUNTED.format(pairs=pairs, decided=given)
    with connection.cursor() as cursor:
        cursor.execute(sql, [*bound, as_json(decided)])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def _pairs(tables: str, column: str, shipped: str, since: str) -> str:
    states = ", ".join(f"'{state}'" for state in SUPPORTED)
    return _PAIRS.format(
        supported=states, tables=tables, joined=_JOINED.format(shipped=shipped), since=since,
        scope=f"{column} IN (SELECT given.id FROM {given_rows('id bigint')})",
    )  # fmt: skip


def _store(rows: Sequence[tuple[Any, ...]]) -> None:
    standings = _standings({(row[0], int(PLACES[row[2]])) for row in rows})
    # Moments go back as the database gave them.
    moment = "timestamptz" if connection.vendor == "postgresql" else "text"
    columns = {
        "standing_id": NUMBER, "offering_id": NUMBER, "releases": NUMBER, "supported": NUMBER,
        "undecided": NUMBER, "not_affected": NUMBER, "since": moment,
    }  # fmt: skip
    insert(
        Reach._meta.db_table,
        columns,
        [(standings[(row[0], int(PLACES[row[2]]))], row[1], *row[3:]) for row in rows],
    )


def _standings(wanted: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Return the ids of standings, making those that are not there."""
    found: dict[tuple[int, int], int] = {}
    for some in _chunks(sorted(wanted), _STANDINGS_AT_ONCE):
        found |= _standing_ids(some)
        missing = [one for one in some if one not in found]
        if missing:
            _make(missing)
            found |= _standing_ids(missing)
    return found


def _standing_ids(pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], int]:
    rows = Standing.objects.filter(vulnerability__in={v for v, _rank in pairs})
    return {(v, rank): pk for v, rank, pk in rows.values_list("vulnerability", "rank", "pk")}


def _make(pairs: Sequence[tuple[int, int]]) -> None:
    grounds = _grounds({v for v, _rank in pairs})
    Standing.objects.bulk_create(
        (
            Standing(vulnerability_id=v, rank=rank, **_facts(*grounds[v], RankPlace(rank)))
            for v, rank in pairs
        ),
        batch_size=1_000,
        ignore_conflicts=True,
    )


def _weigh(vulnerabilities: Sequence[int]) -> None:
    """Bring what lists sort by up to date; only rows that change are written."""
    grounds = _grounds(vulnerabilities)
    changed = []
    for row in Standing.objects.filter(vulnerability__in=vulnerabilities):
        facts = _facts(*grounds[row.vulnerability_id], RankPlace(row.rank))
        if any(getattr(row, name) != value for name, value in facts.items()):
            exploited = int(facts["is_exploited"])
            changed.append(
                (row.pk, facts["weight"], str(facts["score"]), exploited, str(facts["epss"]))
            )
    given = given_rows(
        "id bigint", "weight int", "score numeric", "is_exploited int", "epss numeric"
    )
    sql = f"""
        UPDATE matching_standing SET weight = given.weight, score = given.score,
            is_exploited = (given.is_exploited = 1), epss = given.epss
        FROM {given} WHERE matching_standing.id = given.id
    """
    with connection.cursor() as cursor:
        cursor.execute(sql, [as_json(changed)])


def _grounds(vulnerabilities: Iterable[int]) -> dict[int, tuple[Decimal, Signals]]:
    """Return the highest standing score and the signals of vulnerabilities."""
    wanted = list(vulnerabilities)
    rows = (
        ClaimRevision.objects.known()
        .filter(
            claim__in=ClaimSubject.objects.known().filter(vulnerability__in=wanted).values("claim"),
            withdrawn_at__isnull=True, score__isnull=False,
        )
        .values_list("claim", "score")
    )  # fmt: skip
    scores = dict(rows)
    highest: dict[int, Decimal] = {}
    subjects = ClaimSubject.objects.known().filter(vulnerability__in=wanted)
    for claim, vulnerability in subjects.values_list("claim", "vulnerability"):
        score = scores.get(claim)
        if score is not None and score > highest.get(vulnerability, Decimal(-1)):
            highest[vulnerability] = score
    signals = signals_of(wanted)
    return {one: (highest.get(one, Decimal(0)), signals.get(one, Signals())) for one in wanted}


def _facts(score: Decimal, signals: Signals, rank: RankPlace) -> dict[str, Any]:
    epss = signals.epss.number if signals.epss is not None else None
    exploited = signals.kev is not None
    return {
        "score": score, "is_exploited": exploited, "epss": epss or Decimal(0),
        "weight": weight(is_exploited=exploited, epss=epss, score=score, rank=rank),
    }  # fmt: skip


def _reach_of() -> QuerySet[Reach]:
    return Reach.objects.filter(standing=models.OuterRef("pk"))


def _chunks(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]
