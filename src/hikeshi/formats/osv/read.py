"""Read one OSV record (OSV schema 1.7) into a claim.

1. ``"0"`` as ``introduced`` means before every version, whatever the scheme says.
2. Events are sorted by version and switch "affected" on and off (OSV schema, "Evaluation"). Where a
   scheme cannot sort them, they are taken in the order of the record.
3. ``limit`` cuts every span; the largest limit counts, ``*`` is none.
4. A generic package URL beside the name is the name; any other adds nothing to the ecosystem's.
5. Ranges of commits (GIT) cannot be matched; single versions listed beside them can.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Final, NamedTuple

import msgspec

from hikeshi.core import ids
from hikeshi.core.claim import Affected, Claim, Reference, Severity, Span
from hikeshi.core.errors import Deviation, Malformed, gettext_noop
from hikeshi.core.purl import UnreadableName
from hikeshi.core.ranges import LOWEST, after
from hikeshi.core.versions import key_or_none
from hikeshi.formats import jsontext
from hikeshi.formats.osv import schema
from hikeshi.formats.osv.ecosystems import package_named

LIMIT_BYTES: Final = 16 * 1024 * 1024
LIMIT_DEVIATIONS: Final = 20

_RECORD = msgspec.json.Decoder(schema.Record)
_SPECIFIC = msgspec.json.Decoder(schema.DatabaseSpecific)


def read(content: bytes) -> Claim:
    """Read one record.

    Raises TooLarge over 16 MiB or when it nests too deep, Malformed for anything that is not an
    OSV record; the message names the place.
    """
    text = jsontext.checked(content, limit_bytes=LIMIT_BYTES)
    record = jsontext.decode(_RECORD, text)
    own = _id(record.id)
    deviations: list[Deviation] = []
    affected: list[Affected] = []
    only_commits = False
    for index, entry in enumerate(record.affected or ()):
        place = f"affected[{index}]"
        if entry.package is None or not (entry.package.ecosystem or entry.package.name):
            only_commits = True
            continue
        read_entry = _affected(entry, entry.package, place, deviations)
        if read_entry is not None:
            affected.append(read_entry)
            only_commits |= not read_entry.spans and not read_entry.versions and bool(entry.ranges)
    return Claim(
        id=own,
        summary=record.summary or "",
        details=record.details or "",
        aliases=_ids(record.aliases, own),
        related=_ids(record.related, own),
        upstream=_ids(record.upstream, own),
        published_at=_moment(record.published, "published"),
        modified_at=_moment(record.modified, "modified"),
        withdrawn_at=_moment(record.withdrawn, "withdrawn"),
        severities=_severities(record),
        references=_references(record, deviations),
        weaknesses=_weaknesses(record),
        credits=tuple(credit.name for credit in record.credits or () if credit.name),
        affected=tuple(affected),
        only_commits=only_commits,
        deviations=tuple(deviations[:LIMIT_DEVIATIONS]),
    )


def _id(text: str) -> str:
    own = ids.normalise(text)
    if not own or len(own) > ids.ID_LIMIT or any(char.isspace() for char in own):
        raise Malformed(
            gettext_noop("$.id “%(id)s” is not the id of a record."), id=text[: ids.ID_LIMIT]
        )
    return own


def _ids(texts: list[str] | None, own: str) -> tuple[str, ...]:
    """Return other ids in one spelling, each once, in the order of the record."""
    seen = {ids.normalise(text): None for text in texts or () if len(text) <= ids.ID_LIMIT}
    return tuple(name for name in seen if name and name != own)


def _moment(moment: datetime | None, field: str) -> datetime | None:
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise Malformed(gettext_noop("$.%(field)s has no time zone; OSV wants UTC."), field=field)
    return moment.astimezone(UTC)


def _references(record: schema.Record, deviations: list[Deviation]) -> tuple[Reference, ...]:
    read = []
    for index, told in enumerate(record.references or ()):
        if told.url:
            read.append(Reference(told.type, told.url))
        else:
            deviations.append(
                Deviation(
                    gettext_noop("%(place)s has no address; it was left out."),
                    {"place": f"references[{index}]"},
                )
            )
    return tuple(read)


def _severities(record: schema.Record) -> tuple[Severity, ...]:
    """Return the record's scores, then those told of single packages, each once."""
    told = [*(record.severity or ())]
    for entry in record.affected or ():
        told += entry.severity or ()
    return tuple(dict.fromkeys(Severity(score.type, score.score) for score in told))


def _weaknesses(record: schema.Record) -> tuple[str, ...]:
    if not record.database_specific:
        return ()
    try:
        specific = _SPECIFIC.decode(record.database_specific)
    except (msgspec.MsgspecError, RecursionError):
        return ()  # another database's own form; the standard says nothing about it
    return tuple(specific.cwe_ids or ())


def _affected(
    entry: schema.Affected, package: schema.Package, place: str, deviations: list[Deviation]
) -> Affected | None:
    try:
        name = package_named(package.ecosystem, package.name, package.purl or "")
    except UnreadableName as error:
        deviations.append(
            Deviation(
                gettext_noop("%(place)s.package: %(reason)s Kept, not matched."),
                {"place": place, "reason": str(error)},
            )
        )
        return None
    spans: list[Span] = []
    for index, told in enumerate(entry.ranges or ()):
        if told.type == "GIT":
            continue
        read = spans_of(name.scheme, told.events)
        if read is None:
            deviations.append(
                Deviation(
                    gettext_noop('%(place)s: no "introduced" event. Kept, not matched.'),
                    {"place": f"{place}.ranges[{index}]"},
                )
            )
        else:
            spans += read
    return Affected(name, tuple(spans), tuple(entry.versions or ()))


class _Change(NamedTuple):
    """An event at its place in the order of versions."""

    at: bytes
    edge: str
    version: str


def spans_of(scheme: str, events: Sequence[schema.Event]) -> list[Span] | None:
    """Turn events into spans; None when nothing was ever introduced, which makes no sense."""
    changes = list(_changes(scheme, events))
    if not any(change.edge == "introduced" for change in changes):
        return None
    if all(change.at or change.version == "0" for change in changes):
        # Stable: events at one version keep the order of the record.
        changes.sort(key=lambda change: change.at)
    limit = _limit_of(changes)
    spans: list[Span] = []
    low: str | None = None
    is_affected = False
    for change in changes:
        if change.edge == "introduced" and not is_affected:
            low, is_affected = (None if change.version == "0" else change.version), True
        elif is_affected and change.edge in {"fixed", "last_affected"}:
            if limit is not None and limit.at < change.at:
                spans.append(Span(low, limit.version))
            else:
                includes = change.edge == "last_affected"
                spans.append(Span(low, change.version, includes_high=includes))
            is_affected = False
    if is_affected:
        spans.append(Span(low, limit.version if limit else None))
    return spans


def _limit_of(changes: Sequence[_Change]) -> _Change | None:
    limits = [change for change in changes if change.edge == "limit"]
    if not limits or any(change.version == "*" for change in limits):
        return None
    return max(limits)


def _changes(scheme: str, events: Iterable[schema.Event]) -> Iterable[_Change]:
    for event in events:
        # The order of the fields is the order in which an event that sets two is meant.
        for edge in ("introduced", "fixed", "last_affected", "limit"):
            version = getattr(event, edge)
            if version is None:
                continue
            if version == "0" and edge == "introduced":
                yield _Change(LOWEST, edge, version)
                continue
            at = key_or_none(scheme, version) or LOWEST
            yield _Change(after(at) if edge == "last_affected" and at else at, edge, version)
