"""Mails about accounts. Their causes lie in ``organisation``, below the outbox, so they are here.

A link goes into a mail when the mail is made: no row ever holds it, and a second try makes a new
one and ends the first.
"""

from __future__ import annotations

from typing import Final

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from hikeshi.core.errors import gettext_noop
from hikeshi.ledger.mailing import Mail, mails
from hikeshi.ledger.models import OutboxMessage
from hikeshi.ledger.outbox import NothingToSend
from hikeshi.organisation.links import INVITATION, LASTS, link_path, renew_secret, running_links
from hikeshi.organisation.models import Account
from hikeshi.organisation.queries import text_in

NOTICES: Final[dict[str, str | Promise]] = {
    "password_reset": gettext_lazy("A new password was set."),
    "password_changed": gettext_lazy("The password was changed."),
    "password_set": gettext_lazy("A password was set."),
    "totp_activated": gettext_lazy("An authenticator app was added."),
    "totp_deactivated": gettext_lazy("The authenticator app was removed."),
    "webauthn_added": gettext_lazy("A passkey was added."),
    "webauthn_removed": gettext_lazy("A passkey was removed."),
    "recovery_codes_generated": gettext_lazy("New recovery codes were made."),
}


def _account(message: OutboxMessage) -> Account:
    account = Account.objects.filter(pk=message.ids["account"], is_active=True).first()
    if account is None:
        raise NothingToSend
    return account


def _letter(account: Account, subject: str, *paragraphs: str) -> Mail:
    said = [_("Dear %(name)s,") % {"name": account.name}, *paragraphs]
    return Mail(
        to=((account.name, account.email),),
        subject=subject,
        text="\n\n".join(said) + "\n",
        language=account.language,
    )


@mails("account.invitation", title=gettext_noop("Invitation"))
def invitation(message: OutboxMessage) -> Mail:
    """Write to somebody who was invited."""
    link = (
        running_links(timezone.now())
        .filter(pk=message.ids["link"], purpose=INVITATION)
        .select_related("account", "made_by")
        .first()
    )
    if link is None or link.account is None or not link.account.is_active:
        raise NothingToSend
    account = link.account
    secret = renew_secret(link)
    with translation.override(account.language):
        company = text_in(message.company.name, account.language) if message.company else "Hikeshi"
        facts = {
            "company": company,
            "by": link.made_by.name if link.made_by else company,
            "days": LASTS[INVITATION].days,
            "url": settings.BASE_URL + link_path(INVITATION, secret),
        }
        return _letter(
            account,
            _("Invitation to the PSIRT of %(company)s") % facts,
            _("%(by)s has invited you to work with the PSIRT of %(company)s in Hikeshi.") % facts,
            _("This link works once, within %(days)s days:") % facts + f"\n{facts['url']}",
            _("If you do not know why you get this mail, do nothing."),
        )


@mails("account.password_reset", title=gettext_noop("Link to set a new password"))
def password_reset(message: OutboxMessage) -> Mail:
    """Write to somebody who has forgotten the password."""
    account = _account(message)
    key = f"{user_pk_to_url_str(account)}-{default_token_generator.make_token(account)}"
    uid, _dash, token = key.partition("-")
    path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
    with translation.override(account.language):
        return _letter(
            account,
            _("Set a new password"),
            _("Somebody, you we hope, wants to set a new password for your account in Hikeshi."),
            _("This link works once:") + f"\n{settings.BASE_URL}{path}",
            _("If it was not you, do nothing; your password stays as it is."),
        )


def _declare_notice(what: str) -> None:
    name = f"account.{what}" if what != "password_reset" else "account.password_was_reset"

    @mails(name, title=gettext_noop("Notice about somebody's way to log in"))
    def notice(message: OutboxMessage) -> Mail:
        account = _account(message)
        with translation.override(account.language):
            said = str(NOTICES[what])
            return _letter(
                account,
                said,
                said,
                _(
                    "If it was not you, set a new password at once and tell the administrator: "
                    "%(url)s"
                )
                % {"url": settings.BASE_URL + reverse("account_reset_password")},
            )

    # Two notices come from one function; the outbox tells senders apart by their names.
    notice.__qualname__ = f"notice.{what}"


for _what in NOTICES:
    _declare_notice(_what)
