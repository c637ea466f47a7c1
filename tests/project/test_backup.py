"""Backup and restore, on whichever database is under test."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management.color import no_style
from django.db import connection

from hikeshi.core.errors import Conflict, HikeshiError, Malformed
from hikeshi.ledger.models import Event, EventPayload
from hikeshi.organisation import services
from hikeshi.organisation.keys import make_key_file
from hikeshi.organisation.models import Account, Company, WallKey
from hikeshi.organisation.sealed import unseal
from hikeshi.project.backup import write_backup
from hikeshi.project.restore import restore_backup
from hikeshi.project.snapshot import stored_models
from tests.builders import NOW, firm, seen_by

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    kazahaya = firm()
    wall = services.raise_wall(
        company=kazahaya.company, members=[kazahaya.admin], at=NOW, by=kazahaya.admin
    )
    services.admit(wall=wall, unit=kazahaya.network, reason="検証のため", at=NOW, by=kazahaya.admin)
    target = tmp_path / "hikeshi.backup"
    write_backup(target)
    return target


def empty() -> None:
    tables = [model._meta.db_table for model in stored_models()]
    statements = connection.ops.sql_flush(no_style(), tables, allow_cascade=True)
    connection.ops.execute_sql_flush(statements)


def test_a_restored_system_reads_its_walled_texts(backup: Path) -> None:
    before = sorted(Event.objects.values_list("uid", "name"))
    empty()
    assert not Company.objects.exists()
    restore_backup(backup)
    assert sorted(Event.objects.values_list("uid", "name")) == before
    admin = Account.objects.get(email="admin@kazahaya.example")
    admitted = Event.objects.visible_to(seen_by(admin)).get(name="wall.admitted")
    payload = EventPayload.objects.get(event=admitted)
    unseal([payload], "content")
    assert payload.content.value["after"]["reason"] == "検証のため"


def test_new_rows_after_a_restore_get_free_keys(backup: Path) -> None:
    empty()
    restore_backup(backup)
    services.create_account(email="new@kazahaya.example", name="new", at=NOW)
    assert Account.objects.filter(email="new@kazahaya.example").exists()


def test_a_backup_holds_no_walled_text_in_clear(backup: Path) -> None:
    content = gzip.decompress(backup.read_bytes())
    assert "検証のため".encode() not in content
    assert b"wall.admitted" in content


def test_a_database_in_use_is_not_overwritten(backup: Path) -> None:
    with pytest.raises(Conflict, match="Restore into an empty one"):
        restore_backup(backup)


def test_another_key_file_is_refused_before_anything_is_written(
    backup: Path, tmp_path: Path, settings: object
) -> None:
    empty()
    other = tmp_path / "other.key"
    make_key_file(other)
    settings.KEY_FILE = other  # type: ignore[attr-defined]
    with pytest.raises(HikeshiError, match="lacks master key"):
        restore_backup(backup)
    assert not Company.objects.exists()
    assert not WallKey.objects.exists()


@pytest.mark.parametrize("harm", ["truncated", "not a tar", "changed", "missing member"])
def test_a_broken_backup_is_refused_whole(backup: Path, harm: str) -> None:
    empty()
    whole = backup.read_bytes()
    if harm == "truncated":
        backup.write_bytes(whole[: len(whole) // 2])
    elif harm == "not a tar":
        backup.write_bytes(b"%PDF-1.7 not a backup")
    else:
        _rewrite(backup, harm)
    with pytest.raises(Malformed, match="Nothing was written"):
        restore_backup(backup)
    assert not Company.objects.exists()


def _rewrite(path: Path, harm: str) -> None:
    """Pack the backup again with one member changed or left out."""
    target = path.with_suffix(".harmed")
    name = "rows/organisation.unit.jsonl"
    with tarfile.open(path) as old, tarfile.open(target, "w:gz") as new:
        for entry in old:
            file = old.extractfile(entry)
            assert file is not None
            if entry.name == name and harm == "missing member":
                continue
            content = file.read()
            if entry.name == name:
                content = content.replace(b"Network", b"Netwerk")
            entry.size = len(content)
            new.addfile(entry, io.BytesIO(content))
    target.replace(path)


def _zeros(kind: bytes, told: int, given: int) -> bytes:
    """Pack one member that is told to have so many bytes, of which some zeros are given."""
    member = tarfile.TarInfo("blobs/zeros")
    member.type, member.size = kind, told
    made = io.BytesIO()
    with gzip.open(made, "wb", compresslevel=9) as out:
        out.write(member.tobuf(tarfile.GNU_FORMAT))
        for _mebibyte in range(given // 2**20):
            out.write(bytes(2**20))
    return made.getvalue()


@pytest.mark.parametrize(
    ("kind", "told", "given", "said"),
    [
        (tarfile.REGTYPE, 300 * 2**20, 300 * 2**20, "unpacks to over 200 times its size"),
        (tarfile.GNUTYPE_LONGNAME, 2**40, 2**20, "more memory than a backup needs"),
        (tarfile.XHDTYPE, 2**40, 2**20, "more memory than a backup needs"),
    ],
    ids=["zeros", "endless name", "endless attributes"],
)
def test_a_backup_that_would_fill_the_machine_is_refused(
    tmp_path: Path, kind: bytes, told: int, given: int, said: str
) -> None:
    path = tmp_path / "hikeshi.backup"
    path.write_bytes(_zeros(kind, told, given))
    with pytest.raises(Malformed, match=said):
        restore_backup(path)
    assert not Company.objects.exists()


def test_a_backup_that_fails_leaves_no_file(tmp_path: Path) -> None:
    firm()
    target = tmp_path / "no-such-folder" / "hikeshi.backup"
    with pytest.raises(OSError, match="no-such-folder"):
        write_backup(target)
    assert list(tmp_path.iterdir()) == []


def test_the_key_file_is_not_in_the_backup(backup: Path) -> None:
    key = Path(settings.KEY_FILE).read_bytes()
    content = gzip.decompress(backup.read_bytes())
    assert key not in content
    with tarfile.open(backup) as archive:
        assert not [name for name in archive.getnames() if name.endswith(".key")]
