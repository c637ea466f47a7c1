from __future__ import annotations

import pytest

from hikeshi.ui.templatetags.prose import prose

pytestmark = pytest.mark.pure


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "[x](javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "![x](https://tracker.example/p.png)",
        "<a href='javascript:alert(1)'>x</a>",
        "| a |\n|---|\n| <b onclick=x> |",
    ],
)
def test_nothing_in_a_text_runs_or_fetches(text: str) -> None:
    html = prose(text)
    for forbidden in ("<script", "<img", 'href="javascript', 'href="data', "<b "):
        assert forbidden not in html


def test_what_people_write_looks_as_meant() -> None:
    html = prose("# 見出し\n\n1. 更新\n2. 確認\n\n`1.6.3` https://k.example/u\n次の行")
    assert "<h3>見出し</h3>" in html
    assert "<li>更新</li>" in html
    assert '<a href="https://k.example/u"' in html
    assert "<br" in html
    assert prose(None) == ""
