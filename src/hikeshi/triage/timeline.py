"""The course of a case: what was done and what was written, in one line, newest first.

Events come from the ledger as the viewer may see them; messages only from conversations that the
viewer reads. A page is cut by key (moment, uid), so that the ten-thousandth entry costs what the
first costs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Q

from hikeshi.core.errors import Malformed, gettext_noop
from hikeshi.ledger.models import Event, EventPayload
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.stakeholders.models import Conversation, Message
from hikeshi.triage.models import Case
from hikeshi.triage.sentences import tell

PAGE: Final = 40

# Which events show under which filter; the names' first part decides.
KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "decisions": ("assessment.", "case.moved", "case.fact_noted", "embargo.", "approval."),
    "files": ("blob.", "file."),
}
ICONS: Final[Mapping[str, str]] = {
    "assessment": "check",
    "embargo": "clock",
    "clock": "clock",
    "task": "box",
    "approval": "check",
    "advisory": "pub",
    "blob": "file",
    "file": "file",
}

_related: list[Callable[[Viewer, Case], Iterable[UUID]]] = []


def also_about(provider: Callable[[Viewer, Case], Iterable[UUID]]) -> None:
    """Let a higher area name records whose events belong to a case's course; at start-up."""
    if provider not in _related:
        _related.append(provider)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the course.

    kind: "event" or "message". who: a name, "" for the program itself. note: a reason, or the
    message's text. audience: who reads the message; "" for everybody who sees the case.
    from_outside: whether somebody outside wrote it.
    """

    at: datetime
    uid: UUID
    kind: str
    icon: str
    who: str
    text: str
    note: str = ""
    audience: str = ""
    from_outside: bool = False


@dataclass(frozen=True, slots=True)
class Course:
    """A page of the course; ``older`` is the cursor of the next one, "" at the end."""

    entries: Sequence[Entry]
    older: str


def course_of(
    viewer: Viewer,
    case: Case,
    *,
    conversations: Sequence[Conversation],
    names: Mapping[str, str],
    related: Iterable[UUID] = (),
    kind: str = "",
    before: str = "",
    size: int = PAGE,
) -> Course:
    """Return a page of a case's course.

    conversations: those about the case that the viewer reads. names: of parties, by uid.
    related: uids of the case's tasks, clocks and approvals.
    kind: "", "messages", or a key of ``KINDS``.
    Raises Malformed for a cursor that this list did not give out.
    """
    behind = _behind(before)
    entries: list[Entry] = []
    if kind != "messages":
        entries += _events(viewer, case, related, names, kind, behind, size + 1)
    if kind in {"", "messages"} and conversations:
        entries += _messages(conversations, behind, size + 1)
    entries.sort(key=lambda entry: (entry.at, entry.uid), reverse=True)
    more = len(entries) > size
    entries = entries[:size]
    older = f"{entries[-1].at.isoformat()}~{entries[-1].uid}" if more else ""
    return Course(entries, older)


def _behind(cursor: str) -> tuple[datetime, UUID] | None:
    if not cursor:
        return None
    try:
        moment, _tilde, uid = cursor.replace(" ", "+").partition("~")
        at = datetime.fromisoformat(moment)
        if at.tzinfo is None:
            raise ValueError("no zone")
        return at, UUID(uid)
    except ValueError as error:
        raise Malformed(
            gettext_noop("The address of this page is damaged. Start from page one.")
        ) from error


def _older(column: str, behind: tuple[datetime, UUID] | None) -> Q:
    if behind is None:
        return Q()
    at, uid = behind
    return Q(**{f"{column}__lt": at}) | Q(**{column: at, "uid__lt": uid})


def _events(
    viewer: Viewer,
    case: Case,
    related: Iterable[UUID],
    names: Mapping[str, str],
    kind: str,
    behind: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Entry]:
    subjects = {case.uid, *related}
    for provider in _related:
        subjects |= set(provider(viewer, case))
    wanted = Q()
    for start in KINDS.get(kind, ()):
        wanted |= Q(name__startswith=start)
    events = list(
        Event.objects.visible_to(viewer)
        .filter(_older("at", behind), wanted, subject_uid__in=subjects)
        .select_related("by")
        .order_by("-at", "-uid")[:limit]
    )
    payloads = {one.event_id: one for one in EventPayload.objects.filter(event__in=events)}
    unseal([one for one in payloads.values() if one.content is not None], "content")
    entries = []
    for event in events:
        payload = payloads.get(event.pk)
        content = payload.content.value if payload is not None and payload.content else None
        text, note = tell(event.name, content or {}, names)
        icon = ICONS.get(event.name.partition(".")[0], "case")
        who = event.by.name if event.by is not None else ""
        entries.append(Entry(event.at, event.uid, "event", icon, who, text, note))
    return entries


def _messages(
    conversations: Sequence[Conversation],
    behind: tuple[datetime, UUID] | None,
    limit: int,
) -> list[Entry]:
    known = {one.pk: one for one in conversations}
    messages = list(
        Message.objects.filter(_older("written_at", behind), conversation__in=list(known))
        .select_related("author", "author_contact")
        .order_by("-written_at", "-uid")[:limit]
    )
    unseal(messages, "body")
    unseal([m.author_contact for m in messages if m.author_contact is not None], "name")
    audiences = {pk: audience_of(one) for pk, one in known.items()}
    return [
        Entry(
            at=message.written_at,
            uid=message.uid,
            kind="message",
            icon="mail",
            who=_author(message),
            text=str(known[message.conversation_id].title.value or ""),
            note=str(message.body.value or ""),
            audience=audiences[message.conversation_id],
            from_outside=message.author_contact_id is not None,
        )
        for message in messages
    ]


def _author(message: Message) -> str:
    if message.author_contact is not None:
        return str(message.author_contact.name.value or "")
    return message.author.name if message.author is not None else ""


def audience_of(conversation: Conversation) -> str:
    """Name those who read a conversation; "" when everybody who sees the case does.

    The conversation's members were fetched with it.
    """
    if conversation.open_to_all:
        return ""
    members: list[Any] = [one for one in conversation.members.all() if one.until is None]
    unseal([one.contact for one in members if one.contact is not None], "name")
    names = []
    for one in members:
        if one.account is not None:
            names.append(one.account.name)
        elif one.unit is not None:
            names.append(str(next(iter(one.unit.name.values()), "")))
        elif one.contact is not None:
            names.append(str(one.contact.name.value or ""))
    return ", ".join(names)
