"""A form sent twice acts once, and its second sending gets the first answer.

A form carries ``{% form_key %}``, a program the header ``Idempotency-Key`` (the IETF draft of that
name). The view then runs inside one transaction that begins by storing the key. So the key and what
the view did stand or fall together: a crash leaves neither, a refusal (status 400 and above) frees
the key and changes nothing, and of two sendings at the same moment the second waits for the first.

The answer is stored encrypted under the key itself, which stays with the sender: what a thief of
the database finds here tells nothing, not even the address of a finder's tracking page.

A view that commits in steps (a bulk load) must not carry a key; let its content decide instead.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from hikeshi.core.errors import Conflict, HikeshiError, gettext_noop
from hikeshi.ui.errors import error_response
from hikeshi.ui.models import Sent

FIELD: Final = "form_key"
HEADER: Final = "Idempotency-Key"
KEPT_FOR: Final = timedelta(days=2)
_WRITING: Final = {"POST", "PUT", "PATCH", "DELETE"}
_LONGEST_KEY: Final = 200
_LONGEST_BODY_BYTES: Final = 512 * 1024
_HEADERS: Final = ("Content-Type", "Location", "HX-Redirect", "HX-Location", "HX-Trigger")


def new_key() -> str:
    """Return a key that nobody can guess."""
    return secrets.token_urlsafe(18)


def forget_old(at: datetime) -> int:
    """Delete what nobody will repeat any more; return how many rows that were."""
    return Sent.objects.filter(sent_at__lt=at - KEPT_FOR).delete()[0]


class OnceMiddleware:
    """Run a view at most once for each key; stands last, next to the view."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """Answer in the view's place where a key came with the request."""
        key = _key_of(request)
        # The login library says “prove first who you are” by an exception that its own middleware
        # answers, which hears of no view that is run here. None of its forms carries a key.
        if not key or view.__module__.startswith("allauth."):
            return None
        try:
            return _answer_once(request, key, lambda: view(request, *args, **kwargs))
        except HikeshiError as error:
            # Errors raised here pass by ErrorMiddleware, which hears of views alone.
            return error_response(request, error)


def _key_of(request: HttpRequest) -> str:
    if request.method not in _WRITING:
        return ""
    key = request.headers.get(HEADER, "")
    if not key and request.method == "POST" and not _is_for_programs(request):
        key = request.POST.get(FIELD, "")
    return key if len(key) <= _LONGEST_KEY else ""


def _is_for_programs(request: HttpRequest) -> bool:
    """Tell whether the key can only stand in the header.

    Reading a form here would leave an operation of the API without its body.
    """
    route = request.resolver_match
    return request.content_type == "application/json" or (
        route is not None and "api" in route.namespaces
    )


def _answer_once(
    request: HttpRequest, key: str, act: Callable[[], HttpResponseBase]
) -> HttpResponseBase:
    digest, secret = _names(request, key)
    with transaction.atomic():
        try:
            with transaction.atomic():
                # A sending of the same key that is still under way makes this wait for its end.
                Sent.objects.create(digest=digest)
        except IntegrityError:
            return _repeated(request, digest, secret)
        answer = act()
        if answer.status_code >= 400 or answer.streaming:
            transaction.set_rollback(True)
            return answer
        if not getattr(answer, "is_rendered", True):
            answer.render()  # type: ignore[attr-defined]  # only template responses lack it
        Sent.objects.filter(digest=digest).update(answer=_seal(request, answer, secret))
    return answer


def _names(request: HttpRequest, key: str) -> tuple[str, bytes]:
    """Return the name under which a sending is stored and the key of its answer."""
    who = str(getattr(request.user, "pk", "")) + "|" + request.headers.get("Authorization", "")
    body = request.body if request.content_type == "application/json" else b""
    parts = [key, who, request.method or "", request.get_full_path()]
    said = orjson.dumps(parts) + hashlib.sha256(body).digest()
    return hashlib.sha256(b"sent" + said).hexdigest(), hashlib.sha256(b"answer" + said).digest()


def _seal(request: HttpRequest, answer: HttpResponseBase, secret: bytes) -> bytes:
    body = getattr(answer, "content", b"")
    whole = {
        "status": answer.status_code,
        "headers": {name: answer[name] for name in _HEADERS if answer.has_header(name)},
        "body": base64.b64encode(body).decode() if len(body) <= _LONGEST_BODY_BYTES else "",
        "messages": [
            [message.level, str(message.message), message.extra_tags or ""]
            for message in getattr(messages.get_messages(request), "_queued_messages", [])
        ],
    }
    nonce = secrets.token_bytes(12)
    return nonce + AESGCM(secret).encrypt(nonce, orjson.dumps(whole), None)


def _repeated(request: HttpRequest, digest: str, secret: bytes) -> HttpResponse:
    held = Sent.objects.filter(digest=digest).values_list("answer", flat=True).first()
    if not held:
        # Not reached while the key and the act share a transaction; said rather than assumed.
        raise Conflict(
            gettext_noop(
                "This was sent a moment ago and is still being worked on. Nothing is lost."
            )
        )
    held = bytes(held)
    whole = orjson.loads(AESGCM(secret).decrypt(held[:12], held[12:], None))
    answer = HttpResponse(base64.b64decode(whole["body"]), status=whole["status"])
    for name, value in whole["headers"].items():
        answer[name] = value
    _say_again(request, whole["messages"])
    return answer


def _say_again(request: HttpRequest, said: list[tuple[int, str, str]]) -> None:
    """Add the first answer's messages, unless that answer arrived and left them waiting."""
    storage = messages.get_messages(request)
    waiting = {str(message.message) for message in storage}
    if not isinstance(storage, list):
        storage.used = False  # looking is not showing
    for level, text, tags in said:
        if text not in waiting:
            messages.add_message(request, level, text, extra_tags=tags)
