"""The few pages that belong to no area."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import check_for_language
from django.views.decorators.http import require_GET, require_POST

from hikeshi.ui.language import save_language


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on: kept in the account, else in a cookie."""
    chosen = request.POST.get("language", "")
    target = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    response = redirect(target)
    if check_for_language(chosen) and chosen in dict(settings.LANGUAGES):
        save_language(request, response, chosen)
    return response


language.permission = None  # type: ignore[attr-defined]  # public: everybody reads a language


@require_GET
def more(request: HttpRequest) -> HttpResponse:
    """Show the whole menu, for phones."""
    return render(request, "ui/more.html")


more.permission = None  # type: ignore[attr-defined]  # public: the menu itself obeys the viewer
