from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikeshi.core.ranges import EVERYTHING, HIGHEST, LOWEST, Interval, after, covers, merge, only

pytestmark = pytest.mark.pure

keys = st.binary(min_size=1, max_size=3).filter(lambda key: key[0] != 0xFF)
intervals = st.tuples(
    st.one_of(keys, st.just(LOWEST)), st.one_of(keys, keys.map(after), st.just(HIGHEST))
).map(lambda ends: Interval(*ends))


@given(keys, keys)
def test_nothing_lies_between_a_key_and_the_end_behind_it(key: bytes, other: bytes) -> None:
    assert (other in only(key, "1")) == (other == key)
    assert other in EVERYTHING


@given(st.lists(intervals, max_size=6), keys)
def test_merging_changes_no_answer(given_: list[Interval], key: bytes) -> None:
    assert covers(merge(given_), key) == covers(given_, key)


@given(st.lists(intervals, max_size=6))
def test_merged_intervals_are_sorted_and_apart(given_: list[Interval]) -> None:
    merged = merge(given_)
    assert all(not interval.is_empty for interval in merged)
    assert all(left.hi < right.lo for left, right in pairwise(merged))


def test_a_merged_interval_keeps_the_ends_as_stated() -> None:
    first = Interval(b"\x02", b"\x05", ">=2", "<5")
    second = Interval(b"\x04", b"\x07", ">=4", "<7")
    within = Interval(b"\x03", b"\x04", ">=3", "<4")
    assert [i.stated for i in merge([second, within, first])] == [">=2 <7"]
    assert EVERYTHING.stated == "*"
    assert only(b"\x02", "2").stated == "=2"
