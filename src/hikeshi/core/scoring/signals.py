"""What is known of a vulnerability's use by attackers, as values.

Sources: CISA Known Exploited Vulnerabilities Catalog (KEV); FIRST Exploit Prediction Scoring
System (EPSS).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Exploited:
    """That a vulnerability is exploited, as the KEV catalogue says.

    due_on: until when United States federal agencies must act. in_ransomware: None when unknown.
    """

    cve: str
    added_on: date
    due_on: date | None
    title: str
    vendor: str
    product: str
    action: str
    in_ransomware: bool | None


@dataclass(frozen=True, slots=True)
class Likelihood:
    """How likely a vulnerability is exploited within 30 days, as EPSS says.

    probability: 0 to 1. percentile: the share of vulnerabilities at or below it; None in the
    earliest files.
    """

    cve: str
    probability: Decimal
    percentile: Decimal | None
