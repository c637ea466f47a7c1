"""Do one thing with several cases: give them an owner, or a task to each.

What cannot be done with a case (no right there, the person is outside its wall) leaves that case
out and is told; each case is a transaction of its own, as one of them may wait for somebody else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hikeshi.core.errors import HikeshiError
from hikeshi.organisation.models import Account
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.tasks import give_task
from hikeshi.triage.models import Case
from hikeshi.triage.services import change_case

MOST: int = 200


@dataclass(slots=True)
class Outcome:
    """done: cases changed. left_out: case and why."""

    done: int = 0
    left_out: list[tuple[Case, HikeshiError]] = field(default_factory=list)


def do_together(
    *,
    cases: Sequence[Case],
    by: Viewer,
    at: datetime,
    owner: Account | None = None,
    task: str = "",
    assignee: Account | None = None,
    due_at: datetime | None = None,
) -> Outcome:
    """Give each case an owner, a task, or both; return what was done and what was left out."""
    outcome = Outcome()
    for case in cases[:MOST]:
        try:
            if owner is not None and case.owner_id != owner.pk:
                change_case(case=case, revision=case.revision, by=by, at=at, owner=owner)
            if task.strip():
                give_task(subject=case, title=task, by=by, at=at, assignee=assignee, due_at=due_at)
        except HikeshiError as error:
            outcome.left_out.append((case, error))
        else:
            outcome.done += 1
    return outcome
