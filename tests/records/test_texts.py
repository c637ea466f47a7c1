"""Texts in two languages: a translation is stale when its source reads otherwise now."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from hikeshi.core.errors import InputRefused
from hikeshi.records.models import TextState
from hikeshi.records.texts import (
    Origin,
    Texts,
    fingerprint,
    missing_languages,
    note_texts,
    origin_after,
    origins_of,
    stale_languages,
    stale_texts,
)
from tests.builders import firm
from tests.records.things import a_record


def test_changing_the_source_makes_its_translation_stale() -> None:
    first: Texts = {"ja": "原文", "en": "text"}
    origin = origin_after(None, {}, first, source="ja")
    assert stale_languages(first, origin) == []
    second = {"ja": "新しい原文", "en": "text"}
    origin = origin_after(origin, first, second, source="ja")
    assert stale_languages(second, origin) == ["en"]
    third = {"ja": "新しい原文", "en": "new text"}
    assert stale_languages(third, origin_after(origin, second, third, source="ja")) == []


def test_a_translation_said_to_fit_still_is_not_stale() -> None:
    first, second = {"ja": "誤字", "en": "text"}, {"ja": "誤字なし", "en": "text"}
    origin = origin_after(None, {}, first, source="ja")
    origin = origin_after(origin, first, second, source="ja", confirmed=["en"])
    assert stale_languages(second, origin) == []


def test_putting_the_source_back_makes_the_translation_fit_again() -> None:
    first, second = {"ja": "あ", "en": "a"}, {"ja": "い", "en": "a"}
    origin = origin_after(None, {}, first, source="ja")
    origin = origin_after(origin, first, second, source="ja")
    assert stale_languages(first, origin_after(origin, second, first, source="ja")) == []


def test_another_source_language_makes_all_others_translations_of_it() -> None:
    before, after = {"ja": "あ", "en": "a"}, {"ja": "あ", "en": "b"}
    origin = origin_after(Origin("ja", {"en": fingerprint("あ")}), before, after, source="en")
    assert origin.source == "en"
    assert stale_languages(after, origin) == ["ja"]


def test_missing_languages_are_named() -> None:
    assert missing_languages({"ja": "あ", "en": " "}, ["ja", "en"]) == ["en"]


words = st.text("あいab ", max_size=3)
texts = st.fixed_dictionaries({"ja": words.filter(str.strip)}, optional={"en": words, "zh": words})


@given(st.lists(texts, min_size=1, max_size=8))
def test_a_translation_is_stale_just_when_the_source_changed_since_it_was_written(
    saves: list[dict[str, str]],
) -> None:
    origin: Origin | None = None
    before: dict[str, str] = {}
    source_when_written: dict[str, str] = {}
    for after in saves:
        origin = origin_after(origin, before, after, source="ja")
        for language in ("en", "zh"):
            now = after.get(language, "").strip()
            if now and now != before.get(language, "").strip():
                source_when_written[language] = after["ja"].strip()
        wanted = sorted(
            language
            for language in ("en", "zh")
            if after.get(language, "").strip()
            and source_when_written[language] != after["ja"].strip()
        )
        assert stale_languages(after, origin) == wanted
        before = after


@pytest.mark.django_db
def test_origins_are_kept_with_the_record_and_sealed() -> None:
    kazahaya = firm()
    record = a_record(kazahaya, inside=(kazahaya.admin,))
    first, second = {"ja": "原文", "en": "text"}, {"ja": "別の原文", "en": "text"}
    with transaction.atomic():
        note_texts(subject=record, before={}, after={"title": first}, source="ja")
        note_texts(subject=record, before={"title": first}, after={"title": second}, source="ja")
    assert stale_texts(record, {"title": second, "other": {}}) == {"title": ["en"]}
    assert origins_of(record)["title"].source == "ja"
    stored = TextState.objects.get()
    assert (stored.wall, fingerprint("原文").encode() in stored.state.raw) == (record.wall, False)


@pytest.mark.django_db
def test_a_text_without_its_source_language_is_refused() -> None:
    record = a_record(firm())
    with (
        pytest.raises(InputRefused, match="missing in “ja”"),
        transaction.atomic(),
    ):
        note_texts(subject=record, before={}, after={"title": {"en": "text"}}, source="ja")
