"""The type of a unit is one word in the store and the reader's word on the page."""

from __future__ import annotations

import pytest
from django.utils import translation

from hikeshi.organisation.forms.units import shown_kind, stored_kind

pytestmark = pytest.mark.pure


def test_a_known_type_is_shown_in_the_readers_language() -> None:
    with translation.override("ja"):
        assert shown_kind("department") == "部"
        assert shown_kind("tiger team") == "tiger team"


def test_a_known_type_is_stored_under_one_word_in_whichever_language_it_came() -> None:
    assert [stored_kind(word) for word in ("部", "Department", "tiger team")] == [
        "department", "department", "tiger team",
    ]  # fmt: skip
