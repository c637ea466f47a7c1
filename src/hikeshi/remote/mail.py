"""Send mail: a letter as a value, and one class that speaks SMTP.

The server is named by a URL:

    smtp://user:password@mail.example:587     STARTTLS, certificate checked
    smtps://user:password@mail.example:465    TLS from the start
    smtp+plain://127.0.0.1:25                 no TLS: for a relay on this machine

Replies of 5xx are final (``MailRefused``), everything else may pass (``MailDelayed``), as RFC 5321
section 4.2.1 has it. What only whoever set the server up can mend (``MailNotSetUp``) is neither: no
letter is to blame for a wrong password. Errors carry the reply's numbers and not its text, which
quotes addresses.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Final
from urllib.parse import unquote, urlsplit

from hikeshi.core.errors import InputRefused, NotAvailable, gettext_noop

TIMEOUT_SECONDS: Final = 30
PORTS: Final = {"smtp": 587, "smtps": 465, "smtp+plain": 25}


class MailDelayed(NotAvailable):
    """The mail could not be handed over now; it may be later."""

    code = "mail-delayed"


class MailNotSetUp(MailDelayed):
    """No mail can be handed over until an operator changes a setting."""

    code = "mail-not-set-up"


class MailRefused(InputRefused):
    """The mail server will never take this mail."""

    code = "mail-refused"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file beside the text. media_type: ``application/json``."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail before it is bytes.

    sender, to: (name, address). bounce: the envelope's sender, who hears of failures.
    message_id: with its angle brackets. html: beside the text, or None.
    in_reply_to: Message-IDs of the thread, oldest first.
    """

    sender: tuple[str, str]
    to: tuple[tuple[str, str], ...]
    subject: str
    text: str
    message_id: str
    written_at: datetime
    bounce: str = ""
    reply_to: str = ""
    html: str | None = None
    in_reply_to: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    headers: tuple[tuple[str, str], ...] = field(default=())


def compose(letter: Letter) -> EmailMessage:
    """Make the message of a letter, always in UTF-8.

    Raises MailRefused for an address or header that no mail can have.
    """
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = _address(*letter.sender)
        message["To"] = [_address(*to) for to in letter.to]
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(letter.written_at)
        message["Message-ID"] = letter.message_id
        if letter.reply_to:
            message["Reply-To"] = letter.reply_to
        if letter.in_reply_to:
            message["In-Reply-To"] = letter.in_reply_to[-1]
            message["References"] = " ".join(letter.in_reply_to)
        # RFC 3834: an answering machine must not answer a machine.
        message["Auto-Submitted"] = "auto-generated"
        for name, value in letter.headers:
            message[name] = value
        message.set_content(letter.text)
        if letter.html is not None:
            message.add_alternative(letter.html, subtype="html")
        for file in letter.attachments:
            kind, _, subtype = file.media_type.partition("/")
            message.add_attachment(file.content, maintype=kind, subtype=subtype, filename=file.name)
    except ValueError as error:
        # A line break in a subject or a broken address ends here, not in somebody's header.
        raise MailRefused(
            gettext_noop("An address or header of this mail is not possible; it was not sent.")
        ) from error
    return message


def _address(name: str, address: str) -> Address:
    return Address(display_name=name, addr_spec=address)


class SMTPSender:
    """Hands letters to one mail server, a connection for each."""

    def __init__(
        self, url: str, *, ca_file: str = "", timeout_seconds: float = TIMEOUT_SECONDS
    ) -> None:
        """Read the server's URL. Raises InputRefused for one that is none.

        ca_file: a PEM file of authorities to trust beside those of the machine.
        """
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError:
            port = -1
        if parts.scheme not in PORTS or not parts.hostname or port == -1:
            raise InputRefused(
                gettext_noop(
                    "The mail server's address is not one. Write smtp://user:password@host:587, "
                    "smtps:// or smtp+plain://."
                )
            )
        self._scheme = parts.scheme
        self._host = parts.hostname
        self._port = port or PORTS[parts.scheme]
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._ca_file = ca_file
        self._timeout = timeout_seconds

    def send(self, letter: Letter) -> str:
        """Hand a letter over; return what the server takes it as (its Message-ID).

        Raises MailRefused when the server never will, MailNotSetUp when it takes no mail from us,
        MailDelayed for all else. After a connection that broke while the text was on its way nobody
        knows whether it was taken: MailDelayed, and the next try has the same Message-ID.
        """
        message = compose(letter)
        recipients = [address for _name, address in letter.to]
        try:
            with self._connected() as server:
                server.send_message(
                    message,
                    from_addr=letter.bounce or letter.sender[1],
                    to_addrs=recipients,
                )
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _said in error.recipients.values()]
            raise _fault(max(codes), "RCPT") from error
        except smtplib.SMTPResponseException as error:
            raise _fault(error.smtp_code, type(error).__name__) from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefused(
                gettext_noop("The mail server cannot take this mail: %(what)s."), what="SMTPUTF8"
            ) from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailDelayed(
                gettext_noop("The mail server could not be reached or broke off (%(what)s)."),
                what=type(error).__name__,
            ) from error
        return letter.message_id

    def _connected(self) -> smtplib.SMTP:
        """Open a connection. Raises MailNotSetUp, and what ``send`` makes of the rest."""
        try:
            return self._connect()
        except ssl.SSLCertVerificationError as error:
            raise MailNotSetUp(
                gettext_noop(
                    "The certificate of the mail server %(host)s is not trusted (%(what)s). Name "
                    "the file of its authority in HIKESHI_SMTP_CA."
                ),
                host=self._host, what=error.verify_message,
            ) from error  # fmt: skip
        except smtplib.SMTPAuthenticationError as error:
            if error.smtp_code < 500:
                raise
            raise MailNotSetUp(
                gettext_noop(
                    "The mail server %(host)s does not take our user name and password "
                    "(%(code)s). Check HIKESHI_SMTP_URL."
                ),
                host=self._host, code=error.smtp_code,
            ) from error  # fmt: skip
        except smtplib.SMTPNotSupportedError as error:
            raise MailNotSetUp(
                gettext_noop(
                    "The mail server %(host)s offers no STARTTLS, or no login. Check "
                    "HIKESHI_SMTP_URL: smtps:// is TLS from the start, smtp+plain:// none."
                ),
                host=self._host,
            ) from error

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        if self._ca_file:
            try:
                context.load_verify_locations(self._ca_file)
            except OSError as error:
                raise MailNotSetUp(
                    gettext_noop(
                        "The file %(file)s that HIKESHI_SMTP_CA names holds no certificates that "
                        "can be read."
                    ),
                    file=self._ca_file,
                ) from error
        return context

    def _connect(self) -> smtplib.SMTP:
        context = self._context()
        if self._scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self._host, self._port, timeout=self._timeout, context=context
            )
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            if self._scheme == "smtp":
                server.starttls(context=context)
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def _fault(code: int, place: str) -> MailDelayed | MailRefused:
    if 500 <= code < 600:
        return MailRefused(
            gettext_noop("The mail server refused this mail for good (%(code)s, %(place)s)."),
            code=code,
            place=place,
        )
    return MailDelayed(
        gettext_noop("The mail server cannot take this mail now (%(code)s, %(place)s)."),
        code=code,
        place=place,
    )
