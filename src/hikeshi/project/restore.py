"""Put a backup back into an empty installation, after checking all of it.

1. Every member's SHA-256 is compared with the manifest.
2. The key file opens every company key and every wall key.
3. The rows go in, in one transaction; counts are compared.
4. Files go in; search is made anew; the audit chain is verified by the caller.

Nothing is written before 1 and 2 have passed.
"""

from __future__ import annotations

import gzip
import hashlib
import shutil
import tarfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec
import orjson
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.color import no_style
from django.db import connection, models, transaction

from hikeshi.core.errors import Conflict, Malformed, gettext_noop
from hikeshi.organisation import keys
from hikeshi.organisation.models import Company, CompanyKey, WallKey
from hikeshi.project.snapshot import FORMAT, columns_of, row_from, stored_models

MANIFEST_LIMIT = 32 * 1024 * 1024
LINE_LIMIT = 256 * 1024 * 1024
# Rows as text pack 5 to 30 times, files not at all: they are sealed.
LIMIT_RATIO = 200
LIMIT_UNPACKED = 256 * 1024 * 1024
# No read of ours is longer; a member's own name or attributes could ask for more.
LIMIT_READ = max(MANIFEST_LIMIT, LINE_LIMIT)
BATCH = 500
Progress = Callable[[str, int], None]


class _Listed(msgspec.Struct):
    """A member as the manifest lists it; what is about rows stands for those only."""

    sha256: str
    model: str = ""
    columns: list[str] = []  # a struct copies it
    rows: int = 0


def _broken(what: str) -> Malformed:
    return Malformed(
        gettext_noop("This is not a whole backup: %(what)s. Nothing was written."), what=what
    )


class _Unpacked(gzip.GzipFile):
    """The inside of a gzip file, read no further and no more at once than an honest one needs."""

    def __init__(self, source: Path) -> None:
        super().__init__(source, mode="rb")
        self._limit = max(LIMIT_UNPACKED, source.stat().st_size * LIMIT_RATIO)

    def read(self, size: int | None = -1) -> bytes:
        if size is None or not 0 <= size <= LIMIT_READ:
            raise _broken("it asks for more memory than a backup needs")
        found = super().read(size)
        if self.tell() > self._limit:
            raise _broken(f"it unpacks to over {LIMIT_RATIO} times its size")
        return found


@contextmanager
def _open(source: Path) -> Iterator[tarfile.TarFile]:
    """Open a backup. Raises Malformed for what is none."""
    with ExitStack() as opened:
        try:
            inside = opened.enter_context(_Unpacked(source))
            archive = opened.enter_context(tarfile.open(fileobj=inside, mode="r:"))
        except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
            raise _broken(str(error)) from error
        yield archive


def read_manifest(source: Path) -> dict[str, Any]:
    """Check every member against the manifest and return it.

    Raises Malformed naming the member that is missing, changed or not listed.
    """
    digests: dict[str, str] = {}
    manifest: dict[str, Any] | None = None
    try:
        with _open(source) as archive:
            for entry in archive:
                file = None if entry.issparse() else archive.extractfile(entry)
                if file is None or ".." in Path(entry.name).parts or entry.name.startswith("/"):
                    raise _broken(f"odd member {entry.name!r}")
                if entry.name == "manifest.json":
                    if entry.size > MANIFEST_LIMIT:
                        raise _broken("manifest.json is too large")
                    manifest = orjson.loads(file.read())
                else:
                    digests[entry.name] = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]
    except (tarfile.TarError, zlib.error, EOFError, OSError, ValueError) as error:
        raise _broken(str(error)) from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise _broken("no manifest.json of a format that this version reads")
    try:
        msgspec.convert(manifest["members"], dict[str, _Listed])
    except (KeyError, msgspec.ValidationError) as error:
        raise _broken(f"manifest.json lists no members as it should: {error}") from error
    listed = {name: member["sha256"] for name, member in manifest["members"].items()}
    for name in sorted(listed.keys() | digests.keys()):
        if listed.get(name) != digests.get(name):
            raise _broken(f"{name} is missing or was changed")
    return manifest


