"""What the page of one vulnerability shows: reach as a tree, sources side by side, its course."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db.models import Count, Q
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy, pgettext
from django.utils.translation import gettext as _

from hikeshi.intelligence.models import (
    ClaimRevision,
    ClaimSubject,
    Signal,
    SignalKind,
    Vulnerability,
    VulnerabilityName,
    last_closed,
)
from hikeshi.inventory.models import Offering, Release
from hikeshi.matching.queries import Finding, Reached, Said
from hikeshi.organisation.models import Company, Unit
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.viewer import Viewer

_COURSE: Final = 50


def _said(texts: Any) -> str:
    return text_in(texts, get_language() or "en")


@dataclass(slots=True)
class Ship:
    """A release that is reached, with the components it is reached through."""

    release: Release
    findings: list[Finding] = field(default_factory=list)


@dataclass(slots=True)
class Product:
    """A product of which releases are reached. of: its releases that the viewer may see."""

    offering: Offering
    of: int = 0
    ships: dict[int, Ship] = field(default_factory=dict)

    @property
    def reached(self) -> int:
        """Return how many of its releases are reached."""
        return len(self.ships)

    @property
    def share(self) -> float:
        """Return the share of its releases that is reached, 0 to 1."""
        return self.reached / self.of if self.of else 0.0


@dataclass(slots=True)
class Branch:
    """A company, or a unit of it (None: of no unit), with what is reached below."""

    name: str
    below: dict[int | None, Branch] = field(default_factory=dict)
    products: dict[int, Product] = field(default_factory=dict)

    @property
    def reached(self) -> int:
        """Return how many releases are reached below."""
        own = sum(one.reached for one in self.products.values())
        return own + sum(one.reached for one in self.below.values())


@dataclass(frozen=True, slots=True)
class Fleet:
    """Reach over the fleet: the tree, and the products for the chart, most reached first."""

    companies: list[Branch]
    products: list[Product]


def fleet_of(viewer: Viewer, reached: Reached) -> Fleet:
    """Hang what is reached below company, unit and product; three queries whatever the numbers."""
    offerings = {one.release.offering_id for one in reached.findings}
    counted = (
        Release.objects.visible_to(viewer)
        .filter(offering__in=offerings)
        .order_by()
        .values("offering")
        .annotate(n=Count("pk"))
    )
    many = {row["offering"]: row["n"] for row in counted}
    companies = Company.objects.in_bulk({one.release.company_id for one in reached.findings})
    units = Unit.objects.in_bulk({one.release.unit_id for one in reached.findings} - {None})
    tree: dict[int, Branch] = {}
    products: dict[int, Product] = {}
    for finding in reached.findings:
        release = finding.release
        company = tree.setdefault(
            release.company_id, Branch(_said(companies[release.company_id].name))
        )
        unit = units.get(release.unit_id or 0)
        branch = company.below.setdefault(
            release.unit_id, Branch(_said(unit.name) if unit else _("of the company as a whole"))
        )
        product = branch.products.setdefault(
            release.offering_id, Product(release.offering, many.get(release.offering_id, 0))
        )
        products[release.offering_id] = product
        product.ships.setdefault(release.pk, Ship(release)).findings.append(finding)
    shown = sorted(products.values(), key=lambda one: (-one.reached, one.offering.pk))
    return Fleet(list(tree.values()), shown)


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing that sources say, a cell for each claim. differ: not all say the same."""

    label: str | Promise
    cells: list[list[str]]
    differ: bool


_ASKED: Final[tuple[tuple[str | Promise, Callable[[Said], list[str]]], ...]] = (
    (gettext_lazy("Score"), lambda one: _texts(one.revision.score)),
    (gettext_lazy("CVSS vector"), lambda one: _texts(one.revision.vector)),
    (gettext_lazy("Weaknesses"), lambda one: [str(text) for text in one.revision.weaknesses]),
)


def _texts(value: object) -> list[str]:
    return [] if value in {None, ""} else [str(value)]


def compared(said: Sequence[Said]) -> list[Compared]:
    """Put what sources say side by side, and mark where those that say something differ.

    Records name one another, which is no difference; and only what is said of the same package is
    compared.
    """
    rows = []
    for label, ask in _ASKED:
        cells = [ask(one) for one in said]
        rows.append(Compared(label, cells, _differ(cells)))
    aliases = [[str(text) for text in one.revision.aliases] for one in said]
    records = {one.claim.record_id for one in said}
    others = [[name for name in cell if name not in records] for cell in aliases]
    rows.append(Compared(_("Other names"), aliases, _differ(others)))
    by_package: dict[int, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for place, one in enumerate(said):
        for row in one.ranges:
            by_package[row.package_id][place].append(row.stated)
    differ = any(_differ(list(cells.values())) for cells in by_package.values())
    affected = [one.stated for one in said]
    rows.append(Compared(pgettext("versions", "Affected"), affected, differ))
    return rows


def _differ(cells: Sequence[list[str]]) -> bool:
    return len({tuple(sorted(cell)) for cell in cells if cell}) > 1


@dataclass(frozen=True, slots=True)
class Step:
    """Something that became known. at: when the run that told it began."""

    at: datetime
    who: str
    what: str


def course_of(vulnerability: Vulnerability) -> list[Step]:
    """Return how what is known came about, newest first, in four queries."""
    told = Q(opened_in__lte=last_closed())
    claims = ClaimSubject.objects.filter(told, vulnerability=vulnerability).values("claim")
    steps = []
    seen: Counter[int] = Counter()
    revisions = ClaimRevision.objects.filter(told, claim__in=claims).select_related("claim")
    for one in revisions.order_by("opened_in", "pk"):
        seen[one.claim_id] += 1
        if one.withdrawn_at is not None:
            what = _("withdrawn by its source")
        elif seen[one.claim_id] == 1:
            what = _("read for the first time")
        else:
            what = _("changed by its source")
        steps.append(Step(one.known_from, one.claim.record_id, what))
    names = VulnerabilityName.objects.filter(told, vulnerability=vulnerability)
    by_moment: dict[datetime, list[str]] = defaultdict(list)
    for name in names.order_by("name"):
        by_moment[name.known_from].append(name.name)
    for at, held in by_moment.items():
        steps.append(Step(at, ", ".join(held), _("known by this name")))
    cves = [name.name for name in names if name.name.startswith("CVE-")]
    for signal in Signal.objects.filter(told, kind=SignalKind.KEV, name__in=cves):
        steps.append(Step(signal.known_from, "CISA KEV", _("listed as exploited")))
        if signal.known_to is not None:
            steps.append(Step(signal.known_to, "CISA KEV", _("no longer listed")))
    steps.sort(key=lambda one: one.at, reverse=True)
    return steps[:_COURSE]
