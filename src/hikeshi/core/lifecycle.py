"""Four state models, kept apart: case phase, report, embargo, facts of a vulnerability.

They are pure transitions: a state and an act give the next state, or IllegalTransition. Report,
embargo and facts follow CERT/CC's Vultron protocol (CMU/SEI-2022-SR-012: sections 2 to 4); the
phases are those of R069. The fifth, a product's status, is in ``core.vex``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, TypeVar

from hikeshi.core.errors import Conflict, Term, gettext_noop


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


PHASE_WORDS: Final[Mapping[Phase, str]] = {
    Phase.DISCOVERY: gettext_noop("Discovery"),
    Phase.TRIAGE: gettext_noop("Triage"),
    Phase.REMEDIATION: gettext_noop("Remediation"),
    Phase.DISCLOSURE: gettext_noop("Disclosure"),
    Phase.CLOSED: gettext_noop("Closed"),
}
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
            phase=Term(PHASE_WORDS[phase]),
            to=Term(PHASE_WORDS[to]),
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


REPORT_WORDS: Final[Mapping[StrEnum, str]] = {
    ReportState.START: gettext_noop("not received"),
    ReportState.RECEIVED: gettext_noop("received"),
    ReportState.INVALID: gettext_noop("not valid"),
    ReportState.VALID: gettext_noop("valid"),
    ReportState.ACCEPTED: gettext_noop("accepted"),
    ReportState.DEFERRED: gettext_noop("deferred"),
    ReportState.CLOSED: gettext_noop("report closed"),
    ReportAct.RECEIVE: gettext_noop("Receive"),
    ReportAct.INVALIDATE: gettext_noop("Find it not valid"),
    ReportAct.VALIDATE: gettext_noop("Find it valid"),
    ReportAct.ACCEPT: gettext_noop("Accept the report"),
    ReportAct.DEFER: gettext_noop("Defer"),
    ReportAct.CLOSE: gettext_noop("Close the report"),
}
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


EMBARGO_WORDS: Final[Mapping[StrEnum, str]] = {
    EmbargoState.NONE: gettext_noop("none"),
    EmbargoState.PROPOSED: gettext_noop("proposed"),
    EmbargoState.ACTIVE: gettext_noop("active"),
    EmbargoState.REVISED: gettext_noop("new date proposed"),
    EmbargoState.EXITED: gettext_noop("exited"),
    EmbargoAct.PROPOSE: gettext_noop("Propose a date"),
    EmbargoAct.ACCEPT: gettext_noop("Accept"),
    EmbargoAct.REJECT: gettext_noop("Decline"),
    EmbargoAct.TERMINATE: gettext_noop("End the embargo"),
}
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
    moves: Mapping[_Act, Mapping[_State, _State]],
    state: _State,
    act: _Act,
    sentence: str,
    words: Mapping[StrEnum, str],
) -> _State:
    try:
        return moves[act][state]
    except KeyError:
        raise IllegalTransition(sentence, state=Term(words[state]), act=Term(words[act])) from None


def _acts(moves: Mapping[_Act, Mapping[_State, _State]], state: _State) -> tuple[_Act, ...]:
    return tuple(act for act, steps in moves.items() if state in steps)


def next_report_state(state: ReportState, act: ReportAct) -> ReportState:
    """Return what becomes of a report. Raises IllegalTransition."""
    return _next(
        _REPORT_MOVES,
        state,
        act,
        gettext_noop("“%(act)s” is not possible: the report is “%(state)s”."),
        REPORT_WORDS,
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
        gettext_noop("“%(act)s” is not possible: the embargo is “%(state)s”."),
        EMBARGO_WORDS,
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


FACT_WORDS: Final[Mapping[Fact, str]] = {
    Fact.VENDOR_AWARE: gettext_noop("vendor aware"),
    Fact.FIX_READY: gettext_noop("fix ready"),
    Fact.FIX_DEPLOYED: gettext_noop("fix deployed"),
    Fact.PUBLIC: gettext_noop("public"),
    Fact.EXPLOIT_PUBLIC: gettext_noop("exploit public"),
    Fact.ATTACKED: gettext_noop("attacks observed"),
}
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
            fact=Term(FACT_WORDS[fact]),
            needed=Term(FACT_WORDS[needed]),
        )
    return held | {fact, *_BRINGS.get(fact, ())}


def embargo_is_viable(facts: Iterable[Fact]) -> bool:
    """Tell whether an embargo still holds anything back (section 3.2.6: not after P, X or A)."""
    return not {Fact.PUBLIC, Fact.EXPLOIT_PUBLIC, Fact.ATTACKED} & frozenset(facts)
