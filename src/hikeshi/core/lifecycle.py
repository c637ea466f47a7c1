"""Four state models, kept apart: case phase, report, embargo, facts of a vulnerability.

They are pure transitions: a state and an act give the next state, or IllegalTransition. Report,
embargo and facts follow CERT/CC's Vultron protocol (CMU/SEI-2022-SR-012: sections 2 to 4); the
phases are those of R069. The fifth, a product's status, is in ``core.vex``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, TypeVar

from hikeshi.core.errors import Conflict, gettext_noop


class IllegalTransition(Conflict):
    """The act does not lead anywhere from this state."""

    code = "illegal-transition"


class Phase(StrEnum):
    """Where a case is on its one line (R069)."""

    DISCOVERY = "discovery"
    TRIAGE = "triage"
    REMEDIATION = "remediation"
    DISCLOSURE = "disclosure"
    CLOSED = "closed"


# The line as the page shows it; a closed case has left it.
PHASE_LINE: Final = (Phase.DISCOVERY, Phase.TRIAGE, Phase.REMEDIATION, Phase.DISCLOSURE)

_PHASE_MOVES: Final[Mapping[Phase, tuple[Phase, ...]]] = {
    # The usual next step stands first; a case that is none may be closed from anywhere.
    Phase.DISCOVERY: (Phase.TRIAGE, Phase.CLOSED),
    # Straight to disclosure: somebody else's product, or no fix is planned.
    Phase.TRIAGE: (Phase.REMEDIATION, Phase.DISCLOSURE, Phase.CLOSED),
    Phase.REMEDIATION: (Phase.DISCLOSURE, Phase.TRIAGE, Phase.CLOSED),
    Phase.DISCLOSURE: (Phase.CLOSED, Phase.REMEDIATION, Phase.TRIAGE),
    Phase.CLOSED: (Phase.TRIAGE,),
}


def phases_after(phase: Phase) -> tuple[Phase, ...]:
    """Return the phases a case may move to, the usual one first."""
    return _PHASE_MOVES[phase]


def move(phase: Phase, to: Phase) -> Phase:
    """Move a case to another phase.

    Raises IllegalTransition.
    """
    if to not in _PHASE_MOVES[phase]:
        raise IllegalTransition(
            gettext_noop("A case in “%(phase)s” cannot move to “%(to)s”."),
            phase=phase.value,
            to=to.value,
        )
    return to


class ReportState(StrEnum):
    """Vultron RM: what became of a report. START is before anybody received it."""

    START = "start"
    RECEIVED = "received"
    INVALID = "invalid"
    VALID = "valid"
    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    CLOSED = "closed"


class ReportAct(StrEnum):
    """What is done with a report."""

    RECEIVE = "receive"
    INVALIDATE = "invalidate"
    VALIDATE = "validate"
    ACCEPT = "accept"
    DEFER = "defer"
    CLOSE = "close"


_R = ReportState
_REPORT_MOVES: Final[Mapping[ReportAct, Mapping[ReportState, ReportState]]] = {
    ReportAct.RECEIVE: {_R.START: _R.RECEIVED},
    ReportAct.INVALIDATE: {_R.RECEIVED: _R.INVALID},
    ReportAct.VALIDATE: {_R.RECEIVED: _R.VALID, _R.INVALID: _R.VALID},
    ReportAct.ACCEPT: {_R.VALID: _R.ACCEPTED, _R.DEFERRED: _R.ACCEPTED},
    ReportAct.DEFER: {_R.VALID: _R.DEFERRED, _R.ACCEPTED: _R.DEFERRED},
    ReportAct.CLOSE: {_R.INVALID: _R.CLOSED, _R.ACCEPTED: _R.CLOSED, _R.DEFERRED: _R.CLOSED},
}


class EmbargoState(StrEnum):
    """Vultron EM: what holds publication back."""

    NONE = "none"
    PROPOSED = "proposed"
    ACTIVE = "active"
    REVISED = "revised"
    EXITED = "exited"


class EmbargoAct(StrEnum):
    """What is done with an embargo. On a proposal, accept and reject answer that proposal."""

    PROPOSE = "propose"
    ACCEPT = "accept"
    REJECT = "reject"
    TERMINATE = "terminate"


_E = EmbargoState
_EMBARGO_MOVES: Final[Mapping[EmbargoAct, Mapping[EmbargoState, EmbargoState]]] = {
    # A counter-proposal proposes again; REVISED means: active, with a new date on the table.
    EmbargoAct.PROPOSE: {
        _E.NONE: _E.PROPOSED,
        _E.PROPOSED: _E.PROPOSED,
        _E.ACTIVE: _E.REVISED,
        _E.REVISED: _E.REVISED,
    },
    EmbargoAct.ACCEPT: {_E.PROPOSED: _E.ACTIVE, _E.REVISED: _E.ACTIVE},
    EmbargoAct.REJECT: {_E.PROPOSED: _E.NONE, _E.REVISED: _E.ACTIVE},
    EmbargoAct.TERMINATE: {_E.ACTIVE: _E.EXITED, _E.REVISED: _E.EXITED},
}

_State = TypeVar("_State", bound=StrEnum)
_Act = TypeVar("_Act", bound=StrEnum)


def _next(
    moves: Mapping[_Act, Mapping[_State, _State]], state: _State, act: _Act, sentence: str
) -> _State:
    try:
        return moves[act][state]
    except KeyError:
        raise IllegalTransition(sentence, state=state.value, act=act.value) from None


def _acts(moves: Mapping[_Act, Mapping[_State, _State]], state: _State) -> tuple[_Act, ...]:
    return tuple(act for act, steps in moves.items() if state in steps)


def next_report_state(state: ReportState, act: ReportAct) -> ReportState:
    """Return what becomes of a report. Raises IllegalTransition."""
    return _next(
        _REPORT_MOVES, state, act, gettext_noop("A report that is “%(state)s” cannot “%(act)s”.")
    )


def report_acts(state: ReportState) -> tuple[ReportAct, ...]:
    """Return what can be done with a report in this state."""
    return _acts(_REPORT_MOVES, state)


def next_embargo_state(state: EmbargoState, act: EmbargoAct) -> EmbargoState:
    """Return what becomes of an embargo. Raises IllegalTransition."""
    return _next(
        _EMBARGO_MOVES,
        state,
        act,
        gettext_noop("An embargo that is “%(state)s” cannot “%(act)s”."),
    )


def embargo_acts(state: EmbargoState) -> tuple[EmbargoAct, ...]:
    """Return what can be done with an embargo in this state."""
    return _acts(_EMBARGO_MOVES, state)


class Fact(StrEnum):
    """Vultron CS: what has happened to a vulnerability in the world; V F D P X A."""

    VENDOR_AWARE = "vendor_aware"
    FIX_READY = "fix_ready"
    FIX_DEPLOYED = "fix_deployed"
    PUBLIC = "public"
    EXPLOIT_PUBLIC = "exploit_public"
    ATTACKED = "attacked"


# What must have happened before (section 4.2: a fix needs a vendor who knows, and so on), and what
# follows at once: a public exploit makes its vulnerability public, and then its vendor knows.
_NEEDS: Final[Mapping[Fact, Fact]] = {
    Fact.FIX_READY: Fact.VENDOR_AWARE,
    Fact.FIX_DEPLOYED: Fact.FIX_READY,
}
_BRINGS: Final[Mapping[Fact, tuple[Fact, ...]]] = {
    Fact.EXPLOIT_PUBLIC: (Fact.PUBLIC, Fact.VENDOR_AWARE),
    Fact.PUBLIC: (Fact.VENDOR_AWARE,),
}


def facts_after(facts: Iterable[Fact], fact: Fact) -> frozenset[Fact]:
    """Add a fact and what follows from it; a fact never becomes untrue again.

    Raises IllegalTransition when what must come before is missing.
    """
    held = frozenset(facts)
    needed = _NEEDS.get(fact)
    if needed is not None and needed not in held:
        raise IllegalTransition(
            gettext_noop("“%(fact)s” needs “%(needed)s” first."),
            fact=fact.value,
            needed=needed.value,
        )
    return held | {fact, *_BRINGS.get(fact, ())}


def embargo_is_viable(facts: Iterable[Fact]) -> bool:
    """Tell whether an embargo still holds anything back (section 3.2.6: not after P, X or A)."""
    return not {Fact.PUBLIC, Fact.EXPLOIT_PUBLIC, Fact.ATTACKED} & frozenset(facts)
