"""Jobs of this area: what is due is published; and the mail that says so to who took part."""

from __future__ import annotations

from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from hikeshi.core.errors import gettext_noop
from hikeshi.disclosure import notices, scheduling
from hikeshi.disclosure.composing import public_base
from hikeshi.disclosure.models import AdvisoryRevision
from hikeshi.ledger.jobs import Run, every, job
from hikeshi.ledger.mailing import Mail, mails
from hikeshi.ledger.models import OutboxMessage
from hikeshi.ledger.outbox import NothingToSend
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.sealed import unseal
from hikeshi.stakeholders.jobs import language_of
from hikeshi.stakeholders.models import ChannelKind
from hikeshi.triage.models import Participant


@job(scheduling.JOB, title=gettext_noop("Publish what is scheduled"))
def publish_due(_run: Run) -> None:
    """Publish what is due."""
    scheduling.publish_due(at=timezone.now())


# The job of the moment itself is enqueued with it; this one finds what a lost wake-up left.
every(publish_due, minutes=1)


@mails(notices.PUBLISHED, title=gettext_noop("Notice of a published advisory"))
def published(message: OutboxMessage) -> Mail:
    """Say that an advisory is public, and where.

    Raises NothingToSend when the party is gone or has no mail address.
    """
    party = (
        Participant.objects.select_related("account", "contact__wall")
        .filter(pk=message.ids["participant"])
        .first()
    )
    revision = (
        AdvisoryRevision.objects.select_related("company")
        .filter(pk=message.ids["revision"])
        .first()
    )
    if party is None or revision is None:
        raise NothingToSend("gone")
    name, address = _address_of(party)
    language = (
        party.account.language or "en"
        if party.account is not None
        else language_of(party.contact, revision.company)
    )
    with translation.override(language):
        subject = _("[%(number)s] The advisory is public") % {"number": revision.number}
        text = render_to_string(
            "disclosure/published.txt",
            {
                "name": name,
                "company": revision.company,
                "revision": revision,
                "title": text_in(revision.title, language),
                "link": f"{public_base(revision.company)}/advisories/{revision.number}/",
            },
        )
    return Mail(to=((name, address),), subject=subject, text=text, language=language)


def _address_of(party: Participant) -> tuple[str, str]:
    """Return name and mail address of a party. Raises NothingToSend without one."""
    if party.account is not None:
        if not party.account.is_active:
            raise NothingToSend("disabled")
        return party.account.name, party.account.email
    contact = party.contact
    channels = list(contact.channels.filter(kind=ChannelKind.MAIL)) if contact else []
    if contact is None or not channels:
        raise NothingToSend("no mail address")
    unseal([contact], "name")
    unseal(channels[:1], "address")
    return str(contact.name.value or ""), str(channels[0].address.value)
