"""Decide product statuses, one or many at a time. A decision is appended; the newest counts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import TypeVar

from django.db import IntegrityError, transaction

from hikeshi.core.errors import Conflict, InputRefused, NotAllowed, NotFound, Stale, gettext_noop
from hikeshi.core.vex import ProductStatus, Statement
from hikeshi.intelligence.queries import vulnerabilities_named
from hikeshi.inventory.models import Offering, Release
from hikeshi.ledger.services import record
from hikeshi.matching.standings import count_again
from hikeshi.organisation.models import Company
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import seal
from hikeshi.organisation.viewer import Viewer
from hikeshi.triage import rights
from hikeshi.triage.models import Assessment, Case

# Variables of one statement; far below what either database allows.
_CHUNK = 2000
_T = TypeVar("_T")


def lane_of(
    *,
    company_id: int,
    wall_id: int | None,
    vulnerability: str,
    component: str = "",
    release_id: int | None = None,
    offering_id: int | None = None,
) -> str:
    """Name all that says what a decision is about; 40 hexadecimal digits.

    Decisions behind different walls have different lanes: neither can tell of the other.
    """
    scope = f"release {release_id}" if release_id else f"offering {offering_id or 0}"
    parts = [str(company_id), str(wall_id or 0), vulnerability, component, scope]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:40]


def assess(
    *,
    vulnerability: str,
    statement: Statement,
    by: Viewer,
    at: datetime,
    releases: Sequence[Release] = (),
    offering: Offering | None = None,
    company: Company | None = None,
    case: Case | None = None,
    component: str = "",
    fixed_in: Release | None = None,
    only_undecided: bool = False,
) -> list[Assessment]:
    """Decide the status of releases, of all releases of an offering, or of a whole company.

    releases, offering, company: exactly one of them is given.
    case: whose wall the decision stands behind; None for one that the whole unit may see.
    only_undecided: leave out releases for which a decision stands in the same lane.
    Returns the decisions made. Raises InputRefused for a statement without reason, NotAllowed
    without the right, NotFound for what the viewer may not know of, Stale when two people decide
    the same at once.
    """
    statement.check()
    subjects = _subjects(releases, offering, company)
    _require(case=case, subjects=subjects, by=by)
    _require_own_fix(subjects, fixed_in)
    wall = case.wall if case is not None else None
    # Sealed once: the rows of one act share one text.
    grounds = seal(statement.grounds, wall)
    rows = []
    for subject in subjects:
        release = subject if isinstance(subject, Release) else None
        over = subject if isinstance(subject, Offering) else None
        owner = subject if isinstance(subject, Company) else subject.company
        rows.append(
            Assessment(
                company=owner,
                # Once the wall has ended, those who see the release see its decision.
                unit=None if isinstance(subject, Company) else subject.unit,
                wall=wall, case=case, vulnerability=vulnerability, release=release, offering=over,
                component=component, status=statement.status.value,
                justification=statement.justification or "", action=statement.action or "",
                fixed_in=fixed_in if statement.status is ProductStatus.KNOWN_AFFECTED else None,
                grounds=grounds, by=by.account, at=at,
                lane=lane_of(
                    company_id=owner.pk, wall_id=wall.pk if wall else None,
                    vulnerability=vulnerability, component=component,
                    release_id=release.pk if release else None,
                    offering_id=over.pk if over else None,
                ),
            )
        )  # fmt: skip
    return _append(rows=rows, case=case, by=by, at=at, only_undecided=only_undecided)


def _subjects(
    releases: Sequence[Release], offering: Offering | None, company: Company | None
) -> list[Release | Offering | Company]:
    given: list[Release | Offering | Company] = list({one.pk: one for one in releases}.values())
    wide = [one for one in (offering, company) if one is not None]
    if bool(given) + len(wide) != 1:
        raise InputRefused(gettext_noop("Choose the releases that this decision is about."))
    return given or list(wide)


def _require(
    *, case: Case | None, subjects: Sequence[Release | Offering | Company], by: Viewer
) -> None:
    if case is not None:
        rights.require(case, by, Permission.ASSESS)
    for subject in subjects:
        company_id = subject.pk if isinstance(subject, Company) else subject.company_id
        if case is not None and company_id != case.company_id:
            raise Conflict(gettext_noop("A case decides about releases of its own company."))
        if case is None:
            unit_id = None if isinstance(subject, Company) else subject.unit_id
            if not by.may(Permission.ASSESS, company_id, unit_id):
                raise NotAllowed(
                    gettext_noop("You may not decide about this product; ask its unit.")
                )
    seen = [one.pk for one in subjects if isinstance(one, Release)]
    if case is None and _visible_releases(seen, by) != len(seen):
        raise NotFound(gettext_noop("There is no such release."))


def _require_own_fix(subjects: Sequence[Release | Offering | Company], fix: Release | None) -> None:
    """Refuse a fix by a release of another product: its users could not install it."""
    if fix is None:
        return
    for subject in subjects:
        if isinstance(subject, Release):
            same = (subject.offering_id, subject.product_model_id) == (
                fix.offering_id,
                fix.product_model_id,
            )
        else:
            same = isinstance(subject, Offering) and subject.pk == fix.offering_id
        if not same:
            raise Conflict(
                gettext_noop("%(version)s is a release of another product and fixes nothing here."),
                version=fix.version,
            )


def _visible_releases(ids: Sequence[int], by: Viewer) -> int:
    return sum(
        Release.objects.visible_to(by).filter(pk__in=chunk).count() for chunk in _chunks(ids)
    )


def _chunks(items: Sequence[_T]) -> Iterable[Sequence[_T]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def _append(
    *,
    rows: list[Assessment],
    case: Case | None,
    by: Viewer,
    at: datetime,
    only_undecided: bool,
) -> list[Assessment]:
    """Write decisions and put aside those they replace, in one transaction with one audit line."""
    try:
        with transaction.atomic():
            if only_undecided:
                rows = _without_decided(rows)
            if not rows:
                return []
            for chunk in _chunks([row.lane for row in rows]):
                Assessment.objects.for_system("puts aside what these rows replace").filter(
                    lane__in=chunk, superseded_at__isnull=True
                ).update(superseded_at=at)
            Assessment.objects.bulk_create(rows, batch_size=500)
            first = rows[0]
            record(
                "assessment.made", subject=case or first, by=by.account, at=at,
                after={
                    "vulnerability": first.vulnerability, "component": first.component,
                    "status": first.status, "justification": first.justification,
                    "action": first.action, "grounds": first.grounds.value,
                    "releases": [str(row.release.uid) for row in rows if row.release],
                    "offering": str(first.offering.uid) if first.offering else None,
                },
            )  # fmt: skip
            # What stands behind a wall counts once the wall has ended, and from then on at once.
            if first.wall is None or first.wall.ended_at is not None:
                count_again(vulnerabilities_named([first.vulnerability]))
    except IntegrityError as error:
        raise Stale(gettext_noop("Somebody else decided this at the same moment.")) from error
    return rows


def _without_decided(rows: list[Assessment]) -> list[Assessment]:
    decided: set[str] = set()
    for chunk in _chunks([row.lane for row in rows]):
        decided |= set(
            Assessment.objects.for_system("lanes of the rows about to be written")
            .filter(lane__in=chunk, superseded_at__isnull=True)
            .values_list("lane", flat=True)
        )
    return [row for row in rows if row.lane not in decided]
