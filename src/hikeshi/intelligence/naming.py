"""Which vulnerabilities claims speak of: groups of names, grown batch by batch.

1. A claim whose names hold one CVE id, or none, speaks of one vulnerability; its names are names of
   that vulnerability.
2. A claim whose names hold several CVE ids speaks of each of them; it joins nothing, because a
   bundle is not an alias.
3. Two CVE ids are never one vulnerability: an alias that would join them is not followed.
4. Of vulnerabilities that are joined the oldest stays; the names and claims of the others move to
   it as dated facts. Joins that no claim states any more are undone by ``settling``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from hikeshi.core import ids
from hikeshi.intelligence.models import Vulnerability, VulnerabilityName
from hikeshi.intelligence.setwise import (
    NUMBER,
    TEXT,
    UID,
    close_facts,
    insert,
    insert_facts,
    open_rows,
    select,
)
from hikeshi.organisation.models import new_uid

ALIAS_LIMIT = 200
_NAMES = "intelligence_vulnerabilityname"
_SUBJECTS = "intelligence_claimsubject"


@dataclass(frozen=True, slots=True)
class Named:
    """A claim's row with the names its record gives: its own first."""

    claim_id: int
    names: tuple[str, ...]


@dataclass(slots=True)
class _Group:
    """Names and stored vulnerabilities that are one. cve: its CVE id, "" for none so far."""

    names: set[str] = field(default_factory=set)
    stored: set[int] = field(default_factory=set)
    cve: str = ""


class Grouping:
    """Names joined into groups under the rules above; knows no database."""

    def __init__(self) -> None:
        self._of: dict[str, _Group] = {}

    def know(self, vulnerability: int, names: Iterable[str]) -> None:
        """Take over a stored vulnerability with its names."""
        group = _Group(set(names), {vulnerability})
        group.cve = next(iter(ids.cve_ids(group.names)), "")
        for name in group.names:
            self._of[name] = group

    def add(self, names: tuple[str, ...]) -> list[str]:
        """Join what a claim's names say; return a name of each vulnerability it speaks of."""
        cves = sorted(ids.cve_ids(names))
        if len(cves) > 1:
            for cve in cves:
                self._group(cve)
            return cves
        for name in names[1:]:
            self._join(self._group(names[0]), self._group(name))
        self._group(names[0])
        return [names[0]]

    def group_of(self, name: str) -> _Group:
        """Return the group a name ended up in."""
        return self._of[name]

    def groups(self) -> list[_Group]:
        """Return every group once."""
        return list({id(group): group for group in self._of.values()}.values())

    def _group(self, name: str) -> _Group:
        group = self._of.get(name)
        if group is None:
            cve = name if ids.kind_of(name) is ids.Kind.CVE else ""
            group = self._of[name] = _Group({name}, set(), cve)
        return group

    def _join(self, one: _Group, other: _Group) -> None:
        if one is other or (one.cve and other.cve and one.cve != other.cve):
            return
        if len(one.names) < len(other.names):
            one, other = other, one
        one.names |= other.names
        one.stored |= other.stored
        one.cve = one.cve or other.cve
        for name in other.names:
            self._of[name] = one


def link(claims: list[Named], *, run: int, at: datetime) -> None:
    """Store which vulnerabilities claims speak of, joining those that turn out to be one."""
    grouping, held = _known({name for claim in claims for name in claim.names})
    subjects = {claim.claim_id: grouping.add(claim.names) for claim in claims}
    survivor = _store_groups(grouping, held, run=run, at=at)
    wanted = {
        claim_id: {survivor[id(grouping.group_of(name))] for name in names}
        for claim_id, names in subjects.items()
    }
    _store_subjects(wanted, run=run, at=at)


def names_of(record_id: str, aliases: Iterable[str]) -> tuple[str, ...]:
    """Return the names under which a claim is known, its own first."""
    return tuple(dict.fromkeys((record_id, *aliases)))[:ALIAS_LIMIT]


def _known(names: set[str]) -> tuple[Grouping, dict[str, tuple[int, int]]]:
    """Load the vulnerabilities that go by any of these names, with all their names.

    Returns the grouping and {name: (id of its row, vulnerability)}.
    """
    grouping = Grouping()
    sql = f"""
        SELECT DISTINCT n.vulnerability_id FROM {{given}}
        JOIN {_NAMES} n ON n.name = given.name AND n.closed_in IS NULL
    """
    found = select(sql, ([name] for name in names), "name text")
    sql = f"""
        SELECT n.id, n.name, n.vulnerability_id FROM {{given}}
        JOIN {_NAMES} n ON n.vulnerability_id = given.id AND n.closed_in IS NULL
    """
    held: dict[str, tuple[int, int]] = {}
    by_vulnerability: dict[int, list[str]] = {}
    for pk, name, vulnerability in select(sql, found, "id bigint"):
        held[name] = (pk, vulnerability)
        by_vulnerability.setdefault(vulnerability, []).append(name)
    for vulnerability, theirs in by_vulnerability.items():
        grouping.know(vulnerability, theirs)
    return grouping, held


