"""Keys of the links by which parties answer without an account.

A key is HMAC-SHA-256 of the party's uid and link generation under a key derived from the master
key: 256 bits that nobody can guess, that the mail writer can compute again, and of which the
database holds the SHA-256 only. A new generation makes the old link dead.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from uuid import UUID

from hikeshi.core import sealing
from hikeshi.organisation.keys import master_keys


def link_key(uid: UUID, generation: int) -> str:
    """Return the secret part of a party's address, 43 characters."""
    # The first master key, not the newest: rotation must not kill links that are in mails.
    first = next(iter(master_keys().values()))
    message = f"{uid}/{generation}".encode()
    digest = hmac.digest(sealing.derive(first, b"round-link"), message, hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def digest_of(key: str) -> bytes:
    """Return what the database keeps of a key."""
    return hashlib.sha256(key.encode()).digest()
