"""Contacts, conversations and rounds of questions as they are stored."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from hikeshi.organisation.models import Account, Unit, new_uid
from hikeshi.organisation.sealed import SealedField
from hikeshi.organisation.walls import WalledRow
from hikeshi.records.models import Record


class ContactKind(models.TextChoices):
    """What a contact is to us (R017, R036, R153)."""

    FINDER = "finder", _("finder")
    SUPPLIER = "supplier", _("supplier")
    PARTNER = "partner", _("OEM or contractor")
    COORDINATOR = "coordinator", _("coordinator")
    CUSTOMER = "customer", _("customer")
    AUTHORITY = "authority", _("authority")
    COMMUNITY = "community", _("community")
    INTERNAL = "internal", _("inside function")


class Contact(Record):
    """A person or organisation we deal with. Walled where even the name is a secret (a finder)."""

    kind = models.CharField(_("kind"), max_length=12, choices=ContactKind.choices)
    is_person = models.BooleanField(_("a person"), default=False)
    name = SealedField()
    member_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    languages = models.JSONField(_("languages"), default=list)
    zone = models.CharField(_("time zone"), max_length=64, blank=True)
    nda_until = models.DateField(_("NDA until"), null=True, blank=True)
    has_nda = models.BooleanField(_("NDA signed"), default=False)
    rules = SealedField(null=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("contact")
        indexes = [models.Index(fields=["company", "kind"], name="contact_company_kind")]
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="contact_number_once")
        ]


class ChannelKind(models.TextChoices):
    """Ways to reach somebody."""

    MAIL = "mail", _("mail")
    PHONE = "phone", _("phone")
    WEB = "web", _("web form")
    CHAT = "chat", _("chat")
    POST = "post", _("post")


class Channel(models.Model):
    """One way to reach a contact; ``rank`` is the order of trying, 1 first."""

    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="channels")
    kind = models.CharField(_("channel"), max_length=8, choices=ChannelKind.choices)
    address = SealedField()
    rank = models.PositiveSmallIntegerField(_("order"), default=1)
    for_emergency = models.BooleanField(_("for emergencies"), default=False)

    class Meta:
        ordering = ["rank", "pk"]


class KeyKind(models.TextChoices):
    """Kinds of public keys."""

    PGP = "pgp", "OpenPGP"
    SMIME = "smime", "S/MIME"


class ContactKey(models.Model):
    """A public key of a contact. Sealed: a key names the finder who wants to stay unnamed.

    verified_at: when somebody compared the fingerprint with the owner by another way.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="keys")
    kind = models.CharField(max_length=8, choices=KeyKind.choices)
    fingerprint = SealedField()
    material = SealedField()
    added_at = models.DateTimeField()
    verified_at = models.DateTimeField(null=True, blank=True)
    expires_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]


class Conversation(WalledRow):
    """Messages about one subject among a chosen subset of those who may know of it.

    A conversation is visible to whom its row is visible, and of those only to its members, unless
    ``open_to_all`` says that everybody who sees the subject reads it.
    """

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    subject_kind = models.CharField(max_length=40)
    subject_uid = models.UUIDField()
    title = SealedField()
    open_to_all = models.BooleanField(default=False)
    started_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(default=timezone.now)

    class Meta(WalledRow.Meta):
        indexes = [models.Index(fields=["subject_uid", "started_at"], name="conversation_subject")]


class ConversationMember(models.Model):
    """Somebody who reads and writes in a conversation."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="members")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="+")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    read_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(account__isnull=False, unit__isnull=True, contact__isnull=True)
                    | Q(account__isnull=True, unit__isnull=False, contact__isnull=True)
                    | Q(account__isnull=True, unit__isnull=True, contact__isnull=False)
                ),
                name="conversation_member_is_one_thing",
            )
        ]


class Message(models.Model):
    """What somebody wrote. Never changed: a correction is a new message that names the old one."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    conversation = models.ForeignKey(
        Conversation, on_delete=models.PROTECT, related_name="messages"
    )
    author = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    author_contact = models.ForeignKey(
        Contact, on_delete=models.PROTECT, null=True, related_name="+"
    )
    body = SealedField()
    corrects = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    written_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["conversation", "written_at"], name="message_conversation")]


class RoundState(models.TextChoices):
    """Where a round of questions stands."""

    DRAFT = "draft", _("draft")
    OPEN = "open", pgettext_lazy("round of questions", "open")
    CLOSED = "closed", pgettext_lazy("round of questions", "closed")


class Round(Record):
    """The same questions to many parties; asked_by wrote them down."""

    asked_by = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="+")
    title = SealedField()
    letter = SealedField()
    state = models.CharField(max_length=8, choices=RoundState.choices, default=RoundState.DRAFT)
    subject_kind = models.CharField(max_length=40, blank=True)
    subject_uid = models.UUIDField(null=True, blank=True)
    due_at = models.DateTimeField(_("answer until"))
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta(Record.Meta):
        verbose_name = _("round of questions")
        indexes = [models.Index(fields=["subject_uid"], name="round_subject")]
        constraints = [
            models.UniqueConstraint(fields=["company", "number"], name="round_number_once")
        ]


class AnswerKind(models.TextChoices):
    """What an answer to a question looks like."""

    CHOICE = "choice", _("one of several")
    TEXT = "text", _("text")
    DATE = "date", _("day")


class Question(models.Model):
    """One question of a round."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="questions")
    position = models.PositiveSmallIntegerField()
    text = SealedField()
    kind = models.CharField(max_length=8, choices=AnswerKind.choices)
    choices = SealedField(null=True)
    required = models.BooleanField(default=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["round", "position"], name="question_position_once")
        ]


class RoundParty(models.Model):
    """One party that is asked, with a link of its own."""

    uid = models.UUIDField(default=new_uid, unique=True, editable=False)
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="parties")
    contact = models.ForeignKey(Contact, on_delete=models.PROTECT, null=True, related_name="+")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, null=True, related_name="+")
    link_digest = models.BinaryField(max_length=32, unique=True)
    link_generation = models.PositiveSmallIntegerField(default=1)
    asked_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    reminders = models.PositiveSmallIntegerField(default=0)
    reminded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(contact__isnull=False, unit__isnull=True)
                | Q(contact__isnull=True, unit__isnull=False),
                name="round_party_is_one_thing",
            ),
            models.UniqueConstraint(
                fields=["round", "contact"],
                condition=Q(contact__isnull=False),
                name="round_party_contact_once",
            ),
            models.UniqueConstraint(
                fields=["round", "unit"],
                condition=Q(unit__isnull=False),
                name="round_party_unit_once",
            ),
        ]


class Answer(models.Model):
    """One answer of one party. A later answer stands beside the earlier one; the newest counts."""

    party = models.ForeignKey(RoundParty, on_delete=models.PROTECT, related_name="answers")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="+")
    value = SealedField()
    answered_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["party", "question", "answered_at"], name="answer_newest")]
