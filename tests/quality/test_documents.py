"""Reference pages name everything there is: settings, events."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hikeshi.ledger.names import EVENTS
from tests.events_page import PAGE, events_page

pytestmark = pytest.mark.pure
ROOT = Path(__file__).parents[2]
SETTING = re.compile(r"HIKESHI_[A-Z_]+[A-Z]")


def test_every_setting_is_documented_and_every_documented_one_exists() -> None:
    used = set()
    for path in (ROOT / "src").rglob("*.py"):
        used |= set(SETTING.findall(path.read_text(encoding="utf-8")))
    page = (ROOT / "docs/operator/settings.md").read_text(encoding="utf-8")
    assert set(SETTING.findall(page)) == used


def test_the_page_of_events_is_current() -> None:
    """``python -m tests.events_page`` writes it anew."""
    assert PAGE.read_text(encoding="utf-8") == events_page()


def test_event_names_are_a_subject_and_what_happened_to_it() -> None:
    assert [name for name in EVENTS if not re.fullmatch(r"[a-z_]+\.[a-z_]+", name)] == []


def test_for_system_has_a_reason_and_is_never_used_where_people_look() -> None:
    call = re.compile(r"\.for_system\(\s*(\"[^\"]{8,}\"|why\b)?")
    found = [
        (str(path.relative_to(ROOT / "src/hikeshi")), reason)
        for path in sorted((ROOT / "src").rglob("*.py"))
        for reason in call.findall(path.read_text(encoding="utf-8"))
    ]
    assert [place for place, reason in found if not reason] == []
    assert [p for p, _reason in found if p.endswith(("views.py", "api.py", "slots.py"))] == []
