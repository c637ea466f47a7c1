"""Refuse at the door what no view should have to look at: too large a body, NUL in the address.

1. Django keeps a form's files on disk before anybody has looked at them, and the check of the CSRF
   token reads the whole form: without this, whoever may not even log in could fill the disk.
2. A body ends where Content-Length says, whatever is sent behind it; one that comes in chunks and
   names no length is taken as empty.
3. What a route takes as a file is named here; the reader behind it has limits of its own.
4. PostgreSQL stores no text with a NUL and fails when it is asked for one; no honest address has
   one, so that views need not look.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from hikeshi.core.errors import HikeshiError, InputRefused, TooLarge, gettext_noop
from hikeshi.formats import sbom
from hikeshi.project.problems import API, problem
from hikeshi.triage import filing
from hikeshi.ui.errors import error_response, explain, status_of

_MB: Final = 1024 * 1024
# Beside the file a form has a few fields, and the lines between its parts.
_FORM_BYTES: Final = _MB
# By the beginning of the route.
FILES: Final = {
    "products/releases/<str:number>/sbom/": sbom.LIMIT_BYTES,
    "api/v1/releases/<uuid:uid>/sboms": sbom.LIMIT_BYTES,
    "cases/<str:number>/<str:act>/": filing.SIZE_LIMIT,
}


class DoorMiddleware:
    """Answer 413 to a body larger than its route takes, 422 to a NUL in an address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, without the cookies that hold a NUL: none of ours does."""
        for name in [name for name, value in request.COOKIES.items() if "\x00" in name + value]:
            del request.COOKIES[name]
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Look when the route is known, and before the form is read."""
        if "\x00" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return _refused(
                request,
                InputRefused(
                    gettext_noop(
                        "The address holds a NUL character, which no text may have. Remove it."
                    )
                ),
            )
        said = request.META.get("CONTENT_LENGTH") or "0"
        size = int(said) if said.isascii() and said.isdigit() else 0
        limit = self._limit(request)
        if size <= limit + _FORM_BYTES:
            return None
        error = TooLarge(
            gettext_noop(
                "What was sent has %(size)s MB; at most %(limit)s MB are taken here. "
                "Nothing was read. Send less at once."
            ),
            size=size // _MB, limit=limit // _MB,
        )  # fmt: skip
        return _refused(request, error)

    @staticmethod
    def _limit(request: HttpRequest) -> int:
        match = request.resolver_match
        form = request.content_type == "multipart/form-data"
        usual = int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        # Only a form brings a file; any other body is held in memory.
        return FILES.get(match.route, usual) if form and match is not None else usual


def _refused(request: HttpRequest, error: HikeshiError) -> HttpResponse:
    if request.path.startswith(API):
        return problem(request, status_of(error), explain(error), code=error.code)
    return error_response(request, error)
