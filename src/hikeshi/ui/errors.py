"""Say an error to a person: in their language, with its status, as a page or a part of one."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext

from hikeshi.core import errors

STATUS: Final[list[tuple[type[errors.HikeshiError], int]]] = [
    (errors.NotFound, 404),
    (errors.NotAllowed, 403),
    (errors.Conflict, 409),
    (errors.TooLarge, 413),
    (errors.InputRefused, 422),
    (errors.NotAvailable, 503),
]

_ONLY_FORMS: Final = errors.gettext_noop(
    "There is no page here: this address only takes what a form sends. Go back and open the page"
    " again."
)


def status_of(error: errors.HikeshiError) -> int:
    """Return the HTTP status of an error; 400 for one of no known kind."""
    return next((status for kind, status in STATUS if isinstance(error, kind)), 400)


def explain(error: errors.HikeshiError) -> str:
    """Return the error's sentence in the reader's language, its places filled in."""
    sentence = gettext(error.sentence)
    facts = {
        name: gettext(str(fact)) if isinstance(fact, errors.Term) else fact
        for name, fact in error.facts.items()
    }
    return sentence % facts if facts else sentence


class ErrorMiddleware:
    """Turn a HikeshiError that a view lets through into an answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request; an address that only takes forms says so to who opens it."""
        answer = self.get_response(request)
        if answer.status_code != HTTPStatus.METHOD_NOT_ALLOWED or answer.content:
            return answer
        context = {"said": gettext(_ONLY_FORMS), "status": answer.status_code}
        page = render(request, "ui/error.html", context, status=answer.status_code)
        page["Allow"] = answer["Allow"]
        return page

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer for an error of ours; others stay what they are."""
        if not isinstance(error, errors.HikeshiError):
            return None
        return error_response(request, error)


def error_response(request: HttpRequest, error: errors.HikeshiError) -> HttpResponse:
    """Render an error as a page, or as the message alone where htmx replaces a part."""
    htmx = bool(getattr(request, "htmx", False))
    template = "ui/error_part.html" if htmx else "ui/error.html"
    status = status_of(error)
    if isinstance(error, errors.NotFound) and not htmx:
        # What does not exist and what is hidden look the same, down to the sentence.
        return render(request, "404.html", {"said": explain(error)}, status=404)
    answer = render(request, template, {"said": explain(error), "status": status}, status=status)
    if htmx:
        # The message goes where messages stand; the part that asked keeps what is in it.
        answer["HX-Retarget"] = "#messages"
        answer["HX-Reswap"] = "innerHTML show:window:top"
    return answer
