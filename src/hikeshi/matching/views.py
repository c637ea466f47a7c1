"""Findings by vulnerability, and one vulnerability with what sources say of it."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from hikeshi.intelligence.models import VulnerabilityName
from hikeshi.matching import queries
from hikeshi.matching.as_known import vulnerability_as_known
from hikeshi.organisation.access import Request, needs
from hikeshi.organisation.roles import Permission
from hikeshi.records.known import read_moment
from hikeshi.ui.paging import page_of


@needs(Permission.VIEW)
@require_GET
def findings(request: Request) -> HttpResponse:
    """List what is reached, the gravest first."""
    text = request.GET.get("q", "").strip()[:100]
    found = queries.found_vulnerabilities(request.viewer, text=text)
    page = page_of(found, order=("-score", "-pk"), after=request.GET.get("after"))
    lines = queries.reached_by(request.viewer, page.rows)
    return render(request, "matching/findings.html", {"page": page, "lines": lines, "text": text})


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
