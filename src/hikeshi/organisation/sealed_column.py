"""The column of a text that is encrypted behind a wall and clear without one.

It holds bytes: ``\\x00`` + JSON in clear, or ``\\x01`` + wall id (8 bytes, big-endian) + what
``core.sealing.seal`` made under that wall's key. The wall id travels with the bytes, so that a text
copied to another row still says which key opens it. Sealing and opening are in ``sealed``; this
file knows no keys, so that the tables of walls themselves can have such columns.
"""

from __future__ import annotations

from typing import Any

import orjson
from django.db import models

from hikeshi.core import sealing

CLEAR = b"\x00"
SEALED = b"\x01"
PURPOSE = b"text"
_UNREAD = object()


class Sealed:
    """A stored text: its bytes, and its value once a key was given."""

    __slots__ = ("_value", "raw")

    def __init__(self, raw: bytes, value: Any = _UNREAD) -> None:
        self.raw = raw
        self._value = value
        if value is _UNREAD and not self.wall_id:
            self._value = orjson.loads(raw[1:]) if len(raw) > 1 else None

    @property
    def wall_id(self) -> int:
        """Return the wall whose key opens this text; 0 when it is clear."""
        return int.from_bytes(self.raw[1:9], "big") if self.raw[:1] == SEALED else 0

    @property
    def is_opened(self) -> bool:
        """Tell whether ``value`` can be read."""
        return self._value is not _UNREAD

    @property
    def is_erased(self) -> bool:
        """Tell whether the key was shredded, so that nobody can read this any more."""
        return self._value is None and self.wall_id != 0

    @property
    def value(self) -> Any:
        """Return the JSON value: a string, ``{language: text}``, a list; None when erased.

        Raises RuntimeError when ``unseal`` was not called: a page fetches keys once, not per row.
        """
        if self._value is _UNREAD:
            raise RuntimeError("sealed text read before unseal() fetched its key")
        return self._value

    def open_with(self, key: bytes | None) -> None:
        """Decrypt with the wall's key; None marks the text as erased."""
        if key is None:
            self._value = None
        else:
            self._value = orjson.loads(sealing.unseal(key, self.raw[9:], purpose=PURPOSE))

    def __repr__(self) -> str:
        return f"<Sealed wall={self.wall_id}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sealed) and other.raw == self.raw

    def __hash__(self) -> int:
        return hash(self.raw)

    def __bool__(self) -> bool:
        return bool(self._value)


class SealedField(models.BinaryField[Any, Any]):
    """A column of ``Sealed``; set it with ``seal(value, wall)``."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("editable", False)
        super().__init__(*args, **kwargs)

    def from_db_value(self, value: Any, _expression: object, _connection: object) -> Sealed | None:
        """Wrap the stored bytes."""
        return None if value is None else Sealed(bytes(value))

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """Hand the bytes to the driver; a bare value never reaches the column unsealed."""
        if value is None:
            return None
        if not isinstance(value, Sealed):
            raise TypeError(f"{self.name} takes seal(value, wall), not {type(value).__name__}")
        return super().get_db_prep_value(value.raw, connection, prepared)
