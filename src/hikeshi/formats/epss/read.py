"""Read one day's scores."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from hikeshi.core import ids
from hikeshi.core.errors import InputRefused, Malformed, TooLarge, gettext_noop
from hikeshi.core.scoring.signals import Likelihood
from hikeshi.formats.packed import unpacked

# A day has some 10 MB and 300,000 lines.
LIMIT_BYTES: Final = 64 * 1024 * 1024
LIMIT_LINES: Final = 1_000_000
REFUSED_SHOWN: Final = 1_000
_DAY: Final = re.compile(r"score_date:(\d{4}-\d{2}-\d{2})")


@dataclass(frozen=True, slots=True)
class Table:
    """One day's scores. lines: how many the file has. refused: (place, why), the first thousand."""

    newest_at: datetime | None
    lines: int
    rows: tuple[Likelihood, ...]
    refused: tuple[tuple[str, InputRefused], ...]


def read(content: bytes) -> Table:
    """Read a file, perhaps packed with gzip.

    Raises TooLarge, or Malformed for a file without the columns ``cve`` and ``epss``.
    """
    raw = unpacked(content, limit_bytes=LIMIT_BYTES)
    try:
        text = raw.decode("ascii")
    except UnicodeDecodeError as error:
        raise Malformed(
            gettext_noop("Byte %(place)s is not ASCII: this is no file of EPSS."), place=error.start
        ) from error
    newest_at = None
    if text.count("\n") + text.count("\r") > LIMIT_LINES:
        raise TooLarge(
            gettext_noop("The file has over %(limit)s lines: it is no day of EPSS."),
            limit=f"{LIMIT_LINES:,}",
        )
    lines = io.StringIO(text, newline=None).read().rstrip("\n").split("\n")
    start = 0
    if lines and lines[0].startswith("#"):
        start = 1
        if day := _DAY.search(lines[0]):
            newest_at = _midnight(day[1])
    header = lines[start].split(",") if len(lines) > start else []
    if header[:2] != ["cve", "epss"]:
        raise Malformed(gettext_noop("The file does not begin with the columns cve, epss."))
    rows: dict[str, Likelihood] = {}
    refused: list[tuple[str, InputRefused]] = []
    for number, line in enumerate(lines[start + 1 :], start + 2):
        if not line:
            continue
        try:
            row = _row(line)
        except InputRefused as error:
            if len(refused) < REFUSED_SHOWN:
                refused.append((f"line {number}", error))
        else:
            rows[row.cve] = row
    return Table(newest_at, len(lines) - start - 1, tuple(rows.values()), tuple(refused))


def _midnight(day: str) -> datetime | None:
    try:
        return datetime.fromisoformat(day).replace(tzinfo=UTC)
    except ValueError:
        return None


def _row(line: str) -> Likelihood:
    cells = line.split(",")
    cve = ids.normalise(cells[0])
    try:
        probability = Decimal(cells[1])
        percentile = Decimal(cells[2]) if len(cells) > 2 else None
        fits = all(0 <= value <= 1 for value in (probability, percentile) if value is not None)
    except (InvalidOperation, IndexError):
        fits = False
    if not fits or ids.kind_of(cve) is not ids.Kind.CVE:
        raise Malformed(
            gettext_noop("“%(line)s” is no CVE id with a score from 0 to 1."), line=line[:80]
        )
    return Likelihood(cve, probability, percentile)
