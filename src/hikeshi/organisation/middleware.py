"""Put the viewer on each request and speak the person's language in their time zone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from allauth.usersessions.models import UserSession
from django.core.cache import caches
from django.db import OperationalError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from hikeshi.organisation.models import Account
from hikeshi.organisation.queries import viewer_of
from hikeshi.organisation.viewer import Viewer, anonymous

SEEN_EVERY: Final = timedelta(minutes=5)
log = structlog.get_logger(__name__)


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
        session = request.session.session_key
        try:
            answer = self.get_response(request)
        finally:
            timezone.deactivate()
        if session and isinstance(account, Account) and account.is_authenticated:
            note_seen(account, session, timezone.now())
        return answer


def note_seen(account: Account, session: str, at: datetime) -> None:
    """Keep the moment at which a person was last seen, and in which browser.

    At most one write in five minutes for a session, however many requests and processes there are:
    else every read would be a write. A database that is busy is not waited for twice.
    """
    if account.last_login is not None and at - account.last_login < SEEN_EVERY:
        return
    if not caches["memory"].add(f"seen/{session}", True, SEEN_EVERY.total_seconds()):
        return
    before = at - SEEN_EVERY
    try:
        UserSession.objects.filter(session_key=session, last_seen_at__lt=before).update(
            last_seen_at=at
        )
        Account.objects.filter(
            Q(last_seen_at__isnull=True) | Q(last_seen_at__lt=before), pk=account.pk
        ).update(last_seen_at=at)
    except OperationalError:
        log.warning("account.seen_not_noted")


def _viewer(request: HttpRequest) -> Viewer:
    now = timezone.now()
    account = request.user
    if isinstance(account, Account) and account.is_authenticated:
        return viewer_of(account, now)
    return anonymous(now)
