"""Regimes as data: what deadlines there are, how long, who says so.

A company's own service levels are passed to ``start_clock`` as ``term``; what stands here for them
is the start from which a company departs. A stage that law or contract fixes is not pausable.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hikeshi.core.deadlines import Ends, Term, UnitOfTime

WARN_PERCENTS: Final = (75, 90)


@dataclass(frozen=True, slots=True)
class Stage:
    """One deadline of a regime.

    term: None where the moment itself is agreed on. icon: in the sprite. source: who says so.
    zone, calendar: where the law counts; "" takes the company's own.
    """

    label: str | Promise
    term: Term | None
    source: str
    icon: str = "clock"
    pausable: bool = False
    calendar: str = ""
    zone: str = ""


_H, _D = UnitOfTime.HOURS, UnitOfTime.DAYS


def _cra(label: str | Promise, term: Term, paragraphs: str) -> Stage:
    source = f"Regulation (EU) 2024/2847, Article {paragraphs}"
    return Stage(label, term, source, "law", calendar="EU", zone="Europe/Brussels")


STAGES: Final[dict[tuple[str, str], Stage]] = {
    ("sla", "acknowledge"): Stage(
        _("Answer to the reporter"), Term(3, UnitOfTime.WORKING_DAYS),
        "CISA BOD 20-01", "inbox", pausable=True,
    ),
    ("sla", "assess"): Stage(
        _("Assessment"), Term(7, UnitOfTime.WORKING_DAYS), "CISA BOD 20-01", "case", pausable=True
    ),
    ("sla", "fix"): Stage(
        _("Fix"), Term(90, _D, Ends.CLOSE), "CISA BOD 20-01", "box", pausable=True
    ),
    ("embargo", "lift"): Stage(_("Publication"), None, "agreement of the parties", "pub"),
    ("partnership", "publication"): Stage(
        _("Early Warning Partnership"), Term(45, _D, Ends.MIDNIGHT),
        "情報セキュリティ早期警戒パートナーシップガイドライン", "flag",
    ),
    ("cna", "answer"): Stage(_("CNA answer"), Term(72, _H), "CNA Operational Rules 4.2.1", "pub"),
    ("cna", "record"): Stage(
        _("CVE record"), Term(72, _H), "CNA Operational Rules 4.5.1.3", "pub"
    ),
    ("cra", "early_warning"): _cra(
        _("CRA early warning"), Term(24, _H), "14(2)(a), 14(4)(a)"
    ),
    ("cra", "notification"): _cra(_("CRA notification"), Term(72, _H), "14(2)(b), 14(4)(b)"),
    # No rolling to a working day: Regulation 1182/71 would allow it, but nobody should lean on it.
    ("cra", "final_vulnerability"): _cra(
        _("CRA final report (vulnerability)"), Term(14, _D, Ends.MIDNIGHT), "14(2)(c)"
    ),
    ("cra", "final_incident"): _cra(
        _("CRA final report (incident)"), Term(1, UnitOfTime.MONTHS, Ends.MIDNIGHT), "14(4)(c)"
    ),
}  # fmt: skip


def stage_of(regime: str, stage: str) -> Stage:
    """Return what is known of a stage; a made-up one has its own name as label."""
    found = STAGES.get((regime, stage))
    return found or Stage(stage.replace("_", " "), None, "", pausable=True)
