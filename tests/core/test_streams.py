"""Files sealed in chunks: what went in comes out, and nothing that was touched opens."""

from __future__ import annotations

import io
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hikeshi.core.sealing import KeyMismatch, new_key
from hikeshi.core.streams import CHUNK_BYTES, TAG_BYTES, seal_stream, sealed_size, unseal_stream

pytestmark = pytest.mark.pure
KEY = new_key()
EDGES = (0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES)


def sealed(size: int) -> tuple[bytes, bytes]:
    content = bytes(n % 251 for n in range(size))
    return content, b"".join(seal_stream(KEY, [content]))


@pytest.mark.parametrize("size", EDGES)
def test_what_went_in_comes_out(size: int) -> None:
    content, held = sealed(size)
    assert len(held) == sealed_size(size)
    assert b"".join(unseal_stream(KEY, io.BytesIO(held))) == content


@given(st.lists(st.binary(max_size=40), max_size=8))
@example([])
@example([b"", b""])
def test_the_pieces_in_which_it_comes_do_not_matter(pieces: list[bytes]) -> None:
    held = b"".join(seal_stream(KEY, pieces))
    assert b"".join(unseal_stream(KEY, io.BytesIO(held))) == b"".join(pieces)


@pytest.mark.parametrize("size", EDGES)
def test_a_cut_file_does_not_open(size: int) -> None:
    _content, held = sealed(size)
    whole = CHUNK_BYTES + TAG_BYTES
    cuts = {0, 3, 4, len(held) - 1, 4 + whole, 4 + 2 * whole} - {len(held)}
    for cut in sorted(cut for cut in cuts if cut < len(held)):
        with pytest.raises(KeyMismatch):
            list(unseal_stream(KEY, io.BytesIO(held[:cut])))


def test_swapped_doubled_and_changed_chunks_do_not_open() -> None:
    _content, held = sealed(3 * CHUNK_BYTES)
    whole = CHUNK_BYTES + TAG_BYTES
    head, chunks = held[:4], [held[4 + n * whole : 4 + (n + 1) * whole] for n in range(3)]
    for order in ([1, 0, 2], [0, 0, 1, 2], [0, 2], [0, 1], [0, 1, 2, 2]):
        with pytest.raises(KeyMismatch):
            list(unseal_stream(KEY, io.BytesIO(head + b"".join(chunks[n] for n in order))))
    for place in (0, 4, len(held) // 2, len(held) - 1):
        changed = bytearray(held)
        changed[place] ^= 1
        with pytest.raises(KeyMismatch):
            list(unseal_stream(KEY, io.BytesIO(bytes(changed))))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(KeyMismatch, match="damaged, or its key is another"):
        list(unseal_stream(new_key(), io.BytesIO(sealed(10)[1])))


def test_memory_does_not_grow_with_the_file() -> None:
    def pieces() -> Iterator[bytes]:
        for _n in range(32 * 16):
            yield bytes(64 * 1024)

    tracemalloc.start()
    total = sum(len(chunk) for chunk in seal_stream(KEY, pieces()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total > 32 * 2**20
    assert peak < 4 * 2**20
