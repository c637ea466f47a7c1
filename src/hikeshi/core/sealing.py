"""Envelope encryption as pure functions: keys and bytes in, bytes out.

Three layers, each wrapping the one below, so that rotation rewraps and erasing shreds:

1. The master key lies in a file outside the database.
2. A company key is wrapped by the master key.
3. A wall key is wrapped by its company's key and encrypts the wall's texts and files.

All are AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce in front of the ciphertext; the
associated data names what the bytes are for, so that one place's bytes cannot stand in another's.
"""

from __future__ import annotations

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hikeshi.core.errors import NotAvailable, gettext_noop

KEY_BYTES = 32
NONCE_BYTES = 12


class KeyMismatch(NotAvailable):
    """The key does not open these bytes, or the bytes were changed."""

    code = "key-mismatch"


def new_key() -> bytes:
    """Return 32 random bytes from the operating system."""
    return os.urandom(KEY_BYTES)


def seal(key: bytes, plaintext: bytes, *, purpose: bytes) -> bytes:
    """Encrypt bytes; the result is 28 bytes longer than the input."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, purpose)


def unseal(key: bytes, sealed: bytes, *, purpose: bytes) -> bytes:
    """Decrypt what ``seal`` made with the same key and purpose.

    Raises KeyMismatch when the key is another or a bit was changed.
    """
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose)
    except (InvalidTag, ValueError) as error:
        raise KeyMismatch(
            gettext_noop("The encryption key does not open this text; nothing was changed.")
        ) from error


def derive(key: bytes, label: bytes) -> bytes:
    """Derive an independent 32-byte key for one labelled use (HMAC-SHA-256 as a PRF)."""
    return hmac.digest(key, b"hikeshi/" + label, hashlib.sha256)


def keyed_token(key: bytes, token: str) -> int:
    """Map a search token to a signed 64-bit number that only the key's holder can compute."""
    return int.from_bytes(hmac.digest(key, token.encode(), hashlib.sha256)[:8], "big", signed=True)
