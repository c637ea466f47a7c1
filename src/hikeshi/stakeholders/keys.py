"""Public keys of contacts: take one in, have its fingerprint compared, take it away."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from hikeshi.core.errors import AlreadyDone, InputRefused, gettext_noop
from hikeshi.formats.publickey import read_public_key
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account
from hikeshi.organisation.sealed import seal, unseal
from hikeshi.stakeholders.models import Contact, ContactKey


def add_key(*, contact: Contact, content: bytes, by: Account, at: datetime) -> ContactKey:
    """Keep a public key as its owner sent it; what it says of itself is read from it, never typed.

    Raises InputRefused for what is no public key, for a secret, revoked or run-out one, AlreadyDone
    when the contact has it.
    """
    key = read_public_key(content)
    if key.expires_on is not None and key.expires_on < at.date():
        raise InputRefused(
            gettext_noop("This key ran out on %(day)s; ask for the new one."),
            day=key.expires_on.isoformat(),
        )
    with transaction.atomic():
        held = list(ContactKey.objects.filter(contact=contact))
        unseal(held, "fingerprint")
        if key.fingerprint in {one.fingerprint.value for one in held}:
            raise AlreadyDone(gettext_noop("This contact has that key already."))
        added = ContactKey.objects.create(
            contact=contact,
            kind=key.kind,
            fingerprint=seal(key.fingerprint, contact.wall),
            material=seal(key.material, contact.wall),
            added_at=at,
            expires_on=key.expires_on,
        )
        after = {"kind": key.kind, "fingerprint": key.fingerprint}
        record("contact.key_added", subject=contact, by=by, at=at, after=after)
    return added


def verify_key(*, key: ContactKey, by: Account, at: datetime) -> None:
    """Note that somebody compared the fingerprint with the owner by another way than the key's."""
    with transaction.atomic():
        if ContactKey.objects.filter(pk=key.pk, verified_at__isnull=True).update(verified_at=at):
            unseal([key], "fingerprint")
            after = {"fingerprint": key.fingerprint.value}
            record("contact.key_verified", subject=key.contact, by=by, at=at, after=after)


def remove_key(*, key: ContactKey, by: Account, at: datetime) -> None:
    """Take a key away: nothing is encrypted for it any more."""
    with transaction.atomic():
        unseal([key], "fingerprint")
        before = {"kind": key.kind, "fingerprint": key.fingerprint.value}
        if ContactKey.objects.filter(pk=key.pk).delete()[0]:
            record("contact.key_removed", subject=key.contact, by=by, at=at, before=before)
