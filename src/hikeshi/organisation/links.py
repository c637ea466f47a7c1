"""One-time links: who holds the link may pass one door, once, until a moment.

Links print on the console for the first set-up (``setup``) and for an operator (``login``), or go
by mail as invitations. The secret has 256 random bits and is kept as a digest only.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.organisation import journal
from hikeshi.organisation.models import Account, Company, OneTimeLink
from hikeshi.organisation.queries import administrators

SETUP: Final = OneTimeLink.Purpose.SETUP
LOGIN: Final = OneTimeLink.Purpose.LOGIN
INVITATION: Final = OneTimeLink.Purpose.INVITATION
LASTS: Final = {
    SETUP: timedelta(days=7),
    LOGIN: timedelta(hours=1),
    INVITATION: timedelta(days=7),
}


def running_links(at: datetime) -> QuerySet[OneTimeLink]:
    """Select the links that still open their door."""
    return OneTimeLink.objects.filter(
        used_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=at
    )


def issue_link(
    *,
    purpose: OneTimeLink.Purpose,
    at: datetime,
    account: Account | None = None,
    by: Account | None = None,
    lasts: timedelta | None = None,
) -> tuple[OneTimeLink, str]:
    """Make a link and return it with its secret; older links to the same door stop working."""
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        withdraw_links(purpose=purpose, account=account, at=at)
        link = OneTimeLink.objects.create(
            purpose=purpose,
            account=account,
            digest=_digest(secret),
            made_by=by,
            created_at=at,
            expires_at=at + (lasts or LASTS[purpose]),
        )
    return link, secret


def withdraw_links(*, purpose: OneTimeLink.Purpose, account: Account | None, at: datetime) -> int:
    """Stop all running links to one door; return how many there were."""
    return running_links(at).filter(purpose=purpose, account=account).update(withdrawn_at=at)


def renew_secret(link: OneTimeLink) -> str:
    """Give an unused link a new secret, because its mail is made now; the old one stops working."""
    secret = secrets.token_urlsafe(32)
    OneTimeLink.objects.filter(pk=link.pk, used_at__isnull=True).update(digest=_digest(secret))
    return secret


def link_from(secret: str, *, at: datetime) -> OneTimeLink:
    """Return the running link of this secret, leaving it unused.

    Raises NotFound for a secret that never was, was used, was withdrawn or is too old: all alike.
    """
    found = running_links(at).filter(digest=_digest(secret)).select_related("account").first()
    if found is None:
        raise _gone()
    return found


def take_link(secret: str, *, at: datetime) -> OneTimeLink:
    """Use a link up; of two who come at once one gets through.

    Call it inside the transaction of what the door is opened for. Raises NotFound as above.
    """
    link = link_from(secret, at=at)
    if not running_links(at).filter(pk=link.pk).update(used_at=at):
        raise _gone()
    link.used_at = at
    return link


def first_link(*, at: datetime) -> tuple[OneTimeLink.Purpose, str]:
    """Make the link that ``hikeshi serve`` prints: set-up when no company exists, else a login.

    The login is of the administrator whose account is oldest. Returns the purpose and the secret.
    Raises NotFound when a company has no administrator left.
    """
    if not Company.objects.exists():
        return SETUP, issue_link(purpose=SETUP, at=at)[1]
    administrator = able_to_log_in(at).filter(pk__in=administrators(at)).order_by("pk").first()
    if administrator is None:
        raise NotFound(gettext_noop("No company has an administrator; appoint one first."))
    return LOGIN, issue_link(purpose=LOGIN, account=administrator, at=at)[1]


def operators_link(*, email: str, at: datetime) -> tuple[OneTimeLink.Purpose, str]:
    """Make the link of ``hikeshi link``: as ``first_link``, or a login of the person named.

    It goes on record, since whoever opens it is that person to the program.
    Raises NotFound for an address that nobody who may log in has.
    """
    with transaction.atomic():
        if not email:
            purpose, secret = first_link(at=at)
            if purpose == SETUP:
                return purpose, secret
            account = link_from(secret, at=at).account
        else:
            account = able_to_log_in(at).filter(email=email.strip().lower()).first()
            if account is None:
                raise NotFound(
                    gettext_noop("No person who may log in has the address %(email)s."),
                    email=email,
                )
            purpose, secret = LOGIN, issue_link(purpose=LOGIN, account=account, at=at)[1]
        journal.record("account.link_made", subject=account, by=None, at=at)
    return purpose, secret


def able_to_log_in(at: datetime) -> QuerySet[Account]:
    """Select the accounts that are neither disabled nor ended."""
    return Account.objects.filter(is_active=True).filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=at)
    )


def link_path(purpose: OneTimeLink.Purpose, secret: str) -> str:
    """Return the address of a link below the site's own."""
    return f"/setup/{secret}/" if purpose == SETUP else f"/link/{secret}/"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _gone() -> NotFound:
    return NotFound(
        gettext_noop("This link does not work any more. Ask for a new one where it came from.")
    )
