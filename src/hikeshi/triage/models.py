"""Cases as they are stored.

1. What a case is about (title, summary, vectors, grounds) is sealed behind its wall. Number, dates,
   phase, band, participants and the names of vulnerabilities are clear: lists sort by them, and
   findings join on the names.
2. Facts, embargo terms and assessments are appended, never changed. Of assessments in one lane the
   one that was not superseded counts; a constraint lets there be one.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.models import Account, Unit, WallMember, new_uid
from hikeshi.organisation.sealed_column import SealedField
from hikeshi.organisation.walls import WalledRow
from hikeshi.records.models import Record


class CaseKind(models.TextChoices):
    """What kind of matter a case is."""

    VULNERABILITY = "vulnerability", _("vulnerability")
    INCIDENT = "incident", _("incident")
    INQUIRY = "inquiry", _("inquiry")
    CONSULTATION = "consultation", _("consultation")
    CAMPAIGN = "campaign", _("campaign")


class PhaseChoice(models.TextChoices):
    """The words of ``core.lifecycle.Phase``."""

    DISCOVERY = "discovery", _("Discovery")
    TRIAGE = "triage", _("Triage")
    REMEDIATION = "remediation", _("Remediation")
    DISCLOSURE = "disclosure", _("Disclosure")
    CLOSED = "closed", _("Closed")


class Band(models.TextChoices):
    """Severity bands of CVSS; the only part of a score that is in clear."""

    CRITICAL = "critical", _("Critical")
    HIGH = "high", _("High")
    MEDIUM = "medium", _("Medium")
    LOW = "low", _("Low")
    NONE = "none", _("None")


class TLPChoice(models.TextChoices):
    """The labels of ``core.tlp.TLP``."""

    CLEAR = "CLEAR", "TLP:CLEAR"
    GREEN = "GREEN", "TLP:GREEN"
    AMBER = "AMBER", "TLP:AMBER"
    AMBER_STRICT = "AMBER+STRICT", "TLP:AMBER+STRICT"
    RED = "RED", "TLP:RED"


class EmbargoChoice(models.TextChoices):
    """The words of ``core.lifecycle.EmbargoState``."""

    NONE = "none", _("none")
    PROPOSED = "proposed", _("proposed")
    ACTIVE = "active", _("active")
    REVISED = "revised", _("new date proposed")
    EXITED = "exited", _("exited")


class ExitReason(models.TextChoices):
    """Why a case was closed (ISO/IEC 30111, 7.1.4, and the usual end)."""

    RESOLVED = "resolved", _("resolved")
    DUPLICATE = "duplicate", _("duplicate")
    NOT_A_VULNERABILITY = "not_a_vulnerability", _("not a vulnerability")
    OBSOLETE_PRODUCT = "obsolete_product", _("product no longer supported")
    OTHER_VENDOR = "other_vendor", _("another vendor's product")
    WITHOUT_ACTION = "without_action", _("risk accepted")


class Case(Record):
    """The unit of work for a vulnerability, or another matter, and its participants.

    title and summary are ``{language: text}``; band is the worst of its vulnerabilities'; unit is
    the unit in the lead.
    """

    kind = models.CharField(_("kind"), max_length=14, choices=CaseKind.choices)
    title = SealedField()
    summary = SealedField()
    band = models.CharField(
        _("severity"), max_length=8, choices=Band.choices, blank=True, default=""
    )
    tlp = models.CharField(
        _("TLP label"), max_length=12, choices=TLPChoice.choices, default=TLPChoice.AMBER_STRICT
    )
    phase = models.CharField(
        _("phase"), max_length=12, choices=PhaseChoice.choices, default=PhaseChoice.DISCOVERY
    )
    phase_since = models.DateTimeField()
    owner = models.ForeignKey(
        Account,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("case owner"),
    )
    opened_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    exit_reason = models.CharField(
        max_length=20, choices=ExitReason.choices, blank=True, default=""
    )
    embargo = models.CharField(
        max_length=10, choices=EmbargoChoice.choices, default=EmbargoChoice.NONE
    )
    embargo_lifts_at = models.DateTimeField(null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="case_number_once"),
            models.CheckConstraint(
                condition=Q(phase="closed", closed_at__isnull=False)
                | (~Q(phase="closed") & Q(closed_at__isnull=True)),
                name="case_closed_has_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["company", "-changed_at", "-id"], name="case_by_change"),
            # For whoever reads several companies at once: newest first needs no sorting.
            models.Index(fields=["-changed_at", "-id"], name="case_in_order"),
            models.Index(fields=["owner", "phase"], name="case_by_owner"),
        ]


class CaseVulnerability(models.Model):
    """A vulnerability that a case is about.

    name: by which findings and assessments know it: a CVE or GHSA id, or one of our own.
    cve: the id it was given later, when the name is our own.
    title is ``{language: text}``, weaknesses a list of CWE ids, vectors a list of CVSS vectors.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="vulnerabilities")
    name = models.CharField(_("vulnerability"), max_length=100)
    cve = models.CharField("CVE", max_length=20, blank=True, default="")
    title = SealedField(null=True)
    weaknesses = SealedField(null=True)
    vectors = SealedField(null=True)
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "name"], name="case_vulnerability_once")
        ]
        indexes = [models.Index(fields=["name"], name="case_vulnerability_name")]

    def __str__(self) -> str:
        return self.cve or self.name


