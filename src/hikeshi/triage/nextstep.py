"""What to do now in a case, and why: the first question its page answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hikeshi.core.lifecycle import Phase
from hikeshi.core.vex import ProductStatus
from hikeshi.records.models import Task
from hikeshi.triage.matrix import Matrix
from hikeshi.triage.models import Case


@dataclass(frozen=True, slots=True)
class NextStep:
    """One act. target: which part of the page does it; to: the phase its button moves to, or ""."""

    title: str
    why: str
    target: str
    button: str
    to: str = ""


def next_step(
    case: Case, *, matrices: Sequence[Matrix], tasks: Sequence[Task], now_overdue: int
) -> NextStep | None:
    """Say what to do next; None when nothing waits."""
    phase = Phase(case.phase)
    if phase is Phase.CLOSED:
        return None
    if now_overdue:
        return NextStep(
            ngettext("%(n)s task is overdue", "%(n)s tasks are overdue", now_overdue)
            % {"n": now_overdue},
            _("Finish it, or ask for more time and say why."),
            "tasks",
            _("See the tasks"),
        )
    counts: Mapping[ProductStatus, int] = {
        status: sum(matrix.counts[status] for matrix in matrices) for status in ProductStatus
    }
    steps = {
        Phase.DISCOVERY: _in_discovery,
        Phase.TRIAGE: _in_triage,
        Phase.REMEDIATION: _in_remediation,
        Phase.DISCLOSURE: _in_disclosure,
    }
    return steps[phase](counts, matrices, [task for task in tasks if task.closed_at is None])


_Counts = Mapping[ProductStatus, int]


def _in_discovery(_counts: _Counts, _m: Sequence[Matrix], _t: Sequence[Task]) -> NextStep:
    return NextStep(
        _("Decide whether this is ours to work on"),
        _("Triage begins when somebody takes the case. If it is none, close it with the reason."),
        "move",
        _("Begin triage"),
        Phase.TRIAGE.value,
    )


def _in_triage(counts: _Counts, matrices: Sequence[Matrix], _t: Sequence[Task]) -> NextStep:
    undecided = counts[ProductStatus.UNDER_INVESTIGATION]
    if undecided:
        return NextStep(
            ngettext(
                "Decide the status of %(n)s release",
                "Decide the status of %(n)s releases",
                undecided,
            )
            % {"n": undecided},
            _("Until then nobody knows who has to update."),
            "matrix",
            _("Decide"),
        )
    if matrices and not any(matrix.total for matrix in matrices):
        return NextStep(
            _("Name the releases that may be affected"),
            _("The matrix is empty: nothing can be fixed or published yet."),
            "matrix",
            _("Add releases"),
        )
    if counts[ProductStatus.KNOWN_AFFECTED]:
        return NextStep(
            _("Begin remediation"),
            _("Every release has a status, and some are affected."),
            "move",
            _("Begin remediation"),
            Phase.REMEDIATION.value,
        )
    return NextStep(
        _("Go on to disclosure, or close the case"),
        _("No release is affected and unfixed."),
        "move",
        _("Go on to disclosure"),
        Phase.DISCLOSURE.value,
    )


def _in_remediation(counts: _Counts, matrices: Sequence[Matrix], tasks: Sequence[Task]) -> NextStep:
    silent = sum(
        cell.status is ProductStatus.KNOWN_AFFECTED and not cell.assessment.action
        for matrix in matrices
        for cell in matrix.cells()
    )
    if silent:
        return NextStep(
            ngettext(
                "Say what users of %(n)s affected release can do",
                "Say what users of %(n)s affected releases can do",
                silent,
            )
            % {"n": silent},
            _("An affected release needs an action: update, workaround, or no fix planned."),
            "matrix",
            _("Decide"),
        )
    if tasks:
        return NextStep(
            ngettext("%(n)s task is open", "%(n)s tasks are open", len(tasks)) % {"n": len(tasks)},
            _("When they are done, the advisory's table of products is settled."),
            "tasks",
            _("See the tasks"),
        )
    return NextStep(
        _("Go on to disclosure"),
        _("Every affected release has its remedy."),
        "move",
        _("Go on to disclosure"),
        Phase.DISCLOSURE.value,
    )


def _in_disclosure(_counts: _Counts, _m: Sequence[Matrix], _t: Sequence[Task]) -> NextStep:
    return NextStep(
        _("Publish the advisory, then close the case"),
        _("Customers learn from it what to do; closing asks how the case ended."),
        "advisories",
        _("See the advisories"),
    )
