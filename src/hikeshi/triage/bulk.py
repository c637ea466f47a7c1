"""Decide about several findings at once, and take the decision back for a while.

1. A decision is about releases that the finding reaches now, that the decider may see and decide
   about, and for which nothing stands yet. What is left out is counted and told before the act.
2. One transaction: all of it or nothing. Each vulnerability has its own audit line.
3. Taking back names who decided and the moment of the act, signed: nothing else is stored for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.core import signing
from django.db import transaction

from hikeshi.core.errors import Conflict, InputRefused, TooLarge, gettext_noop
from hikeshi.core.vex import ProductStatus, Statement
from hikeshi.intelligence.models import Vulnerability
from hikeshi.intelligence.queries import vulnerabilities_named
from hikeshi.inventory.models import Release
from hikeshi.ledger.services import record
from hikeshi.matching.listing import standings_of
from hikeshi.matching.narrowing import EVERYTHING, Narrowing
from hikeshi.matching.reach import ORDER, releases_reached
from hikeshi.matching.standings import count_again
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.triage.assessing import assess
from hikeshi.triage.models import Assessment, Case, CaseKind
from hikeshi.triage.queries import standing
from hikeshi.triage.services import open_case

MOST_VULNERABILITIES: Final = 500
MOST_DECISIONS: Final = 20_000
TAKEN_BACK_FOR: Final = timedelta(minutes=10)
_SALT: Final = "hikeshi.triage.bulk"


@dataclass(frozen=True, slots=True)
class Target:
    """One vulnerability and the releases that would be decided.

    decided: releases left out because something stands. denied: because the right is missing.
    """

    vulnerability: Vulnerability
    releases: list[Release]
    decided: int
    denied: int


@dataclass(frozen=True, slots=True)
class Done:
    """What was done. token: gives it back until ``TAKEN_BACK_FOR`` is over; "" with a case."""

    decisions: int
    vulnerabilities: int
    left_out: int
    token: str = ""
    case: Case | None = None
    targets: list[Target] = field(default_factory=list)


def chosen(viewer: Viewer, names: Sequence[str], narrowing: Narrowing) -> list[Vulnerability]:
    """Return the vulnerabilities of a list by name, or all of the list where none is named.

    Raises TooLarge for more than can be decided at once.
    """
    rows = standings_of(viewer, narrowing).select_related("vulnerability").order_by(*ORDER)
    if names:
        rows = rows.filter(vulnerability__name__in=list(names)[: MOST_VULNERABILITIES + 1])
    found = [row.vulnerability for row in rows[: MOST_VULNERABILITIES + 1]]
    if len(found) > MOST_VULNERABILITIES:
        raise TooLarge(
            gettext_noop("No more than %(most)s findings are decided at once. Narrow the list."),
            most=MOST_VULNERABILITIES,
        )
    return found


def targets_of(
    viewer: Viewer, vulnerabilities: Sequence[Vulnerability], narrowing: Narrowing = EVERYTHING
) -> list[Target]:
    """Return what a decision would be about, in a fixed number of queries.

    Raises TooLarge for more decisions than are made at once.
    """
    reached = releases_reached(viewer, [one.pk for one in vulnerabilities], narrowing)
    if sum(map(len, reached.values())) > MOST_DECISIONS:
        raise TooLarge(
            gettext_noop("This would be more than %(most)s decisions at once. Narrow the list."),
            most=MOST_DECISIONS,
        )
    every = Release.objects.visible_to(viewer).select_related(
        "offering", "product_model", "company", "unit"
    )
    releases = every.in_bulk(set().union(*reached.values()))
    stands = standing(viewer, [one.name for one in vulnerabilities], list(releases.values()))
    targets = []
    for one in vulnerabilities:
        here = [releases[pk] for pk in sorted(reached.get(one.pk, ())) if pk in releases]
        left = [release for release in here if (one.name, release.pk) not in stands]
        may = [
            release for release in left
            if viewer.may(Permission.ASSESS, release.company_id, release.unit_id)
        ]  # fmt: skip
        targets.append(Target(one, may, len(here) - len(left), len(left) - len(may)))
    return targets


def decide(
    *, targets: Sequence[Target], statement: Statement, by: Viewer, at: datetime,
    case_title: Mapping[str, str] | None = None, walled: bool = True,
) -> Done:  # fmt: skip
    """Decide about all targets alike, in one transaction; with a title, inside a new case.

    Raises InputRefused where nothing is left to decide or the statement lacks its reason, Conflict
    where one case would be about several companies, and what ``assess`` and ``open_case`` raise.
    """
    statement.check()
    full = [target for target in targets if target.releases]
    if not full:
        raise InputRefused(gettext_noop("Nothing is left to decide among what you chose."))
    if case_title is not None and statement.status is not ProductStatus.KNOWN_AFFECTED:
        raise InputRefused(gettext_noop("A case is opened for what is affected."))
    made = 0
    with transaction.atomic():
        case = _case(full, case_title, walled, by, at) if case_title is not None else None
        for target in full:
            made += len(
                assess(
                    vulnerability=target.vulnerability.name, statement=statement,
                    releases=target.releases, case=case, by=by, at=at,
                    only_undecided=case is None,
                )
            )  # fmt: skip
    left_out = sum(target.decided + target.denied for target in targets)
    token = "" if case is not None else _token(by, at)
    return Done(made, len(full), left_out, token, case, list(full))


def _case(
    targets: Sequence[Target], title: Mapping[str, str], walled: bool, by: Viewer, at: datetime
) -> Case:
    releases = {one.pk: one for target in targets for one in target.releases}
    companies = {one.company for one in releases.values()}
    if len(companies) != 1:
        raise Conflict(gettext_noop("A case belongs to one company. Choose findings of one."))
    units = {one.unit for one in releases.values()}
    return open_case(
        company=companies.pop(), unit=units.pop() if len(units) == 1 else None,
        kind=CaseKind.VULNERABILITY, title=title,
        vulnerabilities=[target.vulnerability.name for target in targets],
        walled=walled, by=by, at=at,
    )  # fmt: skip


def _token(by: Viewer, at: datetime) -> str:
    return signing.dumps([by.account_id, at.isoformat()], salt=_SALT)


def made_by(token: str, by: Viewer) -> list[Assessment]:
    """Return the decisions of one act that still stand. Raises InputRefused when it is too late."""
    try:
        account, moment = signing.loads(token, salt=_SALT, max_age=TAKEN_BACK_FOR)
    except signing.BadSignature as error:
        raise InputRefused(
            gettext_noop("It is too late to take this back. Decide anew instead.")
        ) from error
    if account != by.account_id:
        raise InputRefused(gettext_noop("Only who decided takes a decision back."))
    at = datetime.fromisoformat(moment)
    return list(
        Assessment.objects.visible_to(by)
        .filter(by=account, at=at, case__isnull=True, superseded_at__isnull=True)
        .order_by("vulnerability", "pk")
    )


def take_back(*, token: str, by: Viewer, at: datetime) -> int:
    """Take the decisions of one act back; return how many. They stay in the history.

    Raises InputRefused when it is too late or somebody else decided.
    """
    with transaction.atomic():
        rows = made_by(token, by)
        ids = [row.pk for row in rows]
        Assessment.objects.visible_to(by).filter(pk__in=ids).update(superseded_at=at)
        by_name: dict[str, list[Assessment]] = {}
        for row in rows:
            by_name.setdefault(row.vulnerability, []).append(row)
        for name, some in by_name.items():
            after: dict[str, Any] = {"vulnerability": name, "decisions": _uids(some)}
            record("assessment.undone", subject=some[0], by=by.account, at=at, after=after)
        count_again(vulnerabilities_named(by_name))
    return len(rows)


def _uids(rows: Iterable[Assessment]) -> list[str]:
    return [str(row.uid) for row in rows]
