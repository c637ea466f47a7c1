"""Tags of the settings pages."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Any

from django import template
from django.template.context import Context
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.forms.units import shown_kind
from hikeshi.organisation.models import TeamType
from hikeshi.organisation.roles import PERMISSION_WORDS, ROLE_WORDS, Permission, Role

register = template.Library()


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab: its address by name, its word, the right it needs (None: an account)."""

    route: str
    label: str | Promise
    permission: Permission | None = None
    also: str = ""


TABS = (
    Tab("organisation:me", _("Me")),
    Tab("mfa_index", _("Ways in"), also="/account/password/"),
    Tab("usersessions_list", _("Sessions")),
    Tab("organisation:tokens", _("API tokens")),
    Tab("records:views", _("Saved views")),
    Tab("organisation:units", _("Organisation"), Permission.VIEW),
    Tab("organisation:people", _("People"), Permission.VIEW),
    Tab("organisation:company", _("Company"), Permission.ORGANISATION_MANAGE),
    Tab("ledger:jobs", _("Jobs"), Permission.ORGANISATION_MANAGE, also="/settings/outbox/"),
    Tab("records:audit", _("Audit log"), Permission.AUDIT_READ),
    Tab("records:retention", _("Retention"), Permission.CASE_LEAD),
)


@register.inclusion_tag("organisation/tabs.html", takes_context=True)
def settings_tabs(context: Context) -> dict[str, Any]:
    """Draw the tabs of Settings that this viewer has."""
    request = context["request"]
    shown = []
    for tab in TABS:
        if tab.permission is not None and not request.viewer.may_somewhere(tab.permission):
            continue
        url = reverse(tab.route)
        own = request.path == url or (url != "/settings/" and request.path.startswith(url))
        current = own or bool(tab.also and request.path.startswith(tab.also))
        shown.append({"url": url, "label": tab.label, "current": current})
    return {"tabs": shown}


@register.inclusion_tag("organisation/passkey_hint.html", takes_context=True)
def passkey_hint(context: Context) -> dict[str, Any]:
    """Say where passkeys work when this address is a bare IP address, which cannot hold any."""
    request = context["request"]
    host, _colon, port = request.get_host().rpartition(":")
    if not host or "]" in port:
        host, port = request.get_host(), ""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return {"is_address": False}
    local = f"{request.scheme}://localhost{':' + port if port else ''}{request.path}"
    return {"is_address": True, "local": local if address.is_loopback else ""}


_BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


@register.filter
def browser(user_agent: str) -> str:
    """Name the browser and system of a user agent, else its first words."""
    named = [
        next((name for mark, name in table if mark in user_agent), "")
        for table in (_BROWSERS, _SYSTEMS)
    ]
    return " · ".join(name for name in named if name) or user_agent[:40]


@register.filter
def role_word(role: str) -> str | Promise:
    """Return the word for a role."""
    return ROLE_WORDS[Role(role)]


@register.filter
def permission_word(permission: str) -> str | Promise:
    """Return the word for a right."""
    return PERMISSION_WORDS[Permission(permission)]


@register.filter
def team_word(team_type: str) -> str:
    """Write the kind of a team as the trade does: PSIRT; a name of one's own stays as it is."""
    return dict(TeamType.choices).get(team_type.lower(), team_type)


@register.filter
def kind_word(kind: str) -> str:
    """Write the kind of a unit in the reader's language where it is one of ours, else as given."""
    return shown_kind(kind)
