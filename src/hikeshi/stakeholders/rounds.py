"""Run rounds of questions: draft, open, remind, answer, close (services)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction

from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, gettext_noop
from hikeshi.ledger.outbox import post
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account, Company, Unit, Wall, new_uid
from hikeshi.organisation.sealed import seal
from hikeshi.records.models import Record
from hikeshi.records.services import number_for
from hikeshi.stakeholders.links import digest_of, link_key
from hikeshi.stakeholders.models import (
    Answer,
    AnswerKind,
    Contact,
    Question,
    Round,
    RoundParty,
    RoundState,
)
from hikeshi.stakeholders.queries import askable_in, questions_of
from hikeshi.stakeholders.services import require_own_unit

ANSWER_LIMIT = 20_000
PARTY_LIMIT = 2_000


@dataclass(frozen=True, slots=True)
class Ask:
    """One question to be asked. choices: for CHOICE, the words to choose from."""

    text: str
    kind: AnswerKind = AnswerKind.TEXT
    choices: Sequence[str] = field(default_factory=tuple)
    required: bool = True


def draft_round(
    *,
    company: Company,
    title: str,
    letter: str,
    due_at: datetime,
    questions: Sequence[Ask],
    by: Account,
    at: datetime,
    unit: Unit | None = None,
    wall: Wall | None = None,
    subject: Record | None = None,
) -> Round:
    """Write a round down; nobody is asked yet.

    subject: the record it is about; the round then lies behind that record's wall.
    Raises InputRefused without a question, or for a choice with fewer than two words, Conflict for
    a unit of another company.
    """
    if not questions:
        raise InputRefused(gettext_noop("A round needs at least one question."))
    for position, ask in enumerate(questions, start=1):
        if ask.kind is AnswerKind.CHOICE and len(ask.choices) < 2:
            raise InputRefused(
                gettext_noop("Question %(position)s: give at least two choices, one per line."),
                position=position,
            )
    if due_at <= at:
        raise InputRefused(gettext_noop("The day to answer by has passed already."))
    if subject is not None:
        unit, wall = subject.unit, subject.wall
    require_own_unit(company, unit)
    with transaction.atomic():
        asked = Round.objects.create(
            company=company,
            unit=unit,
            wall=wall,
            realm=company.realm,
            asked_by=by,
            number=number_for(company=company, series="Q", at=at),
            title=seal(title, wall),
            letter=seal(letter, wall),
            due_at=due_at,
            subject_kind=subject._meta.label_lower if subject is not None else "",
            subject_uid=subject.uid if subject is not None else None,
            created_at=at,
            changed_at=at,
        )
        Question.objects.bulk_create(
            Question(
                round=asked,
                position=position,
                text=seal(ask.text, wall),
                kind=ask.kind,
                choices=seal(list(ask.choices), wall),
                required=ask.required,
            )
            for position, ask in enumerate(questions, start=1)
        )
        record("round.drafted", subject=asked, by=by, at=at)
    return asked


def add_parties(
    *,
    asked: Round,
    by: Account,
    at: datetime,
    contacts: Sequence[Contact] = (),
    units: Sequence[Unit] = (),
) -> int:
    """Add whom to ask; return how many were added.

    Raises AlreadyDone when one of them is asked already, Conflict in a closed round or for one
    known in confidence behind another wall, InputRefused above 2,000 parties.
    """
    if asked.state == RoundState.CLOSED:
        raise Conflict(gettext_noop("This round is closed."))
    # Whoever sees the round sees whom it asks.
    if (
        Contact.objects.for_system("whether they may be asked here")
        .filter(pk__in=[contact.pk for contact in contacts])
        .exclude(askable_in(asked, at))
        .exists()
    ):
        raise Conflict(
            gettext_noop(
                "One of these contacts is known in confidence, and this round would show the name"
                " to people who may not know it. Ask from a round of the case that the contact"
                " belongs to."
            )
        )
    count = len(contacts) + len(units) + RoundParty.objects.filter(round=asked).count()
    if count > PARTY_LIMIT:
        raise InputRefused(
            gettext_noop("A round asks at most %(limit)s parties."), limit=PARTY_LIMIT
        )
    parties = [_party(asked, contact=contact) for contact in contacts]
    parties += [_party(asked, unit=unit) for unit in units]
    try:
        with transaction.atomic():
            RoundParty.objects.bulk_create(parties)
            record("round.parties_added", subject=asked, by=by, at=at, after={"n": len(parties)})
            if asked.state == RoundState.OPEN:
                _ask(asked, at)
    except IntegrityError as error:
        raise AlreadyDone(gettext_noop("One of these parties is asked already.")) from error
    return len(parties)


def _party(asked: Round, contact: Contact | None = None, unit: Unit | None = None) -> RoundParty:
    uid: Any = new_uid()
    return RoundParty(
        uid=uid, round=asked, contact=contact, unit=unit, link_digest=digest_of(link_key(uid, 1))
    )


def open_round(*, asked: Round, by: Account, at: datetime) -> int:
    """Send the questions to all parties; return to how many.

    Raises Conflict when it is open or closed already, or asks nobody.
    """
    with transaction.atomic():
        opened = (
            Round.objects.for_system("state change of a round the caller has read")
            .filter(pk=asked.pk, state=RoundState.DRAFT)
            .update(state=RoundState.OPEN, opened_at=at, changed_at=at)
        )
        if not opened:
            raise Conflict(gettext_noop("This round was opened already."))
        asked.state, asked.opened_at = RoundState.OPEN, at
        sent = _ask(asked, at)
        if not sent:
            raise Conflict(gettext_noop("Add the parties to ask before sending."))
        record("round.opened", subject=asked, by=by, at=at, after={"parties": sent})
    return sent


def _ask(asked: Round, at: datetime) -> int:
    """Queue one mail for each party that was not asked yet."""
    waiting = list(RoundParty.objects.filter(round=asked, asked_at__isnull=True))
    for party in waiting:
        _post(asked, party, "asked", at)
    RoundParty.objects.filter(pk__in=[party.pk for party in waiting]).update(asked_at=at)
    return len(waiting)


def _post(asked: Round, party: RoundParty, step: str, at: datetime) -> None:
    post(
        "round.letter",
        key=f"round/{party.uid}/{step}",
        company=asked.company,
        unit=asked.unit,
        wall=asked.wall,
        realm=asked.realm,
        at=at,
        party_id=party.pk,
    )


def remind(*, asked: Round, by: Account | None, at: datetime) -> int:
    """Remind all who are silent, at most once a day each; return how many.

    Raises Conflict when the round is not open.
    """
    if asked.state != RoundState.OPEN:
        raise Conflict(gettext_noop("Only an open round can send reminders."))
    reminded = 0
    with transaction.atomic():
        silent = RoundParty.objects.filter(
            round=asked, answered_at__isnull=True, asked_at__isnull=False
        )
        for party in silent:
            last = party.reminded_at or party.asked_at
            if last is not None and (at - last).days < 1:
                continue
            taken = RoundParty.objects.filter(pk=party.pk, reminders=party.reminders).update(
                reminders=party.reminders + 1, reminded_at=at
            )
            if taken:
                _post(asked, party, f"reminder-{party.reminders + 1}", at)
                reminded += 1
        record("round.reminded", subject=asked, by=by, at=at, after={"parties": reminded})
    return reminded


def renew_link(*, party: RoundParty, by: Account, at: datetime) -> None:
    """Make a party's old link dead and send a new one."""
    with transaction.atomic():
        party.link_generation += 1
        party.link_digest = digest_of(link_key(party.uid, party.link_generation))
        party.save(update_fields=["link_generation", "link_digest"])
        _post(party.round, party, f"link-{party.link_generation}", at)
        record("round.link_renewed", subject=party.round, by=by, at=at)


