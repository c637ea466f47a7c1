"""The letters of rounds, made from rows at the moment of sending."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from hikeshi.core.errors import gettext_noop
from hikeshi.ledger.mailing import Mail, mails
from hikeshi.ledger.models import OutboxMessage
from hikeshi.ledger.outbox import NothingToSend
from hikeshi.organisation.models import Company
from hikeshi.organisation.sealed import unseal
from hikeshi.stakeholders.links import link_key
from hikeshi.stakeholders.models import ChannelKind, Contact, RoundParty, RoundState

LANGUAGES = ("ja", "en")


def language_of(contact: Contact | None, company: Company) -> str:
    """Return the language to write in: the contact's first that we speak, else the company's."""
    wished = [*(contact.languages if contact else []), *company.languages]
    return next((language for language in wished if language in LANGUAGES), "en")


def address_of(company: Company, path: str) -> str:
    """Return a public address of a company."""
    base = f"https://{company.host}" if company.host else settings.BASE_URL
    return f"{base}{path}"


@mails("round.letter", title=gettext_noop("Questions to a party, or a reminder"))
def round_letter(message: OutboxMessage) -> Mail:
    """Ask one party, or remind it; what lies behind a wall stays behind the link.

    Raises NothingToSend when the party has answered meanwhile, the round was closed, or there is
    no mail address to write to.
    """
    party = (
        RoundParty.objects.select_related("round__company", "round__wall", "contact__wall")
        .filter(pk=message.ids["party_id"])
        .first()
    )
    if party is None or party.answered_at or party.round.state != RoundState.OPEN:
        raise NothingToSend("answered or closed")
    contact = party.contact
    channels = list(contact.channels.filter(kind=ChannelKind.MAIL)) if contact else []
    if contact is None or not channels:
        raise NothingToSend("no mail address")
    unseal([contact], "name")
    unseal(channels, "address")
    unseal([party.round], "title", "letter")
    company = party.round.company
    language = language_of(contact, company)
    walled = party.round.wall is not None and party.round.wall.ended_at is None
    path = f"/r/{link_key(party.uid, party.link_generation)}/"
    with translation.override(language), timezone.override(contact.zone or company.zone):
        subject = _("[%(number)s] Please answer our questions") % {"number": party.round.number}
        text = render_to_string(
            "stakeholders/round_letter.txt",
            {
                "company": company,
                "round": party.round,
                "name": contact.name.value or "",
                "walled": walled,
                "reminders": party.reminders,
                "link": address_of(company, path),
            },
        )
    first, *others = (str(channel.address.value) for channel in channels)
    return Mail(
        to=((str(contact.name.value or ""), first),),
        fallbacks=tuple(others),
        subject=subject,
        text=text,
        language=language,
    )
