"""Read contacts, conversations and rounds, always from the viewer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import get_language

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.organisation.queries import running, text_in
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.stakeholders.links import digest_of
from hikeshi.stakeholders.models import (
    Answer,
    AnswerKind,
    Contact,
    ContactKey,
    Conversation,
    Message,
    Question,
    Round,
    RoundParty,
    RoundState,
)


def contacts_of(viewer: Viewer, *, kind: str = "", retired: bool = False) -> QuerySet[Contact]:
    """Select contacts the viewer may know of."""
    found = Contact.objects.visible_to(viewer)
    if kind:
        found = found.filter(kind=kind)
    if not retired:
        found = found.filter(retired_at__isnull=True)
    return found.select_related("company")


def contact_by_uid(viewer: Viewer, uid: UUID) -> Contact:
    """Return one contact with its texts, channels and keys opened.

    Raises NotFound alike for no such contact and for one behind a wall.
    """
    contact = (
        Contact.objects.visible_to(viewer)
        .select_related("company", "unit", "wall", "member_of")
        .prefetch_related("channels", "keys")
        .filter(uid=uid)
        .first()
    )
    if contact is None:
        raise NotFound(gettext_noop("There is no such contact."))
    unseal([contact], "name", "rules")
    unseal(contact.channels.all(), "address")
    unseal(contact.keys.all(), "fingerprint", "material")
    return contact


def contact_to_edit(viewer: Viewer, uid: UUID) -> Contact:
    """Return one contact that the viewer may change.

    Raises NotFound as ``contact_by_uid``, NotAllowed without the right for its unit.
    """
    contact = contact_by_uid(viewer, uid)
    viewer.require(Permission.STAKEHOLDER_EDIT, contact.company_id, contact.unit_id)
    return contact


def key_to_edit(viewer: Viewer, uid: UUID, key: UUID) -> ContactKey:
    """Return a key of a contact that the viewer may change; errors as ``contact_to_edit``."""
    for held in contact_to_edit(viewer, uid).keys.all():
        if held.uid == key:
            return held
    raise NotFound(gettext_noop("The contact has no such key."))


def organisation_of(viewer: Viewer, contact: Contact) -> Contact | None:
    """Return the organisation a contact belongs to, opened, as far as the viewer may know it."""
    if contact.member_of_id is None:
        return None
    found = contacts_of(viewer, retired=True).filter(pk=contact.member_of_id).first()
    unseal([found] if found else [], "name")
    return found


def members_of(viewer: Viewer, contact: Contact) -> list[Contact]:
    """Return the people of an organisation whom the viewer may know, opened."""
    found = list(contacts_of(viewer).filter(member_of=contact).order_by("pk")[:100])
    unseal(found, "name")
    return found


def asked_of(viewer: Viewer, contact: Contact) -> list[RoundParty]:
    """Return in which rounds a contact was asked and whether it answered, newest first."""
    rounds = Round.objects.visible_to(viewer)
    found = list(
        RoundParty.objects.filter(contact=contact, round__in=rounds)
        .select_related("round", "round__wall")
        .order_by("-pk")[:20]
    )
    unseal([party.round for party in found], "title")
    return found


def reads(viewer: Viewer) -> Q:
    """Return the condition under which the viewer takes part in a conversation, walls aside."""
    member = Q(open_to_all=True)
    if viewer.account_id is not None:
        member |= Q(members__account_id=viewer.account_id) & running(viewer.at, "members__")
    if viewer.teams:
        member |= Q(members__unit_id__in=viewer.teams) & running(viewer.at, "members__")
    if viewer.party is not None and viewer.party[0] == "contact":
        member |= Q(members__contact__uid=viewer.party[1]) & running(viewer.at, "members__")
    return member


def conversations_about(viewer: Viewer, subject_uid: UUID) -> list[Conversation]:
    """Return the conversations about a subject that the viewer reads, newest first."""
    found = list(
        Conversation.objects.visible_to(viewer)
        .filter(reads(viewer), subject_uid=subject_uid)
        .distinct()
        .order_by("-started_at")
        .prefetch_related("members__account", "members__unit", "members__contact")
    )
    unseal(found, "title")
    return found


def messages_in(conversations: Sequence[Conversation]) -> list[Message]:
    """Return the messages of conversations that the viewer reads, newest first, opened."""
    found = list(
        Message.objects.filter(conversation__in=conversations)
        .select_related("author", "author_contact", "conversation")
        .order_by("-written_at", "-pk")
    )
    unseal(found, "body")
    return found


def messages_about(viewer: Viewer, subject_uid: UUID) -> QuerySet[Message]:
    """Select the messages about a subject that the viewer reads, for a list by key."""
    read = Conversation.objects.visible_to(viewer).filter(reads(viewer), subject_uid=subject_uid)
    found = Message.objects.filter(conversation__in=read.values("pk"))
    return found.select_related("author", "author_contact", "conversation", "corrects")


def rounds_of(viewer: Viewer) -> QuerySet[Round]:
    """Select rounds with how many were asked and have answered.

    The counts are subqueries of the row: a join would count the parties of all rounds before the
    first page is cut.
    """
    parties = RoundParty.objects.filter(round=OuterRef("pk")).order_by().values("round")
    answered = parties.filter(answered_at__isnull=False)
    return (
        Round.objects.visible_to(viewer)
        .annotate(
            asked=Coalesce(Subquery(parties.annotate(n=Count("pk")).values("n")), 0),
            answered=Coalesce(Subquery(answered.annotate(n=Count("pk")).values("n")), 0),
        )
        .order_by("-pk")
    )


@dataclass(frozen=True, slots=True)
class Silent:
    """An open round that waits for answers.

    names: of the first silent parties, longest asked first. many: how many are silent.
    since: when the first of them was asked. reminders: most that one of them got.
    """

    number: str
    title: str
    names: list[str]
    many: int
    since: datetime | None
    due_at: datetime
    reminders: int
    walled: bool


def silent_parties(
    viewer: Viewer, *, units: Iterable[int] | None = None, limit: int = 20, shown: int = 3
) -> list[Silent]:
    """Return who has not answered which open round, in three queries and those of the keys.

    units: rounds of these units alone. shown: how many parties of a round are named.
    """
    silent = Q(parties__answered_at__isnull=True)
    rounds = (
        Round.objects.visible_to(viewer)
        .filter(state=RoundState.OPEN)
        .annotate(silent=Count("parties", filter=silent))
        .filter(silent__gt=0)
        .select_related("wall")
        .order_by("due_at", "pk")
    )
    if units is not None:
        rounds = rounds.filter(unit_id__in=list(units))
    found = list(rounds[:limit])
    unseal(found, "title")
    parties: dict[int, list[RoundParty]] = {}
    asked = RoundParty.objects.filter(round__in=found, answered_at__isnull=True)
    for party in asked.select_related("contact", "unit").order_by("asked_at", "pk"):
        parties.setdefault(party.round_id, []).append(party)
    named = {one.pk: parties.get(one.pk, [])[:shown] for one in found}
    unseal([one.contact for held in named.values() for one in held if one.contact], "name")
    return [
        Silent(
            number=one.number,
            title=str(one.title.value or ""),
            names=[_party_name(party) for party in named[one.pk]],
            many=len(parties.get(one.pk, [])),
            since=next((p.asked_at for p in parties.get(one.pk, []) if p.asked_at), one.opened_at),
            due_at=one.due_at,
            reminders=max((p.reminders for p in parties.get(one.pk, [])), default=0),
            walled=one.wall is not None and one.wall.ended_at is None,
        )
        for one in found
    ]


def _party_name(party: RoundParty) -> str:
    if party.contact is not None:
        return str(party.contact.name.value or "")
    return text_in(party.unit.name, get_language() or "en") if party.unit is not None else ""


def round_by_number(viewer: Viewer, number: str) -> Round:
    """Return one round, opened; NotFound also for one behind a wall."""
    found = (
        Round.objects.visible_to(viewer).select_related("company", "wall").filter(number=number)
    ).first()
    if found is None:
        raise NotFound(gettext_noop("There is no such round of questions."))
    unseal([found], "title", "letter")
    return found


def questions_of(asked: Round) -> list[Question]:
    """Return a round's questions in order, opened."""
    found = list(Question.objects.filter(round=asked).order_by("position"))
    unseal(found, "text", "choices")
    return found


