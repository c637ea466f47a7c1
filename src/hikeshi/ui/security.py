"""What a page may load and do, and who may keep a copy of it (THREAT_MODEL.md).

Nothing inline, nothing from elsewhere: a text that slips through escaping still runs no script
(docs/adr/0018). No browser or proxy keeps an answer that does not say it may: after a log-out the
back button shows no case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
# Nothing here needs a camera or a place; passkeys do need the two named last.
FEATURES: Final = (
    "camera=(), geolocation=(), microphone=(), payment=(), usb=(), "
    "publickey-credentials-create=(self), publickey-credentials-get=(self)"
)


class PolicyMiddleware:
    """Put the policy on every answer that does not carry a narrower one of its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request under the policy."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", FEATURES)
        # Public pages and files of the program say themselves how long they keep.
        response.headers.setdefault("Cache-Control", "no-store")
        return response
