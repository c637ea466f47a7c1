"""The outbox: effects on the outside, written with their cause and sent after its commit.

1. ``post`` writes a row in the caller's transaction; its unique key makes one cause one message.
2. A row holds ids. What is sent is made from them when it is sent, by the handler of its kind.
3. What is not realm ``live`` is held back: drills and the demo send nothing.
4. Before it sends, a worker claims the row by a conditional UPDATE. After a crash between sending
   and noting it, the message goes out again under the same Message-ID, so that mail programs fold
   the two into one; nothing can make a mail exactly once.
5. A refusal for good makes the message dead at once, trouble on the way after the last of its
   waits; a person sees it and may send it again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog
from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import F, Q
from django.utils import timezone

from hikeshi.core.errors import Conflict, gettext_noop
from hikeshi.ledger.events import record
from hikeshi.ledger.models import OutboxMessage, OutboxState
from hikeshi.ledger.queue import check_ids, enqueue, redacted
from hikeshi.organisation.models import Account, Company, Realm, Unit, Wall

log = structlog.get_logger()

# About four days in all, as mail servers do.
WAITS: Final = [
    timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15), timedelta(hours=1),
    timedelta(hours=4), *[timedelta(hours=12)] * 8,
]  # fmt: skip
# A message claimed longer ago than this was claimed by a process that is gone.
CLAIM_LASTS: Final = timedelta(minutes=10)


class Later(Exception):
    """Raised by a handler when the other side cannot take the message now.

    counts: False when the fault is ours (no server is set), so that it may wait for ever.
    """

    def __init__(self, said: str, *, counts: bool = True) -> None:
        super().__init__(said)
        self.counts = counts


class Refused(Exception):
    """Raised by a handler when the other side will never take this message."""


class NothingToSend(Exception):
    """Raised by a handler when the cause is gone; the message stops without being a failure."""


Handler = Callable[[OutboxMessage], str]


@dataclass(frozen=True)
class Kind:
    """A kind of message and who sends it; the handler returns the other side's receipt."""

    name: str
    handler: Handler
    title: str = ""


KINDS: Final[dict[str, Kind]] = {}


def sends(name: str, *, title: str = "") -> Callable[[Handler], Handler]:
    """Declare a function as the sender of a kind of message; title: what is sent, for people."""

    def declare(handler: Handler) -> Handler:
        held = KINDS.get(name)
        if held is not None and held.handler.__qualname__ != handler.__qualname__:
            raise RuntimeError(f"two senders are called {name}")
        KINDS[name] = Kind(name, handler, title)
        return handler

    return declare


def post(
    kind: str,
    *,
    key: str,
    subject: models.Model | None = None,
    company: Company | None = None,
    unit: Unit | None = None,
    wall: Wall | None = None,
    realm: str | None = None,
    at: datetime | None = None,
    **ids: int | str | UUID | None,
) -> OutboxMessage:
    """Put a message into the outbox, in the caller's transaction; return its row.

    key: names the cause, ``receipt/<report uid>``; a second post with it changes nothing.
    subject: a walled row that brings company, unit, wall and realm.
    at: when it happened; None for now. It leaves as soon as the cause is committed.
    ids: what the handler makes the message from; no content.
    Raises TypeError for what is no id, RuntimeError outside a transaction.
    """
    check_ids(kind, ids)
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError(f"{kind} posted outside a transaction")
    owner = company or getattr(subject, "company", None)
    realms = {realm, getattr(subject, "realm", None), getattr(owner, "realm", None)}
    unreal = sorted(str(r) for r in realms - {None, Realm.LIVE.value})
    live = not unreal
    now = timezone.now()
    message = OutboxMessage(
        kind=kind, key=key, company=owner,
        unit=unit or getattr(subject, "unit", None),
        wall=wall or getattr(subject, "wall", None),
        realm=Realm.LIVE if live else unreal[0],
        ids={name: str(v) if isinstance(v, UUID) else v for name, v in ids.items()},
        state=OutboxState.WAITING if live else OutboxState.HELD,
        created_at=at or now, next_at=now,
    )  # fmt: skip
    try:
        with transaction.atomic():
            message.save(force_insert=True)
            if live:
                enqueue("ledger.send", subject=message, message=message.pk)
    except IntegrityError:
        held = _messages().filter(key=key).first()
        if held is None:
            raise
        return held
    return message


def _messages() -> models.QuerySet[OutboxMessage]:
    return OutboxMessage.objects.for_system("the outbox shows nothing")


