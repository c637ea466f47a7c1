"""Matches as they are stored, and how far the pull has come."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hikeshi.records.known import KnownQuerySet

STAGE = "matching"


class Stage(models.Model):
    """How far matching has pulled: the last run of the sources, the last batch of SBOMs.

    Its row lock numbers this area's own batches.
    """

    name = models.CharField(max_length=40, unique=True)
    run = models.PositiveBigIntegerField(default=0)
    sbom_batch = models.PositiveBigIntegerField(default=0)
    last_batch = models.PositiveBigIntegerField(default=0)


class Match(models.Model):
    """A package version inside a range of a claim. It says nothing of who ships it."""

    package_version = models.ForeignKey(
        "inventory.PackageVersion", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    affected_range = models.ForeignKey(
        "intelligence.AffectedRange", on_delete=models.PROTECT, related_name="+"
    )
    claim = models.ForeignKey("intelligence.Claim", on_delete=models.PROTECT, related_name="+")
    opened_in = models.PositiveBigIntegerField()
    closed_in = models.PositiveBigIntegerField(null=True)
    known_from = models.DateTimeField()
    known_to = models.DateTimeField(null=True)

    objects = KnownQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["package_version", "affected_range"], name="match_once"
            ),
            models.CheckConstraint(
                condition=Q(closed_in__isnull=True) | Q(known_to__isnull=False),
                name="match_closed_has_moment",
            ),
        ]
        indexes = [models.Index(fields=["opened_in"], name="match_opened")]
