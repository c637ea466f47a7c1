"""Findings by vulnerability, and one vulnerability with what sources say of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from hikeshi.intelligence.models import VulnerabilityName
from hikeshi.matching import queries
from hikeshi.matching.as_known import vulnerability_as_known
from hikeshi.matching.reach import as_csv, as_json, every_finding
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
    text = request.GET.get("q", "").replace("\x00", "").strip()[:100]
    return every_finding(request.viewer, text=text, language=get_language() or "en")


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
