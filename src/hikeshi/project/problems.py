"""Errors of the API as problem details, in the caller's language (RFC 9457).

``type`` points at the API's own reference page, ``title`` is the kind of error, ``detail`` the
sentence with its facts; ``errors`` names each refused field by JSON pointer (RFC 6901).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext
from ninja import NinjaAPI, Schema
from ninja.errors import AuthenticationError, HttpError, Throttled, ValidationError
from pydantic import Field

from hikeshi.core.errors import HikeshiError, gettext_noop
from hikeshi.ui.errors import explain, status_of

CONTENT_TYPE: Final = "application/problem+json"
API: Final = "/api/v1/"


class FieldProblem(Schema):
    """One field that was refused, and why."""

    pointer: str = Field(description="Where: `body`, `query` or `path`, then the field.")
    detail: str


class Problem(Schema):
    """An error as RFC 9457 lays down."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str = Field(description="The kind of error for programs; `title` says it for people.")
    errors: list[FieldProblem] = []


TITLES: Final[Mapping[int, str]] = {
    400: gettext_noop("The request cannot be read"),
    401: gettext_noop("Nobody is logged in"),
    403: gettext_noop("Not allowed"),
    404: gettext_noop("Not found"),
    405: gettext_noop("This address does not take this method"),
    409: gettext_noop("It does not fit the present state"),
    413: gettext_noop("Too large"),
    422: gettext_noop("Some values are refused"),
    429: gettext_noop("Too many requests"),
    500: gettext_noop("An error in the server"),
    503: gettext_noop("A part is missing"),
}
SENTENCES: Final[Mapping[int, str]] = {
    400: gettext_noop("The request could not be read; nothing was changed."),
    401: gettext_noop("Send a valid API token, or log in."),
    403: gettext_noop("You may not do this."),
    404: gettext_noop("There is nothing at this address, or nothing that you may see."),
    405: gettext_noop("Nothing was changed. The header “Allow” names the methods."),
    413: gettext_noop("The request is larger than this server takes; nothing was changed."),
    422: gettext_noop("Some values are refused; nothing was changed. See “errors”."),
    429: gettext_noop("Wait until the header “Retry-After” says, then send it again."),
    500: gettext_noop("The server failed; nothing was changed. Its operator finds it in the log."),
}
# pydantic's error types that a caller can meet, said in our words and in every language.
FIELD_SENTENCES: Final[Mapping[str, str]] = {
    "missing": gettext_noop("This is needed."),
    "extra_forbidden": gettext_noop("There is no such field."),
    "string_type": gettext_noop("This must be text."),
    "string_too_short": gettext_noop("Write at least %(min_length)s characters."),
    "string_too_long": gettext_noop("Write at most %(max_length)s characters."),
    "string_pattern_mismatch": gettext_noop("This does not have the right form."),
    "int_type": gettext_noop("This must be a whole number."),
    "int_parsing": gettext_noop("This must be a whole number."),
    "int_from_float": gettext_noop("This must be a whole number."),
    "bool_type": gettext_noop("This must be true or false."),
    "bool_parsing": gettext_noop("This must be true or false."),
    "list_type": gettext_noop("This must be a list."),
    "dict_type": gettext_noop("This must be an object."),
    "model_type": gettext_noop("This must be an object."),
    "model_attributes_type": gettext_noop("This must be an object."),
    "too_short": gettext_noop("There must be at least %(min_length)s."),
    "too_long": gettext_noop("There can be at most %(max_length)s."),
    "greater_than_equal": gettext_noop("This must be %(ge)s or more."),
    "less_than_equal": gettext_noop("This must be %(le)s or less."),
    "literal_error": gettext_noop("This must be one of: %(expected)s."),
    "enum": gettext_noop("This must be one of: %(expected)s."),
    "uuid_type": gettext_noop("This must be a UUID."),
    "uuid_parsing": gettext_noop("This must be a UUID."),
    "datetime_type": gettext_noop("This must be a moment, such as 2026-11-24T09:12:00+09:00."),
    "datetime_parsing": gettext_noop("This must be a moment, such as 2026-11-24T09:12:00+09:00."),
    "datetime_from_date_parsing": gettext_noop(
        "This must be a moment, such as 2026-11-24T09:12:00+09:00."
    ),
    "timezone_aware": gettext_noop("The moment needs a time zone, such as +09:00 or Z."),
    "date_type": gettext_noop("This must be a day, such as 2026-11-24."),
    "date_parsing": gettext_noop("This must be a day, such as 2026-11-24."),
    "date_from_datetime_parsing": gettext_noop("This must be a day, such as 2026-11-24."),
}


