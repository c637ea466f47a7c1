"""The first steps after the set-up: what to do next, with what is done already, on Today.

A step shows to who may do it. The list goes by itself when all is done, or when its reader puts it
away; then a button calls it back.
"""

from __future__ import annotations

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hikeshi.intelligence.models import Document
from hikeshi.inventory.models import SBOM, Offering, Release
from hikeshi.organisation.models import Company
from hikeshi.organisation.queries import companies_of, people_of
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Step:
    """One step. href: where it is done; "" where only a command does it (yet)."""

    what: str | Promise
    why: str | Promise
    href: str
    done: bool


def first_steps(viewer: Viewer, *, also_hidden: bool = False) -> list[Step]:
    """Return the steps that the viewer may take, in order; none when put away or all done."""
    account = viewer.account
    if account is None or (account.first_steps_hidden and not also_hidden):
        return []
    found = [
        *_inventory(viewer),
        *_feeds(viewer),
        *_company(viewer),
    ]
    if not found:
        return []
    found.append(
        Step(
            _("Add a passkey or an authenticator app to your account"),
            _("A password alone is not enough for what is kept here."),
            reverse("mfa_index"),
            Authenticator.objects.filter(user=account).exists(),
        )
    )
    return [] if all(step.done for step in found) else found


def _inventory(viewer: Viewer) -> list[Step]:
    if not viewer.may_somewhere(Permission.INVENTORY_EDIT):
        return []
    # Where the SBOM goes: the newest release without a look at more.
    release = Release.objects.visible_to(viewer).order_by("-pk").first()
    return [
        Step(
            _("Add a product and a release of it"),
            _("Findings, cases and advisories all name releases of your products."),
            reverse("inventory:product_new"),
            release is not None or Offering.objects.visible_to(viewer).exists(),
        ),
        Step(
            _("Upload the SBOM of a release"),
            _("CycloneDX or SPDX: it tells what is inside, so that findings come by themselves."),
            reverse("inventory:upload", args=[release.number])
            if release
            else reverse("inventory:products"),
            SBOM.objects.visible_to(viewer).exists(),
        ),
    ]


def _feeds(viewer: Viewer) -> list[Step]:
    if not viewer.may_somewhere(Permission.FEED_MANAGE):
        return []
    return [
        Step(
            _("Read a vulnerability feed"),
            _("On the page of feeds: fetch one now, or switch on its schedule."),
            _address("intelligence:feeds"),
            Document.objects.exists(),
        )
    ]


def _company(viewer: Viewer) -> list[Step]:
    steps = []
    own = list(companies_of(viewer))
    if viewer.may_somewhere(Permission.PEOPLE_MANAGE) and not _is_alone(own):
        steps.append(
            Step(
                _("Invite the people you work with"),
                _("Each gets a link by mail and the rights of the role you choose."),
                reverse("organisation:invite"),
                people_of(viewer).order_by()[:2].count() > 1,
            )
        )
    if viewer.may_somewhere(Permission.ORGANISATION_MANAGE):
        steps.append(
            Step(
                _("Say where finders reach you"),
                _("The host name of the public pages and the mail address you write from."),
                reverse("organisation:company"),
                any(company.host and company.mail_from for company in own),
            )
        )
    return steps


def _is_alone(own: list[Company]) -> bool:
    return all(company.single_person for company in own)


def _address(route: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""
