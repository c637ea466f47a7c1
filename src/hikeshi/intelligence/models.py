"""What sources say, as it is stored.

1. Facts carry the number of the run that opened them and of the one that closed them, beside
   ``known_from`` and ``known_to``. ``known()`` is the one base queryset of all readers: it shows
   what runs up to the last closed one say, and nothing of a run that is under way.
2. Nothing is deleted by a source's change: a fact is closed and the next one opened. What stays the
   same keeps its row, so that only what is new counts as new.
3. All of this is public matter; what a coordinator tells in confidence will need walled rows.
"""

from __future__ import annotations

from datetime import datetime
from typing import Self, TypeVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.models import new_uid
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer

STAGE = "intelligence"
_M_co = TypeVar("_M_co", bound=models.Model, covariant=True)


class Stage(models.Model):
    """The row that says which run is closed last and which one is under way.

    leased_until: until when the run under way counts as alive; each of its batches extends it.
    """

    name = models.CharField(max_length=40, unique=True)
    last_closed = models.PositiveBigIntegerField(default=0)
    running = models.PositiveBigIntegerField(null=True)
    leased_until = models.DateTimeField(null=True)


def last_closed() -> models.QuerySet[Stage, int]:
    """Select the number of the last closed run, for use inside another query."""
    return Stage.objects.filter(name=STAGE).values_list("last_closed", flat=True)[:1]


class FactQuerySet(models.QuerySet[_M_co]):
    """Dated facts of runs; reading starts with ``visible_to`` or ``known``."""

    def known(self, run: int | None = None) -> Self:
        """Keep what was known when a run was closed; the last closed one when none is named."""
        upto = models.Subquery(last_closed()) if run is None else models.Value(run)
        return self.filter(opened_in__lte=upto).filter(
            Q(closed_in__isnull=True) | Q(closed_in__gt=upto)
        )

    def as_known(self, at: datetime) -> Self:
        """Keep what the runs said that were complete at a past moment.

        The number of the last of them decides, not ``known_from``: that is when a run began to
        read, and until it was complete nobody could know what it read.
        """
        closed = Run.objects.filter(state=RunState.CLOSED, closed_at__lte=at)
        return self.known(closed.aggregate(last=models.Max("number"))["last"] or 0)

    def open(self) -> Self:
        """Keep what no run has closed, those of the run under way included: for writers only."""
        return self.filter(closed_in__isnull=True)

    def visible_to(self, viewer: Viewer) -> Self:
        """Keep what the viewer may know: public claims, to whoever may view any company."""
        return self.known() if viewer.may_somewhere(Permission.VIEW) else self.none()


class Fact(models.Model):
    """Something a source says, from when until when."""

    known_from = models.DateTimeField()
    known_to = models.DateTimeField(null=True)
    opened_in = models.PositiveBigIntegerField()
    closed_in = models.PositiveBigIntegerField(null=True)

    objects = FactQuerySet.as_manager()

    class Meta:
        abstract = True


class RunState(models.TextChoices):
    """How a run stands."""

    RUNNING = "running", _("running")
    CLOSED = "closed", _("complete")
    ABANDONED = "abandoned", _("abandoned, nothing kept")


class Run(models.Model):
    """One reading of a feed. It ends as a whole: closed, or abandoned with nothing kept."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    number = models.PositiveBigIntegerField(unique=True)
    family = models.CharField(max_length=20)
    origin = models.CharField(max_length=1000)
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.RUNNING)
    by = models.ForeignKey(
        "organisation.Account", on_delete=models.PROTECT, null=True, related_name="+"
    )
    started_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("run")

    def __str__(self) -> str:
        return f"run {self.number}"


class Source(models.Model):
    """One part of a feed, as its last closed run found it.

    records: claims that stand. listed: how many the source's own index names; None without index.
    newest_at: the newest change the source tells of. checked_at: when it was read last.
    """

    family = models.CharField(max_length=20)
    part = models.CharField(max_length=80)
    records = models.PositiveIntegerField(default=0)
    listed = models.PositiveIntegerField(null=True)
    refused = models.PositiveIntegerField(default=0)
    newest_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["family", "part"], name="source_once")]

    def __str__(self) -> str:
        return f"{self.family}/{self.part}"


class RunPart(models.Model):
    """What a run did with one source.

    position: members read so far, for going on, as long as ``stamp`` says it is the same file.
    """

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="parts")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    stamp = models.CharField(max_length=100)
    total = models.PositiveIntegerField(default=0)
    position = models.PositiveIntegerField(default=0)
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    older = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    withdrawn = models.PositiveIntegerField(default=0)
    # Records that stood and that the source no longer serves.
    vanished = models.PositiveIntegerField(default=0)
    listed = models.PositiveIntegerField(null=True)
    newest_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "source"], name="run_part_once")]


class Document(models.Model):
    """A record of a source as it came: zlib of its bytes, and their SHA-256."""

    family = models.CharField(max_length=20)
    sha256 = models.BinaryField(max_length=32)
    size_bytes = models.PositiveIntegerField()
    packed = models.BinaryField()
    fetched_at = models.DateTimeField()
    opened_in = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sha256", "family"], name="document_once")]


class Claim(models.Model):
    """What one record of one source says, through all its revisions."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    family = models.CharField(max_length=20)
    record_id = models.CharField(max_length=200)
    opened_in = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = _("claim")
        constraints = [models.UniqueConstraint(fields=["record_id", "family"], name="claim_once")]

    def __str__(self) -> str:
        return self.record_id


