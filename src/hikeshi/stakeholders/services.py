"""Change contacts and conversations. Rounds of questions are in ``rounds``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from hikeshi.core.errors import Conflict, InputRefused, NotAllowed, gettext_noop
from hikeshi.ledger.services import record
from hikeshi.organisation.exchange import zone_name
from hikeshi.organisation.models import Account, Company, Unit, Wall
from hikeshi.organisation.sealed import Sealed, seal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.services import number_for, save_record
from hikeshi.stakeholders.models import (
    Channel,
    ChannelKind,
    Contact,
    ContactKind,
    Conversation,
    ConversationMember,
    Message,
)
from hikeshi.stakeholders.queries import conversations_about

MESSAGE_LIMIT = 100_000


class Way(NamedTuple):
    """A way to reach a contact, in the order of trying."""

    kind: ChannelKind
    address: str
    for_emergency: bool = False


def add_contact(
    *,
    company: Company,
    kind: ContactKind,
    name: str,
    by: Account | None,
    at: datetime,
    channels: Sequence[Way] = (),
    wall: Wall | None = None,
    unit: Unit | None = None,
    rules: str = "",
    **details: Any,
) -> Contact:
    """Add a contact with its channels in the order in which they are to be tried.

    wall: given where the name itself is told in confidence (a finder who stays unnamed).
    Raises InputRefused for an empty name or a time zone that is none, Conflict for a unit of
    another company.
    """
    if not name.strip():
        raise InputRefused(gettext_noop("A contact needs a name."))
    require_own_unit(company, unit)
    # A letter is written in this zone: a name that is none would stop it.
    details["zone"] = zone_name(details.get("zone") or "")
    with transaction.atomic():
        contact = Contact.objects.create(
            company=company,
            unit=unit,
            wall=wall,
            realm=company.realm,
            number=number_for(company=company, series="P", at=at),
            kind=kind,
            name=seal(name.strip(), wall),
            rules=seal(rules, wall),
            created_at=at,
            changed_at=at,
            retention="contact",
            **details,
        )
        set_channels(contact=contact, channels=channels)
        record("contact.added", subject=contact, by=by, at=at, after={"kind": str(kind)})
    return contact


def require_own_unit(company: Company, unit: Unit | None) -> None:
    """Raise Conflict for a unit of another company: companies are kept apart without exception."""
    if unit is not None and unit.company_id != company.pk:
        raise Conflict(gettext_noop("The unit belongs to another company."))


def set_channels(*, contact: Contact, channels: Sequence[Way]) -> None:
    """Replace a contact's channels; the first is tried first. Call it inside a transaction."""
    Channel.objects.filter(contact=contact).delete()
    Channel.objects.bulk_create(
        Channel(
            contact=contact,
            kind=way.kind,
            address=seal(way.address.strip(), contact.wall),
            rank=rank,
            for_emergency=way.for_emergency,
        )
        for rank, way in enumerate(channels, start=1)
        if way.address.strip()
    )


def change_contact(
    *,
    contact: Contact,
    revision: int,
    by: Account,
    at: datetime,
    channels: Sequence[Way] | None = None,
    **changes: Any,
) -> Contact:
    """Change a contact; texts are given bare and sealed here.

    Raises Stale when somebody saved since ``revision``, else as ``add_contact``.
    """
    require_own_unit(contact.company, changes.get("unit"))
    zone_name(changes.get("zone") or "")
    if not changes.get("name", "-").strip():
        raise InputRefused(gettext_noop("A contact needs a name."))
    before = {field: _plain(getattr(contact, field)) for field in changes}
    sealed = {
        field: seal(value, contact.wall) if field in {"name", "rules"} else value
        for field, value in changes.items()
    }
    with transaction.atomic():
        saved = save_record(contact, revision=revision, at=at, **sealed)
        if channels is not None:
            set_channels(contact=saved, channels=channels)
        after = {field: _plain(value) for field, value in changes.items()}
        record("contact.changed", subject=saved, by=by, at=at, before=before, after=after)
    return saved


def _plain(value: Any) -> Any:
    if isinstance(value, Sealed):
        return value.value
    return str(value.uid) if isinstance(value, Contact | Unit) else value


def retire_contact(*, contact: Contact, revision: int, by: Account, at: datetime) -> Contact:
    """Put a contact out of use: nobody is asked there any more, what was said stays.

    Raises Stale when somebody saved since ``revision``.
    """
    with transaction.atomic():
        saved = save_record(contact, revision=revision, at=at, retired_at=at)
        record("contact.retired", subject=saved, by=by, at=at)
    return saved


