"""The base metrics of CVSS 3.1 and 4.0, and vectors made of them.

Sources: CVSS v3.1 Specification, section 2 and table 15; CVSS v4.0 Specification, section 2 and
table 23. The order is that of the vector.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hikeshi.core.errors import InputRefused, gettext_noop

# The worst value stands first, as in the specifications' tables.
BASE: Final[Mapping[str, Mapping[str, str]]] = {
    "4.0": {
        "AV": "NALP", "AC": "LH", "AT": "NP", "PR": "NLH", "UI": "NPA",
        "VC": "HLN", "VI": "HLN", "VA": "HLN", "SC": "HLN", "SI": "HLN", "SA": "HLN",
    },
    "3.1": {
        "AV": "NALP", "AC": "LH", "PR": "NLH", "UI": "NR", "S": "CU",
        "C": "HLN", "I": "HLN", "A": "HLN",
    },
}  # fmt: skip
VERSIONS: Final = tuple(BASE)


def vector_of(version: str, chosen: Mapping[str, str]) -> str:
    """Make a base vector. version: "3.1" or "4.0". chosen: {metric: value}.

    Raises InputRefused for an unknown version, and naming the metric that is missing or wrong.
    """
    table = BASE.get(version)
    if table is None:
        raise InputRefused(gettext_noop("CVSS %(version)s is not entered here."), version=version)
    for metric, values in table.items():
        # A string holds the empty one too, which is no value.
        if chosen.get(metric, "") not in set(values):
            raise InputRefused(gettext_noop("Choose a value for “%(metric)s”."), metric=metric)
    parts = "/".join(f"{metric}:{chosen[metric]}" for metric in table)
    return f"CVSS:{version}/{parts}"


def metrics_of(vector: str) -> tuple[str, dict[str, str]]:
    """Read a vector's version and its metrics; nothing is judged. Inverse of ``vector_of``."""
    version, _slash, rest = vector.removeprefix("CVSS:").partition("/")
    pairs = (one.partition(":") for one in rest.split("/") if one)
    return version, {metric: value for metric, _colon, value in pairs}
