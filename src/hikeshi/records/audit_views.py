"""The page of the audit log and its files."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import orjson
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.ledger.jobs import enqueue
from hikeshi.ledger.names import EVENTS
from hikeshi.ledger.queries import last_check
from hikeshi.organisation.access import Request, account_of, needs
from hikeshi.organisation.roles import Permission
from hikeshi.records.audit import (
    Wanted,
    audit_events,
    entries,
    exported,
    flat,
    wanted_of,
)
from hikeshi.ui.paging import Page, page_of

COLUMNS = (
    "at", "name", "by", "subject_kind", "subject_number", "subject_uid", "before", "after",
    "content", "batch", "uid",
)  # fmt: skip


@needs(Permission.AUDIT_READ)
@require_GET
def audit(request: Request) -> HttpResponse:
    """Show who did what, newest first, and how the chain stands."""
    wanted = wanted_of(request.GET, request.viewer.at)
    page = page_of(
        audit_events(request.viewer, wanted), order=("-at", "-pk"), after=request.GET.get("after")
    )
    asked = request.GET.copy()
    asked.pop("after", None)
    context = {
        "page": page,
        "entries": _entries(request, page),
        "wanted": wanted,
        "names": sorted(EVENTS),
        "check": last_check(),
        "query": asked.urlencode(),
        "may_export": request.viewer.may_somewhere(Permission.EXPORT),
    }
    return render(request, "records/audit.html", context)


def _entries(request: Request, page: Page) -> list[object]:  # type: ignore[type-arg]
    return list(entries(request.viewer, page.rows))


@needs(Permission.AUDIT_READ)
@require_POST
def audit_verify(request: Request) -> HttpResponse:
    """Let a job verify the chain now."""
    with transaction.atomic():
        enqueue("ledger.verify", by=account_of(request), key="asked")
    messages.success(request, _("The chain is being verified. Read this page again in a moment."))
    return redirect("records:audit")


@needs(Permission.EXPORT)
@require_GET
def audit_export(request: Request, form: str) -> StreamingHttpResponse:
    """Send the events asked for as CSV or JSON lines, with the same rights as the page."""
    wanted = wanted_of(request.GET, request.viewer.at)
    if form == "csv":
        return _file(_csv(request, wanted), "text/csv; charset=utf-8", "csv")
    if form == "json":
        return _file(_json(request, wanted), "application/json", "json")
    raise NotFound(gettext_noop("There is no such page."))


def _file(parts: Iterator[str], media_type: str, ending: str) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(parts, content_type=media_type)
    answer["Content-Disposition"] = f'attachment; filename="audit.{ending}"'
    return answer


class _Echo:
    def write(self, value: str) -> str:
        return value


def _csv(request: Request, wanted: Wanted) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for entry in exported(request.viewer, wanted):
        row = entry.plain()
        for side in ("before", "after"):
            row[side] = orjson.dumps(row[side]).decode() if row[side] is not None else None
        yield writer.writerow(flat(row, COLUMNS))


def _json(request: Request, wanted: Wanted) -> Iterator[str]:
    start = "[\n"
    for entry in exported(request.viewer, wanted):
        yield start + orjson.dumps(entry.plain()).decode()
        start = ",\n"
    yield "\n]\n" if start != "[\n" else "[]\n"
