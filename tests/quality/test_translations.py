"""English and Japanese are equal: what an area says, its file translates, wholly and rightly."""

from __future__ import annotations

import re

import pytest

from tests.messages import Area, area_of_texts, areas, bare_words, is_done, read, wanted

pytestmark = pytest.mark.pure

AREAS = areas()
OWN = [area for area in AREAS if area_of_texts(area) == area]


def done_anywhere() -> set[tuple[str | None, str]]:
    return {
        (entry.msgctxt, entry.msgid)
        for area in OWN
        if area.po.exists()
        for entry in read(area)
        if is_done(entry)
    }


@pytest.mark.parametrize("area", OWN, ids=lambda area: area.name)
def test_every_text_of_an_area_is_translated(area: Area) -> None:
    done = done_anywhere()
    missing = [m for key, m in wanted(area).items() if key not in done]
    assert [f"{m.place}: {m.text}" for m in missing] == []


@pytest.mark.parametrize("area", AREAS, ids=lambda area: area.name)
def test_no_template_holds_words_outside_of_translation(area: Area) -> None:
    assert [words for path in area.templates for words in bare_words(path)] == []


@pytest.mark.parametrize("area", OWN, ids=lambda area: area.name)
def test_a_translation_has_the_places_of_its_text(area: Area) -> None:
    wrong = []
    for entry in read(area) if area.po.exists() else []:
        if not is_done(entry):
            continue
        said = entry.msgstr_plural.values() if entry.msgid_plural else [entry.msgstr]
        allowed = places(entry.msgid) | places(entry.msgid_plural or "")
        wrong += [entry.msgid for text in said if places(text) != allowed]
    assert wrong == []


def test_one_text_has_one_translation_whichever_area_says_it() -> None:
    # Django merges all files, and of two translations one would win unseen: give one a context.
    found: dict[tuple[str | None, str], dict[str, str]] = {}
    for area in OWN:
        for entry in read(area) if area.po.exists() else []:
            if is_done(entry):
                said = entry.msgstr or entry.msgstr_plural[0]
                found.setdefault((entry.msgctxt, entry.msgid), {})[area.name] = said
    torn = {key: said for key, said in found.items() if len(set(said.values())) > 1}
    assert torn == {}


def places(text: str) -> set[str]:
    return set(re.findall(r"%\(\w+\)[sd]|%n", text.replace("%%", "")))
