"""Seal texts behind a wall and open them for a page (see ``sealed_column`` for the bytes).

Reading is explicit, and one query for a whole page of rows:

    cases = list(Case.objects.visible_to(viewer)[:50])
    unseal(cases, "title", "summary")
    cases[0].title.value
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson
from django.db import models

from hikeshi.core import sealing
from hikeshi.core.errors import NotAvailable, gettext_noop
from hikeshi.organisation import keys
from hikeshi.organisation.models import Wall
from hikeshi.organisation.sealed_column import CLEAR, PURPOSE, SEALED, Sealed, SealedField

__all__ = ["Sealed", "SealedField", "seal", "unseal"]


def seal(value: Any, wall: Wall | None) -> Sealed:
    """Make the stored form of a JSON value: encrypted when there is a wall, else clear."""
    encoded = orjson.dumps(value)
    if wall is None:
        return Sealed(CLEAR + encoded, value)
    key = keys.wall_keys([wall.pk])[wall.pk]
    if key is None:
        raise NotAvailable(
            gettext_noop("This wall's key was erased; nothing can be written behind it.")
        )
    head = SEALED + wall.pk.to_bytes(8, "big")
    return Sealed(head + sealing.seal(key, encoded, purpose=PURPOSE), value)


def unseal(rows: Iterable[models.Model], *fields: str) -> None:
    """Open the sealed columns of rows in place, fetching all keys in one query."""
    texts = [
        text
        for row in rows
        for text in (getattr(row, field) for field in fields)
        if isinstance(text, Sealed) and text.wall_id and not text.is_opened
    ]
    if not texts:
        return
    held = keys.wall_keys({text.wall_id for text in texts})
    for text in texts:
        text.open_with(held.get(text.wall_id))
