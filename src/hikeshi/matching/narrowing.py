"""What the list of findings is narrowed to, the same on the page, in the API and in commands."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from django.db.models import F, Q
from django.db.models import TextChoices as Choices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hikeshi.inventory.models import Offering
from hikeshi.inventory.queries import SUPPORTED
from hikeshi.inventory.setwise import ids_given
from hikeshi.organisation.places import Place

# Bands of CVSS 3.1, section 5: at least, below.
BANDS: Final = {
    "critical": (Decimal("9.0"), Decimal("10.1")),
    "high": (Decimal("7.0"), Decimal("9.0")),
    "medium": (Decimal("4.0"), Decimal("7.0")),
    "low": (Decimal("0.1"), Decimal("4.0")),
    "none": (Decimal(0), Decimal("0.1")),
}


class State(Choices):
    """How far people have come with a vulnerability, in the products that the reader may see."""

    OPEN = "open", pgettext_lazy("state of a finding", "to decide")
    CASE = "case", pgettext_lazy("state of a finding", "in a case")
    ASSESSED = "assessed", pgettext_lazy("state of a finding", "assessed")
    IGNORED = "ignored", pgettext_lazy("state of a finding", "not affected")
    ALL = "all", pgettext_lazy("state of a finding", "all")


class Support(Choices):
    """Whether the releases reached are supported."""

    SUPPORTED = "supported", _("supported releases")
    ENDED = "ended", _("releases out of support")


class Narrowing(NamedTuple):
    """What the list of findings is narrowed to; nothing by default.

    text: part of a name, a summary or a component. product: in its releases. band: of BANDS.
    exploited: KEV lists it. epss: the least probability. place: whose products count.
    rank: of the products. since: reaches a product since then. found: ids of the vulnerabilities
    that a text was found in already.
    """

    text: str = ""
    product: Offering | None = None
    band: str = ""
    exploited: bool = False
    state: str = State.ALL
    epss: Decimal | None = None
    place: Place | None = None
    rank: str = ""
    support: str = ""
    since: datetime | None = None
    least_score: Decimal | None = None
    found: frozenset[int] | None = None

    def of_reach(self) -> Q:
        """Return the condition on the reach in one product."""
        said = Q()
        if self.product is not None:
            said &= Q(offering=self.product)
        if self.place is not None:
            said &= self.place.holds("offering__")
        if self.rank:
            said &= Q(offering__rank=self.rank)
        if self.support == Support.SUPPORTED:
            said &= Q(supported__gt=0)
        elif self.support == Support.ENDED:
            said &= Q(supported__lt=F("releases"))
        if self.since is not None:
            said &= Q(since__gte=self.since)
        return said

    def of_releases(self) -> Q:
        """Return the condition on the releases themselves: product, unit, rank and support."""
        said = Q()
        if self.product is not None:
            said &= Q(offering=self.product)
        if self.place is not None:
            said &= self.place.holds()
        if self.rank:
            said &= Q(offering__rank=self.rank)
        if self.support == Support.SUPPORTED:
            said &= Q(state__in=SUPPORTED)
        elif self.support == Support.ENDED:
            said &= ~Q(state__in=SUPPORTED)
        return said

    def of_standing(self) -> Q:
        """Return the condition on the vulnerability itself, its names and texts aside."""
        said = Q()
        if self.exploited:
            said &= Q(is_exploited=True)
        if self.epss is not None:
            said &= Q(epss__gte=self.epss)
        if self.band in BANDS:
            least, below = BANDS[self.band]
            said &= Q(score__gte=least, score__lt=below)
        if self.least_score is not None:
            said &= Q(score__gte=self.least_score)
        if self.found is not None:
            said &= Q(vulnerability__in=ids_given(self.found))
        return said


EVERYTHING: Final = Narrowing()


def band_of(score: Decimal) -> str:
    """Name the band of a score; "" where nothing was scored."""
    held = (name for name, (least, below) in BANDS.items() if least <= score < below)
    return next(held, "").replace("none", "")
