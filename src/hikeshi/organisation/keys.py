"""The ring of keys: master key file, company keys, wall keys.

The database holds wrapped keys only; the master key lies in a file (setting HIKESHI_KEY_FILE).
Rotating a company key rewraps the keys of its walls and touches no text; shredding a wall's key
makes all its texts and files unreadable for ever.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.db import transaction

from hikeshi.core import sealing
from hikeshi.core.errors import NotAvailable, gettext_noop
from hikeshi.organisation.models import Company, CompanyKey, Wall, WallKey


class MasterKeyMissing(NotAvailable):
    """The key file is not there, or lacks the key that wrapped a company's key."""

    code = "master-key-missing"


@lru_cache(maxsize=4)
def _read_master_keys(path: Path, _mtime_ns: int) -> dict[str, bytes]:
    try:
        keys = json.loads(path.read_text(encoding="utf-8"))["keys"]
        return {entry["id"]: base64.b64decode(entry["key"], validate=True) for entry in keys}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise MasterKeyMissing(
            gettext_noop("The key file %(path)s is damaged. Put its copy back; nothing can be "
                         "opened."),
            path=path,
        ) from error  # fmt: skip


def make_key_file(path: Path) -> None:
    """Make the master key file, readable by its owner only, unless there is one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    entry = {"id": os.urandom(4).hex(), "key": base64.b64encode(sealing.new_key()).decode()}
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"keys": [entry]}, file)


def master_keys() -> dict[str, bytes]:
    """Return the master keys by id; the last one wraps anew.

    Raises MasterKeyMissing when the file is not there or damaged.
    """
    path = Path(settings.KEY_FILE)
    try:
        return _read_master_keys(path, path.stat().st_mtime_ns)
    except FileNotFoundError as error:
        raise MasterKeyMissing(
            gettext_noop("The key file %(path)s is missing. Put it back; nothing can be opened."),
            path=str(path),
        ) from error


def master_key(master_id: str) -> bytes:
    """Return one master key. Raises MasterKeyMissing when the file lacks it."""
    master = master_keys().get(master_id)
    if master is None:
        raise MasterKeyMissing(
            gettext_noop("The key file %(path)s lacks master key %(id)s."),
            path=str(settings.KEY_FILE),
            id=master_id,
        )
    return master


def _unwrap_company_key(key: CompanyKey) -> bytes:
    master = master_key(key.master_id)
    return sealing.unseal(master, bytes(key.wrapped), purpose=b"company:%d" % key.company_id)


def company_key_of(row: CompanyKey) -> bytes:
    """Return the key of a company key row, also of one that was retired."""
    return _unwrap_company_key(row)


def open_company_key(company: Company) -> tuple[CompanyKey, bytes]:
    """Return the company's present key row and key, making the first one when there is none."""
    row = CompanyKey.objects.filter(company=company, retired_at__isnull=True).first()
    if row is not None:
        return row, _unwrap_company_key(row)
    key = sealing.new_key()
    return _store_company_key(company, key), key


def _store_company_key(company: Company, key: bytes) -> CompanyKey:
    master_id, master = list(master_keys().items())[-1]
    wrapped = sealing.seal(master, key, purpose=b"company:%d" % company.pk)
    return CompanyKey.objects.create(company=company, wrapped=wrapped, master_id=master_id)


def search_key(company: Company) -> bytes:
    """Return the key under which the company's walled search tokens are made.

    Derived from the oldest company key, so that rotation does not lose the index.
    """
    oldest = CompanyKey.objects.filter(company=company).order_by("pk").first()
    if oldest is None:
        return sealing.derive(open_company_key(company)[1], b"search")
    return sealing.derive(_unwrap_company_key(oldest), b"search")


def make_wall_key(wall: Wall) -> None:
    """Give a new wall its key."""
    row, company_key = open_company_key(wall.company)
    wrapped = sealing.seal(company_key, sealing.new_key(), purpose=b"wall:%d" % wall.pk)
    WallKey.objects.create(wall=wall, company_key=row, wrapped=wrapped)


def wall_keys(wall_ids: Iterable[int]) -> dict[int, bytes | None]:
    """Return the keys of walls in one query; None stands for a key that was shredded."""
    wanted = set(wall_ids)
    if not wanted:
        return {}
    found: dict[int, bytes | None] = {}
    company_keys: dict[int, bytes] = {}
    for row in WallKey.objects.filter(wall_id__in=wanted).select_related("company_key"):
        if row.wrapped is None:
            found[row.wall_id] = None
            continue
        if row.company_key_id not in company_keys:
            company_keys[row.company_key_id] = _unwrap_company_key(row.company_key)
        found[row.wall_id] = sealing.unseal(
            company_keys[row.company_key_id], bytes(row.wrapped), purpose=b"wall:%d" % row.wall_id
        )
    return found


def rotate_company_key(*, company: Company, at: datetime) -> int:
    """Make a new company key and rewrap the company's wall keys; return how many."""
    with transaction.atomic():
        old_row, old = open_company_key(company)
        old_row.retired_at = at
        old_row.save(update_fields=["retired_at"])
        key = sealing.new_key()
        row = _store_company_key(company, key)
        rewrapped = 0
        for held in WallKey.objects.filter(company_key=old_row, wrapped__isnull=False):
            purpose = b"wall:%d" % held.wall_id
            assert held.wrapped is not None  # noqa: S101  # filtered above
            wall_key = sealing.unseal(old, bytes(held.wrapped), purpose=purpose)
            held.wrapped = sealing.seal(key, wall_key, purpose=purpose)
            held.company_key = row
            held.save(update_fields=["wrapped", "company_key"])
            rewrapped += 1
    return rewrapped


def shred_wall_key(*, wall: Wall, at: datetime) -> None:
    """Forget a wall's key: its texts and files can never be read again."""
    WallKey.objects.filter(wall=wall).update(wrapped=None, shredded_at=at)


def try_keys(company_keys: Iterable[CompanyKey], wall_keys: Iterable[WallKey]) -> None:
    """Try the key file on wrapped keys that are not in the database yet (a backup's).

    Raises MasterKeyMissing or KeyMismatch at the first that does not open.
    """
    opened = {row.pk: _unwrap_company_key(row) for row in company_keys}
    for row in wall_keys:
        if row.wrapped is not None:
            purpose = b"wall:%d" % row.wall_id
            sealing.unseal(opened[row.company_key_id], bytes(row.wrapped), purpose=purpose)