def return_contact(*, contact: Contact, revision: int, by: Account, at: datetime) -> Contact:
    """Take a contact into use again. Raises Stale when somebody saved since ``revision``."""
    with transaction.atomic():
        saved = save_record(contact, revision=revision, at=at, retired_at=None)
        record("contact.returned", subject=saved, by=by, at=at)
    return saved


def start_conversation(
    *,
    subject_kind: str,
    subject: Any,
    title: str,
    by: Account,
    at: datetime,
    accounts: Sequence[Account] = (),
    units: Sequence[Unit] = (),
    contacts: Sequence[Contact] = (),
    open_to_all: bool = False,
) -> Conversation:
    """Start a conversation about a record, behind the record's wall.

    The members must stand inside the wall already: writing to somebody never opens a case to them.
    """
    with transaction.atomic():
        conversation = Conversation.objects.create(
            company=subject.company,
            unit=subject.unit,
            wall=subject.wall,
            subject_kind=subject_kind,
            subject_uid=subject.uid,
            title=seal(title, subject.wall),
            open_to_all=open_to_all,
            started_by=by,
            started_at=at,
        )
        people = {account.pk: account for account in (by, *accounts)}
        ConversationMember.objects.bulk_create(
            [
                ConversationMember(conversation=conversation, account=account, since=at)
                for account in people.values()
            ]
            + [ConversationMember(conversation=conversation, unit=u, since=at) for u in units]
            + [ConversationMember(conversation=conversation, contact=c, since=at) for c in contacts]
        )
        record("conversation.started", subject=conversation, by=by, at=at)
    return conversation


def write_message(
    *,
    conversation: Conversation,
    body: str,
    viewer: Viewer,
    at: datetime,
    author_contact: Contact | None = None,
    corrects: Message | None = None,
) -> Message:
    """Write into a conversation that the viewer reads.

    Raises NotAllowed for somebody who does not read it, InputRefused for an empty or overlong text.
    """
    readable = conversations_about(viewer, conversation.subject_uid)
    if conversation.pk not in {c.pk for c in readable}:
        raise NotAllowed(gettext_noop("You do not take part in this conversation."))
    if not body.strip():
        raise InputRefused(gettext_noop("The message is empty."))
    if len(body) > MESSAGE_LIMIT:
        raise InputRefused(
            gettext_noop("The message has %(length)s characters; the limit is %(limit)s."),
            length=len(body),
            limit=MESSAGE_LIMIT,
        )
    if corrects is not None and corrects.conversation_id != conversation.pk:
        raise Conflict(gettext_noop("A correction stays in the conversation of its message."))
    with transaction.atomic():
        message = Message.objects.create(
            conversation=conversation,
            author=viewer.account,
            author_contact=author_contact,
            body=seal(body, conversation.wall),
            corrects=corrects,
            written_at=at,
        )
        record("message.written", subject=conversation, by=viewer.account, at=at)
    return message


def contact_details(row: Mapping[str, str]) -> dict[str, Any]:
    """Turn one line of an imported list into arguments of ``add_contact``.

    Columns: kind, name, mail, phone, languages (``ja en``), zone.
    Raises InputRefused naming the column and what it may hold.
    """
    kind = (row.get("kind") or "supplier").strip().lower()
    if kind not in ContactKind.values:
        raise InputRefused(
            gettext_noop("column “kind”: “%(value)s” is not one of %(allowed)s"),
            value=kind,
            allowed=", ".join(ContactKind.values),
        )
    if not (row.get("name") or "").strip():
        raise InputRefused(gettext_noop("column “name”: empty"))
    mail = (row.get("mail") or "").strip()
    if mail and "@" not in mail:
        raise InputRefused(
            gettext_noop("column “mail”: “%(value)s” is not a mail address"), value=mail
        )
    channels = [Way(ChannelKind.MAIL, mail)] if mail else []
    if phone := (row.get("phone") or "").strip():
        channels.append(Way(ChannelKind.PHONE, phone))
    return {
        "kind": ContactKind(kind),
        "name": row["name"],
        "channels": channels,
        "languages": (row.get("languages") or "ja").split(),
        "zone": zone_name((row.get("zone") or "").strip()),
    }
