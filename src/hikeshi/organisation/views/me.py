"""Pages about oneself: looks and language, API tokens; the rest of one's account is allauth's."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hikeshi.core.errors import HikeshiError
from hikeshi.organisation import people, tokens
from hikeshi.organisation.access import Request, account_of, confirmed, logged_in
from hikeshi.organisation.forms.fields import end_of
from hikeshi.organisation.forms.me import MeForm, TokenForm
from hikeshi.organisation.people import OWN_SETTINGS
from hikeshi.organisation.queries import own_appointments
from hikeshi.organisation.roles import Permission
from hikeshi.ui.errors import explain


@logged_in
@require_http_methods(["GET", "POST"])
def me(request: Request) -> HttpResponse:
    """Show and change how pages look and speak to oneself."""
    account = account_of(request)
    form = MeForm(request.POST or None, instance=account)
    if request.method == "POST" and form.is_valid():
        changes = {name: form.cleaned_data[name] for name in OWN_SETTINGS}
        people.change_own_settings(account=account, at=timezone.now(), **changes)
        translation.activate(changes["language"])
        messages.success(request, _("Saved."))
        return redirect("organisation:me")
    return render(
        request,
        "organisation/me.html",
        {"form": form, "held": own_appointments(request.viewer)},
    )


@logged_in
@require_GET
def token_list(request: Request) -> HttpResponse:
    """List one's API tokens."""
    held = tokens.tokens_of(account_of(request))[:200]
    return render(request, "organisation/tokens.html", {"tokens": held, "now": timezone.now()})


@logged_in
@confirmed
@never_cache
@require_http_methods(["GET", "POST"])
def token_add(request: Request) -> HttpResponse:
    """Make a token and show its text, this once."""
    account = account_of(request)
    form = TokenForm(request.POST or None, viewer=request.viewer)
    if request.method == "POST" and form.is_valid():
        try:
            token, text = tokens.issue_token(
                account=account,
                name=form.cleaned_data["name"],
                scopes=[Permission(scope) for scope in form.cleaned_data["scopes"]],
                at=timezone.now(),
                expires_at=end_of(form.cleaned_data["expires_on"], account.zone),
            )
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            return render(request, "organisation/token_made.html", {"token": token, "text": text})
    return render(request, "organisation/token_add.html", {"form": form})


@logged_in
@require_POST
def token_revoke(request: Request, uid: UUID) -> HttpResponse:
    """Make a token useless from now on."""
    account = account_of(request)
    token = tokens.token_by_uid(account, uid)
    tokens.revoke_token(token=token, by=account, at=timezone.now())
    messages.success(request, _("The token is revoked."))
    return redirect("organisation:tokens")
