"""What to do next on the pages of a first hour: after an SBOM, after a feed."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hikeshi.intelligence.models import Document
from hikeshi.inventory.models import SBOM, Release
from hikeshi.matching.narrowing import Narrowing, State
from hikeshi.matching.queries import found_vulnerabilities
from hikeshi.organisation.access import Request
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.ui import slots


def after_upload(request: HttpRequest, release: Release) -> SafeString:
    """Say what to do with a release whose SBOM is here."""
    viewer: Viewer = cast(Request, request).viewer
    if not Document.objects.exists():
        return _next(
            _("read a vulnerability feed"),
            _("What is inside this release is known now; a feed tells what is wrong with it."),
            reverse("intelligence:feeds") if viewer.may_somewhere(Permission.FEED_MANAGE) else "",
            _("To the feeds"),
        )
    asked = Narrowing(product=release.offering, state=State.OPEN)
    found = found_vulnerabilities(viewer, asked, release=release).count()
    if not found:
        return format_html(
            '<p class="notice">{}</p>',
            _("Nothing is left to decide here, as far as the feeds that were read tell. What comes "
              "new stands on Today."),
        )  # fmt: skip
    return _next(
        _("read what was found"),
        ngettext(
            "%(n)s vulnerability reaches this release and is not decided.",
            "%(n)s vulnerabilities reach this release and are not decided.", found,
        ) % {"n": found},
        f"{reverse('matching:findings')}?product={release.offering.number}",
        _("Read the findings"),
    )  # fmt: skip


def after_reading(request: HttpRequest, _subject: object) -> SafeString | None:
    """Say what to do once a feed was read."""
    viewer: Viewer = cast(Request, request).viewer
    if not Document.objects.exists():
        return None
    if not SBOM.objects.visible_to(viewer).exists():
        return _next(
            _("upload the SBOM of a release"),
            _("The feeds are compared with what is inside your releases."),
            reverse("inventory:products"),
            _("To the products"),
        )
    return _next(
        _("read what was found"),
        _("The feeds were compared with every SBOM."),
        reverse("matching:findings"),
        _("Read the findings"),
    )


def _next(title: str, why: str, href: str = "", action: str = "") -> SafeString:
    context = {"title": title, "why": why, "href": href, "action": action}
    return render_to_string("ui/next.html", context)


def fill() -> None:
    """Fill the slots; called once, at start-up."""
    slots.fill("release.next", after_upload)
    slots.fill("feeds.next", after_reading)