class VulnerabilityScore(models.Model):
    """What somebody scored a case's vulnerability by CVSS; the newest of a version counts.

    score: the vector's, as text with one decimal, sealed with it.
    """

    vulnerability = models.ForeignKey(
        CaseVulnerability, on_delete=models.PROTECT, related_name="scores"
    )
    version = models.CharField(max_length=4)
    vector = SealedField()
    score = SealedField()
    by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-version", "-at", "-pk"]
        indexes = [models.Index(fields=["vulnerability", "-at"], name="score_by_vulnerability")]


class CaseRole(models.TextChoices):
    """What a participant does in a case (R010, and CERT/CC's roles)."""

    OWNER = "owner", _("case owner")
    PSIRT = "psirt", _("PSIRT member")
    OWNER_UNIT = "owner_unit", _("owner unit")
    DIAGNOSIS = "diagnosis", _("diagnosis")
    OPEN_SOURCE = "open_source", _("open source policy")
    QUALITY = "quality", _("quality")
    PR = "pr", _("public relations")
    LEGAL = "legal", _("legal")
    EXECUTIVE = "executive", _("executive")
    FINDER = "finder", _("finder")
    REPORTER = "reporter", _("reporter")
    COORDINATOR = "coordinator", _("coordinator")
    SUPPLIER = "supplier", _("supplier")