def answer(*, party: RoundParty, values: Mapping[int, str], at: datetime) -> None:
    """Store a party's answers, by question position; earlier ones stay on record.

    Raises InputRefused naming the question that is missing or wrong; nothing is stored then.
    """
    questions = questions_of(party.round)
    accepted = [(q, _accept(q, (values.get(q.position) or "").strip())) for q in questions]
    with transaction.atomic():
        still_open = (
            Round.objects.for_system("answering by a link, which is the right itself")
            .select_for_update()
            .filter(pk=party.round_id, state=RoundState.OPEN)
        )
        if not still_open.exists():
            raise Conflict(gettext_noop("This round was closed; your answer was not stored."))
        Answer.objects.bulk_create(
            Answer(party=party, question=q, value=seal(value, party.round.wall), answered_at=at)
            for q, value in accepted
        )
        RoundParty.objects.filter(pk=party.pk).update(answered_at=at)
        record("round.answered", subject=party.round, by=None, at=at)


def _accept(question: Question, value: str) -> str:
    """Check one answer against its question."""
    if not value:
        if question.required:
            raise InputRefused(
                gettext_noop("Question %(position)s needs an answer."), position=question.position
            )
        return ""
    if len(value) > ANSWER_LIMIT:
        raise InputRefused(
            gettext_noop("Question %(position)s: at most %(limit)s characters."),
            position=question.position,
            limit=ANSWER_LIMIT,
        )
    if question.kind == AnswerKind.CHOICE and value not in question.choices.value:
        raise InputRefused(
            gettext_noop("Question %(position)s: choose one of the given answers."),
            position=question.position,
        )
    if question.kind == AnswerKind.DATE:
        try:
            date.fromisoformat(value)
        except ValueError as error:
            raise InputRefused(
                gettext_noop("Question %(position)s: give a day, for example 2026-11-27."),
                position=question.position,
            ) from error
    return value


def mark_seen(*, party: RoundParty, at: datetime) -> None:
    """Note that a party opened its link for the first time."""
    RoundParty.objects.filter(pk=party.pk, seen_at__isnull=True).update(seen_at=at)


def close_round(*, asked: Round, by: Account, at: datetime) -> None:
    """Close a round: links answer no more; who was silent stays silent on record."""
    with transaction.atomic():
        closed = (
            Round.objects.for_system("state change of a round the caller has read")
            .filter(pk=asked.pk, state=RoundState.OPEN)
            .update(state=RoundState.CLOSED, closed_at=at, changed_at=at)
        )
        if not closed:
            raise Conflict(gettext_noop("Only an open round can be closed."))
        record("round.closed", subject=asked, by=by, at=at)


def write_and_send(
    *, contacts: Sequence[Contact], send: bool, by: Account, at: datetime, **draft: Any
) -> Round:
    """Write a round, add its parties and open it, all of it or nothing.

    draft: the arguments of ``draft_round``. Raises what its three steps raise.
    """
    with transaction.atomic():
        asked = draft_round(by=by, at=at, **draft)
        if contacts:
            add_parties(asked=asked, contacts=contacts, by=by, at=at)
        if send:
            open_round(asked=asked, by=by, at=at)
    return asked
