"""Moments carry their zone in both languages; what is left is said in the unit that matters."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation

from hikeshi.ui.moments import day_text, left_text, moment_text

pytestmark = pytest.mark.pure
AT = datetime(2026, 11, 24, 0, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "short", "expected"),
    [
        ("en", False, "24 Nov 2026 09:12 JST"),
        ("ja", False, "2026年11月24日（火）09:12 JST"),
        ("en", True, "24 Nov 2026 09:12 JST"),
        ("ja", True, "2026/11/24 09:12 JST"),
    ],
)
def test_a_moment_is_written_with_its_zone(
    language: str, short: bool, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda: date(2030, 1, 1))
    with translation.override(language), timezone.override(ZoneInfo("Asia/Tokyo")):
        assert moment_text(AT, short=short) == expected


def test_lists_leave_out_this_year(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "localdate", lambda: date(2026, 1, 1))
    with translation.override("ja"):
        assert day_text(date(2026, 11, 4), short=True) == "11/4"
    with translation.override("en"):
        assert day_text(date(2026, 11, 4), short=True) == "4 Nov"


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(days=21, minutes=48), "21 days left"),
        (timedelta(hours=72), "3 days left"),
        (timedelta(hours=71, minutes=59), "2 d 23:59 left"),
        (timedelta(hours=17, minutes=28, seconds=59), "17:28 left"),
        (timedelta(0), "0:00 overdue"),
        (timedelta(hours=-2), "2:00 overdue"),
        (timedelta(days=-4), "4 days overdue"),
    ],
)
def test_what_is_left(left: timedelta, expected: str) -> None:
    with translation.override("en"):
        assert left_text(AT + left, AT) == expected


def test_a_countdown_says_by_its_class_that_it_is_near() -> None:
    written = Template("{% when due now %}").render(
        Context({"due": AT + timedelta(hours=2), "now": AT})
    )
    assert 'class="when when-near"' in written
    assert 'datetime="2026-11-24T02:12:00+00:00"' in written
