"""Score a case's vulnerability: the vector, what it comes to, who said so and when.

One score counts per CVSS version; a new one of that version supersedes it and both stay on record.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from hikeshi.core.errors import InputRefused, gettext_noop
from hikeshi.core.scoring.metrics import VERSIONS
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import seal, unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.triage import rights
from hikeshi.triage.models import Case, CaseVulnerability, VulnerabilityScore
from hikeshi.triage.queries import vulnerabilities_of
from hikeshi.triage.scores import Scored, headline, score


def rate_vulnerability(
    *, vulnerability: CaseVulnerability, vector: str, by: Viewer, at: datetime
) -> Scored:
    """Score a vulnerability by CVSS 3.1 or 4.0; the other versions' scores stay.

    Raises InputRefused for a vector of another version, or naming one that cannot be read.
    """
    case = vulnerability.case
    rights.require(case, by, Permission.CASE_WORK)
    made = score(vector)
    if made.version not in VERSIONS:
        raise InputRefused(
            gettext_noop("CVSS %(version)s is not entered here."), version=made.version
        )
    unseal([vulnerability], "vectors")
    kept = [score(one) for one in (vulnerability.vectors and vulnerability.vectors.value) or ()]
    vectors = [made, *(one for one in kept if one.version != made.version)]
    with transaction.atomic():
        # Two people may score at once; the second waits here and supersedes the first.
        Case.objects.visible_to(by).select_for_update(of=("self",)).get(pk=case.pk)
        keep_scores(vulnerability=vulnerability, scored=vectors, by=by.account, at=at)
        vulnerability.save(update_fields=["vectors"])
        Case.objects.visible_to(by).filter(pk=case.pk).update(
            band=worst_band(vulnerabilities_of(case)), changed_at=at
        )
        record(
            "case.vulnerability_scored", subject=case, by=by.account, at=at,
            before={"name": vulnerability.name, "vectors": [one.vector for one in kept]},
            after={"name": vulnerability.name, "version": made.version,
                   "score": f"{made.score:.1f}", "vectors": [one.vector for one in vectors]},
        )  # fmt: skip
    case.refresh_from_db(fields=["band"])
    return made


def keep_scores(
    *, vulnerability: CaseVulnerability, scored: Sequence[Scored], by: Account | None, at: datetime
) -> None:
    """Let these scores count, and no others; unchanged ones keep who gave them, and when.

    Sets ``vectors`` on the value; the caller saves it, inside its transaction.
    """
    wall = vulnerability.case.wall
    held = list(VulnerabilityScore.objects.filter(
        vulnerability=vulnerability, superseded_at__isnull=True))  # fmt: skip
    unseal(held, "vector")
    wanted = {one.vector: one for one in scored}
    stale = [row.pk for row in held if row.vector.value not in wanted]
    VulnerabilityScore.objects.filter(pk__in=stale).update(superseded_at=at)
    known = {row.vector.value for row in held}
    VulnerabilityScore.objects.bulk_create(
        VulnerabilityScore(
            vulnerability=vulnerability, version=one.version, vector=seal(one.vector, wall),
            score=seal(f"{one.score:.1f}", wall), by=by, at=at,
        )
        for one in wanted.values() if one.vector not in known
    )  # fmt: skip
    vulnerability.vectors = seal(list(wanted), wall)


def worst_band(vulnerabilities: Sequence[CaseVulnerability]) -> str:
    """Return the band of the worst of a case's vulnerabilities, "" when none is scored."""
    found = [headline(one.vectors.value or ()) for one in vulnerabilities if one.vectors]
    worst = max((one for one in found if one), key=lambda one: one.score, default=None)
    return worst.band.value if worst else ""
