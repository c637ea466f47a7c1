"""Mail as a kind of outbox message: an area says what it reads, this file adds who sends it.

    @mails("finder.receipt")
    def receipt(message: OutboxMessage) -> Mail: ...

The handler makes the mail from ``message.ids`` when it is sent. The subject of a mail about walled
matter holds a number only (docs/developer/pages.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from django.conf import settings
from django.utils import timezone

from hikeshi.ledger.models import OutboxMessage
from hikeshi.ledger.outbox import Later, Refused, message_id_of, sends
from hikeshi.organisation.models import REPLY_PLACE
from hikeshi.organisation.queries import text_in
from hikeshi.remote.mail import (
    Attachment,
    Letter,
    MailDelayed,
    MailNotSetUp,
    MailRefused,
    SMTPSender,
)

__all__ = ["Attachment", "Mail", "mails"]


@dataclass(frozen=True, slots=True)
class Mail:
    """What an area has to say, in one reader's language.

    to: (name, address). language: names the company in the reader's language.
    fallbacks: further addresses of the same reader, written to in turn while the server refuses
    for good the ones before. in_reply_to: Message-IDs of the thread, oldest first.
    """

    to: tuple[tuple[str, str], ...]
    subject: str
    text: str
    language: str
    html: str | None = None
    fallbacks: tuple[str, ...] = ()
    in_reply_to: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()


MailMaker = Callable[[OutboxMessage], Mail]

MAKERS: Final[dict[str, MailMaker]] = {}


def mails(name: str, *, title: str = "") -> Callable[[MailMaker], MailMaker]:
    """Declare a function as the maker of a kind of mail; title: what it is, for people."""

    def declare(maker: MailMaker) -> MailMaker:
        def handler(message: OutboxMessage) -> str:
            return _send(message, maker)

        handler.__qualname__ = f"mail {maker.__module__}.{maker.__qualname__}"
        sends(name, title=title)(handler)
        MAKERS[name] = maker
        return maker

    return declare


def letter_for(message: OutboxMessage, mail: Mail) -> Letter:
    """Put the company's name, addresses and the message's own id on a mail."""
    company = message.company
    sender = (company and company.mail_from) or settings.MAIL_FROM
    if not sender:
        raise Later("no sender address is set (HIKESHI_MAIL_FROM)", counts=False)
    return Letter(
        sender=(text_in(company.name, mail.language) if company else "", sender),
        to=mail.to,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        message_id=message_id_of(message),
        written_at=timezone.now(),
        reply_to=_reply_address(message),
        bounce=(company and company.mail_bounce) or sender,
        in_reply_to=mail.in_reply_to,
        attachments=mail.attachments,
    )


def _reply_address(message: OutboxMessage) -> str:
    """Return where an answer goes: the company's pattern with the message's uid for its token.

    The uid leads to the message and so to what it was about, and nobody else can guess it.
    """
    pattern = message.company.mail_reply_token if message.company else ""
    return pattern.replace(REPLY_PLACE, message.uid.hex)


def _send(message: OutboxMessage, maker: MailMaker) -> str:
    if not settings.SMTP_URL:
        raise Later("no mail server is set (HIKESHI_SMTP_URL)", counts=False)
    mail = maker(message)
    name = mail.to[0][0] if mail.to else ""
    refusal: MailRefused | None = None
    for to in (mail.to, *(((name, address),) for address in mail.fallbacks)):
        letter = letter_for(message, replace(mail, to=to))
        try:
            return SMTPSender(settings.SMTP_URL, ca_file=settings.SMTP_CA).send(letter)
        except MailNotSetUp as error:
            raise Later(str(error), counts=False) from error
        except MailDelayed as error:
            raise Later(str(error)) from error
        except MailRefused as error:
            refusal = error
    raise Refused(str(refusal)) from refusal