def deliver(message_id: int, job_uid: UUID, attempt: int) -> OutboxState | None:
    """Send one message if it is due; return how it stands, None when another has it.

    The job's next attempt takes over what its last one, now dead, had claimed.
    """
    now = timezone.now()
    claim = f"{job_uid}/{attempt}"
    due = Q(state=OutboxState.WAITING, next_at__lte=now + timedelta(seconds=1)) | (
        Q(state=OutboxState.SENDING)
        & (Q(claim__startswith=f"{job_uid}/") | Q(next_at__lte=now - CLAIM_LASTS))
    )
    mine = _messages().filter(pk=message_id, state=OutboxState.SENDING, claim=claim)
    if (
        not _messages()
        .filter(due, pk=message_id, realm=Realm.LIVE)
        .update(state=OutboxState.SENDING, claim=claim, next_at=now)
    ):
        return None
    message = _messages().select_related("company", "unit", "wall").get(pk=message_id)
    facts = {"kind": message.kind, "uid": str(message.uid)}
    try:
        kind = KINDS.get(message.kind)
        if kind is None:
            raise Later("this version sends no such message", counts=False)
        receipt = kind.handler(message)
    except NothingToSend:
        mine.update(state=OutboxState.STOPPED, claim="")
        return OutboxState.STOPPED
    except Refused as error:
        return _dead(message, mine, str(error))
    except Later as error:
        return _wait(message, mine, str(error), counts=error.counts)
    except Exception as error:  # noqa: BLE001  # a handler's fault must not lose the message
        return _wait(message, mine, redacted(error))
    log.info("outbox.sent", **facts)
    with transaction.atomic():
        sent = mine.update(
            state=OutboxState.SENT, sent_at=timezone.now(), receipt=receipt[:255], error="",
            claim="", tries=F("tries") + 1,
        )  # fmt: skip
        if sent:
            record("outbox.sent", subject=message, by=None, at=timezone.now(), after=facts)
    return OutboxState.SENT


def _dead(message: OutboxMessage, mine: models.QuerySet[OutboxMessage], said: str) -> OutboxState:
    log.warning("outbox.dead", kind=message.kind, uid=str(message.uid), error=said)
    with transaction.atomic():
        if mine.update(state=OutboxState.DEAD, error=said, claim="", tries=F("tries") + 1):
            record(
                "outbox.given_up",
                subject=message,
                by=None,
                at=timezone.now(),
                after={"kind": message.kind},
            )
    return OutboxState.DEAD


def _wait(
    message: OutboxMessage, mine: models.QuerySet[OutboxMessage], said: str, *, counts: bool = True
) -> OutboxState:
    tries = message.tries + counts
    if tries > len(WAITS):
        return _dead(message, mine, said)
    due = timezone.now() + (WAITS[tries - 1] if counts else timedelta(minutes=15))
    log.warning("outbox.waits", kind=message.kind, uid=str(message.uid), error=said, tries=tries)
    with transaction.atomic():
        if mine.update(state=OutboxState.WAITING, tries=tries, error=said, next_at=due, claim=""):
            enqueue("ledger.send", subject=message, run_at=due, message=message.pk)
    return OutboxState.WAITING


def overdue(now: datetime) -> list[OutboxMessage]:
    """Return messages that no job seems to care for, 500 at most."""
    late = Q(state__in=[OutboxState.WAITING, OutboxState.SENDING], next_at__lte=now - CLAIM_LASTS)
    return list(_messages().filter(late, realm=Realm.LIVE).order_by("pk")[:500])


def send_again(*, message: OutboxMessage, by: Account, at: datetime) -> None:
    """Let a dead, stopped or sent message go out once more, under the same Message-ID.

    Raises Conflict for one that is on its way, or that is held back because it is not live.
    """
    ended = [OutboxState.DEAD, OutboxState.STOPPED, OutboxState.SENT]
    now = timezone.now()
    with transaction.atomic():
        again = (
            _messages()
            .filter(pk=message.pk, state__in=ended, realm=Realm.LIVE)
            .update(state=OutboxState.WAITING, tries=0, error="", next_at=now)
        )
        if not again:
            raise Conflict(gettext_noop("This message is on its way, or is not to leave at all."))
        enqueue("ledger.send", subject=message, by=by, message=message.pk)
        record("outbox.sent_again", subject=message, by=by, at=at, after={"kind": message.kind})


def stop(*, message: OutboxMessage, by: Account, at: datetime, reason: str = "") -> None:
    """Keep a message from going out, for a reason that goes on record.

    Raises Conflict unless it waits or was given up.
    """
    stoppable = [OutboxState.WAITING, OutboxState.DEAD]
    with transaction.atomic():
        if (
            not _messages()
            .filter(pk=message.pk, state__in=stoppable)
            .update(state=OutboxState.STOPPED)
        ):
            raise Conflict(gettext_noop("Only a waiting or given up message can be dropped."))
        record(
            "outbox.stopped", subject=message, by=by, at=at,
            after={"kind": message.kind, "reason": reason},
        )  # fmt: skip


def message_id_of(message: OutboxMessage) -> str:
    """Return the message's Message-ID, giving it one at its first sending and never another."""
    if not message.message_id:
        company = message.company
        domain = company and (company.mail_domain or company.mail_from.rpartition("@")[2])
        made = f"<{message.uid}@{domain or settings.MAIL_DOMAIN}>"
        _messages().filter(pk=message.pk, message_id="").update(message_id=made)
        message.message_id = _messages().values_list("message_id", flat=True).get(pk=message.pk)
    return message.message_id
