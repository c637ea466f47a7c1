"""The base record that cases, reports, advisories, products and the like share.

``uid`` is the outward name, the integer key stays inside. ``number`` counts per company and kind
and skips at random. ``revision`` rises by one with each save; a save that names an older one is
refused (``records.services.save_record``).
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hikeshi.organisation.models import Realm, new_uid
from hikeshi.organisation.sealed_column import SealedField
from hikeshi.organisation.walls import WalledRow


class Record(WalledRow):
    """A walled row with an identity of its own."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    number = models.CharField(_("number"), max_length=40)
    realm = models.CharField(max_length=8, choices=Realm.choices, default=Realm.LIVE)
    revision = models.PositiveIntegerField(default=1)
    retention = models.CharField(max_length=20, default="case")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    changed_at = models.DateTimeField(default=timezone.now)

    class Meta(WalledRow.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.number


class TaskState(models.TextChoices):
    """Where a task stands."""

    OPEN = "open", _("open")
    DOING = "doing", _("in work")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")


class Task(WalledRow):
    """Something one person or unit is to do until a moment, about a record.

    title, note (what and why) and outcome (what came of it) are texts as they were written.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    subject_kind = models.CharField(max_length=40)
    subject_uid = models.UUIDField()
    realm = models.CharField(max_length=8, choices=Realm.choices, default=Realm.LIVE)
    title = SealedField()
    note = SealedField(null=True)
    outcome = SealedField(null=True)
    given_by = models.ForeignKey(
        "organisation.Account", on_delete=models.PROTECT, null=True, related_name="+"
    )
    assignee = models.ForeignKey(
        "organisation.Account", on_delete=models.PROTECT, null=True, related_name="+"
    )
    assigned_unit = models.ForeignKey(
        "organisation.Unit", on_delete=models.PROTECT, null=True, related_name="+"
    )
    due_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=TaskState.choices, default=TaskState.OPEN)
    revision = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta(WalledRow.Meta):
        verbose_name = _("task")
        indexes = [
            models.Index(fields=["subject_uid", "state"], name="task_subject"),
            models.Index(fields=["assignee", "state", "due_at"], name="task_assignee"),
            models.Index(fields=["assigned_unit", "state", "due_at"], name="task_unit"),
        ]


class ApprovalState(models.TextChoices):
    """Where an approval stands."""

    PROPOSED = "proposed", _("proposed")
    REVIEWED = "reviewed", _("reviewed")
    APPROVED = "approved", _("approved")
    REFUSED = "refused", pgettext_lazy("approval", "refused")
    VOID = "void", _("void, the content changed")


class Approval(WalledRow):
    """A decision about exact content: it binds to the SHA-256 of what was read (R012).

    content: a copy of what was proposed, so that a later change can be shown beside it.
    needs_review: a third person reads it between proposal and decision.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    subject_kind = models.CharField(max_length=40)
    subject_uid = models.UUIDField()
    purpose = models.CharField(max_length=40)
    content_hash = models.BinaryField(max_length=32)
    content = SealedField(null=True)
    needs_review = models.BooleanField(default=False)
    state = models.CharField(
        max_length=10, choices=ApprovalState.choices, default=ApprovalState.PROPOSED
    )
    proposed_by = models.ForeignKey(
        "organisation.Account", on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    reviewed_by = models.ForeignKey(
        "organisation.Account", on_delete=models.PROTECT, null=True, related_name="+"
    )
    reviewed_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        "organisation.Account", on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    decided_alone = models.BooleanField(default=False)
    reason = SealedField(null=True)

    class Meta(WalledRow.Meta):
        verbose_name = _("approval")
        indexes = [models.Index(fields=["subject_uid", "purpose"], name="approval_subject")]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_uid", "purpose"],
                condition=Q(state__in=["proposed", "reviewed"]),
                name="approval_one_open",
            )
        ]


