"""Matches as they are stored, and how far the pull has come."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from hikeshi.records.known import KnownQuerySet

STAGE = "matching"


class Stage(models.Model):
    """How far matching has pulled: the last run of the sources, the last batch of SBOMs.

    Its row lock numbers this area's own batches. reach_*: up to where reach was counted, and by
    which rules (``standings.RULES``); it follows the matches in transactions of its own.
    """

    name = models.CharField(max_length=40, unique=True)
    run = models.PositiveBigIntegerField(default=0)
    sbom_batch = models.PositiveBigIntegerField(default=0)
    last_batch = models.PositiveBigIntegerField(default=0)
    reach_run = models.PositiveBigIntegerField(default=0)
    reach_sbom_batch = models.PositiveBigIntegerField(default=0)
    reach_batch = models.PositiveBigIntegerField(default=0)
    reach_rules = models.PositiveSmallIntegerField(default=0)
    reach_at = models.DateTimeField(null=True)


class Match(models.Model):
    """A package version inside a range of a claim. It says nothing of who ships it."""

    # The join writes these rows by the million, from rows that are there; what their constraints
    # hold is not checked again row by row. Ranges are looked up through their claim.
    package_version = models.ForeignKey(
        "inventory.PackageVersion", on_delete=models.PROTECT, related_name="+", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    affected_range = models.ForeignKey(
        "intelligence.AffectedRange", on_delete=models.PROTECT, related_name="+", db_index=False,
        db_constraint=False,
    )  # fmt: skip
    claim = models.ForeignKey(
        "intelligence.Claim", on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
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
        indexes = [
            models.Index(fields=["opened_in"], name="match_opened"),
            models.Index(
                fields=["closed_in"], condition=Q(closed_in__isnull=False), name="match_closed"
            ),
        ]


class Standing(models.Model):
    """A vulnerability as it stands for the products of one rank: what lists sort and filter by.

    One row for each rank among the products that it reaches, so that lists walk an index in the
    order of the weight, and a product that the reader may not see moves nothing in their list.
    A derived row: ``standings`` makes it anew whenever what it is made from changes.

    rank: ``core.scoring.priority.RankPlace``. score: the highest a standing claim gives, 0 without.
    epss: the probability, 0 without.
    """

    vulnerability = models.ForeignKey(
        "intelligence.Vulnerability", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    rank = models.PositiveSmallIntegerField()
    weight = models.PositiveSmallIntegerField()
    score = models.DecimalField(max_digits=3, decimal_places=1)
    is_exploited = models.BooleanField()
    epss = models.DecimalField(max_digits=4, decimal_places=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["vulnerability", "rank"], name="standing_once")
        ]
        indexes = [
            models.Index(fields=["weight", "score", "id"], name="standing_by_weight"),
            models.Index(fields=["score", "id"], name="standing_by_score"),
            models.Index(fields=["epss", "id"], name="standing_by_epss"),
        ]


class Reach(models.Model):
    """How many releases of one product a vulnerability reaches. No row where it reaches none.

    It is read through the product and its ``visible_to`` alone; a release has the unit and wall of
    its product (one that had not is left out of the count).

    undecided: releases without a decision that all who see the product may read.
    not_affected: releases decided to be not affected. since: since when it is known.
    """

    standing = models.ForeignKey(
        Standing, on_delete=models.CASCADE, related_name="reach", db_index=False
    )
    offering = models.ForeignKey("inventory.Offering", on_delete=models.PROTECT, related_name="+")
    releases = models.PositiveIntegerField()
    supported = models.PositiveIntegerField()
    undecided = models.PositiveIntegerField()
    not_affected = models.PositiveIntegerField()
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["standing", "offering"], name="reach_once")]


class ReachDue(models.Model):
    """A product whose reach is to be counted again, noted in the transaction of what changed it."""

    offering = models.ForeignKey("inventory.Offering", on_delete=models.PROTECT, related_name="+")
