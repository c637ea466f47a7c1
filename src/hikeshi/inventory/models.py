"""What we ship, as it is stored: offerings, models, releases, SBOMs, interned names, occurrences.

1. Names and versions are interned: one row per name, one per version of it, over all companies.
   They say nothing by themselves; what ships where stands in occurrences, which are read through
   their release and its ``visible_to``.
2. An occurrence is a machine fact with ``known_from``/``known_to``. A version of a slot's SBOM
   consists of the slot's occurrences opened in its batch or before and not closed until it; what
   two versions share is one row, so only what is new counts as new.
3. Names of offerings stay in clear: lists sort and search by them, and a case behind a wall never
   stores its matter here.
"""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hikeshi.organisation.models import new_uid
from hikeshi.organisation.walls import WalledRow
from hikeshi.records.known import KnownQuerySet
from hikeshi.records.models import Record


class Package(models.Model):
    """An interned name: naming system, distribution release, version scheme, normalised name."""

    system = models.CharField(max_length=40)
    distro_release = models.CharField(max_length=80, default="", blank=True)
    scheme = models.CharField(max_length=40)
    name = models.CharField(max_length=400)

    class Meta:
        constraints = [
            # The name comes first: it is what a look-up has the most of.
            models.UniqueConstraint(
                fields=["name", "system", "distro_release", "scheme"], name="package_once"
            )
        ]

    def __str__(self) -> str:
        named = f"{self.system}:{self.name}"
        return f"{named} ({self.distro_release})" if self.distro_release else named


class PackageVersion(models.Model):
    """An interned version of a name; ``key`` sorts as its scheme sorts, NULL when unreadable."""

    package = models.ForeignKey(
        Package, on_delete=models.PROTECT, related_name="versions", db_index=False
    )
    version = models.CharField(max_length=255)
    key = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["package", "version"], name="package_version_once")
        ]
        # The join of matching walks this index (house.md, "The heart").
        indexes = [models.Index(fields=["package", "key"], name="package_version_key")]

    def __str__(self) -> str:
        return self.version


class Gap(models.TextChoices):
    """Why a component, or a part of its names, cannot be decided: ``core.component.Gap``."""

    NONE = "", _("none")
    NO_NAME = "no_name", _("neither package URL nor CPE")
    NO_VERSION = "no_version", _("no version")
    UNKNOWN_SCHEME = "unknown_scheme", _("kind of package not known")
    UNREADABLE_VERSION = "unreadable_version", _("version cannot be read")
    NO_SOURCE = "no_source", _("source package not named")
    NO_DISTRO = "no_distro", _("distribution release not named")
    UNREADABLE_NAME = "unreadable_name", _("package URL cannot be read")
    NAME_ONLY = "name_only", _("generic name, which few sources use")


class Component(models.Model):
    """An interned component as an SBOM states it; ``digest`` covers all that identifies it."""

    # Hexadecimal, 160 bits of a SHA-256.
    digest = models.CharField(max_length=40)
    name = models.CharField(max_length=255)
    version = models.CharField(max_length=255, default="", blank=True)
    purl = models.CharField(max_length=1024, default="", blank=True)
    cpe = models.CharField(max_length=400, default="", blank=True)
    supplier = models.CharField(max_length=255, default="", blank=True)
    gap = models.CharField(max_length=20, choices=Gap.choices, default="", blank=True)

    class Meta:
        # A constraint and not unique=True, which on PostgreSQL would bring a second index.
        constraints = [models.UniqueConstraint(fields=["digest"], name="component_once")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}".strip()


class OfferingKind(models.TextChoices):
    """What kind of thing is offered (R024)."""

    PRODUCT = "product", _("product")
    PART = "part", _("part")
    SERVICE = "service", _("service")
    RESOLD = "resold", _("resold product")


class Rank(models.TextChoices):
    """Place in the portfolio; drives deadlines and order (R080)."""

    SAFETY = "safety", _("safety-related")
    FLAGSHIP = "flagship", _("flagship")
    OTHER = "other", _("other")


