"""Findings by vulnerability, and one vulnerability with what sources say of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final, NamedTuple

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from hikeshi.core.scoring.priority import Urgency
from hikeshi.intelligence.models import VulnerabilityName
from hikeshi.matching import queries
from hikeshi.matching.as_known import vulnerability_as_known
from hikeshi.matching.forms import FindingFilter
from hikeshi.matching.listing import (
    Line,
    counting,
    lines_of,
    reach_of,
    standings_of,
    with_text_found,
)
from hikeshi.matching.narrowing import State
from hikeshi.matching.onepage import compared, course_of, fleet_of
from hikeshi.matching.reach import as_csv, as_json, every_finding, places_of, with_reasons
from hikeshi.matching.reasons import URGENCY, reason
from hikeshi.matching.undecided import doubt_of
from hikeshi.organisation.access import Request, needs
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.known import read_moment
from hikeshi.ui.lists import Column, Empty, SavedView, listing, render_list
from hikeshi.ui.slots import gather

# Places that a row shows when it is opened; the vulnerability's page has them all.
FEW: Final = 12

COLUMNS = (
    Column("priority", _("Priority"), ("weight", "score", "pk"), css="tight"),
    Column("name", _("Vulnerability"), ("vulnerability__name", "pk")),
    Column("severity", _("Severity"), ("score", "pk"), css="tight"),
    Column("epss", _("KEV, EPSS"), ("epss", "pk"), css="tight"),
    Column("component", _("Component"), css="hide-s"),
    Column("releases", _("Releases"), ("releases", "pk")),
    Column("state", pgettext_lazy("how far people have come", "State"), css="tight"),
)
# What sorting by a column asks of every row, beside its own order.
SORTED_BY = {"releases": "releases"}


@needs(Permission.VIEW)
@require_GET
def findings(request: Request) -> HttpResponse:
    """List what is reached and not decided yet, by priority."""
    viewer = request.viewer
    form = FindingFilter(request.GET, viewer=viewer)
    asked = with_text_found(form.narrowing())
    keys = {key.removeprefix("-") for key in request.GET.get("sort", "").split(",")}
    found = listing(
        request,
        standings_of(viewer, asked, figures=keys & SORTED_BY.keys()),
        columns=COLUMNS,
        default="-priority",
        row="matching/finding_row.html",
        caption=_("Vulnerabilities that reach releases"),
        filters=form,
        views=_views(request),
        acts=gather("findings.acts", request),
        empty=_empty(viewer),
        counting=counting(viewer, asked),
    )
    lines = lines_of(viewer, found.page.rows, asked)
    found.page = replace(found.page, rows=[Shown(line, reason(line)) for line in lines])
    context = {
        "may_export": viewer.may_somewhere(Permission.EXPORT),
        "query": request.GET.urlencode(),
        "product": asked.product,
    }
    return render_list(request, "matching/findings.html", found, context)


class Shown(NamedTuple):
    """A line as its row is drawn."""

    line: Line
    reason: str

    @property
    def urgency(self) -> str:
        """Return the word of what the weight means."""
        return str(URGENCY[self.line.urgency])

    @property
    def tone(self) -> str:
        """Return the tone of that word."""
        return {Urgency.NOW: "alarm", Urgency.SOON: "warn"}.get(self.line.urgency, "")

    @property
    def releases(self) -> str:
        """Return how many releases are reached, in words."""
        n = self.line.releases
        return ngettext("%(n)s release", "%(n)s releases", n) % {"n": n}

    @property
    def show_releases(self) -> str:
        """Return the words of the link to these releases."""
        n = self.line.releases
        return ngettext("Show %(n)s release", "Show all %(n)s releases", n) % {"n": n}


def _views(request: Request) -> list[SavedView]:
    """Return the tabs: how far people have come, then what the reader saved."""
    tabs = [
        SavedView(State(value).label, "" if value == State.OPEN else f"state={value}")
        for value in State.values
    ]
    return [*tabs, *gather("findings.views", request)]


def _empty(viewer: Viewer) -> Empty:
    if reach_of(viewer).exists():
        return Empty(
            _("Nothing is left to decide"),
            _("Everything that reaches your products is decided or in a case."),
            "?state=all", _("Show all findings"), "check",
        )  # fmt: skip
    return Empty(
        _("No open finding"),
        _("Findings appear when feeds are read and releases have SBOMs. Switch the feeds on, "
          "and drop an SBOM on a release."),
        reverse("inventory:products"),
        _("To the products"),
        "find",
    )  # fmt: skip


@needs(Permission.VIEW)
@require_GET
def reach(request: Request, name: str) -> HttpResponse:
    """Show the first places that a vulnerability reaches, for a row that is opened."""
    found = queries.vulnerability_named(request.viewer, name)
    among = queries.releases_seen(request.viewer)
    product = request.GET.get("product", "")
    if product:
        among = among.filter(offering__number=product)
    places = places_of(request.viewer, found, among=among)
    first = list(places.order_by("release__offering", "-release", "pk")[: FEW + 1])
    context = {
        "places": with_reasons(request.viewer, found, first[:FEW], among=among),
        "more": len(first) > FEW,
        "vulnerability": found,
    }  # fmt: skip
    return render(request, "matching/reach.html", context)


@needs(Permission.EXPORT)
@require_GET
def findings_csv(request: Request) -> StreamingHttpResponse:
    """Send the findings of the list as CSV, with the same filter and rights."""
    return _file(as_csv(_asked(request)), "text/csv; charset=utf-8", "csv")


@needs(Permission.EXPORT)
@require_GET
def findings_json(request: Request) -> StreamingHttpResponse:
    """Send the findings of the list as JSON, with the same filter and rights."""
    return _file(as_json(_asked(request)), "application/json", "json")


def _asked(request: Request) -> Iterator[dict[str, Any]]:
    asked = FindingFilter(request.GET, viewer=request.viewer).narrowing()
    return every_finding(request.viewer, asked, language=get_language() or "en")


def _file(parts: Iterator[str], media_type: str, ending: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(parts, content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="findings.{ending}"'
    return answer


@needs(Permission.VIEW)
@require_GET
def vulnerability(request: Request, name: str) -> HttpResponse:
    """Show one vulnerability: what it reaches, who says what."""
    found = queries.vulnerability_named(request.viewer, name)
    if moment := request.GET.get("as_of"):
        page = vulnerability_as_known(request.viewer, found, read_moment(moment, request.viewer.at))
        context = {"page": page, "known": page.known, "vulnerability": found}
        return render(request, "matching/vulnerability_as_known.html", context)
    (reached,) = queries.reached_by(request.viewer, [found])
    names = VulnerabilityName.objects.visible_to(request.viewer).filter(vulnerability=found)
    said = queries.said_of(found)
    return render(
        request,
        "matching/vulnerability.html",
        {
            "vulnerability": found,
            "reached": reached,
            "fleet": fleet_of(request.viewer, reached),
            "doubt": doubt_of(request.viewer, found, reached=[one.pk for one in reached.releases]),
            "names": sorted(names.values_list("name", flat=True)),
            "said": said,
            "compared": compared(said),
            "course": course_of(found),
        },
    )
