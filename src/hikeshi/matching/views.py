"""Findings by vulnerability, and one vulnerability with what sources say of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from hikeshi.intelligence.models import VulnerabilityName
from hikeshi.matching import queries
from hikeshi.matching.as_known import vulnerability_as_known
from hikeshi.matching.forms import FindingFilter
from hikeshi.matching.reach import as_csv, as_json, every_finding
from hikeshi.organisation.access import Request, needs
from hikeshi.organisation.roles import Permission
from hikeshi.records.known import read_moment
from hikeshi.ui.lists import Column, Empty, listing, render_list

COLUMNS = (
    Column("name", _("Vulnerability"), ("name", "pk")),
    Column("severity", _("Severity"), ("score", "pk"), css="tight"),
    Column("signals", _("KEV, EPSS"), css="tight"),
    Column("component", _("Component"), css="hide-s"),
    Column("releases", _("Releases")),
)


@needs(Permission.VIEW)
@require_GET
def findings(request: Request) -> HttpResponse:
    """List what is reached, the gravest first."""
    form = FindingFilter(request.GET, viewer=request.viewer)
    asked = form.narrowing()
    found = listing(
        request,
        queries.found_vulnerabilities(request.viewer, asked),
        columns=COLUMNS,
        default="-severity",
        row="matching/finding_row.html",
        caption=_("Vulnerabilities that reach releases"),
        filters=form,
        empty=Empty(
            _("No open finding"),
            _("Findings appear when feeds are read and releases have SBOMs. Switch the feeds on, "
              "and drop an SBOM on a release."),
            reverse("inventory:products"),
            _("To the products"),
            "find",
        ),
    )  # fmt: skip
    lines = queries.reached_by(request.viewer, found.page.rows, asked.product)
    found.page = replace(found.page, rows=lines)
    context = {
        "may_export": request.viewer.may_somewhere(Permission.EXPORT),
        "query": request.GET.urlencode(),
    }
    return render_list(request, "matching/findings.html", found, context)


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
    return render(
        request,
        "matching/vulnerability.html",
        {
            "vulnerability": found,
            "reached": reached,
            "names": sorted(names.values_list("name", flat=True)),
            "said": queries.said_of(found),
        },
    )
