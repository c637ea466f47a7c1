"""The list of findings: one line a vulnerability, from the viewer, in a fixed number of queries.

Lists walk the standings in the order of one index and ask of each whether some product that the
viewer may see is reached: the page costs what its rows cost, whatever stands behind them. Only the
fifty rows of a page are counted and described.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import (
    Count,
    Exists,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
)

from hikeshi.core.scoring.priority import RankPlace, Urgency, urgency
from hikeshi.intelligence.models import (
    AffectedRange,
    ClaimRevision,
    ClaimSubject,
    Vulnerability,
    VulnerabilityName,
)
from hikeshi.inventory.models import Occurrence, Offering, Release
from hikeshi.inventory.related import with_parts
from hikeshi.matching.deciding import AboutIt, decider
from hikeshi.matching.models import Match, Reach, Standing
from hikeshi.matching.narrowing import EVERYTHING, Narrowing, State, band_of
from hikeshi.organisation.viewer import Viewer

# Sorting by these asks a question of every row, so that they are asked for by name only.
FIGURES: Final = ("releases", "since")


def reach_of(viewer: Viewer, narrowing: Narrowing = EVERYTHING) -> QuerySet[Reach]:
    """Select the reach in products that the viewer may see, as the list is narrowed."""
    seen = Offering.objects.visible_to(viewer).values("pk")
    return Reach.objects.filter(narrowing.of_reach(), offering__in=seen)


def standings_of(
    viewer: Viewer,
    narrowing: Narrowing = EVERYTHING,
    *,
    release: Release | None = None,
    figures: Iterable[str] = (),
) -> QuerySet[Standing]:
    """Select what the list shows: each vulnerability once, at the best rank that the viewer sees.

    release: only what reaches this one, which the caller has read as its viewer.
    figures: which of FIGURES the caller will sort by.
    """
    reach = reach_of(viewer, narrowing)
    here = reach.filter(standing=OuterRef("pk"))
    better = Standing.objects.filter(
        Exists(here), vulnerability=OuterRef("vulnerability"), rank__gt=OuterRef("rank")
    )
    found = Standing.objects.filter(narrowing.of_standing())
    found = _in_state(found, viewer, narrowing, here)
    if narrowing.text:
        found = found.filter(_named(narrowing.text))
    if release is not None:
        found = found.filter(vulnerability__in=_reaching(release))
    for figure in figures:
        found = _with_figure(found, figure, reach)
    return found.filter(Exists(here), ~Exists(better))


def counting(viewer: Viewer, narrowing: Narrowing = EVERYTHING) -> QuerySet[Standing, Any] | None:
    """Select as many rows as ``standings_of`` does, the quick way; None where there is none.

    Which rank a vulnerability is shown at does not change how many are shown.
    """
    reach = reach_of(viewer, narrowing).filter(standing=OuterRef("pk"))
    found = Standing.objects.filter(narrowing.of_standing())
    if narrowing.state == State.OPEN:
        told = decider()
        if told is not None:
            found = found.exclude(vulnerability__in=told.in_case(viewer))
        reach = reach.filter(undecided__gt=0)
    elif narrowing.state != State.ALL:
        return None
    if narrowing.text:
        found = found.filter(_named(narrowing.text))
    return found.filter(Exists(reach)).order_by().values("vulnerability").distinct()


def _with_figure(
    found: QuerySet[Standing], figure: str, reach: QuerySet[Reach]
) -> QuerySet[Standing]:
    """Add the releases reached, or since when, over all ranks of the vulnerability."""
    every = (
        reach.filter(standing__vulnerability=OuterRef("vulnerability"))
        .order_by()
        .values("standing__vulnerability")
    )
    if figure == "since":
        return found.annotate(since=Subquery(every.annotate(n=Min("since")).values("n")))
    counted = every.annotate(n=Sum("releases")).values("n")
    return found.annotate(releases=Subquery(counted, output_field=IntegerField()))


def _in_state(
    found: QuerySet[Standing], viewer: Viewer, narrowing: Narrowing, here: QuerySet[Reach]
) -> QuerySet[Standing]:
    told, state = decider(), narrowing.state
    every = reach_of(viewer, narrowing).filter(standing__vulnerability=OuterRef("vulnerability"))
    undecided = Exists(every.filter(undecided__gt=0))
    in_case = Q(pk__in=[]) if told is None else Q(vulnerability__in=told.in_case(viewer))
    if state == State.OPEN:
        return found.filter(~in_case).filter(undecided)
    if state == State.CASE:
        return found.filter(in_case)
    if state == State.ASSESSED:
        return found.filter(~undecided)
    if state == State.IGNORED:
        return found.filter(~Exists(every.filter(not_affected__lt=F("releases"))))
    return found


def with_text_found(narrowing: Narrowing) -> Narrowing:
    """Look its text up once, for who asks several questions of one list."""
    if not narrowing.text:
        return narrowing
    reached = Standing.objects.filter(_named(narrowing.text)).order_by()
    found = frozenset(reached.values_list("vulnerability", flat=True))
    return narrowing._replace(text="", found=found)


def _named(text: str) -> Q:
    """Return the condition of standings with a text in a name, a summary or a package.

    Packages are those that sources name, not those that somebody ships: a hit tells of nobody.
    """
    named = VulnerabilityName.objects.known().filter(name__icontains=text)
    said = ClaimRevision.objects.known().filter(summary__icontains=text, withdrawn_at__isnull=True)
    about = AffectedRange.objects.known().filter(package__name__icontains=text)
    subjects = ClaimSubject.objects.known().filter(
        Q(claim__in=said.values("claim")) | Q(claim__in=about.values("claim"))
    )
    return Q(vulnerability__in=named.values("vulnerability")) | Q(
        vulnerability__in=subjects.values("vulnerability")
    )


def _reaching(release: Release) -> QuerySet[ClaimSubject, Any]:
    here = Release.objects.for_system("the caller has read it as its viewer").filter(pk=release.pk)
    inside = Occurrence.objects.filter(
        closed_in__isnull=True, release__in=with_parts(here), package_version__isnull=False
    )
    standing = ClaimRevision.objects.known().filter(withdrawn_at__isnull=True)
    matches = Match.objects.filter(
        closed_in__isnull=True,
        package_version__in=inside.values("package_version"),
        claim__in=standing.values("claim"),
    )
    reached = ClaimSubject.objects.known().filter(claim__in=matches.values("claim"))
    return reached.values("vulnerability")


def found_vulnerabilities(
    viewer: Viewer, narrowing: Narrowing = EVERYTHING, *, release: Release | None = None
) -> QuerySet[Vulnerability]:
    """Select the vulnerabilities of ``standings_of`` with their ``score``, 0 without any."""
    held = standings_of(viewer, narrowing, release=release)
    score = Standing.objects.filter(vulnerability=OuterRef("pk")).order_by("pk").values("score")
    found = Vulnerability.objects.filter(pk__in=held.values("vulnerability"))
    return found.annotate(score=Subquery(score[:1]))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list.

    releases, supported, undecided: of those that the viewer may see. products: how many of them.
    components: names of the packages found, the first few. case: an open case of the viewer's
    about it.
    """

    standing: Standing
    summary: str
    releases: int
    supported: int
    undecided: int
    not_affected: int
    products: int
    components: list[str]
    case: AboutIt | None

    @property
    def vulnerability(self) -> Vulnerability:
        """Return the vulnerability."""
        return self.standing.vulnerability

    @property
    def band(self) -> str:
        """Return the band of the score, "" where nothing was scored."""
        return band_of(self.standing.score)

    @property
    def rounded(self) -> str:
        """Return the score with one decimal, "" where nothing was scored."""
        return f"{self.standing.score:.1f}" if self.band else ""

    @property
    def epss(self) -> Decimal | None:
        """Return the probability of EPSS; None without."""
        return self.standing.epss or None

    @property
    def urgency(self) -> Urgency:
        """Return what the weight means."""
        return urgency(self.standing.weight)

    @property
    def rank(self) -> RankPlace:
        """Return the best rank among the products reached."""
        return RankPlace(self.standing.rank)

    @property
    def state(self) -> State:
        """Return how far people have come with it."""
        if self.case is not None:
            return State.CASE
        if self.undecided:
            return State.OPEN
        return State.IGNORED if self.not_affected == self.releases else State.ASSESSED


