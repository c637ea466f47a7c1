from __future__ import annotations

from functools import reduce
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikeshi.core.lifecycle import (
    PHASE_LINE,
    PHASE_WORDS,
    EmbargoAct,
    EmbargoState,
    Fact,
    IllegalTransition,
    Phase,
    ReportAct,
    ReportState,
    embargo_acts,
    embargo_is_viable,
    facts_after,
    move,
    next_embargo_state,
    next_report_state,
    phases_after,
    report_acts,
)

pytestmark = pytest.mark.pure


@pytest.mark.requirement("R069")
def test_a_case_walks_the_line_of_four_phases() -> None:
    for here, there in pairwise(PHASE_LINE):
        assert phases_after(here)[0] is there
        assert move(here, there) is there


@pytest.mark.parametrize(
    ("here", "there"),
    [
        (Phase.DISCOVERY, Phase.DISCLOSURE),
        (Phase.DISCOVERY, Phase.REMEDIATION),
        (Phase.CLOSED, Phase.DISCLOSURE),
        (Phase.TRIAGE, Phase.TRIAGE),
    ],
)
def test_a_case_does_not_jump(here: Phase, there: Phase) -> None:
    with pytest.raises(IllegalTransition, match=f"“{PHASE_WORDS[here]}” cannot move to"):
        move(here, there)


def test_every_phase_can_be_left_and_reached() -> None:
    assert all(phases_after(phase) for phase in Phase)
    reached = {Phase.DISCOVERY} | {to for phase in Phase for to in phases_after(phase)}
    assert reached == set(Phase)


# Vultron's RM automaton, as its Table of transitions gives it.
REPORT_WORDS = {
    "r": ReportAct.RECEIVE,
    "i": ReportAct.INVALIDATE,
    "v": ReportAct.VALIDATE,
    "a": ReportAct.ACCEPT,
    "d": ReportAct.DEFER,
    "c": ReportAct.CLOSE,
}


@pytest.mark.parametrize(
    ("word", "end"),
    [
        ("r", ReportState.RECEIVED),
        ("ri", ReportState.INVALID),
        ("riv", ReportState.VALID),
        ("ric", ReportState.CLOSED),
        ("rvac", ReportState.CLOSED),
        ("rvdc", ReportState.CLOSED),
        ("rvda", ReportState.ACCEPTED),
        ("rvadac", ReportState.CLOSED),
    ],
)
def test_a_report_follows_vultron(word: str, end: ReportState) -> None:
    state = ReportState.START
    for letter in word:
        state = next_report_state(state, REPORT_WORDS[letter])
    assert state is end


@pytest.mark.parametrize("word", ["v", "rr", "ra", "rc", "rvc", "rvi", "rvacr"])
def test_a_report_refuses_what_vultron_does_not_know(word: str) -> None:
    with pytest.raises(IllegalTransition):
        reduce(next_report_state, [REPORT_WORDS[letter] for letter in word], ReportState.START)


def test_an_embargo_is_proposed_accepted_revised_and_exited() -> None:
    state = next_embargo_state(EmbargoState.NONE, EmbargoAct.PROPOSE)
    state = next_embargo_state(state, EmbargoAct.PROPOSE)
    state = next_embargo_state(state, EmbargoAct.ACCEPT)
    assert state is EmbargoState.ACTIVE
    state = next_embargo_state(state, EmbargoAct.PROPOSE)
    assert state is EmbargoState.REVISED
    assert next_embargo_state(state, EmbargoAct.REJECT) is EmbargoState.ACTIVE
    assert next_embargo_state(state, EmbargoAct.TERMINATE) is EmbargoState.EXITED


def test_an_exited_embargo_never_comes_back() -> None:
    assert embargo_acts(EmbargoState.EXITED) == ()
    for act in EmbargoAct:
        with pytest.raises(IllegalTransition, match="the embargo is “exited”"):
            next_embargo_state(EmbargoState.EXITED, act)


@given(st.sampled_from(ReportState), st.sampled_from(ReportAct))
def test_what_is_offered_for_a_report_is_what_is_legal(state: ReportState, act: ReportAct) -> None:
    if act in report_acts(state):
        assert next_report_state(state, act) is not state
    else:
        with pytest.raises(IllegalTransition):
            next_report_state(state, act)


@given(st.lists(st.sampled_from(Fact), max_size=8))
def test_facts_keep_vultrons_order_whatever_happens(happened: list[Fact]) -> None:
    facts: frozenset[Fact] = frozenset()
    for fact in happened:
        try:
            grown = facts_after(facts, fact)
        except IllegalTransition:
            continue
        assert grown >= facts
        facts = grown
    # The 32 valid states of Vultron: no fix without a vendor who knows, no deployment without it.
    assert Fact.FIX_READY not in facts or Fact.VENDOR_AWARE in facts
    assert Fact.FIX_DEPLOYED not in facts or Fact.FIX_READY in facts
    assert Fact.EXPLOIT_PUBLIC not in facts or Fact.PUBLIC in facts


def test_what_is_public_or_attacked_holds_no_embargo() -> None:
    assert embargo_is_viable({Fact.VENDOR_AWARE, Fact.FIX_READY})
    for fact in (Fact.PUBLIC, Fact.EXPLOIT_PUBLIC, Fact.ATTACKED):
        assert not embargo_is_viable({Fact.VENDOR_AWARE, fact})
