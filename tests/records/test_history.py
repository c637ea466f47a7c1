"""What a record said at a moment: from the ledger alone, and never guessed."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikeshi.core.errors import InputRefused, Malformed
from hikeshi.records.history import Certainty, Known, Told, fields_at
from hikeshi.records.known import read_moment
from tests.builders import NOW

pytestmark = pytest.mark.pure
HOUR = timedelta(hours=1)


def changed(hours: int, before: Any = None, after: Any = None, **fields: Any) -> Told:
    return Told(NOW + hours * HOUR, "thing.changed", {"x": before}, {"x": after}, **fields)


def at(hours: float, events: list[Told], now: Any) -> Known:
    found = fields_at(events, NOW + hours * HOUR, {"x": now}, names={"thing.changed"})
    return found["x"]


def test_between_two_changes_stands_what_the_first_one_brought() -> None:
    events = [changed(1, "a", "b"), changed(3, "b", "c")]
    assert [at(h, events, "c").value for h in (0, 1, 2, 3, 4)] == ["a", "b", "b", "c", "c"]


def test_an_erased_event_is_said_to_be_erased_and_not_guessed() -> None:
    dark = Told(NOW + 2 * HOUR, "thing.changed", {}, {}, Certainty.ERASED)
    events = [changed(1, "a", "b"), dark, changed(4, "c", "d")]
    assert at(1.5, events, "d") == Known("b")
    # What the erased event brought stands as what the next one found.
    assert at(3, events, "d") == Known("c")
    assert at(5, events, "d") == Known("d")
    assert at(1, [dark], "d") == Known(None, Certainty.ERASED)
    assert at(3, [dark, Told(NOW + 5 * HOUR, "thing.changed", {}, {"x": "e"})], "e") == Known(
        None, Certainty.ERASED
    )


def test_a_change_that_says_not_from_what_leaves_the_past_untold() -> None:
    blind = Told(NOW + 2 * HOUR, "thing.changed", {}, {"x": "b"})
    assert at(1, [blind], "b") == Known(None, Certainty.UNTOLD)
    assert at(3, [blind], "b") == Known("b")


def test_events_of_other_names_use_the_same_words_for_other_things() -> None:
    other = Told(NOW + HOUR, "thing.described", {"x": "no"}, {"x": "nor"})
    assert at(0, [other], "still") == Known("still")


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8), st.integers(0, 16))
def test_whatever_was_written_every_moment_reads_back(values: list[int], half_hours: int) -> None:
    events = [
        changed(hour, before, after)
        for hour, (before, after) in enumerate(pairwise(values), start=1)
    ]
    moment = half_hours / 2
    expected = values[min(int(moment), len(values) - 1)]
    assert at(moment, events, values[-1]) == Known(expected)


def test_a_moment_is_read_with_its_offset_even_when_the_plus_sign_was_lost() -> None:
    assert read_moment("2026-11-01T09:00 09:00", NOW).isoformat() == "2026-11-01T09:00:00+09:00"
    assert read_moment("2026-11-01T00:00Z", NOW).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    ["soon", "2026-13-01", "2026-11-01T25:00", "0001-01-01T00:00+09:00", "9999-12-31T23:00-09:00"],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="is no moment"):
        read_moment(text, NOW)


def test_the_future_is_refused() -> None:
    with pytest.raises(InputRefused, match="nobody can say"):
        read_moment("2030-01-01T00:00Z", NOW)
