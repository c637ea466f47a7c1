"""Where a reader's language is kept: in the account, else in a cookie, else ``?lang=`` decides."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse
from django.utils import translation


def save_language(request: HttpRequest, response: HttpResponse, chosen: str) -> None:
    """Keep the chosen language where the reader's next request finds it."""
    account = request.user
    if account.is_authenticated and hasattr(account, "language"):
        get_user_model().objects.filter(pk=account.pk).update(language=chosen)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, chosen, max_age=365 * 86400, samesite="Lax", httponly=True
    )


class AskedLanguageMiddleware:
    """Let ``?lang=ja`` decide on pages for outsiders, where no cookie may be set."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer in the asked language."""
        asked = request.GET.get("lang", "")
        if asked in dict(settings.LANGUAGES):
            translation.activate(asked)
            request.LANGUAGE_CODE = asked
        return self.get_response(request)
