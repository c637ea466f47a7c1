"""Say in one sentence why a finding stands where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext, pgettext_lazy

from hikeshi.core.scoring.priority import RankPlace, Urgency
from hikeshi.matching.listing import Line
from hikeshi.ui.marks import SEVERITY

URGENCY: Final[dict[Urgency, str | Promise]] = {
    Urgency.NOW: pgettext_lazy("urgency of a finding", "now"),
    Urgency.SOON: pgettext_lazy("urgency of a finding", "soon"),
    Urgency.PLAN: pgettext_lazy("urgency of a finding", "plan"),
    Urgency.LATER: pgettext_lazy("urgency of a finding", "later"),
}


def reason(line: Line) -> str:
    """Return the reason of a line's place, as a sentence in the reader's language."""
    said = pgettext("between the reasons of a priority", ", ").join(_reasons(line))
    return _("Priority %(points)s of 100: %(reasons)s.") % {
        "points": line.standing.weight, "reasons": said,
    }  # fmt: skip


def _reasons(line: Line) -> Iterator[str]:
    if line.standing.is_exploited:
        yield _("known to be exploited (KEV)")
    if line.epss is not None:
        yield _("EPSS %(probability)s") % {"probability": line.epss.normalize()}
    if line.band:
        yield _("CVSS %(score)s (%(band)s)") % {
            "score": line.rounded, "band": str(SEVERITY[line.band].word).lower(),
        }  # fmt: skip
    else:
        yield _("not scored, counted as medium")
    if line.rank is RankPlace.SAFETY:
        yield _("in a safety-related product")
    elif line.rank is RankPlace.FLAGSHIP:
        yield _("in a flagship product")
    yield ngettext("reaches %(n)s release", "reaches %(n)s releases", line.releases) % {
        "n": line.releases
    }
    if line.case is not None and line.case.is_walled:
        yield _("not public yet: %(case)s is behind a wall") % {"case": line.case.number}
