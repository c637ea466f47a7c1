"""Companies, units, people and walls as they are stored.

Names and texts are ``{language: text}``. Moments end in ``_at``, days in ``_on``; a dated row
counts from ``since`` until before ``until``.
"""

from __future__ import annotations

from typing import ClassVar, Final
from uuid import UUID

import uuid_utils.compat
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.roles import Role
from hikeshi.organisation.sealed_column import SealedField


def new_uid() -> UUID:
    """Return a UUIDv7: unique, never reused, and sorted by the time of its making."""
    made: UUID = uuid_utils.compat.uuid7()
    return made


class Realm(models.TextChoices):
    """Which world a row belongs to; only what is live leaves the system."""

    LIVE = "live", _("live")
    DRILL = "drill", _("drill")
    DEMO = "demo", _("demo")


class OrgModel(models.TextChoices):
    """How a company places its PSIRT (R003)."""

    CENTRALISED = "centralised", _("centralised")
    DISTRIBUTED = "distributed", _("distributed")
    HYBRID = "hybrid", _("hybrid")


# Stands in a company's reply address for what tells an answer where it belongs.
REPLY_PLACE: Final = "{token}"


class Company(models.Model):
    """A legal person with its own products: the hard wall."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    slug = models.SlugField(_("short name"), max_length=40, unique=True)
    name = models.JSONField(_("name"), default=dict)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    realm = models.CharField(max_length=8, choices=Realm.choices, default=Realm.LIVE)
    org_model = models.CharField(
        _("organisation model"),
        max_length=12,
        choices=OrgModel.choices,
        default=OrgModel.CENTRALISED,
    )
    single_person = models.BooleanField(_("one person runs the PSIRT"), default=False)
    languages = models.JSONField(_("languages"), default=list)
    zone = models.CharField(_("time zone"), max_length=64, default="Asia/Tokyo")
    calendar = models.CharField(_("holiday calendar"), max_length=16, default="JP")
    host = models.CharField(
        _("host name of the public pages"), max_length=253, null=True, unique=True
    )
    prefix = models.CharField(_("number prefix"), max_length=8, unique=True)
    mail_from = models.EmailField(_("mail sender"), blank=True)
    mail_bounce = models.EmailField(_("bounce address"), blank=True)
    mail_domain = models.CharField(_("Message-ID domain"), max_length=253, blank=True)
    mail_reply_token = models.CharField(_("reply address token"), max_length=64, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")

    def __str__(self) -> str:
        return self.slug


class TeamType(models.TextChoices):
    """Kinds of incident response team, by what they protect (R001, R002)."""

    PSIRT = "psirt", "PSIRT"
    CSIRT = "csirt", "CSIRT"
    FSIRT = "fsirt", "FSIRT"
    DSIRT = "dsirt", "DSIRT"
    SSIRT = "ssirt", "SSIRT"


class Unit(models.Model):
    """A part of a company of any type and depth: business unit, plant, department, team."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    name = models.JSONField(_("name"), default=dict)
    kind = models.CharField(_("type"), max_length=60, default="department")
    team_type = models.CharField(
        _("team type"),
        max_length=40,
        blank=True,
        help_text=_("PSIRT, CSIRT … or a name of your own"),
    )
    protected_asset = models.CharField(_("protects"), max_length=200, blank=True)
    owner = models.ForeignKey(
        "Account", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    outsourced_to = models.ForeignKey(
        Company, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    region = models.CharField(_("region"), max_length=60, blank=True)
    zone = models.CharField(_("time zone"), max_length=64, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("unit")
        indexes = [models.Index(fields=["company"])]

    def __str__(self) -> str:
        return f"unit {self.pk}"


class UnitEdge(models.Model):
    """Where a unit hung in the tree and when: closed and followed by another, never rewritten."""

    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["unit"], condition=Q(until__isnull=True), name="unit_edge_one_open"
            ),
            models.CheckConstraint(condition=~Q(unit=F("parent")), name="unit_edge_not_itself"),
        ]


class AccountManager(BaseUserManager["Account"]):
    """Looks accounts up; making one is a service."""

    def get_by_natural_key(self, username: str | None) -> Account:
        return self.get(email__iexact=username)


class Account(AbstractBaseUser):
    """A person who logs in. Rights come from appointments alone; there is no superuser."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    email = models.EmailField(_("mail address"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=120)
    language = models.CharField(_("language"), max_length=8, default="ja")
    zone = models.CharField(_("time zone"), max_length=64, default="Asia/Tokyo")
    theme = models.CharField(_("appearance"), max_length=8, default="auto")
    density = models.CharField(_("row height"), max_length=12, default="compact")
    shortcuts = models.BooleanField(_("keyboard shortcuts"), default=True)
    first_steps_hidden = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    realm = models.CharField(max_length=8, choices=Realm.choices, default=Realm.LIVE)
    expires_at = models.DateTimeField(_("account ends"), null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_seen_at = models.DateTimeField(null=True, blank=True)
    news_read_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[AccountManager] = AccountManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        verbose_name = _("account")
        indexes = [models.Index(fields=["name", "id"], name="account_by_name")]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name


class DutyType(models.TextChoices):
    """Whether a person does this work alone or beside other work (R004)."""

    FULL_TIME = "full_time", _("full-time")
    CONCURRENT = "concurrent", _("concurrent")


class Appointment(models.Model):
    """A dated role of a person in a company or unit (R008, R013); several may run at once."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    role = models.CharField(
        _("role"), max_length=12, choices=[(role.value, role.value) for role in Role]
    )
    duty = models.CharField(
        _("duty"), max_length=12, choices=DutyType.choices, default=DutyType.CONCURRENT
    )
    load_percent = models.PositiveSmallIntegerField(_("load"), null=True, blank=True)
    delegate_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    appointed_by = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    uid = models.UUIDField(default=new_uid, unique=True, editable=False)

    class Meta:
        verbose_name = _("appointment")
        indexes = [
            models.Index(fields=["account", "since"]),
            models.Index(fields=["company", "unit"]),
        ]
        constraints = [
            models.CheckConstraint(
                # Equal: it was taken back before it began.
                condition=Q(until__isnull=True) | Q(until__gte=F("since")),
                name="appointment_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(load_percent__isnull=True) | Q(load_percent__lte=100),
                name="appointment_load_at_most_100",
            ),
            models.CheckConstraint(
                # A guest without an end would outlive everybody's memory of why (R178).
                condition=~Q(role=Role.GUEST.value) | Q(until__isnull=False),
                name="appointment_guest_expires",
            ),
        ]


