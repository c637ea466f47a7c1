"""Ways in and the settings pages in a real browser: passkeys, and how each page looks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from hikeshi.ledger.models import Event
from hikeshi.organisation.links import LOGIN, SETUP, issue_link, link_path
from hikeshi.organisation.roles import Role
from tests.builders import firm, person

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)
# Each width, scheme and language once; the shell around is looked at in all ways elsewhere.
TWO: Any = ((1440, "light", "en"), (390, "dark", "ja"))
PASSWORD = "a-good-pass-phrase"  # what tests.builders.person sets


def with_authenticator(page: Page) -> None:
    """Give the browser a device that holds passkeys and says yes to its owner."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    tools.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )


def test_a_passkey_is_added_and_lets_in_without_a_password(open_page: Any) -> None:
    cache.clear()
    kazahaya = firm()
    page: Page = open_page(language="en")
    with_authenticator(page)
    page.goto(reverse("account_login"))
    page.locator("[name=login]").fill(kazahaya.admin.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button.btn-primary").click()
    page.wait_for_url(lambda address: "/account/" not in address)
    page.goto(reverse("mfa_add_webauthn"))
    if page.locator("[name=password]").count():
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("main form button.btn-primary").first.click()
    page.wait_for_selector("#mfa_webauthn_add")
    page.locator("[name=name]").fill("Laptop")
    page.locator("[name=passwordless]").check()
    page.locator("#mfa_webauthn_add").click()
    page.wait_for_url(lambda address: "/add/" not in address)
    key = Authenticator.objects.get(user=kazahaya.admin, type="webauthn")
    assert key.wrap().name == "Laptop"
    assert Event.objects.filter(name="account.factor_added").exists()
    page.context.clear_cookies()
    page.goto(reverse("account_login"))
    page.locator("#passkey_login").click()
    page.wait_for_url(lambda address: "/account/" not in address)
    page.goto(reverse("organisation:me"))
    assert kazahaya.admin.email in page.content()
    assert Event.objects.filter(name="account.logged_in").count() == 2


def test_who_is_not_in_yet_finds_pages_fit_to_look_at(look: Any) -> None:
    cache.clear()
    _link, secret = issue_link(purpose=SETUP, at=timezone.now())
    look(reverse("organisation:setup-hint"), name="org-setup-hint", ways=TWO[:1])
    look(link_path(SETUP, secret), name="org-setup", ways=TWO)
    kazahaya = firm()
    _link, secret = issue_link(purpose=LOGIN, account=kazahaya.admin, at=timezone.now())
    look(link_path(LOGIN, secret), name="org-login-link", ways=TWO)
    look(reverse("account_login"), name="org-login", ways=TWO)
    look(reverse("account_reset_password"), name="org-reset", ways=TWO)


def test_account_people_and_unit_pages_are_fit_to_look_at(look: Any) -> None:
    kazahaya = firm()
    until = timezone.now() + timedelta(days=9)
    guest = person("lab@lab.example", kazahaya.company, Role.GUEST, until=until)
    for route, values in (
        ("organisation:me", {}),
        ("usersessions_list", {}),
        ("mfa_index", {}),
        ("organisation:tokens", {}),
        ("organisation:units", {}),
        ("organisation:unit", {"uid": kazahaya.network.uid}),
        ("organisation:people", {}),
        ("organisation:invite", {}),
        ("organisation:person", {"uid": guest.uid}),
        ("organisation:company", {}),
        ("organisation:company-import", {}),
    ):
        address = reverse(route, kwargs=values)
        look(address, as_=kazahaya.admin, name="org-" + route.rpartition(":")[2], ways=TWO)