def _store_groups(
    grouping: Grouping, held: Mapping[str, tuple[int, int]], *, run: int, at: datetime
) -> dict[int, int]:
    """Write new vulnerabilities and names, move the names of joined ones; return the survivors.

    Returns {id of the group: id of its vulnerability}.
    """
    groups = grouping.groups()
    new = [group for group in groups if not group.stored]
    made = make_vulnerabilities([ids.best_name(group.names) for group in new], run=run)
    survivor = dict(zip(map(id, new), made, strict=True))
    survivor |= {id(group): min(group.stored) for group in groups if group.stored}
    opened, closed = [], []
    for group in groups:
        stays = survivor[id(group)]
        for name in group.names:
            row = held.get(name)
            if row is not None and row[1] == stays:
                continue
            if row is not None:
                closed.append(row[0])
            opened.append((name, stays))
    close_facts(_NAMES, closed, run=run, at=at)
    insert_facts(_NAMES, {"name": TEXT, "vulnerability_id": NUMBER}, opened, run=run, at=at)
    # Those known before this run are renamed when it is closed.
    own = set(
        Vulnerability.objects.filter(pk__in=survivor.values(), opened_in=run).values_list(
            "pk", flat=True
        )
    )
    best = {survivor[id(g)]: ids.best_name(g.names) for g in groups if g.stored}
    _rename({pk: name for pk, name in best.items() if pk in own})
    _move_subjects(groups, survivor, run=run, at=at)
    return survivor


def make_vulnerabilities(names: list[str], *, run: int) -> list[int]:
    """Make vulnerabilities of these names; return their ids in the same order."""
    rows = [(new_uid(), name, run) for name in names]
    columns = {"uid": UID, "name": TEXT, "opened_in": NUMBER}
    insert("intelligence_vulnerability", columns, rows)
    sql = """
        SELECT v.name, max(v.id) FROM {given}
        JOIN intelligence_vulnerability v ON v.name = given.name GROUP BY v.name
    """
    # The newest of a name is the one just made; an older one may have been joined away.
    made = dict(select(sql, ([name] for name in names), "name text"))
    return [made[name] for name in names]


def _rename(best: Mapping[int, str]) -> None:
    rows = Vulnerability.objects.filter(pk__in=best).only("name")
    changed = [row for row in rows if row.name != best[row.pk]]
    for row in changed:
        row.name = best[row.pk]
    Vulnerability.objects.bulk_update(changed, ["name"], batch_size=200)


def rename_known(run: int) -> None:
    """Show vulnerabilities that were known before a run under the best of their names.

    Part of closing the run: until then their old names stand, and abandoning must not undo this.
    """
    older = VulnerabilityName.objects.open().filter(
        vulnerability__in=VulnerabilityName.objects.filter(
            Q(opened_in=run) | Q(closed_in=run), vulnerability__opened_in__lt=run
        ).values("vulnerability")
    )
    names: dict[int, list[str]] = {}
    for vulnerability, name in older.values_list("vulnerability_id", "name"):
        names.setdefault(vulnerability, []).append(name)
    _rename({vulnerability: ids.best_name(theirs) for vulnerability, theirs in names.items()})


def _move_subjects(
    groups: list[_Group], survivor: Mapping[int, int], *, run: int, at: datetime
) -> None:
    """Let the claims that spoke of a joined vulnerability speak of the one that stays."""
    moves = {gone: survivor[id(group)] for group in groups for gone in group.stored
             if gone != survivor[id(group)]}  # fmt: skip
    sql = f"""
        SELECT s.id, s.claim_id, s.vulnerability_id FROM {{given}}
        JOIN {_SUBJECTS} s ON s.vulnerability_id = given.id AND s.closed_in IS NULL
    """
    rows = select(sql, ([gone] for gone in moves), "id bigint")
    close_facts(_SUBJECTS, (row[0] for row in rows), run=run, at=at)
    _open_subjects({(claim, moves[gone]) for _pk, claim, gone in rows}, run=run, at=at)


def _store_subjects(wanted: Mapping[int, set[int]], *, run: int, at: datetime) -> None:
    rows = open_rows(_SUBJECTS, "f.id, f.claim_id, f.vulnerability_id", wanted)
    held = {(claim, vulnerability) for _pk, claim, vulnerability in rows}
    gone = [pk for pk, claim, vulnerability in rows if vulnerability not in wanted[claim]]
    close_facts(_SUBJECTS, gone, run=run, at=at)
    pairs = {(claim, subject) for claim, subjects in wanted.items() for subject in subjects}
    _open_subjects(pairs - held, run=run, at=at)


def _open_subjects(pairs: set[tuple[int, int]], *, run: int, at: datetime) -> None:
    columns = {"claim_id": NUMBER, "vulnerability_id": NUMBER}
    insert_facts(_SUBJECTS, columns, sorted(pairs), run=run, at=at)
