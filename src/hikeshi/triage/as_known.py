"""A case as it was known at a moment: fields from the ledger, everything else from dated rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from hikeshi.organisation.viewer import Viewer
from hikeshi.records.faces import clocks_about
from hikeshi.records.history import AsKnown, Certainty, Known, Line, Told, fields_at, told_of
from hikeshi.records.known import not_known_yet
from hikeshi.records.models import Task, TaskState
from hikeshi.records.tasks import tasks_about
from hikeshi.stakeholders.queries import conversations_about
from hikeshi.triage import queries
from hikeshi.triage.casepage import names_of
from hikeshi.triage.matrix import Cell
from hikeshi.triage.models import (
    Case,
    CaseFact,
    CaseVulnerability,
    EmbargoChoice,
    ExitReason,
    Participant,
    PhaseChoice,
)
from hikeshi.triage.timeline import Course, course_of

_EVENTS: Final = frozenset({"case.opened", "case.changed", "case.moved"})
_TASK_EVENTS: Final = frozenset({"task.given", "task.changed", "task.moved"})
_LAST_UID: Final = UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True)
class KnownVulnerability:
    """A vulnerability of the case, and what stood then for each release."""

    row: CaseVulnerability
    title: Known
    cve: Known
    vectors: Known
    cells: Sequence[Cell]


@dataclass(frozen=True, slots=True)
class KnownTask:
    """A task as it stood."""

    task: Task
    title: Known
    state: Known


@dataclass(frozen=True, slots=True)
class KnownCase:
    """What the page shows; ``known`` is what every kind of record has."""

    known: AsKnown
    case: Case
    title: Known
    summary: Known
    vulnerabilities: Sequence[KnownVulnerability]
    people: Sequence[Participant]
    facts: Sequence[CaseFact]
    tasks: Sequence[KnownTask]
    course: Course

    @property
    def is_walled(self) -> bool:
        """Tell whether the matter is behind its wall today."""
        return self.case.wall is not None and self.case.wall.ended_at is None


def case_as_known(viewer: Viewer, case: Case, at: datetime, *, language: str) -> KnownCase:
    """Return a case, which the caller has read as its viewer, as it was known at a moment.

    Raises InputRefused for a moment before it was opened.
    """
    if case.opened_at > at:
        raise not_known_yet()
    every_task = [task for task in tasks_about(viewer, case.uid) if task.created_at <= at]
    told = told_of(viewer, [case.uid, *(task.uid for task in every_task)])
    fields = _fields(case, told.get(case.uid, []), at)
    everyone = queries.all_participants_of(case)
    people = [one for one in everyone if _there(one.since, one.until, at)]
    vulnerabilities = _vulnerabilities(viewer, case, told.get(case.uid, []), at, language)
    facts = [one for one in queries.facts_of(case) if one.recorded_at <= at]
    tasks = [_task(one, told.get(one.uid, []), at) for one in every_task]
    related = [*(one.uid for one in every_task), *(
        one.clock.uid for one in clocks_about(viewer, case.uid)
    )]  # fmt: skip
    course = course_of(
        viewer, case, conversations=conversations_about(viewer, case.uid),
        names=names_of(everyone, language), related=related,
        before=f"{at.isoformat()}~{_LAST_UID}",
    )  # fmt: skip
    lines = [Line(name, label, fields[name]) for name, label in _labels().items()]
    known = AsKnown(
        at=at, number=case.number, url=reverse("triage:case", args=[case.number]),
        fields=[*lines, *_embargo(case, at)],
        parts={
            "vulnerabilities": [_plain_vulnerability(one) for one in vulnerabilities],
            "facts": [{"fact": one.fact, "happened_at": one.happened_at} for one in facts],
            "tasks": [
                {"uid": one.task.uid, "title": one.title.value, "state": one.state.value}
                for one in tasks
            ],
        },
    )  # fmt: skip
    return KnownCase(
        known=known, case=case, title=fields["title"], summary=fields["summary"],
        vulnerabilities=vulnerabilities, people=people, facts=facts, tasks=tasks, course=course,
    )  # fmt: skip


def _there(since: datetime, until: datetime | None, at: datetime) -> bool:
    return since <= at and (until is None or until > at)


def _labels() -> Mapping[str, str]:
    return {
        "title": _("Title"), "summary": _("Summary"), "phase": _("Phase"),
        "exit_reason": _("Reason for closing"), "owner": _("Case owner"), "tlp": _("TLP label"),
    }  # fmt: skip


def _fields(case: Case, told: Sequence[Told], at: datetime) -> dict[str, Known]:
    current = {
        "title": case.title.value, "summary": case.summary.value, "phase": case.phase,
        "exit_reason": case.exit_reason, "owner": str(case.owner) if case.owner else None,
        "tlp": case.tlp,
    }  # fmt: skip
    found = fields_at(told, at, current, names=_EVENTS)
    for field in ("title", "summary"):
        if getattr(case, field).is_erased and found[field].value is None:
            found[field] = Known(None, Certainty.ERASED)
    found["phase"] = _worded(found["phase"], PhaseChoice)
    found["exit_reason"] = _worded(found["exit_reason"], ExitReason)
    return found


def _worded(known: Known, words: Any) -> Known:
    """Write a stored word as people read it."""
    return Known(str(words(known.value).label)) if known.is_told and known.value else known


def _embargo(case: Case, at: datetime) -> list[Line]:
    """Rebuild the embargo from its dated steps."""
    state, lifts_at = EmbargoChoice.NONE, None
    for term in queries.embargo_terms_of(case):
        if term.at <= at:
            state = EmbargoChoice(term.state_after)
            lifts_at = term.lifts_at if state is EmbargoChoice.ACTIVE else lifts_at
    return [
        Line("embargo", _("Embargo"), Known(str(state.label))),
        Line("embargo_lifts_at", _("Embargo lifts"), Known(lifts_at)),
    ]


def _vulnerabilities(
    viewer: Viewer, case: Case, told: Sequence[Told], at: datetime, language: str
) -> list[KnownVulnerability]:
    rows = [one for one in queries.vulnerabilities_of(case) if one.added_at <= at]
    matrices = queries.matrices_of(
        viewer, case, [one.name for one in rows], language=language, at=at
    )
    return [_vulnerability(one, told, at, matrices[one.name].cells()) for one in rows]


def _vulnerability(
    row: CaseVulnerability, told: Sequence[Told], at: datetime, cells: Sequence[Cell]
) -> KnownVulnerability:
    current = {
        "title": row.title.value if row.title else None,
        "cve": row.cve,
        "vectors": row.vectors.value if row.vectors else None,
    }
    fields = fields_at(
        told, at, current, names={"case.vulnerability_described", "case.vulnerability_scored"},
        only=lambda one: one.after.get("name") == row.name,
    )  # fmt: skip
    return KnownVulnerability(row, cells=cells, **fields)


def _task(task: Task, told: Sequence[Told], at: datetime) -> KnownTask:
    current = {"title": task.title.value, "state": task.state}
    fields = fields_at(told, at, current, names=_TASK_EVENTS)
    return KnownTask(task, fields["title"], _worded(fields["state"], TaskState))


def _plain_vulnerability(one: KnownVulnerability) -> dict[str, Any]:
    return {
        "name": one.row.name,
        "cve": one.cve.value,
        "releases": [
            {"release": cell.release.uid, "status": cell.assessment.status,
             "decided_at": cell.assessment.at}
            for cell in one.cells
        ],
    }  # fmt: skip
