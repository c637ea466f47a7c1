"""Audit events as they are stored.

An event says what happened; its payload (before and after) lies apart, sealed and erasable. The
event keeps the payload's SHA-256, so that a payload can be erased and the event still proves what
it was. Sealing events into the hash chain is a job (``SealBatch``), because chaining inside each
transaction would make all writers wait for one another.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.models import Account, Realm, new_uid
from hikeshi.organisation.sealed import SealedField
from hikeshi.organisation.walls import WalledQuerySet, WalledRow


class SealBatch(models.Model):
    """One link of the chain: the hash of a batch of events and of the link before."""

    number = models.PositiveIntegerField(unique=True)
    previous_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)
    events = models.PositiveIntegerField()
    sealed_at = models.DateTimeField()


class Event(models.Model):
    """Something that happened: a name from ``ledger.names``, a subject, a moment, a person."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    name = models.CharField(max_length=60)
    at = models.DateTimeField()
    realm = models.CharField(max_length=8, choices=Realm.choices, default=Realm.LIVE)
    by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    company = models.ForeignKey(
        "organisation.Company", on_delete=models.PROTECT, null=True, related_name="+"
    )
    unit = models.ForeignKey(
        "organisation.Unit", on_delete=models.PROTECT, null=True, related_name="+"
    )
    wall = models.ForeignKey(
        "organisation.Wall", on_delete=models.PROTECT, null=True, related_name="+"
    )
    subject_kind = models.CharField(max_length=40)
    subject_uid = models.UUIDField(null=True)
    payload_hash = models.BinaryField(max_length=32)
    batch = models.ForeignKey(SealBatch, on_delete=models.PROTECT, null=True, related_name="+")

    objects = WalledQuerySet.as_manager()

    class Meta:
        verbose_name = _("event")
        indexes = [
            models.Index(fields=["subject_uid", "at"]),
            models.Index(fields=["company", "at"]),
            models.Index(fields=["batch"]),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.uid}"


class EventPayload(models.Model):
    """What changed: ``{"before": …, "after": …}``, sealed behind the event's wall."""

    event = models.OneToOneField(Event, on_delete=models.PROTECT, related_name="payload")
    content = SealedField(null=True)
    retention = models.CharField(max_length=20, default="case")
    legal_hold = models.BooleanField(default=False)
    erased_at = models.DateTimeField(null=True, blank=True)


class OutboxState(models.TextChoices):
    """Where an outgoing message stands."""

    WAITING = "waiting", _("waiting")
    SENDING = "sending", _("being sent")
    SENT = "sent", _("sent")
    REFUSED = "refused", _("not sent: drill or demo")
    DEAD = "dead", _("given up")


class OutboxMessage(WalledRow):
    """An effect on the outside, written in the transaction of its cause.

    ``ids`` is all that the handler gets: the text is made from rows when it is sent. ``key`` makes
    the same effect happen once; ``message_id`` stays the same over all tries.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=200, unique=True)
    ids = models.JSONField(default=dict)
    realm = models.CharField(max_length=8, choices=Realm.choices, default=Realm.LIVE)
    state = models.CharField(max_length=8, choices=OutboxState.choices, default=OutboxState.WAITING)
    message_id = models.CharField(max_length=200)
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()

    class Meta(WalledRow.Meta):
        verbose_name = _("outgoing message")
        indexes = [models.Index(fields=["state", "not_before"], name="outbox_waiting")]