def _rows(
    file: IO[bytes], name: str, model: type[models.Model], columns: list[str]
) -> Iterator[models.Model]:
    """Rebuild the rows of a member. Raises Malformed naming the line that is none."""
    number = 0
    while line := file.readline(LINE_LIMIT):
        number += 1
        try:
            yield row_from(model, columns, line)
        except (ValueError, TypeError, LookupError, ArithmeticError, ValidationError) as error:
            raise _broken(f"{name}, line {number} is no row: {error}") from error


def _check_keys(source: Path, manifest: dict[str, Any]) -> None:
    """Try the key file on every wrapped key in the backup."""
    rows: dict[str, list[Any]] = {"organisation.companykey": [], "organisation.wallkey": []}
    with _open(source) as archive:
        for label, held in rows.items():
            name = f"rows/{label}.jsonl"
            if name not in manifest["members"]:
                raise _broken(f"{name} is missing")
            file = archive.extractfile(name)
            assert file is not None  # noqa: S101  # read_manifest has read it
            columns = manifest["members"][name]["columns"]
            held.extend(_rows(file, name, apps.get_model(label), columns))
    company_keys: list[CompanyKey] = rows["organisation.companykey"]
    wall_keys: list[WallKey] = rows["organisation.wallkey"]
    keys.try_keys(company_keys, wall_keys)


def _put_rows(archive: tarfile.TarFile, manifest: dict[str, Any], progress: Progress) -> None:
    known = {model._meta.label_lower: model for model in stored_models()}
    for model in known.values():
        # What migrations put there (there are no companies yet) gives way to the backup's rows.
        model._base_manager.all()._raw_delete(using="default")
    for name, member in manifest["members"].items():
        if not name.startswith("rows/"):
            continue
        target = known.get(member["model"])
        columns: list[str] = member["columns"]
        if target is None or set(columns) - {field.attname for field in columns_of(target)}:
            raise _broken(f"{name} was made by a newer version of Hikeshi")
        file = archive.extractfile(name)
        assert file is not None  # noqa: S101  # read_manifest has read it
        batch: list[Any] = []
        for row in _rows(file, name, target, columns):
            batch.append(row)
            if len(batch) == BATCH:
                target._base_manager.bulk_create(batch)
                batch = []
        target._base_manager.bulk_create(batch)
        rows = target._base_manager.count()
        if rows != member["rows"]:
            raise _broken(f"{name}: {rows} rows of {member['rows']} were stored")
        progress(member["model"], rows)


def _put_blobs(archive: tarfile.TarFile, manifest: dict[str, Any]) -> int:
    root = Path(settings.DATA_DIR) / "blobs"
    count = 0
    for name in manifest["members"]:
        if not name.startswith("blobs/"):
            continue
        target = root / Path(name).relative_to("blobs")
        target.parent.mkdir(parents=True, exist_ok=True)
        file = archive.extractfile(name)
        assert file is not None  # noqa: S101  # read_manifest has read it
        part = target.with_name(target.name + ".part")
        with part.open("wb") as out:
            shutil.copyfileobj(file, out)
        part.replace(target)
        count += 1
    return count


def restore_backup(source: Path, progress: Progress = lambda _name, _count: None) -> dict[str, Any]:
    """Restore a backup into a migrated, empty database; return the manifest.

    Raises Conflict when companies are there already, Malformed for a broken or newer backup,
    MasterKeyMissing or KeyMismatch when the key file is not the one of the backup.
    """
    if Company.objects.exists():
        raise Conflict(
            gettext_noop("The database holds companies already. Restore into an empty one.")
        )
    manifest = read_manifest(source)
    _check_keys(source, manifest)
    with _open(source) as archive:
        with transaction.atomic():
            _put_rows(archive, manifest, progress)
            # Children may stand before parents; constraints are checked here, all at once.
            connection.check_constraints()
        progress("blobs", _put_blobs(archive, manifest))
    _reset_sequences()
    return manifest


def _reset_sequences() -> None:
    statements = connection.ops.sequence_reset_sql(no_style(), stored_models())
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
