"""Agree on an embargo, change it, end it: one step at a time, each on record (Vultron EM)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from hikeshi.core.errors import Conflict, InputRefused, Stale, gettext_noop
from hikeshi.core.lifecycle import (
    EmbargoAct,
    EmbargoState,
    Fact,
    embargo_is_viable,
    next_embargo_state,
)
from hikeshi.ledger.services import record
from hikeshi.organisation.sealed import seal
from hikeshi.organisation.viewer import Viewer
from hikeshi.triage import deadlines, rights
from hikeshi.triage.models import Case, EmbargoTerm, Participant


def take_embargo_step(
    *,
    case: Case,
    act: EmbargoAct,
    by: Viewer,
    at: datetime,
    lifts_at: datetime | None = None,
    reason: str = "",
    party: Participant | None = None,
) -> EmbargoTerm:
    """Propose, accept, reject or terminate an embargo.

    lifts_at: the moment proposed; needed for a proposal alone, and in the future.
    party: on whose behalf, when it is not ourselves.
    Raises IllegalTransition for a step that is none, Conflict where nothing is left to hold back,
    Stale when somebody else took a step meanwhile.
    """
    rights.require_lead(case, by)
    here = EmbargoState(case.embargo)
    there = next_embargo_state(here, act)
    lifts_at = _moment_of(case, act, lifts_at, at)
    _require_something_to_hold(case, act)
    agreed = lifts_at if there is EmbargoState.ACTIVE else case.embargo_lifts_at
    before = case.embargo_lifts_at
    with transaction.atomic():
        _step(case, here, there, agreed, by, at)
        term = EmbargoTerm.objects.create(
            case=case, act=act.value, state_after=there.value, lifts_at=lifts_at, by=by.account,
            party=party, reason=seal(reason, case.wall) if reason else None, at=at,
        )  # fmt: skip
        record(
            f"embargo.{_PAST[act]}", subject=case, by=by.account, at=at,
            before={"lifts_at": before}, after={"lifts_at": lifts_at, "reason": reason},
        )  # fmt: skip
        if there in {EmbargoState.ACTIVE, EmbargoState.EXITED}:
            ends = there is EmbargoState.EXITED
            deadlines.after_embargo(
                case=case, lifts_at=None if ends else agreed, reason=reason, by=by, at=at
            )
    case.refresh_from_db()
    return term


def _moment_of(
    case: Case, act: EmbargoAct, lifts_at: datetime | None, at: datetime
) -> datetime | None:
    """Return the moment that a step is about; refuse a proposal without one to come."""
    if act is EmbargoAct.PROPOSE:
        if lifts_at is None or lifts_at <= at:
            raise InputRefused(gettext_noop("An embargo needs a moment in the future."))
        return lifts_at
    return _proposed(case) if act is EmbargoAct.ACCEPT else case.embargo_lifts_at


def _require_something_to_hold(case: Case, act: EmbargoAct) -> None:
    if act not in {EmbargoAct.PROPOSE, EmbargoAct.ACCEPT}:
        return
    if not embargo_is_viable(Fact(one) for one in case.facts.values_list("fact", flat=True)):
        raise Conflict(
            gettext_noop("The vulnerability is public or attacked; nothing is left to hold back.")
        )


def _step(
    case: Case,
    here: EmbargoState,
    there: EmbargoState,
    agreed: datetime | None,
    by: Viewer,
    at: datetime,
) -> None:
    """Move the embargo by a conditional update; the second of two comes too late."""
    stepped = (
        Case.objects.visible_to(by)
        .filter(pk=case.pk, embargo=here.value)
        .update(
            embargo=there.value,
            embargo_lifts_at=agreed,
            changed_at=at,
            revision=F("revision") + 1,
        )
    )
    if not stepped:
        raise Stale(gettext_noop("Somebody else took a step in this embargo meanwhile."))


_PAST = {
    EmbargoAct.PROPOSE: "proposed",
    EmbargoAct.ACCEPT: "accepted",
    EmbargoAct.REJECT: "rejected",
    EmbargoAct.TERMINATE: "terminated",
}


def _proposed(case: Case) -> datetime | None:
    """Return the moment of the proposal that is on the table."""
    last = case.embargo_terms.filter(act=EmbargoAct.PROPOSE.value).last()
    return last.lifts_at if last is not None else None
