"""Advisories as they are stored: the text being written, and what was published.

1. The working text is a walled record; its texts are ``{language: text}``, sealed.
2. A revision and its documents exist only once they are public, so they have no wall and are
   clear. Nothing changes them: a correction and a withdrawal are new revisions.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.models import Account, Company, Realm, new_uid
from hikeshi.organisation.sealed_column import SealedField
from hikeshi.records.models import Record


class AdvisoryState(models.TextChoices):
    """Where the working text stands; what is public already stays public meanwhile."""

    DRAFT = "draft", _("draft")
    PROPOSED = "proposed", _("in review")
    APPROVED = "approved", _("approved")
    PUBLISHED = "published", _("published")
    WITHDRAWN = "withdrawn", _("withdrawn")


# The texts of an advisory, in the order in which they are read.
TEXTS = ("title", "summary", "description", "impact", "remedy", "workaround")


class Advisory(Record):
    """Our bulletin on vulnerabilities of our products.

    credits: list of {"names": […], "organisation": …, "summary": {language: text}}.
    references: list of {"url": …, "summary": {language: text}}.
    change_note: what this edition changes, {language: text}.
    edition: number of the newest published revision, 0 before the first.
    content_hash: of what was proposed; an approval is of this and nothing else.
    publish_at, publish_by, publish_hash: when it is to be published, who said so, and of what
        content; publish_problem: the sentence that says why the last such moment passed unused.
    """

    case = models.ForeignKey("triage.Case", on_delete=models.PROTECT, related_name="+")
    title = SealedField()
    summary = SealedField()
    description = SealedField()
    impact = SealedField()
    remedy = SealedField()
    workaround = SealedField()
    credits = SealedField()
    references = SealedField()
    change_note = SealedField()
    source_language = models.CharField(max_length=8, default="ja")
    tlp = models.CharField(max_length=12, default="CLEAR")
    state = models.CharField(
        _("state"), max_length=10, choices=AdvisoryState.choices, default=AdvisoryState.DRAFT
    )
    edition = models.PositiveIntegerField(default=0)
    content_hash = models.CharField(max_length=64, blank=True, default="")
    publish_at = models.DateTimeField(_("publish at"), null=True, blank=True)
    publish_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    publish_hash = models.CharField(max_length=64, blank=True, default="")
    publish_problem = models.CharField(max_length=300, blank=True, default="")
    published_at = models.DateTimeField(null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("advisory")
        verbose_name_plural = _("advisories")
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="advisory_number_once")
        ]
        indexes = [
            models.Index(fields=["-changed_at", "-id"], name="advisory_newest"),
            models.Index(
                fields=["publish_at"], condition=Q(publish_at__isnull=False), name="advisory_due"
            ),
        ]


class AdvisoryVulnerability(models.Model):
    """A vulnerability of the case that the advisory speaks of."""

    advisory = models.ForeignKey(Advisory, on_delete=models.PROTECT, related_name="items")
    vulnerability = models.ForeignKey(
        "triage.CaseVulnerability", on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["advisory", "vulnerability"], name="advisory_vulnerability_once"
            )
        ]


class RevisionKind(models.TextChoices):
    """What a revision did."""

    PUBLICATION = "publication", _("published")
    UPDATE = "update", _("updated")
    WITHDRAWAL = "withdrawal", _("withdrawn")


class AdvisoryRevision(models.Model):
    """One published edition, public from its first moment and never changed.

    content: ``{language: core.advisory.Advisory as JSON}``, what the documents were made from.
    content_hash: SHA-256 of the content that was approved, hexadecimal.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    advisory = models.ForeignKey(Advisory, on_delete=models.PROTECT, related_name="revisions")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    realm = models.CharField(max_length=8, choices=Realm.choices, default=Realm.LIVE)
    number = models.CharField(max_length=40)
    edition = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=RevisionKind.choices)
    at = models.DateTimeField()
    first_at = models.DateTimeField()
    by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    title = models.JSONField()
    change_note = models.JSONField(default=dict)
    band = models.CharField(max_length=8, blank=True, default="")
    names = models.JSONField(default=list)
    content = models.JSONField()
    content_hash = models.CharField(max_length=64)
    is_current = models.BooleanField(default=True)

    class Meta:
        ordering = ["-edition"]
        constraints = [
            models.UniqueConstraint(fields=["advisory", "edition"], name="revision_edition_once"),
            models.UniqueConstraint(
                fields=["advisory"], condition=Q(is_current=True), name="revision_one_current"
            ),
        ]
        indexes = [
            models.Index(fields=["company", "-at", "-id"], name="revision_by_moment"),
            models.Index(
                fields=["-at", "-id"], condition=Q(is_current=True), name="revision_newest"
            ),
            models.Index(fields=["number"], name="revision_by_number"),
        ]


class DocumentKind(models.TextChoices):
    """In which form a revision was published."""

    HTML = "html", "HTML"
    CSAF = "csaf", "CSAF 2.0"


class PublishedDocument(models.Model):
    """The bytes of a revision in one form and language, served as they are."""

    revision = models.ForeignKey(
        AdvisoryRevision, on_delete=models.PROTECT, related_name="documents"
    )
    kind = models.CharField(max_length=8, choices=DocumentKind.choices)
    language = models.CharField(max_length=8)
    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "kind", "language"], name="published_document_once"
            )
        ]
        indexes = [models.Index(fields=["name"], name="published_document_name")]
