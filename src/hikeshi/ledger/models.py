"""Audit events, jobs and the outbox as they are stored.

An event says what happened; its payload (before and after) lies apart, sealed and erasable. The
event keeps the payload's SHA-256, so that a payload can be erased and the event still proves what
it was. Sealing events into the hash chain is a job (``SealBatch``), because chaining inside each
transaction would make all writers wait for one another.

A job row is the authority on its work: who runs it, how far it is, how it ended. The Tasks API
carries only the job's uid, as a wake-up call, so that its backend can be exchanged and holds no
content.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.models import Account, Realm, new_uid
from hikeshi.organisation.sealed import SealedField
from hikeshi.organisation.walls import WalledQuerySet


class SealBatch(models.Model):
    """One link of the chain: the hash of a batch of events and of the link before."""

    number = models.PositiveIntegerField(unique=True)
    previous_hash = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)
    events = models.PositiveIntegerField()
    sealed_at = models.DateTimeField()


class ChainCheck(models.Model):
    """What a verification of the chain found. broken_batch: the first that does not hold."""

    at = models.DateTimeField()
    batches = models.PositiveIntegerField()
    events = models.PositiveIntegerField()
    unsealed = models.PositiveIntegerField()
    head = models.CharField(max_length=90)
    broken_batch = models.PositiveIntegerField(null=True)
    broken_event = models.CharField(max_length=36, blank=True, default="")
    why = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["-at"], name="chain_check_newest")]


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
    link = models.BinaryField(max_length=32, null=True)

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


class Worker(models.Model):
    """A process that runs jobs; alive while its heart beats."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    place = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("worker")
        indexes = [models.Index(fields=["beat_at"])]

    def __str__(self) -> str:
        return self.place


class JobState(models.TextChoices):
    """Where a job stands."""

    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class Job(models.Model):
    """One piece of work behind the pages. Its arguments are ids; content stays where it lives.

    attempt rises with each claim and fences off a worker that was taken for dead: what it still
    writes under an older attempt is refused. tries counts errors, losses counts dead workers.
    key: of the jobs with one name and key at most one waits and one runs.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    name = models.CharField(_("work"), max_length=60)
    key = models.CharField(max_length=120, null=True)
    company = models.ForeignKey(
        "organisation.Company", on_delete=models.PROTECT, null=True, related_name="+"
    )
    unit = models.ForeignKey(
        "organisation.Unit", on_delete=models.PROTECT, null=True, related_name="+"
    )
    wall = models.ForeignKey(
        "organisation.Wall", on_delete=models.PROTECT, null=True, related_name="+"
    )
    by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    arguments = models.JSONField(default=dict)
    state = models.CharField(
        _("state"), max_length=10, choices=JobState.choices, default=JobState.QUEUED
    )
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(null=True)
    attempt = models.PositiveIntegerField(default=0)
    tries = models.PositiveIntegerField(default=0)
    losses = models.PositiveIntegerField(default=0)
    error = models.TextField(blank=True)
    owner_uid = models.UUIDField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    run_at = models.DateTimeField()
    woken_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)

    objects = WalledQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        indexes = [
            models.Index(fields=["state", "run_at"]),
            models.Index(fields=["-created_at", "-id"], name="job_newest"),
            models.Index(fields=["company", "created_at"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["name", "key"],
                condition=Q(state=JobState.QUEUED),
                name="job_one_waits",
            ),
            models.UniqueConstraint(
                fields=["name", "key"],
                condition=Q(state=JobState.RUNNING),
                name="job_one_runs",
            ),
            models.CheckConstraint(
                condition=Q(total__isnull=True) | Q(done__lte=F("total")),
                name="job_done_within_total",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.uid}"


class JobEffect(models.Model):
    """Something a job has done for good, so that its next attempt does not do it again."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "key"], name="job_effect_once")]


class Schedule(models.Model):
    """When a named job of the timetable is next due; of several workers one moves it on."""

    name = models.CharField(max_length=60, unique=True)
    next_at = models.DateTimeField()
    last_at = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("timetable entry")

    def __str__(self) -> str:
        return self.name


class OutboxState(models.TextChoices):
    """Where a message on its way out stands."""

    WAITING = "waiting", _("waiting")
    SENDING = "sending", _("being sent")
    SENT = "sent", _("sent")
    HELD = "held", _("held back: not live")
    DEAD = "dead", _("given up")
    STOPPED = "stopped", _("stopped by a person")


class OutboxMessage(models.Model):
    """One effect on the outside: a mail, a ticket, a call. Made of ids when it is sent.

    key: the idempotency key; the same cause never makes a second message.
    message_id: for mail, given once and kept when it is sent again.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    kind = models.CharField(_("kind"), max_length=60)
    key = models.CharField(max_length=200, unique=True)
    company = models.ForeignKey(
        "organisation.Company", on_delete=models.PROTECT, null=True, related_name="+"
    )
    unit = models.ForeignKey(
        "organisation.Unit", on_delete=models.PROTECT, null=True, related_name="+"
    )
    wall = models.ForeignKey(
        "organisation.Wall", on_delete=models.PROTECT, null=True, related_name="+"
    )
    realm = models.CharField(max_length=8, choices=Realm.choices)
    ids = models.JSONField(default=dict)
    state = models.CharField(
        _("state"), max_length=8, choices=OutboxState.choices, default=OutboxState.WAITING
    )
    message_id = models.CharField(max_length=255, blank=True)
    receipt = models.CharField(max_length=255, blank=True)
    error = models.TextField(blank=True)
    tries = models.PositiveIntegerField(default=0)
    claim = models.CharField(max_length=80, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)

    objects = WalledQuerySet.as_manager()

    class Meta:
        verbose_name = _("outgoing message")
        indexes = [
            models.Index(fields=["state", "next_at"]),
            models.Index(fields=["-created_at", "-id"], name="outbox_newest"),
            models.Index(fields=["company", "created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"
