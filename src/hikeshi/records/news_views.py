"""The bell in the shell and the page behind it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET, require_POST

from hikeshi.core.errors import Malformed, gettext_noop
from hikeshi.organisation.access import Request, logged_in
from hikeshi.records.news import KEPT, MANY, as_news, count_unread, mark_read, news_of
from hikeshi.ui.paging import page_of


def bell(request: HttpRequest, _subject: Any) -> SafeString | None:
    """Show the bell, which asks for its count once the page stands: no page waits for it.

    Visitors without an account have none.
    """
    viewer = getattr(cast(Request, request), "viewer", None)
    if viewer is None or viewer.account is None:
        return None
    return render_to_string("records/bell.html", {"asks": True}, request)


@logged_in
@require_GET
def counted_bell(request: Request) -> HttpResponse:
    """Show the bell alone, with how much is new."""
    count = count_unread(request.viewer)
    return render(
        request, "records/bell.html", {"count": count, "many": MANY, "is_many": count > MANY}
    )


@logged_in
@require_GET
def news_page(request: Request) -> HttpResponse:
    """List what others did lately about the reader's matters, newest first."""
    unread = request.GET.get("show") == "new"
    found = news_of(request.viewer, unread=unread)
    page = page_of(found, order=("-at", "-pk"), after=request.GET.get("after"))
    rows = as_news(request.viewer, page.rows)
    context = {
        "page": page, "rows": rows, "unread": unread, "days": KEPT.days,
        "until": request.viewer.at.isoformat(), "has_new": any(row.is_new for row in rows),
    }  # fmt: skip
    return render(request, "records/news.html", context)


@logged_in
@require_POST
def read(request: Request) -> HttpResponse:
    """Mark as read what had happened when the reader's page was made."""
    try:
        until = datetime.fromisoformat(request.POST.get("until", ""))
        if until.tzinfo is None:
            raise ValueError("no zone")
    except ValueError as error:
        raise Malformed(gettext_noop("The form is damaged. Read the page again.")) from error
    mark_read(request.viewer, until)
    return redirect("records:news")
