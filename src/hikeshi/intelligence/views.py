"""The feeds: how fresh and complete each is, whose it is, and when it is read."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from hikeshi.core.errors import HikeshiError
from hikeshi.intelligence import feeds, freshness
from hikeshi.intelligence.freshness import Alarm, FeedState
from hikeshi.intelligence.models import Refusal
from hikeshi.ledger.queries import unfinished_keys
from hikeshi.ledger.queue import enqueue
from hikeshi.organisation.access import Request, account_of, needs
from hikeshi.organisation.roles import Permission
from hikeshi.ui.errors import explain

YEARS_SHOWN = 12
ALARMS = {
    Alarm.NEVER: gettext_lazy("never read"),
    Alarm.STALE: gettext_lazy("stale"),
    Alarm.FAILED: gettext_lazy("fetching failed"),
    Alarm.INCOMPLETE: gettext_lazy("incomplete"),
    Alarm.FELL: gettext_lazy("fewer records than before"),
}


@needs(Permission.VIEW)
@require_GET
def feeds_page(request: Request) -> HttpResponse:
    """Show every feed, those that need somebody marked."""
    states = freshness.feed_states(request.viewer.at)
    fetching = unfinished_keys("intelligence.fetch")
    may_manage = request.viewer.may_somewhere(Permission.FEED_MANAGE)
    context = {
        "cards": [_card(state, fetching, may_manage=may_manage) for state in states],
        "fetching": fetching,
        "may_manage": may_manage,
    }
    return render(request, "intelligence/feeds.html", context)


def _card(state: FeedState, fetching: set[str], *, may_manage: bool) -> dict[str, Any]:
    origin = state.run.origin if state.run else ""
    most = max((year.read for year in state.years), default=0)
    return {
        "state": state,
        # Where files lie on the server is for those who put them there.
        "origin": origin if may_manage or "://" in origin else PurePath(origin).name,
        "is_fetching": f"feed/{state.feed.family}" in fetching,
        "alarm": ALARMS.get(state.alarm, ""),
        "years": [(year, max(1, round(100 * year.read / most)) if most else 0)
                  for year in state.years[:YEARS_SHOWN]],
        "refusals": [{"place": row.place, "reason": _said(row)} for row in state.refusals],
        "hours": int(state.feed.every.total_seconds() // 3600),
    }  # fmt: skip


def _said(refusal: Refusal) -> str:
    return explain(HikeshiError(refusal.sentence, **refusal.facts))


@needs(Permission.FEED_MANAGE)
@require_POST
def run_now(request: Request, family: str) -> HttpResponse:
    """Fetch a feed as soon as the worker is free."""
    feed = feeds.feed_named(family)
    enqueue("intelligence.fetch", key=f"feed/{feed.family}", by=account_of(request),
            family=feed.family)  # fmt: skip
    messages.success(request, _("%(feed)s will be fetched now.") % {"feed": feed.title})
    return redirect("intelligence:feeds")


@needs(Permission.FEED_MANAGE)
@require_POST
def switch(request: Request, family: str) -> HttpResponse:
    """Let a feed be fetched by itself, or no longer."""
    feed = feeds.feed_named(family)
    feeds.switch(feed=feed, is_on=request.POST.get("on") == "1", by=account_of(request),
                 at=timezone.now())  # fmt: skip
    return redirect("intelligence:feeds")
