"""Audit lines and jobs are told in the reader's language, beside their short names."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from hikeshi.ledger.names import EVENTS
from hikeshi.ledger.queue import KINDS
from hikeshi.ledger.templatetags.ledger import event_meaning, job_title

pytestmark = pytest.mark.pure


def test_every_event_says_in_japanese_what_happened() -> None:
    with override("ja"):
        assert [name for name, told in EVENTS.items() if event_meaning(name) == told] == []


def test_every_job_of_ours_has_a_title_in_japanese() -> None:
    ours = {
        name: kind for name, kind in KINDS.items()
        if kind.function.__module__.startswith("hikeshi.")
    }  # fmt: skip
    assert "ledger.seal" in ours
    with override("ja"):
        assert [n for n, kind in ours.items() if job_title(n) in {n, kind.title}] == []


def test_a_name_of_a_later_version_is_shown_as_it_is() -> None:
    assert event_meaning("case.beamed_up") == "case.beamed_up"
    assert job_title("later.work") == "later.work"
