"""Status, severity and labels always have a word beside their colour."""

from __future__ import annotations

import re

import pytest
from django.template import Context, Template
from django.utils import translation

from hikeshi.core.tlp import TLP
from hikeshi.core.vex import ProductStatus
from hikeshi.ui.marks import SEVERITY, STATUS, TLP_CSS

pytestmark = pytest.mark.pure


def drawn(source: str, language: str = "en", **context: object) -> str:
    with translation.override(language):
        return Template(source).render(Context(context))


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).strip()


def test_every_status_and_label_of_the_standards_has_a_mark() -> None:
    assert set(STATUS) == set(ProductStatus)
    assert set(TLP_CSS) == set(TLP)
    assert set(SEVERITY) == {"critical", "high", "medium", "low", "none"}


@pytest.mark.parametrize("status", list(ProductStatus))
def test_a_status_is_a_glyph_and_a_word(status: ProductStatus) -> None:
    html = drawn("{% product_status s %}", s=status)
    assert "<use href=" in html
    assert words(html)


def test_no_such_release_is_said_aloud() -> None:
    assert words(drawn("{% product_status s %}", s=None)) == "– no such release"


def test_severity_speaks_the_words_of_ipa_in_japanese() -> None:
    said = [words(drawn("{% severity b 8.1 %}", "ja", b=band)) for band in SEVERITY]
    assert said == ["緊急 8.1", "重要 8.1", "警告 8.1", "注意 8.1", "なし 8.1"]
    assert words(drawn("{% severity none %}", "ja", none=None)) == "評価待ち"


def test_a_tlp_label_has_its_official_form() -> None:
    assert words(drawn("{% tlp l %}", l="AMBER+STRICT")) == "TLP:AMBER+STRICT"
    assert drawn("{% tlp l %}", l="") == ""
