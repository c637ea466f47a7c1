"""Search tokens: what is written can be found, in both languages and any width."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikeshi.core.tokens import plain, query_tokens, tokens_of, words_of

pytestmark = pytest.mark.pure


def test_ids_are_found_whole_and_by_their_parts() -> None:
    found = tokens_of("See CVE-2023-38545 (curl)")
    assert {"cve-2023-38545", "cve", "2023", "38545", "see", "curl"} == found
    assert query_tokens("ＣＶＥ－２０２３－３８５４５") == {"cve", "2023", "38545"}


def test_japanese_goes_by_pairs() -> None:
    assert tokens_of("認証前") == {"認証", "証前"}
    assert query_tokens("認証") == {"認証"}
    assert tokens_of("ｺﾏﾝﾄﾞ") == {"コマ", "マン", "ンド"}


@given(st.text(max_size=60), st.integers(0, 50), st.integers(2, 20))
def test_any_words_of_a_text_find_it(text: str, start: int, length: int) -> None:
    words = plain(text).split()
    asked = " ".join(words[start % (len(words) + 1) :][:length])
    assert query_tokens(asked) <= tokens_of(text)
    assert all(word in plain(asked) for word in words_of(asked))
