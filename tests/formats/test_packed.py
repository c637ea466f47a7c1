"""Packed files are unpacked as far as their limit and no further."""

from __future__ import annotations

import gzip

import pytest

from hikeshi.core.errors import Malformed, TooLarge
from hikeshi.formats.packed import unpacked

pytestmark = pytest.mark.pure


def test_plain_bytes_stay_and_packed_ones_come_out() -> None:
    assert unpacked(b"{}", limit_bytes=10) == b"{}"
    assert unpacked(gzip.compress(b"{}"), limit_bytes=2) == b"{}"
    assert unpacked(gzip.compress(b"[1,") + gzip.compress(b"2]"), limit_bytes=10) == b"[1,2]"


def test_a_bomb_is_refused_without_unpacking_it() -> None:
    # A gigabyte of zeros, which would not fit in the limit a thousand times over.
    bomb = gzip.compress(b"\x00" * 1024 * 1024) * 1024
    with pytest.raises(TooLarge, match="over 1 MB"):
        unpacked(bomb, limit_bytes=1024 * 1024 + 1)


def test_a_cut_or_damaged_file_is_refused() -> None:
    packed = gzip.compress(b"a long enough text " * 100)
    with pytest.raises(Malformed, match="cut off"):
        unpacked(packed[:-10], limit_bytes=10_000)
    with pytest.raises(Malformed, match="damaged"):
        unpacked(packed[:12] + b"\xff" * 20 + packed[32:], limit_bytes=10_000)
