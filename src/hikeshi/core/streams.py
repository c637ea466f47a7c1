"""Encrypt a long file in chunks, in bounded memory, so that no cut or swap goes unnoticed.

    "HKS1" | chunk 0 | chunk 1 | … | last chunk

A chunk is AES-256-GCM over up to 256 KiB. Its nonce is its number, which is safe because every file
has a key of its own that encrypts nothing else; whether it is the last is authenticated with it, so
that a file cut at a chunk's end does not open either (the STREAM construction of Hoang,
Reyhanitabar, Rogaway and Vizár, CRYPTO 2015). A file of no bytes is one empty last chunk.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hikeshi.core.errors import gettext_noop
from hikeshi.core.sealing import KeyMismatch

MAGIC: Final = b"HKS1"
CHUNK_BYTES: Final = 256 * 1024
TAG_BYTES: Final = 16


def sealed_size(size_bytes: int) -> int:
    """Return how long the sealed form of so many bytes is."""
    chunks = max(1, -(-size_bytes // CHUNK_BYTES))
    return len(MAGIC) + size_bytes + chunks * TAG_BYTES


def rechunked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Cut bytes that come in any pieces into chunks; only the last may be shorter, or empty."""
    held = bytearray()
    for piece in pieces:
        held += piece
        # A full chunk waits for one byte more: only then is it known not to be the last.
        while len(held) > CHUNK_BYTES:
            yield bytes(held[:CHUNK_BYTES])
            del held[:CHUNK_BYTES]
    yield bytes(held)


def seal_stream(key: bytes, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Encrypt bytes that come in any pieces. key: 32 bytes, for this one file."""
    cipher = AESGCM(key)
    yield MAGIC
    chunks = rechunked(pieces)
    number, chunk = 0, next(chunks)
    for following in chunks:
        yield cipher.encrypt(_nonce(number), chunk, b"")
        number, chunk = number + 1, following
    yield cipher.encrypt(_nonce(number), chunk, b"last")


def unseal_stream(key: bytes, source: BinaryIO) -> Iterator[bytes]:
    """Decrypt what ``seal_stream`` made, chunk by chunk.

    Raises KeyMismatch at the first chunk that was changed, cut, moved or is of another key.
    """
    cipher = AESGCM(key)
    if source.read(len(MAGIC)) != MAGIC:
        raise _broken()
    number = 0
    chunk = source.read(CHUNK_BYTES + TAG_BYTES)
    while True:
        following = source.read(CHUNK_BYTES + TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(number), chunk, b"" if following else b"last")
        except (InvalidTag, ValueError) as error:
            raise _broken() from error
        if not following:
            return
        number, chunk = number + 1, following


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _broken() -> KeyMismatch:
    return KeyMismatch(
        gettext_noop("The file is damaged, or its key is another; it was not opened.")
    )
