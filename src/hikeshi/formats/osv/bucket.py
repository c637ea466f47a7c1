"""A copy of OSV's bucket on disk, laid out as OSV serves it.

Source: https://google.github.io/osv.dev/data/. A folder per ecosystem with ``all.zip`` and
``modified_id.csv`` (``modified,ID``, newest first). One such folder alone will do, and so will a
folder of records.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Final

from hikeshi.core.errors import Malformed, NotFound, TooLarge, gettext_noop
from hikeshi.formats.osv.archive import LIMITS, Limits, Member, members, open_archive

ARCHIVE: Final = "all.zip"
INDEX: Final = "modified_id.csv"


@dataclass(frozen=True, slots=True)
class Index:
    """What a part's own index says: how many records it has, and when the newest changed."""

    listed: int
    newest_at: datetime | None


@dataclass(frozen=True, slots=True)
class Part:
    """One ecosystem of the bucket. path: its archive, or its folder of records."""

    name: str
    path: Path

    @property
    def stamp(self) -> str:
        """Return a text that changes when the files do, as far as their directory tells."""
        paths = [self.path] if self.path.is_file() else sorted(self.path.glob("*.json"))
        states = [path.stat() for path in paths]
        newest = max((state.st_mtime_ns for state in states), default=0)
        return f"{len(states)}:{sum(state.st_size for state in states)}:{newest}"

    def index(self) -> Index | None:
        """Read the part's index; None when there is none, or it cannot be read."""
        path = (self.path.parent if self.path.is_file() else self.path) / INDEX
        try:
            with path.open(newline="", encoding="utf-8") as file:
                moments = [_moment(row[0]) for row in csv.reader(file) if len(row) == 2]
        except (OSError, ValueError, csv.Error):
            return None
        return Index(len(moments), max((m for m in moments if m is not None), default=None))


@dataclass(frozen=True, slots=True)
class Contents:
    """An opened part: how many entries it has, and its members behind a place."""

    total: int
    _archive: zipfile.ZipFile | None
    _paths: tuple[Path, ...]
    _limits: Limits

    def names(self) -> set[str]:
        """Return the names of the files without their ending: OSV names each by its record."""
        if self._archive is not None:
            files = [PurePosixPath(entry.filename) for entry in self._archive.infolist()]
        else:
            files = [PurePosixPath(path.name) for path in self._paths]
        return {file.stem for file in files if file.suffix.lower() == ".json"}

    def members(self, start: int = 0) -> Iterator[Member]:
        """Read the members behind a place, in an order that does not change."""
        if self._archive is not None:
            yield from members(self._archive, self._limits, start=start)
            return
        for place, path in enumerate(self._paths[start:], start + 1):
            if path.stat().st_size > self._limits.member_bytes:
                error = TooLarge(
                    gettext_noop("The file has over %(limit)s bytes."),
                    limit=self._limits.member_bytes,
                )
                yield Member(path.name, place, error=error)
            else:
                yield Member(path.name, place, path.read_bytes())


def parts_of(directory: Path) -> list[Part]:
    """Find the parts of a bucket, in the order of their names.

    Raises NotFound when the folder does not exist or holds nothing of the kind.
    """
    if (directory / ARCHIVE).is_file():
        return [Part(directory.name, directory / ARCHIVE)]
    found = [Part(path.parent.name, path) for path in sorted(directory.glob(f"*/{ARCHIVE}"))]
    if not found and any(directory.glob("*.json")):
        found = [Part(directory.name, directory)]
    if not found:
        raise NotFound(
            gettext_noop(
                "There is no OSV data in “%(directory)s”: no all.zip, in it or one folder below,"
                " and no .json file."
            ),
            directory=str(directory),
        )
    return found


@contextmanager
def opened(part: Part, limits: Limits = LIMITS) -> Iterator[Contents]:
    """Open a part. Raises Malformed or TooLarge for an archive that as a whole is refused."""
    if not part.path.is_file():
        paths = tuple(sorted(part.path.glob("*.json")))
        yield Contents(len(paths), None, paths, limits)
        return
    try:
        file = part.path.open("rb")
    except OSError as error:
        raise Malformed(
            gettext_noop("The file cannot be opened: %(reason)s"), reason=str(error)
        ) from error
    with file, open_archive(file, limits) as archive:
        yield Contents(len(archive.infolist()), archive, (), limits)


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
