"""Everything a case's page shows, read once: a fixed number of queries, none from templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hikeshi.core.lifecycle import (
    PHASE_LINE,
    EmbargoAct,
    EmbargoState,
    Fact,
    Phase,
    embargo_acts,
    phases_after,
)
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.approvals import approvals_about
from hikeshi.records.blobs import blobs_about
from hikeshi.records.faces import ClockLine, clocks_about
from hikeshi.records.models import Approval, Blob, Task
from hikeshi.records.tasks import tasks_about
from hikeshi.stakeholders.models import Conversation
from hikeshi.stakeholders.queries import conversations_about
from hikeshi.triage import queries, rights
from hikeshi.triage.matrix import Matrix
from hikeshi.triage.models import (
    Case,
    CaseFact,
    CaseVulnerability,
    FactChoice,
    Participant,
    PhaseChoice,
    VulnerabilityScore,
)
from hikeshi.triage.nextstep import NextStep, next_step
from hikeshi.triage.scores import Scored, headline
from hikeshi.triage.timeline import Course, audience_of, course_of


@dataclass(frozen=True, slots=True)
class PhaseMark:
    """One phase on the line: is it behind, now, or ahead."""

    phase: Phase
    label: str
    state: str


@dataclass(frozen=True, slots=True)
class FactLine:
    """One of the six facts: on record, or not yet."""

    fact: Fact
    label: str
    row: CaseFact | None


@dataclass(frozen=True, slots=True)
class Subject:
    """One vulnerability of the case, with its headline score and what stands for each release."""

    vulnerability: CaseVulnerability
    score: Scored | None
    scores: Sequence[VulnerabilityScore]
    matrix: Matrix


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation with the names of those who read it."""

    conversation: Conversation
    title: str
    audience: str


@dataclass(frozen=True, slots=True)
class CasePage:
    """What the page shows; see ``read_page``."""

    case: Case
    phases: Sequence[PhaseMark]
    moves: Sequence[tuple[str, str]]
    subjects: Sequence[Subject]
    subject: Subject | None
    people: Sequence[Participant]
    facts: Sequence[FactLine]
    tasks: Sequence[Task]
    clocks: Sequence[ClockLine]
    approvals: Sequence[Approval]
    files: Sequence[Blob]
    talks: Sequence[Talk]
    course: Course
    course_kind: str
    step: NextStep | None
    embargo_acts: Sequence[EmbargoAct]
    may_work: bool
    may_assess: bool
    may_ask: bool
    may_lead: bool

    @property
    def is_walled(self) -> bool:
        """Tell whether the matter is still behind its wall."""
        return self.case.wall is not None and self.case.wall.ended_at is None

    @property
    def open_tasks(self) -> int:
        """Return how many tasks are not done."""
        return sum(task.closed_at is None for task in self.tasks)


def names_of(people: Sequence[Participant], language: str) -> dict[str, str]:
    """Return the names of parties by uid, for sentences about them."""
    names = {}
    for one in people:
        if one.account is not None:
            names[str(one.account.uid)] = one.account.name
        elif one.unit is not None:
            names[str(one.unit.uid)] = text_in(one.unit.name, language)
        elif one.contact is not None:
            names[str(one.contact.uid)] = str(one.contact.name.value or "")
    return names


def read_page(
    viewer: Viewer,
    case: Case,
    *,
    language: str,
    kind: str = "",
    before: str = "",
    vulnerability: str = "",
) -> CasePage:
    """Read all that a case's page shows.

    kind, before: which part of its course. vulnerability: whose matrix is shown, the first one
    unless it is named.
    """
    everyone = queries.all_participants_of(case)
    subjects = _subjects(viewer, case, language)
    about = _about(viewer, case)
    course = course_of(
        viewer, case, conversations=about.conversations, names=names_of(everyone, language),
        related=about.uids(), kind=kind, before=before,
    )  # fmt: skip
    late = [t for t in about.tasks if t.closed_at is None and t.due_at and t.due_at < viewer.at]
    return CasePage(
        case=case,
        phases=phase_line(case),
        moves=[(one.value, str(PhaseChoice(one.value).label)) for one in _moves(case)],
        subjects=subjects,
        subject=next(
            (one for one in subjects if one.vulnerability.name == vulnerability),
            subjects[0] if subjects else None,
        ),
        people=[one for one in everyone if one.until is None or one.until > viewer.at],
        facts=_facts(case),
        tasks=about.tasks,
        clocks=about.clocks,
        approvals=about.approvals,
        files=about.files,
        talks=[
            Talk(one, str(one.title.value or ""), audience_of(one)) for one in about.conversations
        ],
        course=course,
        course_kind=kind,
        step=next_step(
            case,
            matrices=[one.matrix for one in subjects],
            tasks=about.tasks,
            now_overdue=len(late),
        ),
        embargo_acts=embargo_acts(EmbargoState(case.embargo)),
        may_work=rights.may(case, viewer, Permission.CASE_WORK),
        may_assess=rights.may(case, viewer, Permission.ASSESS),
        may_ask=rights.may(case, viewer, Permission.STAKEHOLDER_EDIT),
        may_lead=rights.may_lead(case, viewer),
    )


@dataclass(frozen=True, slots=True)
class _About:
    """What hangs on a case."""

    tasks: Sequence[Task]
    clocks: Sequence[ClockLine]
    approvals: Sequence[Approval]
    files: Sequence[Blob]
    conversations: Sequence[Conversation]

    def uids(self) -> list[UUID]:
        """Name the records whose events belong to the case's course."""
        found = [one.uid for one in self.tasks] + [one.uid for one in self.approvals]
        return [
            *found, *(one.uid for one in self.files), *(one.clock.uid for one in self.clocks)
        ]  # fmt: skip


def _about(viewer: Viewer, case: Case) -> _About:
    return _About(
        tasks=tasks_about(viewer, case.uid),
        clocks=clocks_about(viewer, case.uid),
        approvals=approvals_about(viewer, case.uid),
        files=blobs_about(viewer, case.uid),
        conversations=conversations_about(viewer, case.uid),
    )


def _subjects(viewer: Viewer, case: Case, language: str) -> list[Subject]:
    found = queries.vulnerabilities_of(case)
    matrices = queries.matrices_of(viewer, case, [one.name for one in found], language=language)
    scores = queries.scores_of(found)
    return [
        Subject(
            one,
            headline((one.vectors and one.vectors.value) or ()),
            scores.get(one.pk, []),
            matrices[one.name],
        )
        for one in found
    ]


def _moves(case: Case) -> tuple[Phase, ...]:
    return phases_after(Phase(case.phase))


def phase_line(case: Case) -> list[PhaseMark]:
    """Return the four phases with what is behind, now and ahead."""
    here = Phase(case.phase)
    place = PHASE_LINE.index(here) if here in PHASE_LINE else len(PHASE_LINE)
    return [
        PhaseMark(
            phase=phase,
            label=str(PhaseChoice(phase.value).label),
            state="done" if index < place else "now" if index == place else "ahead",
        )
        for index, phase in enumerate(PHASE_LINE)
    ]


def _facts(case: Case) -> list[FactLine]:
    held = {row.fact: row for row in queries.facts_of(case)}
    return [
        FactLine(fact, str(FactChoice(fact.value).label), held.get(fact.value)) for fact in Fact
    ]
