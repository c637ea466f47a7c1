"""After all parts of a run are read: what is no longer there, and joins that nothing states now.

1. A record that its source no longer serves is closed like a corrected one: its revision, ranges
   and subjects get ``known_to``; document, claim and names stay.
2. A copy that lacks much of what stood is a broken copy sooner than a clean-up: nothing is closed
   then, and the part says so among its refusals.
3. When a claim is withdrawn, vanishes or takes an alias back, the names of its vulnerability are
   grouped anew from what the standing claims say. What falls apart becomes a vulnerability of its
   own; a name that no claim states any more ends.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from hikeshi.core import ids
from hikeshi.core.errors import Malformed, gettext_noop
from hikeshi.intelligence.models import (
    AffectedRange,
    ClaimRevision,
    ClaimSubject,
    Run,
    RunPart,
    UndecidedRange,
    Vulnerability,
    VulnerabilityName,
)
from hikeshi.intelligence.naming import Grouping, make_vulnerabilities, names_of
from hikeshi.intelligence.setwise import NUMBER, TEXT, close_facts, insert_facts
from hikeshi.intelligence.storing import Refused, refuse

# A clean-up takes away at most this share of a part, or so few records that it does not matter.
MOST_VANISHED: Final = 0.1
FEW_VANISHED: Final = 20
_CHUNK: Final = 1_000
_OF_CLAIM: Final = (
    ("intelligence_claimrevision", ClaimRevision), ("intelligence_affectedrange", AffectedRange),
    ("intelligence_undecidedrange", UndecidedRange), ("intelligence_claimsubject", ClaimSubject),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Served:
    """A part that was read to its end. records: the ids it holds, refused ones among them."""

    part: RunPart
    records: frozenset[str]


def settle(*, run: Run, served: Iterable[Served], at: datetime) -> None:
    """Close what vanished and undo joins that nothing states; done twice it changes nothing."""
    served = list(served)
    everywhere = frozenset[str]().union(*(one.records for one in served))
    # Read before anything vanishes: who speaks of what decides what is grouped anew.
    for one in served:
        _close_vanished(one, everywhere, run=run, at=at)
    for vulnerability in _loosened(run.number):
        with transaction.atomic():
            regroup(vulnerability, run=run.number, at=at)


def _close_vanished(one: Served, everywhere: frozenset[str], *, run: Run, at: datetime) -> None:
    part = one.part
    standing = ClaimRevision.objects.open().filter(source_id=part.source_id)
    rows = list(standing.values_list("claim_id", "claim__record_id"))
    gone = [claim for claim, record_id in rows if record_id not in everywhere]
    if len(gone) > max(FEW_VANISHED, len(rows) * MOST_VANISHED):
        error = Malformed(
            gettext_noop(
                "The copy lacks %(gone)s of the %(held)s records that stood; they were kept. "
                "Read a complete copy."
            ),
            gone=len(gone), held=len(rows),
        )  # fmt: skip
        with transaction.atomic():
            refuse([Refused(f"{part.source}", error)], part=part, at=at)
            part.refused += 1
            part.save(update_fields=["refused"])
        return
    for start in range(0, len(gone), _CHUNK):
        claims = gone[start : start + _CHUNK]
        with transaction.atomic():
            for table, model in _OF_CLAIM:
                open_rows = model._default_manager.filter(claim__in=claims, closed_in__isnull=True)
                close_facts(table, open_rows.values_list("pk", flat=True), run=run.number, at=at)
            part.vanished += len(claims)
            part.save(update_fields=["vanished"])


def _loosened(run: int) -> list[int]:
    """Return the vulnerabilities of which a claim says less than before this run."""
    old = {
        claim: set(aliases)
        for claim, aliases in ClaimRevision.objects.filter(
            closed_in=run, withdrawn_at__isnull=True
        ).values_list("claim_id", "aliases")
        if aliases
    }
    now = {
        claim: set(aliases)
        for claim, aliases in ClaimRevision.objects.open()
        .filter(claim__in=list(old), withdrawn_at__isnull=True)
        .values_list("claim_id", "aliases")
    }
    less = [claim for claim, aliases in old.items() if aliases - now.get(claim, set())]
    found: set[int] = set()
    for start in range(0, len(less), _CHUNK):
        spoke = ClaimSubject.objects.filter(claim__in=less[start : start + _CHUNK])
        found |= set(spoke.values_list("vulnerability_id", flat=True))
    return sorted(found)


def regroup(vulnerability: int, *, run: int, at: datetime) -> None:
    """Group the names of a vulnerability anew from what its standing claims say."""
    held = {
        name: pk
        for pk, name in VulnerabilityName.objects.open()
        .filter(vulnerability=vulnerability)
        .values_list("pk", "name")
    }
    subjects = list(
        ClaimSubject.objects.open()
        .filter(vulnerability=vulnerability)
        .values_list("pk", "claim_id", "claim__record_id")
    )
    if not subjects:
        return
    stated = dict(
        ClaimRevision.objects.open()
        .filter(claim__in=[claim for _pk, claim, _name in subjects], withdrawn_at__isnull=True)
        .values_list("claim_id", "aliases")
    )
    grouping = Grouping()
    for _pk, claim, record_id in sorted(subjects, key=lambda row: row[2]):
        grouping.add(names_of(record_id, stated.get(claim, [])))
    groups = [group for group in grouping.groups() if group.names & held.keys()]
    supported = {name for group in groups for name in group.names}
    ended = [pk for name, pk in held.items() if name not in supported]
    close_facts("intelligence_vulnerabilityname", ended, run=run, at=at)
    if len(groups) < 2:
        return
    shown = Vulnerability.objects.values_list("name", flat=True).get(pk=vulnerability)
    stays = next((g for g in groups if shown in g.names), max(groups, key=lambda g: len(g.names)))
    apart = [group for group in groups if group is not stays]
    made = make_vulnerabilities([ids.best_name(group.names) for group in apart], run=run)
    moved, spoken = [], []
    for group, new in zip(apart, made, strict=True):
        names = sorted(group.names & held.keys())
        close_facts("intelligence_vulnerabilityname", [held[name] for name in names],
                    run=run, at=at)  # fmt: skip
        moved += [(name, new) for name in names]
        theirs = [(pk, claim) for pk, claim, record_id in subjects if record_id in group.names]
        close_facts("intelligence_claimsubject", [pk for pk, _claim in theirs], run=run, at=at)
        spoken += [(claim, new) for _pk, claim in theirs]
    insert_facts("intelligence_vulnerabilityname", {"name": TEXT, "vulnerability_id": NUMBER},
                 moved, run=run, at=at)  # fmt: skip
    insert_facts("intelligence_claimsubject", {"claim_id": NUMBER, "vulnerability_id": NUMBER},
                 spoken, run=run, at=at)  # fmt: skip
