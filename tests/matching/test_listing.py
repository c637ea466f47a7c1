"""The quick count of the list of findings says as many as the list has rows."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal

import pytest

from hikeshi.core.scoring.priority import RankPlace
from hikeshi.intelligence.models import Vulnerability, VulnerabilityName
from hikeshi.inventory.models import Offering, Rank
from hikeshi.matching.listing import counting, standings_of
from hikeshi.matching.models import Reach, Standing
from hikeshi.matching.narrowing import EVERYTHING, Narrowing, State, Support
from hikeshi.organisation.places import Place
from hikeshi.organisation.roles import Role
from hikeshi.organisation.services import raise_wall
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.inventory.stock import gate
from tests.triage.cases import opened

pytestmark = pytest.mark.django_db
PLACES = {
    Rank.OTHER: RankPlace.OTHER, Rank.FLAGSHIP: RankPlace.FLAGSHIP, Rank.SAFETY: RankPlace.SAFETY,
}  # fmt: skip


def products(kz: Firm) -> list[Offering]:
    """Nine products: of each rank one in each unit, and one behind a wall."""
    wall = raise_wall(company=kz.company, members=[kz.admin], by=kz.admin, at=NOW)
    made = []
    for rank in PLACES:
        for n, unit in enumerate((kz.network, kz.control, kz.control)):
            one = gate(kz, code=f"{rank}{n}", rank=rank, unit=unit)
            if n == 2:
                one.wall = wall
                one.save()
            made.append(one)
    return made


def fill(kz: Firm, dice: random.Random) -> list[Offering]:
    """Sixty vulnerabilities, each in a few products, decided or not; some in a case."""
    made = products(kz)
    for n in range(60):
        name = f"CVE-2026-{10_000 + n}"
        flaw = Vulnerability.objects.create(name=name, opened_in=0)
        VulnerabilityName.objects.create(vulnerability=flaw, name=name, opened_in=0, known_from=NOW)
        facts = {
            "weight": dice.randrange(20), "score": Decimal(dice.randrange(101)) / 10,
            "is_exploited": dice.random() < 0.2, "epss": Decimal(dice.randrange(1000)) / 1000,
        }  # fmt: skip
        for product in dice.sample(made, dice.choice((0, 1, 1, 2, 5))):
            standing, _made = Standing.objects.get_or_create(
                vulnerability=flaw, rank=PLACES[Rank(product.rank)], defaults=facts
            )
            releases = dice.randint(1, 3)
            decided = dice.choice((0, releases, dice.randint(0, releases)))
            Reach.objects.create(
                standing=standing, offering=product, releases=releases,
                supported=dice.randint(0, releases), undecided=releases - decided,
                not_affected=dice.randint(0, decided), since=NOW + timedelta(days=n),
            )  # fmt: skip
    opened(kz, vulnerabilities=[f"CVE-2026-{10_000 + n}" for n in range(0, 60, 7)])
    return made


def narrowings(kz: Firm, product: Offering) -> list[Narrowing]:
    some = [
        EVERYTHING,
        Narrowing(text="CVE-2026-1001"),
        Narrowing(product=product),
        Narrowing(band="high"),
        Narrowing(exploited=True),
        Narrowing(epss=Decimal("0.5")),
        Narrowing(place=Place(units=frozenset({kz.control.pk}))),
        Narrowing(rank=Rank.SAFETY),
        Narrowing(support=Support.SUPPORTED),
        Narrowing(support=Support.ENDED),
        Narrowing(since=NOW + timedelta(days=30)),
        Narrowing(least_score=Decimal("7.5")),
        Narrowing(rank=Rank.OTHER, exploited=True, support=Support.SUPPORTED),
    ]
    return [one._replace(state=state) for one in some for state in (State.OPEN, State.ALL)]


def test_the_quick_count_is_the_number_of_rows_for_each_viewer_and_filter() -> None:
    kz = firm()
    made = fill(kz, random.Random(20261126))
    viewers = {
        "inside all walls": kz.admin,
        "outside the walls": person("o@kazahaya.example", kz.company, Role.LEAD),
        "one unit": person("u@kazahaya.example", kz.company, Role.READER, unit=kz.network),
    }
    shown: dict[str, list[int]] = {}
    for who, account in viewers.items():
        viewer = seen_by(account)
        for asked in narrowings(kz, made[4]):
            quick = counting(viewer, asked)
            assert quick is not None
            rows = standings_of(viewer, asked).count()
            assert quick.count() == rows, (who, asked)
            shown.setdefault(who, []).append(rows)
    # The viewers differ and nearly each filter shows something, else nothing is compared.
    assert len({tuple(counts) for counts in shown.values()}) == len(viewers)
    assert sum(count > 0 for count in shown["inside all walls"]) > 20
    assert shown["one unit"][1] < shown["outside the walls"][1] < shown["inside all walls"][1]


@pytest.mark.parametrize("state", [State.CASE, State.ASSESSED, State.IGNORED])
def test_other_states_are_counted_as_they_are_listed(state: State) -> None:
    assert counting(seen_by(firm().admin), Narrowing(state=state)) is None
