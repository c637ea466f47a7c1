"""Put the viewer on each request and speak the person's language in their time zone."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from hikeshi.organisation.models import Account
from hikeshi.organisation.queries import viewer_of
from hikeshi.organisation.viewer import Viewer, anonymous


class ViewerMiddleware:
    """Set ``request.viewer``, weighed when it is first asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request as its viewer."""
        request.viewer = SimpleLazyObject(lambda: _viewer(request))  # type: ignore[attr-defined]
        account = request.user
        if isinstance(account, Account) and account.is_authenticated:
            translation.activate(account.language)
            request.LANGUAGE_CODE = translation.get_language() or account.language
            timezone.activate(ZoneInfo(account.zone))
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()


def _viewer(request: HttpRequest) -> Viewer:
    now = timezone.now()
    account = request.user
    if isinstance(account, Account) and account.is_authenticated:
        return viewer_of(account, now)
    return anonymous(now)