@dataclass(frozen=True, slots=True)
class PartyLine:
    """One party in the roll-up: who, how long silent, what they said to each question."""

    party: RoundParty
    name: Any
    answers: list[Any]
    silent_days: int | None


@dataclass(frozen=True, slots=True)
class RollUp:
    """A round at one glance.

    counts: for each choice question its text and (choice, how many) in the order of the choices.
    """

    lines: list[PartyLine]
    asked: int
    seen: int
    answered: int
    counts: list[tuple[str, list[tuple[str, int]]]]


def newest_answers(parties: Iterable[RoundParty]) -> list[Answer]:
    """Return each party's newest answer to each question, in one query, opened."""
    newest = (
        Answer.objects.filter(party=OuterRef("party"), question=OuterRef("question"))
        .order_by("-answered_at", "-pk")
        .values("pk")[:1]
    )
    found = list(Answer.objects.filter(party__in=list(parties), pk=Subquery(newest)))
    unseal(found, "value")
    return found


def askable_in(asked: Round, at: datetime) -> Q:
    """Select the contacts whose name a round may show to whoever sees it.

    A contact in confidence is asked in rounds behind its own wall, until that wall has ended.
    """
    open_to_all = Q(wall__isnull=True) | Q(wall__ended_at__lte=at)
    return open_to_all | Q(wall=asked.wall_id) if asked.wall_id is not None else open_to_all


