"""What somebody else saved and what I wrote, side by side."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from hikeshi.records.differences import Difference, Run, differences, marked

pytestmark = pytest.mark.pure


def test_only_what_differs_is_shown_language_by_language() -> None:
    theirs = {"title": {"ja": "題", "en": "A title"}, "cve": "CVE-2026-1", "note": "same\nline"}
    mine = {"title": {"ja": "題", "en": "My title"}, "cve": "", "note": "same\r\nline "}
    assert differences(theirs, mine) == [
        Difference("title.en", "title", "en", "A title", "My title"),
        Difference("cve", "cve", "", "CVE-2026-1", ""),
    ]


def test_words_that_differ_are_marked_in_both_texts() -> None:
    assert marked("the old text", "the new text") == (
        [Run("the ", False), Run("old", True), Run(" text", False)],
        [Run("the ", False), Run("new", True), Run(" text", False)],
    )
    assert marked("修正期限", "修正版期限")[1] == [
        Run("修正", False),
        Run("版", True),
        Run("期限", False),
    ]


@given(st.text("ab 題名\n", max_size=30), st.text("ab 題名\n", max_size=30))
def test_runs_put_together_are_the_texts(first: str, second: str) -> None:
    left, right = marked(first, second)
    assert "".join(run.text for run in left) == first
    assert "".join(run.text for run in right) == second
    same = ["".join(run.text for run in side if not run.differs) for side in (left, right)]
    assert same[0] == same[1]


def test_the_page_shows_both_escaped_and_lets_one_choose() -> None:
    found = differences({"title": {"en": "<b>old</b>"}}, {"title": {"en": "<b>new</b>"}})
    said = render_to_string("records/difference.html", {"differences": found})
    assert "<b>" not in said
    assert "<mark>old</mark>" in said
    assert "<mark>new</mark>" in said
    assert said.count('name="keep.title.en"') == 2
