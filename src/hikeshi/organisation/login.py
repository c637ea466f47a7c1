"""Login by allauth, fitted to our house: no open sign-up, ended accounts, mail by the outbox.

What a person does to the ways in (a password, a passkey, a code) is put on record and told them by
mail, since it is how a stolen session would try to stay.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, cast

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from hikeshi.organisation import journal
from hikeshi.organisation.links import INVITATION, withdraw_links
from hikeshi.organisation.models import Account
from hikeshi.organisation.queries import company_of

# allauth's name of the note → our event.
_EVENTS: Final = {
    "account/email/password_reset": "account.password_changed",
    "account/email/password_changed": "account.password_changed",
    "account/email/password_set": "account.password_changed",
    "mfa/email/totp_activated": "account.factor_added",
    "mfa/email/totp_deactivated": "account.factor_removed",
    "mfa/email/webauthn_added": "account.factor_added",
    "mfa/email/webauthn_removed": "account.factor_removed",
    "mfa/email/recovery_codes_generated": "account.factor_added",
}


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """What allauth asks of us about accounts."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: accounts come from the first set-up and from invitations."""
        return False

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """Stop who is disabled, or whose account has ended (R178)."""
        account = cast(Account, user)
        if account.expires_at is not None and account.expires_at <= timezone.now():
            return cast(HttpResponse, self.respond_user_inactive(request, account))
        return cast(HttpResponse | None, super().pre_login(request, user, **kwargs))

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        """Put the login on record."""
        now = timezone.now()
        with transaction.atomic():
            Account.objects.filter(pk=user.pk).update(last_seen_at=now)
            # Whoever is in needs no invitation; a forgotten one must not open the account later.
            withdraw_links(purpose=INVITATION, account=user, at=now)
            journal.record("account.logged_in", subject=user, by=user, at=now)
        return cast(HttpResponse, super().post_login(request, user, **kwargs))

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """Queue the mail; its link is made when it is sent, so that no stored row holds it."""
        now = timezone.now()
        with transaction.atomic():
            journal.record("account.reset_asked", subject=user, by=None, at=now)
            _write_to(user, "account.password_reset", at=now)

    def send_notification_mail(
        self,
        template_prefix: str,
        user: Any,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        """Put a change of the ways in on record and tell the person."""
        name = _EVENTS[template_prefix]
        now = timezone.now()
        what = template_prefix.rpartition("/")[2]
        # allauth has one name for the mail that asks and for the note that it was done.
        kind = "account.password_was_reset" if what == "password_reset" else f"account.{what}"
        with transaction.atomic():
            journal.record(name, subject=user, by=user, at=now, after={"what": what})
            _write_to(user, kind, at=now)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Refuse mail that would go around the outbox; no flow of ours asks for it."""
        raise NotImplementedError(template_prefix)


def _write_to(account: Account, kind: str, *, at: datetime) -> None:
    company = company_of(account)
    if company is not None:
        journal.post(
            kind, key=f"{kind}/{account.uid}/{at.isoformat()}", company=company,
            realm=account.realm, at=at, account=account.pk,
        )  # fmt: skip