def lines_of(
    viewer: Viewer, standings: Sequence[Standing], narrowing: Narrowing = EVERYTHING
) -> list[Line]:
    """Describe the standings of one page in five queries."""
    ids = [one.vulnerability_id for one in standings]
    vulnerabilities = Vulnerability.objects.in_bulk(ids)
    figures: dict[int, dict[str, Any]] = {
        row["standing__vulnerability"]: dict(row)
        for row in reach_of(viewer, narrowing)
        .filter(standing__vulnerability__in=ids)
        .order_by()
        .values("standing__vulnerability")
        .annotate(
            reached=Sum("releases"), held=Sum("supported"), left=Sum("undecided"),
            spared=Sum("not_affected"), products=Count("offering"),
        )
    }  # fmt: skip
    said, found_in = summaries(ids), components_of(viewer, ids, narrowing)
    told = decider()
    cases = told.cases(viewer, ids) if told is not None else {}
    lines = []
    for one in standings:
        one.vulnerability = vulnerabilities[one.vulnerability_id]
        row = figures.get(one.vulnerability_id, {})
        lines.append(
            Line(
                one, said.get(one.vulnerability_id, ""), row.get("reached", 0), row.get("held", 0),
                row.get("left", 0), row.get("spared", 0), row.get("products", 0),
                found_in.get(one.vulnerability_id, []), cases.get(one.vulnerability_id),
            )
        )  # fmt: skip
    return lines


def components_of(
    viewer: Viewer, vulnerabilities: Sequence[int], narrowing: Narrowing = EVERYTHING
) -> dict[int, list[str]]:
    """Return the names of the packages in which vulnerabilities were found, in two queries."""
    subjects = ClaimSubject.objects.known().filter(vulnerability__in=vulnerabilities)
    about: dict[int, list[int]] = defaultdict(list)
    for claim, vulnerability in subjects.values_list("claim_id", "vulnerability_id"):
        about[claim].append(vulnerability)
    releases = Release.objects.visible_to(viewer)
    if narrowing.product is not None:
        releases = releases.filter(offering=narrowing.product)
    shipped = Occurrence.objects.filter(
        closed_in__isnull=True, package_version=OuterRef("package_version"),
        release__in=with_parts(releases),
    )  # fmt: skip
    rows = (
        Match.objects.filter(Exists(shipped), closed_in__isnull=True, claim__in=list(about))
        .order_by()
        .values_list("claim_id", "package_version__package__name")
        .distinct()
    )
    found: dict[int, set[str]] = defaultdict(set)
    for claim, name in rows:
        for vulnerability in about[claim]:
            found[vulnerability].add(name)
    return {one: sorted(names) for one, names in found.items()}


def summaries(vulnerabilities: Iterable[Any]) -> dict[int, str]:
    """Return one standing claim's summary for each vulnerability."""
    rows = (
        ClaimRevision.objects.known()
        .filter(claim__subjects__vulnerability__in=list(vulnerabilities), withdrawn_at__isnull=True)
        .exclude(summary="")
        .order_by("-pk")
        .values_list("claim__subjects__vulnerability", "summary")
    )
    return dict(rows)