class Wall(models.Model):
    """A ring of people around unpublished matter of one company."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=40, default="embargo")

    class Meta:
        verbose_name = _("wall")

    def __str__(self) -> str:
        return f"wall {self.uid}"


class WallMember(models.Model):
    """Who is inside a wall, why, and for how long."""

    wall = models.ForeignKey(Wall, on_delete=models.PROTECT, related_name="+")
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    unit = models.ForeignKey(
        Unit, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # A contact or token of a higher area, by its kind and uid: this area cannot point up at it.
    party_kind = models.CharField(max_length=20, blank=True)
    party_uid = models.UUIDField(null=True, blank=True)
    role = models.CharField(max_length=20, default="member")
    reason = SealedField(null=True)
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(account__isnull=False, unit__isnull=True, party_uid__isnull=True)
                    | Q(account__isnull=True, unit__isnull=False, party_uid__isnull=True)
                    | Q(account__isnull=True, unit__isnull=True, party_uid__isnull=False)
                ),
                name="wall_member_is_one_thing",
            ),
            models.UniqueConstraint(
                fields=["wall", "account"],
                condition=Q(until__isnull=True, account__isnull=False),
                name="wall_member_account_once",
            ),
            models.UniqueConstraint(
                fields=["wall", "unit"],
                condition=Q(until__isnull=True, unit__isnull=False),
                name="wall_member_unit_once",
            ),
            models.UniqueConstraint(
                fields=["wall", "party_kind", "party_uid"],
                condition=Q(until__isnull=True, party_uid__isnull=False),
                name="wall_member_party_once",
            ),
        ]
        indexes = [
            models.Index(fields=["account", "wall"]),
            models.Index(fields=["unit", "wall"]),
            models.Index(fields=["party_uid", "wall"]),
        ]


class CompanyKey(models.Model):
    """A company's key, wrapped by the master key; the newest that is not retired wraps anew."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    wrapped = models.BinaryField()
    master_id = models.CharField(max_length=16)
    created_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["company"],
                condition=Q(retired_at__isnull=True),
                name="company_key_one_open",
            )
        ]


class WallKey(models.Model):
    """A wall's key, wrapped by a company key; emptied by shredding, after which nothing opens."""

    wall = models.OneToOneField(Wall, on_delete=models.PROTECT, related_name="+")
    company_key = models.ForeignKey(CompanyKey, on_delete=models.PROTECT, related_name="+")
    wrapped = models.BinaryField(null=True)
    shredded_at = models.DateTimeField(null=True, blank=True)


class NumberSeries(models.Model):
    """The last number given in one series of a company. Numbers skip at random: house.md."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="+")
    series = models.CharField(max_length=40)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "series"], name="number_series_once")
        ]


class APIToken(models.Model):
    """A key for programs, shown once; only its digest is kept."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.BinaryField(max_length=32)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("API token")

    def __str__(self) -> str:
        return self.prefix


class OneTimeLink(models.Model):
    """A link that opens one door once: the first set-up, a login, an invitation.

    Only the digest of its secret is kept. An invitation is given its secret when its mail is made,
    so that no stored row ever held it; until then ``digest`` is null.
    """

    class Purpose(models.TextChoices):
        """Which door it opens."""

        SETUP = "setup", _("first set-up")
        LOGIN = "login", _("login")
        INVITATION = "invitation", _("invitation")

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    account = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    digest = models.BinaryField(max_length=32, null=True, unique=True)
    made_by = models.ForeignKey(
        Account, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("one-time link")
        indexes = [models.Index(fields=["account", "purpose"])]

    def __str__(self) -> str:
        return f"{self.purpose} link {self.uid}"
