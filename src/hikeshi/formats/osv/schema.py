"""The fields of an OSV record that we read; all others stay in the kept bytes."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Event(msgspec.Struct, omit_defaults=True):
    """One change along a range; exactly one field is set."""

    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class Range(msgspec.Struct):
    """A range of versions or commits, told by events."""

    type: str
    events: list[Event]


class Package(msgspec.Struct):
    """The package that is affected; both are empty beside commit ranges of some databases."""

    ecosystem: str = ""
    name: str = ""
    purl: str | None = None


class Severity(msgspec.Struct):
    """A score: CVSS_V3 and a vector, or a word."""

    type: str = ""
    score: str = ""


class Affected(msgspec.Struct):
    """What is affected: a package, or (GIT ranges) a repository."""

    package: Package | None = None
    ranges: list[Range] | None = None
    versions: list[str] | None = None
    severity: list[Severity] | None = None


class Reference(msgspec.Struct):
    """A link; some databases leave the address out."""

    type: str = "WEB"
    url: str | None = None


class Credit(msgspec.Struct):
    """Whom to thank."""

    name: str = ""


class Record(msgspec.Struct):
    """An OSV record. database_specific may be anything, so it is read apart."""

    id: str
    modified: datetime
    published: datetime | None = None
    withdrawn: datetime | None = None
    summary: str | None = None
    details: str | None = None
    aliases: list[str] | None = None
    related: list[str] | None = None
    upstream: list[str] | None = None
    severity: list[Severity] | None = None
    affected: list[Affected] | None = None
    references: list[Reference] | None = None
    credits: list[Credit] | None = None
    database_specific: msgspec.Raw = msgspec.Raw()


class DatabaseSpecific(msgspec.Struct):
    """What several databases agree on beside the standard."""

    cwe_ids: list[str] | None = None
