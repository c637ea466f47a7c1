"""Pages for who is not in yet: the first set-up and the doors of one-time links."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from hikeshi.core.errors import HikeshiError, NotFound, gettext_noop
from hikeshi.organisation import people
from hikeshi.organisation.access import Request, public
from hikeshi.organisation.companies import suggested_prefix
from hikeshi.organisation.forms.company import SetupForm
from hikeshi.organisation.forms.me import WelcomeForm
from hikeshi.organisation.links import INVITATION, SETUP, link_from, take_link
from hikeshi.organisation.models import Account, Company
from hikeshi.organisation.setup import set_up, setup_link
from hikeshi.ui.errors import explain


@public
@require_GET
def setup_hint(request: Request) -> HttpResponse:
    """Say how the first set-up is reached, while no company exists."""
    if Company.objects.exists():
        return redirect("account_login")
    return render(request, "organisation/setup_hint.html")


@public
@never_cache
@require_http_methods(["GET", "POST"])
def setup(request: Request, secret: str) -> HttpResponse:
    """Found the first company and its first account: two minutes, one page."""
    now = timezone.now()
    if Company.objects.exists():
        return redirect("account_login")
    setup_link(secret, at=now)
    form = SetupForm(request.POST or None, initial={"zone": "Asia/Tokyo", "way": "password"})
    if request.method == "POST" and form.is_valid():
        entered = form.cleaned_data
        try:
            _company, account = set_up(
                secret=secret,
                name=form.names(),
                prefix=entered["number_prefix"] or suggested_prefix(form.names()),
                zone=entered["zone"],
                languages=entered["languages"],
                single_person=entered["single_person"],
                person_name=entered["person_name"],
                email=entered["email"],
                password=form.chosen_password(),
                language=translation.get_language() or "en",
                at=now,
            )
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            return _let_in(request, account, with_passkey=form.chosen_password() is None)
    return render(request, "organisation/setup.html", {"form": form})


@public
@never_cache
@require_http_methods(["GET", "POST"])
def link(request: Request, secret: str) -> HttpResponse:
    """Open the door of a login link or an invitation; only a press of the button uses it up.

    Mail scanners and previews open links by GET; they must not burn them.
    """
    now = timezone.now()
    found = link_from(secret, at=now)
    if found.purpose == SETUP or found.account is None:
        raise NotFound(
            gettext_noop("This link does not work any more. Ask for a new one where it came from.")
        )
    account = found.account
    if found.purpose == INVITATION:
        form = WelcomeForm(request.POST or None, account=account)
        if request.method == "POST" and form.is_valid():
            with transaction.atomic():
                take_link(secret, at=now)
                people.welcome(
                    account=account,
                    name=form.cleaned_data["person_name"],
                    password=form.chosen_password(),
                    language=translation.get_language() or account.language,
                    at=now,
                )
            return _let_in(request, account, with_passkey=form.chosen_password() is None)
        return render(request, "organisation/welcome.html", {"form": form, "account": account})
    if request.method == "POST":
        take_link(secret, at=now)
        return _let_in(request, account, with_passkey=False)
    return render(request, "organisation/login_link.html", {"account": account})


def _let_in(request: Request, account: Account, *, with_passkey: bool) -> HttpResponse:
    """Log in by allauth's own steps, so that a second factor is still asked for."""
    record_authentication(request, account, method="link", reauthenticated=True)
    target = reverse("mfa_add_webauthn") if with_passkey else "/"
    answer: HttpResponse = perform_login(request, Login(user=account, redirect_url=target))
    return answer