class Clock(WalledRow):
    """A deadline of a subject under a regime (SLA, embargo, CNA, law): ``records.regimes``.

    started_by: uid of the ledger event that started it.
    amount, unit_of_time, ends, rolls: its term (``core.deadlines.Term``); amount is None where the
        moment itself was agreed on.
    due_at: worked out when the clock started, ran on or was corrected; while it is paused, as it
        was before. warn_at: the next moment at which somebody is to be warned.
    warned_percent: the last warning given, as a share of the time; 100 says that it ran out.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    subject_kind = models.CharField(max_length=40)
    subject_uid = models.UUIDField()
    realm = models.CharField(max_length=8, choices=Realm.choices, default=Realm.LIVE)
    regime = models.CharField(max_length=40)
    stage = models.CharField(max_length=40)
    started_by = models.UUIDField(null=True)
    started_at = models.DateTimeField()
    amount = models.PositiveIntegerField(null=True)
    unit_of_time = models.CharField(max_length=16, blank=True, default="")
    ends = models.CharField(max_length=10, blank=True, default="")
    rolls = models.BooleanField(default=False)
    calendar = models.CharField(max_length=16, default="JP")
    zone = models.CharField(max_length=64, default="Asia/Tokyo")
    pausable = models.BooleanField(default=True)
    due_at = models.DateTimeField()
    warn_at = models.DateTimeField(null=True, blank=True)
    warned_percent = models.PositiveSmallIntegerField(default=0)
    paused_at = models.DateTimeField(null=True, blank=True)
    met_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)

    class Meta(WalledRow.Meta):
        verbose_name = _("clock")
        indexes = [
            models.Index(fields=["subject_uid"], name="clock_subject"),
            models.Index(fields=["company", "due_at"], name="clock_due"),
            models.Index(fields=["warn_at"], name="clock_warn"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_uid", "regime", "stage"],
                condition=Q(stopped_at__isnull=True),
                name="clock_once",
            )
        ]


class ClockPause(models.Model):
    """A stretch in which a clock stood still, and why."""

    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="pauses")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    reason = SealedField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["clock"], condition=Q(until__isnull=True), name="clock_pause_one_open"
            )
        ]


class TextState(WalledRow):
    """From which source text each translation of a record was made (``records.texts``).

    state: ``{field: {"source": language, "made_from": {language: fingerprint}}}``, sealed, because
    the fingerprint of a short text gives it away.
    """

    subject_kind = models.CharField(max_length=40)
    subject_uid = models.UUIDField(unique=True)
    state = SealedField()


class FileSpace(models.Model):
    """How many bytes of files a company holds, and how many it may."""

    company = models.OneToOneField(
        "organisation.Company", on_delete=models.PROTECT, related_name="+"
    )
    used_bytes = models.PositiveBigIntegerField(default=0)
    quota_bytes = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(used_bytes__lte=F("quota_bytes")), name="file_space_within_quota"
            )
        ]


class StoredFile(models.Model):
    """The bytes of a file as they lie on disk, once per company and wall.

    uid: its name on disk. digest: keyed hash of the content, by which the same content is found
        again; a plain hash would tell a thief which known file this is.
    wrapped_key: the file's own key, under the wall's or (``company_key``) the company's; emptied by
        erasing, after which no copy of the bytes opens.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    company = models.ForeignKey("organisation.Company", on_delete=models.PROTECT, related_name="+")
    wall = models.ForeignKey(
        "organisation.Wall", on_delete=models.PROTECT, null=True, related_name="+"
    )
    digest = models.BinaryField(max_length=32)
    size_bytes = models.PositiveBigIntegerField()
    company_key = models.ForeignKey(
        "organisation.CompanyKey", on_delete=models.PROTECT, null=True, related_name="+"
    )
    wrapped_key = models.BinaryField(null=True)
    stored_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company", "wall", "digest"],
                condition=Q(wrapped_key__isnull=False, wall__isnull=False),
                name="stored_file_once_in_wall",
            ),
            models.UniqueConstraint(
                fields=["company", "digest"],
                condition=Q(wrapped_key__isnull=False, wall__isnull=True),
                name="stored_file_once",
            ),
        ]


