"""The few pages that belong to no area."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_GET, require_POST

from hikeshi.ui.appearance import CHOICES, save_appearance
from hikeshi.ui.keys import GROUPS
from hikeshi.ui.language import save_language


def _back(request: HttpRequest) -> HttpResponse:
    """Send the reader back to where the form stood, never to another host."""
    target = request.POST.get("next", "/")
    ours = url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()})
    # Not redirect(): that takes a word without a slash for the name of a page.
    return HttpResponseRedirect(target if ours and target.startswith("/") else "/")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on: kept in the account, else in a cookie."""
    chosen = request.POST.get("language", "")
    response = _back(request)
    if check_for_language(chosen) and chosen in dict(settings.LANGUAGES):
        save_language(request, response, chosen)
    return response


@require_POST
def appearance(request: HttpRequest) -> HttpResponse:
    """Look different from now on: kept in the account, else in a cookie."""
    response = _back(request)
    for name in CHOICES:
        save_appearance(request, response, name, request.POST.get(name, ""))
    return response


@require_GET
def keys(request: HttpRequest) -> HttpResponse:
    """List the keys of the keyboard; with script they show over the page instead."""
    return render(request, "ui/keys.html", {"groups": GROUPS})


@require_GET
def more(request: HttpRequest) -> HttpResponse:
    """Show the whole menu, for phones."""
    return render(request, "ui/more.html")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say that a form was too old, without the reason, which is for developers."""
    return render(request, "403_csrf.html", status=403)


# Public: everybody reads a language, and the menu itself obeys the viewer.
for _view in (language, appearance, keys, more):
    _view.permission = None  # type: ignore[attr-defined]  # functions take attributes
