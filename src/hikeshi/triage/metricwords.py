"""The words of CVSS metrics and their values, as FIRST writes them and IPA translates them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

_T = str | Promise
METRICS: Final[Mapping[str, _T]] = {
    "AV": pgettext_lazy("CVSS", "Attack vector"),
    "AC": pgettext_lazy("CVSS", "Attack complexity"),
    "AT": pgettext_lazy("CVSS", "Attack requirements"),
    "PR": pgettext_lazy("CVSS", "Privileges required"),
    "UI": pgettext_lazy("CVSS", "User interaction"),
    "S": pgettext_lazy("CVSS", "Scope"),
    "C": pgettext_lazy("CVSS", "Confidentiality"),
    "I": pgettext_lazy("CVSS", "Integrity"),
    "A": pgettext_lazy("CVSS", "Availability"),
    "VC": pgettext_lazy("CVSS", "Vulnerable system: confidentiality"),
    "VI": pgettext_lazy("CVSS", "Vulnerable system: integrity"),
    "VA": pgettext_lazy("CVSS", "Vulnerable system: availability"),
    "SC": pgettext_lazy("CVSS", "Subsequent systems: confidentiality"),
    "SI": pgettext_lazy("CVSS", "Subsequent systems: integrity"),
    "SA": pgettext_lazy("CVSS", "Subsequent systems: availability"),
}
_LEVELS: Final[Mapping[str, _T]] = {
    "H": pgettext_lazy("CVSS", "High"),
    "L": pgettext_lazy("CVSS", "Low"),
    "N": pgettext_lazy("CVSS", "None"),
}
VALUES: Final[Mapping[str, Mapping[str, _T]]] = {
    "AV": {
        "N": pgettext_lazy("CVSS", "Network"),
        "A": pgettext_lazy("CVSS", "Adjacent"),
        "L": pgettext_lazy("CVSS", "Local"),
        "P": pgettext_lazy("CVSS", "Physical"),
    },
    "AC": _LEVELS,
    "AT": {"N": pgettext_lazy("CVSS", "None"), "P": pgettext_lazy("CVSS", "Present")},
    "PR": {**_LEVELS, "N": pgettext_lazy("CVSS", "Not needed")},
    "UI": {
        "N": pgettext_lazy("CVSS", "Not needed"),
        "R": pgettext_lazy("CVSS", "Required"),
        "P": pgettext_lazy("CVSS", "Passive"),
        "A": pgettext_lazy("CVSS", "Active"),
    },
    "S": {"C": pgettext_lazy("CVSS", "Changed"), "U": pgettext_lazy("CVSS", "Unchanged")},
    **dict.fromkeys(("C", "I", "A", "VC", "VI", "VA", "SC", "SI", "SA"), _LEVELS),
}
