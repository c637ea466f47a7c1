"""Contacts over the API."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, ClassVar, Literal, cast
from uuid import UUID

from django.utils import timezone
from ninja import Query, Router, Schema, Status
from pydantic import Field

from hikeshi.core.errors import gettext_noop
from hikeshi.formats.publickey import LIMIT_BYTES
from hikeshi.organisation.rest import Listed, ListQuery, Request, Rows, paged
from hikeshi.organisation.sealed import unseal
from hikeshi.records.search import uids_holding
from hikeshi.stakeholders import keys, queries, services
from hikeshi.stakeholders.api.asking import caller, company_of
from hikeshi.stakeholders.models import ChannelKind, Contact, ContactKey, ContactKind
from hikeshi.stakeholders.services import Way

router = Router()
Kind = Literal[
    "finder", "supplier", "partner", "coordinator", "customer", "authority", "community", "internal"
]
Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$")]


class ChannelIO(Schema):
    """One way to reach a contact."""

    kind: Literal["mail", "phone", "web", "chat", "post"]
    address: str = Field(min_length=1, max_length=320)
    for_emergency: bool = False


class KeyOut(Schema):
    """A public key: the fingerprint in capitals, the key itself as text."""

    uid: UUID
    kind: str
    fingerprint: str | None
    material: str | None
    verified_at: datetime | None
    expires_on: date | None

    @staticmethod
    def resolve_fingerprint(key: ContactKey) -> str | None:
        """Return the opened fingerprint."""
        return cast("str | None", key.fingerprint.value)

    @staticmethod
    def resolve_material(key: ContactKey) -> str | None:
        """Return the opened key."""
        return cast("str | None", key.material.value)


class KeyIn(Schema):
    """A public key to add."""

    material: str = Field(
        min_length=1, max_length=LIMIT_BYTES, description="OpenPGP or PEM, from BEGIN to END."
    )


class ContactOut(Schema):
    """A contact in a list."""

    uid: UUID
    number: str
    kind: str
    name: str | None
    languages: list[str]
    zone: str
    is_person: bool
    has_nda: bool
    nda_until: date | None
    retired_at: datetime | None
    revision: int

    @staticmethod
    def resolve_name(contact: Contact) -> str | None:
        """Return the opened name; null when its key was erased."""
        return cast("str | None", contact.name.value)


class ContactFull(ContactOut):
    """A contact with its channels, the one to try first in front."""

    channels: list[ChannelIO]
    keys: list[KeyOut]
    rules: str | None

    @staticmethod
    def resolve_channels(contact: Contact) -> list[dict[str, Any]]:
        """Return the opened channels."""
        return [
            {"kind": way.kind, "address": way.address.value or "–",
             "for_emergency": way.for_emergency}
            for way in contact.channels.all()
        ]  # fmt: skip

    @staticmethod
    def resolve_keys(contact: Contact) -> list[ContactKey]:
        """Return the keys."""
        return list(contact.keys.all())

    @staticmethod
    def resolve_rules(contact: Contact) -> str | None:
        """Return the opened rules."""
        return cast("str | None", contact.rules.value if contact.rules else None)


class ContactIn(Schema):
    """A contact to add."""

    company: UUID
    kind: Kind
    name: str = Field(min_length=1, max_length=200)
    channels: list[ChannelIO] = Field(default_factory=list, max_length=20)
    languages: list[Language] = Field(default_factory=list, max_length=10)
    zone: str = Field("", max_length=64)
    is_person: bool = False
    has_nda: bool = False
    nda_until: date | None = None
    rules: str = Field("", max_length=4000)


class ContactChange(Schema):
    """What to change; what is left out stays. Channels are replaced as a whole."""

    revision: int = Field(ge=0, le=2**31 - 1, description="The one that was read.")
    kind: Kind | None = None
    name: str | None = Field(None, min_length=1, max_length=200)
    channels: list[ChannelIO] | None = Field(None, max_length=20)
    languages: list[Language] | None = Field(None, max_length=10)
    zone: str | None = Field(None, max_length=64)
    is_person: bool | None = None
    has_nda: bool | None = None
    nda_until: date | None = None
    rules: str | None = Field(None, max_length=4000)


class Revision(Schema):
    """Which revision was read."""

    revision: int = Field(ge=0, le=2**31 - 1)


class ContactList(ListQuery):
    """Contacts the caller may know of; those out of use on demand."""

    # Keys rise with the moment of making: the primary key is the index.
    sorts: ClassVar = {"created": ("pk",), "-created": ("-pk",)}
    filters: ClassVar = {"kind": "kind"}
    sort: Literal["created", "-created"] = "-created"
    kind: Kind | None = None
    q: str = Field("", max_length=200, description="Words of a name, an address or a number.")
    retired: bool = False


@router.get("/contacts", response=Rows[ContactOut], summary=gettext_noop("List contacts"))
def list_contacts(request: Request, query: Query[ContactList]) -> Listed:
    """Contacts that the caller may know of."""
    found = queries.contacts_of(request.viewer, retired=query.retired)
    if query.q:
        found = found.filter(uid__in=uids_holding(request.viewer, query.q, "stakeholders.contact"))
    page = paged(request, found, query)
    unseal(page["rows"], "name")
    return page


@router.post("/contacts", response={201: ContactFull}, summary=gettext_noop("Add a contact"))
def add_contact(request: Request, contact: ContactIn) -> Status[Contact]:
    """Add a contact with its channels in the order of trying."""
    added = services.add_contact(
        company=company_of(request, contact.company),
        kind=ContactKind(contact.kind),
        name=contact.name,
        channels=_ways(contact.channels),
        by=request.viewer.account,
        at=timezone.now(),
        rules=contact.rules,
        languages=contact.languages,
        zone=contact.zone,
        is_person=contact.is_person,
        has_nda=contact.has_nda,
        nda_until=contact.nda_until,
    )
    return Status(201, queries.contact_by_uid(request.viewer, added.uid))


@router.get("/contacts/{uid}", response=ContactFull, summary=gettext_noop("Read a contact"))
def read_contact(request: Request, uid: UUID) -> Contact:
    """One contact with its channels."""
    return queries.contact_by_uid(request.viewer, uid)


def _ways(given: list[ChannelIO]) -> list[Way]:
    return [Way(ChannelKind(one.kind), one.address, one.for_emergency) for one in given]


@router.patch("/contacts/{uid}", response=ContactFull, summary=gettext_noop("Change a contact"))
def change_contact(request: Request, uid: UUID, change: ContactChange) -> Contact:
    """Change a contact; a revision that is not the newest is refused."""
    given = change.model_dump(exclude={"revision", "channels"}, exclude_unset=True)
    changes = {name: value for name, value in given.items() if value is not None}
    if "nda_until" in given:
        changes["nda_until"] = given["nda_until"]
    services.change_contact(
        contact=queries.contact_to_edit(request.viewer, uid),
        revision=change.revision,
        by=caller(request),
        at=timezone.now(),
        channels=None if change.channels is None else _ways(change.channels),
        **changes,
    )
    return queries.contact_by_uid(request.viewer, uid)


@router.post("/contacts/{uid}/retire", response=ContactFull, summary=gettext_noop("Put out of use"))
def retire_contact(request: Request, uid: UUID, seen: Revision) -> Contact:
    """Put a contact out of use: it is offered nowhere any more, what was said stays."""
    services.retire_contact(
        contact=queries.contact_to_edit(request.viewer, uid), revision=seen.revision,
        by=caller(request), at=timezone.now(),
    )  # fmt: skip
    return queries.contact_by_uid(request.viewer, uid)


@router.post(
    "/contacts/{uid}/return", response=ContactFull, summary=gettext_noop("Take into use again")
)
def return_contact(request: Request, uid: UUID, seen: Revision) -> Contact:
    """Take a contact into use again."""
    services.return_contact(
        contact=queries.contact_to_edit(request.viewer, uid), revision=seen.revision,
        by=caller(request), at=timezone.now(),
    )  # fmt: skip
    return queries.contact_by_uid(request.viewer, uid)


@router.post(
    "/contacts/{uid}/keys", response={201: ContactFull}, summary=gettext_noop("Add a public key")
)
def add_key(request: Request, uid: UUID, key: KeyIn) -> Status[Contact]:
    """Add an OpenPGP key or a certificate; fingerprint and end are read from it."""
    keys.add_key(
        contact=queries.contact_to_edit(request.viewer, uid), content=key.material.encode(),
        by=caller(request), at=timezone.now(),
    )  # fmt: skip
    return Status(201, queries.contact_by_uid(request.viewer, uid))


@router.delete(
    "/contacts/{uid}/keys/{key}", response=ContactFull, summary=gettext_noop("Remove a public key")
)
def remove_key(request: Request, uid: UUID, key: UUID) -> Contact:
    """Take a key away."""
    keys.remove_key(
        key=queries.key_to_edit(request.viewer, uid, key), by=caller(request), at=timezone.now()
    )
    return queries.contact_by_uid(request.viewer, uid)