def roll_up(asked: Round, questions: Sequence[Question], at: datetime) -> RollUp:
    """Gather who said what; a fixed number of queries whatever the number of parties."""
    parties = list(
        RoundParty.objects.filter(round=asked).select_related("contact", "unit").order_by("pk")
    )
    unseal([party.contact for party in parties if party.contact is not None], "name")
    said = {(a.party_id, a.question_id): a.value.value for a in newest_answers(parties)}
    lines = []
    for party in parties:
        answers = [said.get((party.pk, question.pk)) for question in questions]
        silent = None
        if party.answered_at is None and party.asked_at is not None:
            silent = (at - party.asked_at).days
        name = party.contact.name.value if party.contact else party.unit and party.unit.name
        lines.append(PartyLine(party, name, answers, silent))
    # The silent come first: they are what there is to do.
    lines.sort(key=lambda line: -1 if line.silent_days is None else -2 - line.silent_days)
    return RollUp(
        lines=lines,
        asked=len(parties),
        seen=sum(1 for party in parties if party.seen_at),
        answered=sum(1 for party in parties if party.answered_at),
        counts=_counts(questions, lines),
    )


def _counts(
    questions: Sequence[Question], lines: Sequence[PartyLine]
) -> list[tuple[str, list[tuple[str, int]]]]:
    found = []
    for index, question in enumerate(questions):
        if question.kind == AnswerKind.CHOICE:
            said = Counter(line.answers[index] for line in lines)
            by_choice = [(choice, said[choice]) for choice in question.choices.value or []]
            found.append((question.text.value, by_choice))
    return found


def party_by_key(key: str) -> RoundParty:
    """Return the party of a link, while its round is open.

    Raises NotFound alike for a wrong key, a replaced key and a round that was closed.
    """
    party = (
        RoundParty.objects.select_related("round__company", "round__wall", "contact", "unit")
        .filter(link_digest=digest_of(key), round__state=RoundState.OPEN)
        .first()
    )
    if party is None:
        raise NotFound(
            gettext_noop("This link is not valid any more. Please ask the sender for a new one.")
        )
    unseal([party.round], "title", "letter")
    return party