def problem(
    request: HttpRequest,
    status: int,
    detail: str = "",
    *,
    code: str = "",
    errors: list[dict[str, str]] | None = None,
) -> HttpResponse:
    """Build an answer of problem details; without a detail the status says the usual sentence."""
    phrase = HTTPStatus(status).phrase
    code = code or phrase.lower().replace(" ", "-")
    body = {
        "type": f"{API}docs#{code}",
        "title": gettext(TITLES[status]) if status in TITLES else phrase,
        "status": status,
        "detail": detail or (gettext(SENTENCES[status]) if status in SENTENCES else phrase),
        "instance": request.path,
        "code": code,
        "errors": errors or [],
    }
    return HttpResponse(orjson.dumps(body), status=status, content_type=CONTENT_TYPE)


def install_handlers(api: NinjaAPI) -> None:
    """Let an API answer every error it can meet with problem details."""
    handlers: dict[type[Exception], Callable[[HttpRequest, Any], HttpResponse]] = {
        HikeshiError: _ours,
        ValidationError: _refused_fields,
        AuthenticationError: _unknown,
        Throttled: _throttled,
        HttpError: lambda request, error: problem(request, error.status_code),
        Http404: lambda request, _error: problem(request, 404),
    }
    for kind, handler in handlers.items():
        api.add_exception_handler(kind, handler)


def _ours(request: HttpRequest, error: HikeshiError) -> HttpResponse:
    return problem(request, status_of(error), explain(error), code=error.code)


def _unknown(request: HttpRequest, _error: AuthenticationError) -> HttpResponse:
    answer = problem(request, 401)
    answer["WWW-Authenticate"] = 'Bearer realm="hikeshi"'
    return answer


def _throttled(request: HttpRequest, error: Throttled) -> HttpResponse:
    answer = problem(request, 429)
    answer["Retry-After"] = str(math.ceil(error.wait or 1))
    return answer


def _refused_fields(request: HttpRequest, error: ValidationError) -> HttpResponse:
    refused = [
        {
            "pointer": "/" + "/".join(_pointer_part(part) for part in found["loc"]),
            "detail": _field_sentence(found),
        }
        for found in error.errors
    ]
    return problem(request, 422, code="input-refused", errors=refused)


def _pointer_part(part: object) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def _field_sentence(found: Mapping[str, Any]) -> str:
    sentence = FIELD_SENTENCES.get(found["type"])
    if sentence is None:
        return gettext("This value is refused.")
    filled: str = gettext(sentence) % found.get("ctx", {})
    return filled


class ProblemMiddleware:
    """Give the form of a problem to errors that arise outside the API's own operations.

    Such are an unknown address or method below /api/v1/ and a failure of the server.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        if not request.path.startswith(API):
            return self.get_response(request)
        if "%00" in request.META.get("QUERY_STRING", "") or "\x00" in request.path:
            # PostgreSQL stores no NUL, and no value of ours has one.
            return problem(request, 422)
        answer = self.get_response(request)
        if answer.status_code < 400 or answer["Content-Type"].startswith(CONTENT_TYPE):
            return answer
        said = problem(request, answer.status_code)
        for header in ("Allow", "Retry-After", "WWW-Authenticate"):
            if answer.has_header(header):
                said[header] = answer[header]
        return said
