"""Read the catalogue; entries by themselves, so that a bad one does not hide the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import msgspec

from hikeshi.core import ids
from hikeshi.core.errors import InputRefused, Malformed, TooLarge, gettext_noop
from hikeshi.core.scoring.signals import Exploited
from hikeshi.formats import jsontext
from hikeshi.formats.packed import unpacked

# The catalogue has 1.5 MB and some 1,500 entries.
LIMIT_BYTES: Final = 16 * 1024 * 1024
LIMIT_VALUES: Final = 1_000_000
LIMIT_ENTRIES: Final = 50_000


class _Catalogue(msgspec.Struct, rename="camel"):
    vulnerabilities: list[msgspec.Raw]
    count: int | None = None
    date_released: datetime | None = None
    catalog_version: str = ""


class _Entry(msgspec.Struct, rename="camel"):
    cve_id: str = msgspec.field(name="cveID")
    date_added: date
    due_date: date | None = None
    vendor_project: str = ""
    product: str = ""
    vulnerability_name: str = ""
    required_action: str = ""
    known_ransomware_campaign_use: str = ""


_CATALOGUE = msgspec.json.Decoder(_Catalogue)
_ENTRY = msgspec.json.Decoder(_Entry)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What the file holds. listed: how many entries it says it has. refused: (place, why)."""

    listed: int | None
    newest_at: datetime | None
    entries: tuple[Exploited, ...]
    refused: tuple[tuple[str, InputRefused], ...]


def read(content: bytes) -> Catalogue:
    """Read a catalogue, perhaps packed with gzip.

    Raises TooLarge, or Malformed for anything that is not the catalogue.
    """
    text = jsontext.checked(
        unpacked(content, limit_bytes=LIMIT_BYTES), limit_bytes=LIMIT_BYTES,
        limit_values=LIMIT_VALUES,
    )  # fmt: skip
    told = jsontext.decode(_CATALOGUE, text)
    if len(told.vulnerabilities) > LIMIT_ENTRIES:
        raise TooLarge(
            gettext_noop("The file lists over %(limit)s vulnerabilities: it is no KEV catalogue."),
            limit=LIMIT_ENTRIES,
        )
    entries: dict[str, Exploited] = {}
    refused: list[tuple[str, InputRefused]] = []
    for place, raw in enumerate(told.vulnerabilities):
        try:
            entry = _entry(jsontext.decode(_ENTRY, bytes(raw)))
        except InputRefused as error:
            refused.append((f"vulnerabilities[{place}]", error))
        else:
            entries[entry.cve] = entry
    released = told.date_released
    if released is not None and released.tzinfo is None:
        released = released.replace(tzinfo=UTC)
    return Catalogue(told.count, released, tuple(entries.values()), tuple(refused))


def _entry(told: _Entry) -> Exploited:
    cve = ids.normalise(told.cve_id)
    if ids.kind_of(cve) is not ids.Kind.CVE:
        raise Malformed(gettext_noop("“%(id)s” is no CVE id."), id=told.cve_id[:60])
    ransomware = {"known": True}.get(told.known_ransomware_campaign_use.lower())
    return Exploited(
        cve, told.date_added, told.due_date, told.vulnerability_name[:300],
        told.vendor_project[:200], told.product[:200], told.required_action[:1000], ransomware,
    )  # fmt: skip
