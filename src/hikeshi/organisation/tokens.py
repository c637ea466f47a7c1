"""API tokens: made, shown once, looked up by their clear prefix, weighed by their digest.

A token reads ``hk_<prefix>_<secret>``: the fixed start lets secret scanners know it, the prefix
finds the row, and the secret has 256 random bits, so that a plain SHA-256 is digest enough.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from hikeshi.core.errors import AlreadyDone, InputRefused, NotFound, gettext_noop
from hikeshi.organisation import journal
from hikeshi.organisation.models import Account, APIToken
from hikeshi.organisation.roles import Permission

START: Final = "hk_"
LONGEST: Final = timedelta(days=366)
_SEEN_EVERY: Final = timedelta(minutes=1)


def issue_token(
    *,
    account: Account,
    name: str,
    scopes: Iterable[Permission],
    at: datetime,
    expires_at: datetime,
    by: Account | None = None,
) -> tuple[APIToken, str]:
    """Make a token for an account and return it with its text, which nobody can read again.

    scopes: what it may do at most; what its account may not do, it may not either.
    Raises InputRefused without a scope, or for an end that is past or more than a year away.
    """
    chosen = sorted({scope.value for scope in scopes})
    if not chosen:
        raise InputRefused(gettext_noop("Choose at least one right for the token."))
    if not at < expires_at <= at + LONGEST:
        raise InputRefused(gettext_noop("A token ends within a year; choose an earlier day."))
    prefix = secrets.token_hex(5)
    text = f"{START}{prefix}_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        token = APIToken.objects.create(
            account=account, name=name.strip(), prefix=prefix, digest=_digest(text),
            scopes=chosen, created_at=at, expires_at=expires_at,
        )  # fmt: skip
        journal.record(
            "token.issued",
            subject=token,
            by=by or account,
            at=at,
            after={"name": token.name, "scopes": chosen, "expires_at": expires_at.isoformat()},
        )
    return token, text


def revoke_token(*, token: APIToken, by: Account, at: datetime) -> None:
    """Make a token useless from now on; its row stays.

    Raises AlreadyDone when it was revoked before.
    """
    with transaction.atomic():
        revoked = APIToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(
            revoked_at=at
        )
        if not revoked:
            raise AlreadyDone(gettext_noop("This token was revoked before."))
        journal.record("token.revoked", subject=token, by=by, at=at)


def token_from(text: str, *, at: datetime) -> APIToken | None:
    """Return the token that this text is, None for a wrong, ended or revoked one."""
    if not text.startswith(START) or len(text) > 80 or not text.isascii():
        return None
    prefix = text.removeprefix(START).partition("_")[0]
    token = (
        APIToken.objects.filter(prefix=prefix, revoked_at__isnull=True)
        .select_related("account")
        .first()
    )
    if token is None or not hmac.compare_digest(bytes(token.digest), _digest(text)):
        return None
    if token.expires_at is not None and token.expires_at <= at:
        return None
    _mark_used(token, at)
    return token


def tokens_of(account: Account) -> QuerySet[APIToken]:
    """Select an account's tokens, newest first."""
    return APIToken.objects.filter(account=account).order_by("-created_at", "-pk")


def token_by_uid(account: Account, uid: UUID) -> APIToken:
    """Return one token of an account. Raises NotFound for others'."""
    token = APIToken.objects.filter(account=account, uid=uid).select_related("account").first()
    if token is None:
        raise NotFound(gettext_noop("There is no such token."))
    return token


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _mark_used(token: APIToken, at: datetime) -> None:
    # At most one write a minute: a busy token must not make every read of the API a write.
    stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=at - _SEEN_EVERY)
    APIToken.objects.filter(stale, pk=token.pk).update(last_used_at=at)