class ComponentClass(models.TextChoices):
    """Which of the four parts of a connected system it is (R138)."""

    DEVICE = "device", _("device")
    NETWORK = "network", _("network")
    PLATFORM = "platform", _("platform")
    MANAGEMENT = "management", _("management")


class Offering(Record):
    """Something the company makes or sells under one name."""

    kind = models.CharField(
        _("kind"), max_length=12, choices=OfferingKind.choices, default=OfferingKind.PRODUCT
    )
    name = models.JSONField(_("name"), default=dict)
    summary = models.JSONField(_("what it is"), default=dict, blank=True)
    code = models.CharField(_("product code"), max_length=80, blank=True, default="")
    rank = models.CharField(_("rank"), max_length=12, choices=Rank.choices, default=Rank.OTHER)
    component_class = models.CharField(
        _("part of a system"), max_length=12, choices=ComponentClass.choices, blank=True, default=""
    )
    is_safety = models.BooleanField(_("a failure can hurt people"), default=False)
    maker = models.CharField(
        _("made by"), max_length=200, blank=True, default="",
        help_text=_("Only for what another company makes: OEM, contractor, supplier."),
    )  # fmt: skip
    owner = models.ForeignKey(
        "organisation.Account", on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("person in charge"),
    )  # fmt: skip
    ended_on = models.DateField(_("no longer offered since"), null=True, blank=True)
    # All names and the code, casefolded: what the list searches and sorts by.
    search_key = models.CharField(max_length=600, default="", editable=False)

    class Meta(Record.Meta):
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.UniqueConstraint(
                fields=["company", "code"], condition=~Q(code=""), name="offering_code_once"
            ),
            models.UniqueConstraint(fields=["company", "number"], name="offering_number_once"),
        ]
        indexes = [
            models.Index(fields=["company", "search_key", "id"], name="offering_by_name"),
            models.Index(fields=["search_key", "id"], name="offering_in_order"),
        ]


class ProductModel(Record):
    """A variant of an offering that customers order by its own code."""

    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(_("model code"), max_length=80)
    name = models.JSONField(_("name"), default=dict, blank=True)
    ended_on = models.DateField(_("no longer offered since"), null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("model")
        constraints = [
            models.UniqueConstraint(fields=["offering", "code"], name="product_model_code_once"),
            models.UniqueConstraint(fields=["company", "number"], name="product_model_number_once"),
        ]


class ReleaseState(models.TextChoices):
    """Where a release stands in its life (R096)."""

    PLANNED = "planned", _("planned")
    SHIPPING = "shipping", _("shipping")
    MAINTAINED = "maintained", _("maintained, no longer shipped")
    ENDED = "ended", _("support ended")
    DISPOSED = "disposed", _("disposed of")


class Release(Record):
    """One version of an offering, or of one of its models, that was or will be shipped."""

    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="+")
    product_model = models.ForeignKey(
        ProductModel, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        verbose_name=_("model"),
    )  # fmt: skip
    version = models.CharField(_("version"), max_length=120)
    state = models.CharField(
        _("state"), max_length=12, choices=ReleaseState.choices, default=ReleaseState.SHIPPING
    )
    shipped_on = models.DateField(_("shipped on"), null=True, blank=True)
    last_shipped_on = models.DateField(_("last shipped on"), null=True, blank=True)
    support_ends_on = models.DateField(_("support ends on"), null=True, blank=True)
    disposed_on = models.DateField(_("disposed of on"), null=True, blank=True)
    units_in_use = models.PositiveIntegerField(_("units in use"), null=True, blank=True)
    purl = models.CharField(_("package URL"), max_length=400, blank=True, default="")
    cpe = models.CharField(_("CPE name"), max_length=400, blank=True, default="")
    # Stands in every advisory that names this release, so it never changes.
    csaf_product_id = models.CharField(max_length=80, unique=True, editable=False)

    class Meta(Record.Meta):
        verbose_name = _("release")
        constraints = [
            models.UniqueConstraint(
                fields=["offering", "version"],
                condition=Q(product_model__isnull=True),
                name="release_once_per_offering",
            ),
            models.UniqueConstraint(
                fields=["offering", "product_model", "version"],
                condition=Q(product_model__isnull=False),
                name="release_once_per_model",
            ),
            models.UniqueConstraint(fields=["company", "number"], name="release_number_once"),
            models.CheckConstraint(
                condition=Q(support_ends_on__isnull=True)
                | Q(shipped_on__isnull=True)
                | Q(support_ends_on__gte=F("shipped_on")),
                name="release_support_ends_after_shipping",
            ),
        ]
        indexes = [models.Index(fields=["support_ends_on"], name="release_by_support_end")]