class Participant(models.Model):
    """A party in a case: a person, a unit or somebody outside, with a role, from when until when.

    member: the row that lets them inside the case's wall; none when the case has no wall.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="participants")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="+")
    contact = models.ForeignKey(
        "stakeholders.Contact", on_delete=models.PROTECT, null=True, related_name="+"
    )
    role = models.CharField(_("role"), max_length=12, choices=CaseRole.choices)
    member = models.ForeignKey(WallMember, on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(account__isnull=False, unit__isnull=True, contact__isnull=True)
                    | Q(account__isnull=True, unit__isnull=False, contact__isnull=True)
                    | Q(account__isnull=True, unit__isnull=True, contact__isnull=False)
                ),
                name="participant_is_one_thing",
            ),
            *(
                models.UniqueConstraint(
                    fields=["case", field],
                    condition=Q(until__isnull=True, **{f"{field}__isnull": False}),
                    name=f"participant_{field}_once",
                )
                for field in ("account", "unit", "contact")
            ),
        ]


class FactChoice(models.TextChoices):
    """The words of ``core.lifecycle.Fact``."""

    VENDOR_AWARE = "vendor_aware", _("vendor aware")
    FIX_READY = "fix_ready", _("fix ready")
    FIX_DEPLOYED = "fix_deployed", _("fix deployed")
    PUBLIC = "public", _("public")
    EXPLOIT_PUBLIC = "exploit_public", _("exploit public")
    ATTACKED = "attacked", _("attacks observed")


class CaseFact(models.Model):
    """Something that became true of a case's vulnerability, and when; it never becomes untrue."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="facts")
    fact = models.CharField(max_length=16, choices=FactChoice.choices)
    happened_at = models.DateTimeField()
    by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    note = SealedField(null=True)
    recorded_at = models.DateTimeField()

    class Meta:
        ordering = ["happened_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["case", "fact"], name="case_fact_once")]


class EmbargoTerm(models.Model):
    """One step in agreeing on an embargo: who proposed, accepted, rejected or ended what, and why.

    act: of ``core.lifecycle.EmbargoAct``. lifts_at: the moment it is about.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="embargo_terms")
    act = models.CharField(max_length=10)
    state_after = models.CharField(max_length=10, choices=EmbargoChoice.choices)
    lifts_at = models.DateTimeField(null=True)
    by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    party = models.ForeignKey(Participant, on_delete=models.PROTECT, null=True, related_name="+")
    reason = SealedField(null=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "pk"]


class StatusChoice(models.TextChoices):
    """The words of ``core.vex.ProductStatus``, worst first."""

    KNOWN_AFFECTED = "known_affected", _("Affected")
    UNDER_INVESTIGATION = "under_investigation", _("Under investigation")
    FIXED = "fixed", _("Fixed")
    KNOWN_NOT_AFFECTED = "known_not_affected", _("Not affected")


class JustificationChoice(models.TextChoices):
    """The words of ``core.vex.Justification``."""

    COMPONENT_NOT_PRESENT = "component_not_present", _("Component not present")
    VULNERABLE_CODE_NOT_PRESENT = "vulnerable_code_not_present", _("Vulnerable code not present")
    VULNERABLE_CODE_NOT_IN_EXECUTE_PATH = (
        "vulnerable_code_not_in_execute_path",
        _("Vulnerable code is not executed"),
    )
    VULNERABLE_CODE_CANNOT_BE_CONTROLLED_BY_ADVERSARY = (
        "vulnerable_code_cannot_be_controlled_by_adversary",
        _("An attacker cannot control it"),
    )
    INLINE_MITIGATIONS_ALREADY_EXIST = (
        "inline_mitigations_already_exist",
        _("Mitigations are built in"),
    )


class ActionChoice(models.TextChoices):
    """The words of ``core.vex.Action``."""

    VENDOR_FIX = "vendor_fix", _("Vendor fix")
    WORKAROUND = "workaround", _("Workaround")
    MITIGATION = "mitigation", _("Mitigation")
    NO_FIX_PLANNED = "no_fix_planned", _("No fix planned")
    NONE_AVAILABLE = "none_available", _("None available")


class Assessment(WalledRow):
    """A decision on one vulnerability for one release, or for all releases of an offering.

    It names things as they stay (release, component without version, vulnerability name), never a
    match, so that it survives new SBOMs, rematches and merged aliases.

    release, offering: at most one; neither means the whole company.
    component: package URL without version, "" for the release as a whole.
    fixed_in: the release that brings, or will bring, the fix.
    lane: digest of all that says what the decision is about; the newest of a lane counts.
    by: None when a rule decided.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="+")
    vulnerability = models.CharField(max_length=100)
    release = models.ForeignKey(
        "inventory.Release", on_delete=models.PROTECT, null=True, related_name="+"
    )
    offering = models.ForeignKey(
        "inventory.Offering", on_delete=models.PROTECT, null=True, related_name="+"
    )
    component = models.CharField(max_length=400, blank=True, default="")
    status = models.CharField(max_length=20, choices=StatusChoice.choices)
    justification = models.CharField(
        max_length=50, choices=JustificationChoice.choices, blank=True, default=""
    )
    action = models.CharField(max_length=16, choices=ActionChoice.choices, blank=True, default="")
    fixed_in = models.ForeignKey(
        "inventory.Release", on_delete=models.PROTECT, null=True, related_name="+"
    )
    grounds = SealedField()
    by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    superseded_at = models.DateTimeField(null=True, blank=True)
    lane = models.CharField(max_length=40)

    class Meta(WalledRow.Meta):
        verbose_name = _("assessment")
        constraints = [
            models.CheckConstraint(
                condition=Q(release__isnull=True) | Q(offering__isnull=True),
                name="assessment_has_one_scope",
            ),
            models.UniqueConstraint(
                fields=["lane"],
                condition=Q(superseded_at__isnull=True),
                name="assessment_one_counts",
            ),
        ]
        indexes = [
            models.Index(fields=["vulnerability", "release"], name="assessment_by_name"),
            models.Index(fields=["release", "vulnerability"], name="assessment_by_release"),
            models.Index(fields=["case", "-at"], name="assessment_by_case"),
        ]