class ClaimRevision(Fact):
    """One state of a claim; the texts that are not here stand in its document.

    vector, score: of the newest CVSS version that the record gives; NULL when it gives none.
    reader: which rules read the document; older ones are read again.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="revisions")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+", db_index=False)
    reader = models.PositiveSmallIntegerField()
    summary = models.CharField(max_length=500, default="", blank=True)
    vector = models.CharField(max_length=400, default="", blank=True)
    score = models.DecimalField(max_digits=3, decimal_places=1, null=True)
    published_at = models.DateTimeField(null=True)
    modified_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    aliases = models.JSONField(default=list)
    weaknesses = models.JSONField(default=list)
    # What of the record cannot be matched, and what had to be forgiven when reading it.
    only_commits = models.BooleanField(default=False)
    deviations = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["claim"], condition=Q(closed_in__isnull=True), name="claim_one_revision"
            )
        ]


class Vulnerability(models.Model):
    """What claims that share a name speak of. name: the best of its names, for lists."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    name = models.CharField(max_length=200)
    opened_in = models.PositiveBigIntegerField()

    class Meta:
        verbose_name = _("vulnerability")
        verbose_name_plural = _("vulnerabilities")
        indexes = [models.Index(fields=["name"], name="vulnerability_name")]

    def __str__(self) -> str:
        return self.name


class VulnerabilityName(Fact):
    """An id by which a vulnerability goes. Joining two moves the names of one to the other."""

    name = models.CharField(max_length=200)
    vulnerability = models.ForeignKey(Vulnerability, on_delete=models.PROTECT, related_name="names")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name"], condition=Q(closed_in__isnull=True), name="vulnerability_name_once"
            )
        ]
        indexes = [models.Index(fields=["name"], name="vulnerability_by_name")]


class ClaimSubject(Fact):
    """A vulnerability that a claim speaks of; a claim that names several CVE ids has several."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="subjects")
    vulnerability = models.ForeignKey(
        Vulnerability, on_delete=models.PROTECT, related_name="subjects"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["claim", "vulnerability"],
                condition=Q(closed_in__isnull=True),
                name="claim_subject_once",
            )
        ]


class AffectedRange(Fact):
    """Keys from ``lo`` up to but without ``hi`` of a package that a claim calls affected.

    stated: the ends as the source gives them (``>=1.2 <2.0``).
    The index by package differs between the databases (house.md, "The heart"): migration 0001.
    """

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="ranges")
    package = models.ForeignKey(
        "inventory.Package", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    lo = models.BinaryField()
    hi = models.BinaryField()
    stated = models.CharField(max_length=520)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(lo__lt=F("hi")), name="affected_range_not_empty")
        ]
        indexes = [
            models.Index(fields=["opened_in"], name="affected_range_opened"),
            models.Index(
                fields=["closed_in"],
                condition=Q(closed_in__isnull=False),
                name="affected_range_closed",
            ),
        ]


class Undecidable(models.TextChoices):
    """Why something that a claim says cannot be matched: ``core.claim.Undecidable``."""

    UNKNOWN_SCHEME = "unknown_scheme", _("kind of package not known")
    UNREADABLE_VERSION = "unreadable_version", _("version cannot be read")
    NO_VERSIONS = "no_versions", _("no versions given")


class UndecidedRange(Fact):
    """A package that a claim names in a way that cannot be matched: told, never guessed."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="undecided")
    package = models.ForeignKey("inventory.Package", on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=20, choices=Undecidable.choices)


class SignalKind(models.TextChoices):
    """Who says that a vulnerability is, or may be, exploited."""

    KEV = "kev", _("known to be exploited (CISA KEV)")
    EPSS = "epss", _("likelihood of exploitation (EPSS)")


class Signal(Fact):
    """What a list says of the use of a vulnerability by attackers, from when until when.

    number: the probability of EPSS, rounded to three places, as percentile is to two: a change
    below that opens no new interval. facts: the entry of KEV.
    """

    kind = models.CharField(max_length=4, choices=SignalKind.choices)
    name = models.CharField(max_length=40)
    number = models.DecimalField(max_digits=4, decimal_places=3, null=True)
    percentile = models.DecimalField(max_digits=3, decimal_places=2, null=True)
    facts = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name", "kind"], condition=Q(closed_in__isnull=True), name="signal_once"
            )
        ]
        indexes = [models.Index(fields=["kind", "closed_in"], name="signal_by_kind")]


class FeedSetting(models.Model):
    """Whether a feed is fetched by itself. Nothing leaves an installation until somebody says so.

    etag, modified: what the server said of the file we have, for asking whether it changed.
    """

    family = models.CharField(max_length=20, unique=True)
    is_on = models.BooleanField(default=False)
    tried_at = models.DateTimeField(null=True)
    failed = models.CharField(max_length=300, default="", blank=True)
    by = models.ForeignKey(
        "organisation.Account", on_delete=models.PROTECT, null=True, related_name="+"
    )


class Refusal(models.Model):
    """A record that could not be read. sentence and facts are those of the error."""

    run = models.ForeignKey(Run, on_delete=models.PROTECT, related_name="refusals")
    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="+")
    place = models.CharField(max_length=400)
    sentence = models.CharField(max_length=300)
    facts = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["run", "id"], name="refusal_in_run")]