class ChainRole(models.TextChoices):
    """What a link of the owner chain does for the product (R056, R059)."""

    DEPARTMENT = "department", _("department")
    OEM = "oem", _("OEM")
    CONTRACTOR = "contractor", _("contractor")
    SUPPLIER = "supplier", _("supplier")


class ChainLink(models.Model):
    """One of those who stand behind a product: a unit of ours or a contact, in the order to ask.

    product_model: only behind this model. A link is read through its offering, and the name of its
    contact through the contact's own ``visible_to``.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="+")
    product_model = models.ForeignKey(
        ProductModel, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    position = models.PositiveSmallIntegerField()
    role = models.CharField(_("role"), max_length=12, choices=ChainRole.choices)
    unit = models.ForeignKey(
        "organisation.Unit", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    contact = models.ForeignKey(
        "stakeholders.Contact", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    note = models.CharField(_("what for"), max_length=200, blank=True, default="")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["offering", "position"], name="chain_position_once"),
            models.CheckConstraint(
                condition=Q(unit__isnull=False, contact__isnull=True)
                | Q(unit__isnull=True, contact__isnull=False),
                name="chain_link_is_one_thing",
            ),
        ]


class Connection(models.Model):
    """Two products that are linked in use (R148); it is shown to who may see both.

    one has the lower id, so that a pair stands once.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    one = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="+")
    other = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="+")
    how = models.CharField(_("how"), max_length=200, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["one", "other"], name="connection_once"),
            models.CheckConstraint(condition=Q(one__lt=F("other")), name="connection_in_order"),
        ]


class Containment(models.Model):
    """A release inside another one, directly or through others, from when until when.

    trail: the ids of the releases from the outer one's own part down to the inner one, ``12/45/``;
    a direct part has one. Rows through others are derived from the direct ones. Whoever sees the
    outer release may know what is inside: that was agreed when the part was added.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    outer = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+", db_index=False)
    inner = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+")
    trail = models.CharField(max_length=200)
    depth = models.PositiveSmallIntegerField()
    known_from = models.DateTimeField()
    known_to = models.DateTimeField(null=True, blank=True)

    objects = KnownQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["outer", "trail"], condition=Q(known_to__isnull=True),
                name="containment_once",
            ),
            models.CheckConstraint(
                condition=~Q(outer=F("inner")), name="containment_not_of_itself"
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["outer", "inner"], name="containment_by_outer")]


class SBOMSlot(models.Model):
    """A named place for SBOMs of a release: application, root file system, boot loader, MCU …"""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="slots")
    name = models.CharField(_("name"), max_length=80)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["release", "name"], name="sbom_slot_once")]

    def __str__(self) -> str:
        return self.name


class SBOM(WalledRow):
    """One version of a slot's SBOM. Its bytes are kept as they came; the newest one is current."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="+")
    slot = models.ForeignKey(SBOMSlot, on_delete=models.PROTECT, related_name="+")
    ordinal = models.PositiveIntegerField()
    sha256 = models.BinaryField(max_length=32)
    size_bytes = models.PositiveBigIntegerField()
    file_name = models.CharField(max_length=255, default="", blank=True)
    format = models.CharField(max_length=20)
    spec_version = models.CharField(max_length=20, default="", blank=True)
    made_by = models.CharField(max_length=255, default="", blank=True)
    made_at = models.CharField(max_length=40, default="", blank=True)
    subject = models.CharField(max_length=255, default="", blank=True)
    uploaded_by = models.ForeignKey(
        "organisation.Account", on_delete=models.PROTECT, null=True, related_name="+"
    )
    uploaded_at = models.DateTimeField()
    replaced_at = models.DateTimeField(null=True, blank=True)
    # This version holds what was opened in this batch or before and was closed in a later one.
    batch = models.PositiveBigIntegerField(unique=True)
    components = models.PositiveIntegerField(default=0)
    # {gap: number of components}, counted when the file was read.
    gaps = models.JSONField(default=dict)
    # Where the file leaves its standard and was read all the same: sentences with their facts.
    deviations = models.JSONField(default=list)
    # The bytes as they came, sealed under the release's wall.
    blob = models.ForeignKey("records.Blob", on_delete=models.PROTECT, related_name="+")

    class Meta(WalledRow.Meta):
        verbose_name = "SBOM"
        constraints = [
            models.UniqueConstraint(fields=["slot", "ordinal"], name="sbom_ordinal_once"),
            models.UniqueConstraint(
                fields=["slot"], condition=Q(replaced_at__isnull=True), name="sbom_one_current"
            ),
        ]

    def __str__(self) -> str:
        return f"SBOM {self.uid}"

    @property
    def sha256_short(self) -> str:
        digest = bytes(self.sha256).hex()
        return f"{digest[:4]}…{digest[-4:]}"