class Blob(WalledRow):
    """A file of a record: name, type, who brought it, when. The row stays when it is erased.

    sha256: of the content, hexadecimal, sealed with the name.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    subject_kind = models.CharField(max_length=40)
    subject_uid = models.UUIDField()
    realm = models.CharField(max_length=8, choices=Realm.choices, default=Realm.LIVE)
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    name = SealedField()
    sha256 = SealedField()
    media_type = models.CharField(max_length=120)
    size_bytes = models.PositiveBigIntegerField()
    retention = models.CharField(max_length=20, default="case")
    added_by = models.ForeignKey(
        "organisation.Account", on_delete=models.PROTECT, null=True, related_name="+"
    )
    added_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta(WalledRow.Meta):
        verbose_name = _("file")
        indexes = [
            models.Index(fields=["subject_uid", "added_at"], name="blob_subject"),
            models.Index(fields=["file"], name="blob_file"),
        ]


class SearchEntry(WalledRow):
    """That a record can be found. It lies behind the record's wall and holds none of its words."""

    subject_kind = models.CharField(max_length=40)
    subject_uid = models.UUIDField(unique=True)
    changed_at = models.DateTimeField()

    class Meta(WalledRow.Meta):
        indexes = [models.Index(fields=["company", "-changed_at", "-id"], name="search_by_change")]


class SearchToken(models.Model):
    """A token of a record, as a number that only the holder of the company's key can compute."""

    entry = models.ForeignKey(SearchEntry, on_delete=models.CASCADE, related_name="tokens")
    token = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token", "entry"], name="search_token_once")]


class Retention(WalledRow):
    """That a record is due for erasing, held for a court, or was erased (``records.retention``).

    ended_at: when the matter ended, from which its class counts; None while it goes on.
    hold_reason lies behind the record's wall; erase_reason is clear, because it outlives the key.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    subject_kind = models.CharField(max_length=40)
    subject_uid = models.UUIDField(unique=True)
    realm = models.CharField(max_length=8, choices=Realm.choices, default=Realm.LIVE)
    ended_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField(null=True)
    held_at = models.DateTimeField(null=True)
    held_by = models.ForeignKey(
        "organisation.Account", on_delete=models.PROTECT, null=True, related_name="+"
    )
    hold_reason = SealedField(null=True)
    erased_at = models.DateTimeField(null=True)
    erased_by = models.ForeignKey(
        "organisation.Account", on_delete=models.PROTECT, null=True, related_name="+"
    )
    erase_reason = SealedField(null=True)

    class Meta(WalledRow.Meta):
        verbose_name = _("retention")
        indexes = [models.Index(fields=["company", "due_at"], name="retention_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(held_at__isnull=True) | Q(erased_at__isnull=True),
                name="retention_held_is_not_erased",
            )
        ]


class SavedList(WalledRow):
    """A list's filters and sorting under a name (``records.saved``).

    Filters may hold words that are behind a wall. One person's own views therefore lie behind a
    wall around that person alone, a unit's behind one around the unit; a company's are clear.

    kept: which list (``saved.LISTS``). query: the address's part after "?".
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    kept = models.CharField(max_length=20)
    owner = models.ForeignKey("organisation.Account", on_delete=models.PROTECT, related_name="+")
    name = SealedField()
    query = SealedField()
    created_at = models.DateTimeField()

    class Meta(WalledRow.Meta):
        verbose_name = _("saved view")
        indexes = [models.Index(fields=["kept", "company"], name="saved_list_kept")]


class StartList(models.Model):
    """With which saved view a list opens for one person."""

    account = models.ForeignKey("organisation.Account", on_delete=models.PROTECT, related_name="+")
    kept = models.CharField(max_length=20)
    saved = models.ForeignKey(SavedList, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "kept"], name="start_list_once")]
