"""Files: whole or not at all, sealed on disk, once per wall, handed out harmlessly."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from hikeshi.core.errors import (
    AlreadyDone,
    Conflict,
    InputRefused,
    NotAllowed,
    NotAvailable,
    NotFound,
    TooLarge,
)
from hikeshi.core.sealing import KeyMismatch
from hikeshi.core.streams import CHUNK_BYTES
from hikeshi.ledger.jobs import enqueue
from hikeshi.ledger.models import Event, JobState
from hikeshi.ledger.worker import drain
from hikeshi.organisation import keys
from hikeshi.organisation.roles import Role
from hikeshi.organisation.sealed import seal
from hikeshi.records import blobs
from hikeshi.records.models import Blob, FileSpace, StoredFile
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.records.things import CANARY, a_record

pytestmark = pytest.mark.django_db
POC = f"#!/bin/sh\necho {CANARY}\n".encode()


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, settings: Any) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


def stored(kazahaya: Firm, content: bytes = POC, **more: Any) -> Blob:
    more.setdefault("subject", a_record(kazahaya))
    more.setdefault("name", "poc.sh")
    return blobs.store(content=[content], by=kazahaya.admin, at=NOW, **more)


def on_disk() -> list[Path]:
    return sorted(path for path in blobs.blob_root().rglob("*") if path.is_file())


@pytest.mark.parametrize("walled", [False, True])
@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 3 * CHUNK_BYTES + 7])
def test_a_file_comes_back_as_it_was(walled: bool, size: int) -> None:
    kazahaya = firm()
    record = a_record(kazahaya, inside=(kazahaya.admin,) if walled else ())
    content = (POC * (size // len(POC) + 1))[:size]
    blob = stored(kazahaya, content, subject=record)
    found = blobs.blob_by_uid(seen_by(kazahaya.admin), blob.uid)
    assert (found.name.value, found.size_bytes, found.wall) == ("poc.sh", size, record.wall)
    assert blobs.read(found) == content
    assert Event.objects.get(name="file.added").wall == record.wall


def test_nothing_of_a_file_lies_in_clear() -> None:
    kazahaya = firm()
    record = a_record(kazahaya, inside=(kazahaya.admin,))
    blob = stored(kazahaya, subject=record, name=f"{CANARY}.sh")
    (path,) = on_disk()
    assert CANARY.encode() not in path.read_bytes()
    row = Blob.objects.get()
    for column in (row.name.raw, row.sha256.raw, bytes(row.file.digest)):
        assert CANARY.encode() not in column
        assert blob.sha256.value.encode() not in column
        assert bytes.fromhex(blob.sha256.value) not in column


def test_who_is_outside_the_wall_finds_no_file(client: Client) -> None:
    kazahaya, other = firm(), firm("other", "OT")
    insider = person("in@k.example", kazahaya.company, Role.RESPONDER)
    blob = stored(kazahaya, subject=a_record(kazahaya, inside=(insider,)))
    for outsider in (kazahaya.admin, other.admin):
        with pytest.raises(NotFound, match="no such file"):
            blobs.blob_by_uid(seen_by(outsider), blob.uid)
        assert blobs.blobs_about(seen_by(outsider), blob.subject_uid) == []
        client.force_login(outsider)
        hidden = client.get(f"/files/{blob.uid}/")
        nothing = client.get(f"/files/{UUID(int=7)}/")
        assert (hidden.status_code, nothing.status_code) == (404, 404)
    client.logout()
    assert client.get(f"/files/{blob.uid}/").status_code == 302


def test_a_download_runs_nothing_in_a_browser(client: Client) -> None:
    kazahaya = firm()
    name, page = 'é"x\r\n.html', f"<script>{CANARY}</script>".encode()
    blob = stored(kazahaya, page, name=name, declared="text/html")
    client.force_login(kazahaya.admin)
    answer = client.get(f"/files/{blob.uid}/")
    assert b"".join(answer.streaming_content) == page  # type: ignore[arg-type]
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == "attachment; filename*=utf-8''%C3%A9%22x.html"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"].endswith("; sandbox")
    assert answer["Content-Length"] == str(len(page))
    assert answer["Cache-Control"] == "private, no-store"


def test_the_same_content_lies_once_per_company_and_wall() -> None:
    kazahaya, other = firm(), firm("other", "OT")
    walled = a_record(kazahaya, inside=(kazahaya.admin,))
    places = [a_record(kazahaya), a_record(kazahaya), walled, walled]
    for subject in places:
        stored(kazahaya, subject=subject)
    stored(other, subject=a_record(other))
    assert (Blob.objects.count(), StoredFile.objects.count(), len(on_disk())) == (5, 3, 3)
    assert len({bytes(file.digest) for file in StoredFile.objects.all()}) == 3
    assert blobs.space_of(kazahaya.company).used_bytes == 2 * len(POC)


def test_a_file_over_the_limit_leaves_nothing() -> None:
    kazahaya = firm()
    with pytest.raises(TooLarge, match="larger than 1 MB"):
        stored(kazahaya, bytes(2**20 + 1), limit_bytes=2**20)
    assert (on_disk(), Blob.objects.count()) == ([], 0)


def test_a_file_over_the_quota_leaves_nothing() -> None:
    kazahaya = firm()
    blobs.set_quota(company=kazahaya.company, quota_bytes=100, by=seen_by(kazahaya.admin), at=NOW)
    stored(kazahaya, b"x" * 60)
    with pytest.raises(TooLarge, match="files may take"):
        stored(kazahaya, b"y" * 41)
    stored(kazahaya, b"y" * 40)
    assert (len(on_disk()), Blob.objects.count()) == (2, 2)
    with pytest.raises(Conflict, match="more than that already"):
        blobs.set_quota(
            company=kazahaya.company, quota_bytes=99, by=seen_by(kazahaya.admin), at=NOW
        )


@pytest.mark.parametrize("content", [b"MZ\x90\x00" + bytes(99), b"\x7fELF" + bytes(99)])
def test_a_refused_type_leaves_nothing(content: bytes) -> None:
    kazahaya = firm()
    with pytest.raises(InputRefused, match="This is a program"):
        stored(kazahaya, content, name="a.png", declared="image/png")
    assert (on_disk(), Blob.objects.count()) == ([], 0)


def test_a_sender_that_breaks_off_leaves_nothing() -> None:
    kazahaya = firm()
    record = a_record(kazahaya)

    def cut() -> Iterator[bytes]:
        yield bytes(3 * CHUNK_BYTES)
        raise ConnectionResetError("the other side went away")

    with pytest.raises(NotAvailable, match="could not be kept"):
        blobs.store(subject=record, name="a", content=cut(), by=None, at=NOW)
    assert (on_disk(), Blob.objects.count()) == ([], 0)


def test_rows_that_fail_take_their_file_away() -> None:
    kazahaya = firm()
    record = a_record(kazahaya)
    record.company.pk = record.company_id = 10**9
    with pytest.raises(Exception):  # noqa: B017  # whatever the database says
        blobs.store(subject=record, name="a", content=[POC], by=None, at=NOW)
    assert on_disk() == []


def test_a_file_that_was_changed_on_disk_is_not_handed_out(client: Client) -> None:
    kazahaya = firm()
    blob = stored(kazahaya)
    (path,) = on_disk()
    held = bytearray(path.read_bytes())
    held[10] ^= 1
    path.write_bytes(bytes(held))
    found = blobs.blob_by_uid(seen_by(kazahaya.admin), blob.uid)
    with pytest.raises(KeyMismatch, match="damaged"):
        blobs.read(found)
    client.force_login(kazahaya.admin)
    assert client.get(f"/files/{blob.uid}/").status_code == 503
    path.unlink()
    with pytest.raises(NotAvailable, match="missing on disk"):
        blobs.read(found)
    assert blobs.sweep(at=timezone.now()).missing == [found.file.uid]
    row = enqueue("records.sweep")
    drain()
    row.refresh_from_db()
    assert row.state == JobState.FAILED, "an operator sees that files are missing"
    assert str(found.file.uid) in row.error


def test_a_rotated_key_opens_old_files_and_knows_the_same_content() -> None:
    kazahaya = firm()
    walled = a_record(kazahaya, inside=(kazahaya.admin,))
    made = [stored(kazahaya), stored(kazahaya, subject=walled)]
    keys.rotate_company_key(company=kazahaya.company, at=NOW)
    for blob in made:
        found = blobs.blob_by_uid(seen_by(kazahaya.admin), blob.uid)
        assert blobs.read(found) == POC
    stored(kazahaya, subject=walled)
    assert StoredFile.objects.count() == 2


def test_a_shredded_wall_takes_its_files_along() -> None:
    kazahaya = firm()
    walled = a_record(kazahaya, inside=(kazahaya.admin,))
    blob = stored(kazahaya, subject=walled)
    assert walled.wall is not None
    keys.shred_wall_key(wall=walled.wall, at=NOW)
    with pytest.raises(NotAvailable, match="key was erased"):
        seal("too late", walled.wall)
    found = blobs.blob_by_uid(seen_by(kazahaya.admin), blob.uid)
    assert found.name.value is None
    with pytest.raises(NotFound, match="was erased"):
        blobs.read(found)


@pytest.mark.django_db(transaction=True)
def test_erasing_the_last_use_of_a_file_forgets_its_bytes() -> None:
    kazahaya = firm()
    first, second = stored(kazahaya), stored(kazahaya)
    developer = person("d@k.example", kazahaya.company, Role.DEVELOPER)
    by: dict[str, Any] = {"by": seen_by(kazahaya.admin), "at": NOW}
    with pytest.raises(NotAllowed):
        blobs.erase(blob=first, by=seen_by(developer), at=NOW, reason="x")
    with pytest.raises(InputRefused, match="Say why"):
        blobs.erase(blob=first, reason="", **by)
    blobs.erase(blob=first, reason="personal data", **by)
    assert len(on_disk()) == 1
    assert blobs.read(blobs.blob_by_uid(by["by"], second.uid)) == POC
    with pytest.raises(NotFound):
        blobs.blob_by_uid(by["by"], first.uid)
    blobs.erase(blob=second, reason="personal data", **by)
    with pytest.raises(AlreadyDone):
        blobs.erase(blob=second, reason="again", **by)
    assert on_disk() == []
    assert StoredFile.objects.get().wrapped_key is None
    assert FileSpace.objects.get().used_bytes == 0
    assert Event.objects.filter(name="file.erased").count() == 2
    # The same content may come again; it is a new file.
    stored(kazahaya)
    assert (StoredFile.objects.count(), len(on_disk())) == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_uploads_at_once_keep_the_content_once_and_the_quota_whole() -> None:
    kazahaya = firm()
    record = a_record(kazahaya)
    blobs.set_quota(company=kazahaya.company, quota_bytes=300, by=seen_by(kazahaya.admin), at=NOW)
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def upload(content: bytes) -> None:
        try:
            start.wait()
            blobs.store(subject=record, name="a", content=[content], by=None, at=NOW)
            outcomes.append("stored")
        except TooLarge as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    contents = [b"a" * 150, b"a" * 150, b"b" * 150, b"c" * 150]
    threads = [threading.Thread(target=upload, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    used = FileSpace.objects.get().used_bytes
    files = StoredFile.objects.all()
    assert len(outcomes) == 4
    assert used == sum(file.size_bytes for file in files) == 300
    assert len(on_disk()) == files.count() == 2
    assert outcomes.count("stored") == Blob.objects.count()


def test_what_a_cut_left_is_swept_once_it_is_old() -> None:
    kazahaya = firm()
    stored(kazahaya)
    now = timezone.now()
    for name in ("0" * 32, "0" * 32 + ".part"):
        left = blobs.blob_root() / "00" / name
        left.parent.mkdir(exist_ok=True)
        left.write_bytes(b"x")
    assert blobs.sweep(at=now).removed == 0
    swept = blobs.sweep(at=now + timedelta(days=2))
    assert (swept.removed, swept.missing, len(on_disk())) == (2, [], 1)
    # A name without a file stands for an upload that ended between the list and the look.
    (blobs.blob_root() / "00" / "gone").symlink_to("nowhere")
    assert blobs.sweep(at=now + timedelta(days=2)).removed == 0
    (blobs.blob_root() / "00" / "gone").unlink()


def test_memory_does_not_grow_with_the_file() -> None:
    kazahaya = firm()
    record = a_record(kazahaya)
    tracemalloc.start()
    content = (bytes(64 * 1024) for _n in range(1024))
    blob = blobs.store(subject=record, name="firmware.bin", content=content, by=None, at=NOW)
    total = sum(len(piece) for piece in blobs.pieces_of(blob))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert total == 64 * 2**20
    assert peak < 6 * 2**20


_KILLED = """
import os, sys, time
import django
os.environ["DJANGO_SETTINGS_MODULE"] = "hikeshi.project.settings"
django.setup()
from django.conf import settings
from django.utils import timezone
from pathlib import Path
settings.DATA_DIR, settings.KEY_FILE = Path(sys.argv[1]), sys.argv[3]
from hikeshi.records import blobs
from hikeshi.stakeholders.models import Contact
record = Contact.objects.for_system("a test").get(uid=sys.argv[2])
where = sys.argv[4]
def content():
    for n in range(8):
        if where == "writing" and n == 4:
            print("now", flush=True); time.sleep(60)
        yield bytes(256 * 1024)
if where == "rows":
    def stop(*_a, **_k):
        print("now", flush=True); time.sleep(60)
    blobs.record = stop
blobs.store(subject=record, name="a", content=content(), by=None, at=timezone.now())
"""


@pytest.mark.parametrize("where", ["writing", "rows"])
def test_a_kill_leaves_no_row_and_nothing_that_is_not_swept(
    where: str, file_database: dict[str, str]
) -> None:
    kazahaya = firm()
    record = a_record(kazahaya)
    command = [
        sys.executable, "-c", _KILLED, str(settings.DATA_DIR), str(record.uid),
        str(settings.KEY_FILE), where,
    ]  # fmt: skip
    with subprocess.Popen(command, env=file_database, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "now\n"
        process.send_signal(signal.SIGKILL)
    assert (Blob.objects.count(), StoredFile.objects.count()) == (0, 0)
    assert FileSpace.objects.filter(used_bytes__gt=0).count() == 0
    assert blobs.sweep(at=timezone.now() + timedelta(days=2)).removed == 1
    assert on_disk() == []
    assert blobs.read(stored(kazahaya, subject=record)) == POC