class ColumnMapping(models.Model):
    """What the columns of a product list mean, as somebody said last for such a list.

    header: SHA-256 of the list's headings. columns: place as text → field (``columns.COLUMNS``).
    """

    company = models.ForeignKey("organisation.Company", on_delete=models.PROTECT, related_name="+")
    header = models.CharField(max_length=64)
    columns = models.JSONField(default=dict)
    by = models.ForeignKey(
        "organisation.Account", on_delete=models.PROTECT, null=True, related_name="+"
    )
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["company", "header"], name="column_mapping_once")
        ]


class Stage(models.Model):
    """The row whose lock numbers this area's batches, so that readers can pull whole ones."""

    name = models.CharField(max_length=40, unique=True)
    last_batch = models.PositiveBigIntegerField(default=0)


class Batch(models.Model):
    """What one upload changed; a higher number was committed later, under the stage's lock."""

    number = models.PositiveBigIntegerField(unique=True)
    sbom = models.ForeignKey(SBOM, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    opened = models.PositiveIntegerField()
    closed = models.PositiveIntegerField()


class Via(models.IntegerChoices):
    """By which of its names a component stands for a package version."""

    NOTHING = 0, _("no name")
    PURL = 1, _("package URL")
    SOURCE = 2, _("source package")
    CPE = 3, _("CPE name")


class Occurrence(models.Model):
    """A component in a slot of a release, under one of its names, from when until when.

    package_version is NULL for a component without any readable name: it is listed as a gap.
    opened_in and closed_in are batch numbers; a component that stays from one version of the SBOM
    to the next keeps its row.
    """

    release = models.ForeignKey(
        Release, on_delete=models.PROTECT, related_name="occurrences", db_index=False
    )
    # One service writes these rows by the hundred thousand; what the release's constraint already
    # holds is not checked again row by row.
    slot = models.ForeignKey(
        SBOMSlot, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    sbom = models.ForeignKey(
        SBOM, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    component = models.ForeignKey(Component, on_delete=models.PROTECT, related_name="occurrences")
    package_version = models.ForeignKey(
        PackageVersion, on_delete=models.PROTECT, null=True, related_name="occurrences"
    )
    via = models.PositiveSmallIntegerField(choices=Via.choices)
    bom_ref = models.CharField(max_length=255, default="", blank=True)
    known_from = models.DateTimeField()
    known_to = models.DateTimeField(null=True)
    opened_in = models.PositiveBigIntegerField()
    closed_in = models.PositiveBigIntegerField(null=True)

    objects = KnownQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(known_to__isnull=True) | Q(known_to__gte=F("known_from")),
                name="occurrence_ends_after_start",
            )
        ]
        indexes = [
            models.Index(fields=["release", "slot"], name="occurrence_in_slot"),
            models.Index(fields=["opened_in"], name="occurrence_opened"),
            models.Index(
                fields=["closed_in"],
                condition=Q(closed_in__isnull=False),
                name="occurrence_closed",
            ),
        ]
