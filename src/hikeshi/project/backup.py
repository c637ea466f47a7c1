"""Back the whole installation up, in one consistent view, while it runs.

The key file is never part of a backup: who finds the backup reads no walled text. Restoring asks
for the key file and tries it on every company and wall before anything is written.
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import orjson
from django.conf import settings
from django.db import connections, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from hikeshi import __version__
from hikeshi.project.snapshot import FORMAT, columns_of, lines_of, stored_models

Progress = Callable[[str, int], None]


@contextmanager
def _one_view() -> Iterator[None]:
    """Lend this thread a connection that sees the database as it is now, whatever others write."""
    usual = connections["default"]
    view = usual.copy()
    if view.vendor == "sqlite":
        # The usual IMMEDIATE would take the write lock and stop all others for the whole backup.
        view.settings_dict["OPTIONS"]["transaction_mode"] = "DEFERRED"
    connections["default"] = view
    try:
        with transaction.atomic():
            if view.vendor == "postgresql":
                with view.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
    finally:
        view.close()
        connections["default"] = usual


def _add(archive: tarfile.TarFile, name: str, file: IO[bytes], size: int) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = size
    entry.mode = 0o600
    archive.addfile(entry, file)


def _add_rows(archive: tarfile.TarFile, progress: Progress) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for model in stored_models():
        label = model._meta.label_lower
        digest, rows = hashlib.sha256(), 0
        with tempfile.TemporaryFile() as spool:
            for line in lines_of(model):
                spool.write(line)
                digest.update(line)
                rows += 1
            size = spool.tell()
            spool.seek(0)
            _add(archive, f"rows/{label}.jsonl", spool, size)
        members[f"rows/{label}.jsonl"] = {
            "model": label,
            "columns": [field.attname for field in columns_of(model)],
            "rows": rows,
            "sha256": digest.hexdigest(),
        }
        progress(label, rows)
    return members


def _add_blobs(archive: tarfile.TarFile, progress: Progress) -> dict[str, Any]:
    members: dict[str, Any] = {}
    root = Path(settings.DATA_DIR) / "blobs"
    for path in sorted(p for p in root.rglob("*") if p.is_file() and not p.name.endswith(".part")):
        name = f"blobs/{path.relative_to(root).as_posix()}"
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.tell()
            file.seek(0)
            _add(archive, name, file, size)
        members[name] = {"size": size, "sha256": digest}
    progress("blobs", len(members))
    return members


def write_backup(target: Path, progress: Progress = lambda _name, _count: None) -> dict[str, Any]:
    """Write a backup file; return its manifest.

    The file appears under its name only when it is whole. Blobs are read after the rows, and a
    blob's row is written after its file: every file that a row names is in the backup.
    """
    part = target.with_name(target.name + ".part")
    try:
        with part.open("wb") as raw, tarfile.open(fileobj=raw, mode="w:gz", compresslevel=3) as tar:
            with _one_view():
                migrations = sorted(
                    f"{app}.{name}"
                    for app, name in MigrationRecorder(connections["default"]).applied_migrations()
                )
                members = _add_rows(tar, progress)
            members |= _add_blobs(tar, progress)
            manifest = {
                "format": FORMAT,
                "version": __version__,
                "made_at": timezone.now().isoformat(),
                "migrations": migrations,
                "members": members,
            }
            encoded = orjson.dumps(manifest, option=orjson.OPT_INDENT_2)
            _add(tar, "manifest.json", io.BytesIO(encoded), len(encoded))
        part.chmod(0o600)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return manifest
