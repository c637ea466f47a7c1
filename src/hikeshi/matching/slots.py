"""What this area shows on the pages of lower ones."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from hikeshi.inventory.as_known import KnownRelease
from hikeshi.matching.as_known import release_findings
from hikeshi.organisation.access import Request
from hikeshi.records.saved import keep
from hikeshi.ui import slots


def findings_then(request: HttpRequest, page: KnownRelease) -> SafeString:
    """Show by what a release was known to be reached at a past moment."""
    found = release_findings(cast(Request, request).viewer, page.release, page.at)
    context = {"found": found, "at": page.at}
    return render_to_string("matching/release_as_known.html", context, request=request)


def crumb_of_feeds(request: HttpRequest, _subject: object) -> SafeString:
    """Lead from the feeds back to what is found by them."""
    return render_to_string("matching/feeds_crumb.html", request=request)


def fill() -> None:
    """Fill the slots; called once, at start-up."""
    keep("findings", "matching:findings", _("Findings"))
    slots.fill("release.as_known", findings_then)
    slots.fill("feeds.crumbs", crumb_of_feeds)
