"""The Traffic Light Protocol 2.0 label of a text: how far it may travel.

Source: FIRST, TLP 2.0 (August 2022). CSAF 2.0 still uses the names of 1.0.
"""

from __future__ import annotations

from enum import StrEnum


class TLP(StrEnum):
    """The label as it is written, without the prefix ``TLP:``; widest first."""

    CLEAR = "CLEAR"
    GREEN = "GREEN"
    AMBER = "AMBER"
    AMBER_STRICT = "AMBER+STRICT"
    RED = "RED"

    @property
    def forces_wall(self) -> bool:
        """Tell whether a row with this label must stand behind a wall."""
        return self in {TLP.AMBER, TLP.AMBER_STRICT, TLP.RED}

    @property
    def is_public(self) -> bool:
        """Tell whether a text with this label may stand where anybody can read it."""
        return self is TLP.CLEAR
