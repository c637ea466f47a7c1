"""The database under test, seen by several threads and processes.

The SQLite database of a run is a file, not memory: two requests at once, a worker beside the web
and a killed process are only real when each has a connection of its own.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from hikeshi.organisation.models import Account

ROOT = Path(__file__).parents[2]


def pytest_configure() -> None:
    from django.conf import settings

    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database.setdefault("TEST", {})["NAME"] = str(settings.DATA_DIR / "test.sqlite3")
        options = database["OPTIONS"]
        # Nobody needs these rows after a crash of the machine.
        options["init_command"] = options["init_command"].replace("=NORMAL", "=OFF")
        _start_from_a_copy()
    _keep_connections_of_tests()


def _start_from_a_copy() -> None:
    """Copy the database that an earlier run migrated, instead of migrating again.

    It counts only for the very same migrations and packages; `make clean` forgets it.
    """
    from django.db.backends.sqlite3.creation import DatabaseCreation

    create = DatabaseCreation.create_test_db

    def create_test_db(self: DatabaseCreation, keepdb: bool = False, **options: Any) -> str:
        kept, name = _kept_database(), Path(self._get_test_db_name())
        if kept.is_file():
            shutil.copyfile(kept, name)
            return create(self, keepdb=True, **options)
        made = create(self, keepdb=keepdb, **options)
        kept.parent.mkdir(exist_ok=True)
        for old in kept.parent.glob("migrated-*.sqlite3"):
            old.unlink(missing_ok=True)
        # Two workers may come here at once: each writes its own file, and either will do.
        mine = kept.with_suffix(f".{os.getpid()}")
        with closing(sqlite3.connect(name)) as source, closing(sqlite3.connect(mine)) as target:
            source.backup(target)
        mine.replace(kept)
        return made

    DatabaseCreation.create_test_db = create_test_db  # type: ignore[method-assign]


def _kept_database() -> Path:
    said = hashlib.sha256((ROOT / "requirements-dev.lock").read_bytes())
    for path in sorted((ROOT / "src").rglob("migrations/*.py")):
        said.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return ROOT / ".cache" / f"migrated-{said.hexdigest()[:16]}.sqlite3"


def _keep_connections_of_tests() -> None:
    """Let a request end without closing the connection that holds its test's transaction."""
    from django.db.backends.base.base import BaseDatabaseWrapper

    close = BaseDatabaseWrapper.close_if_unusable_or_obsolete

    def close_what_no_test_holds(connection: BaseDatabaseWrapper) -> None:
        if not connection.in_atomic_block:
            close(connection)

    # Django's own test client reconnects the signal after each request, so the signal is no place.
    BaseDatabaseWrapper.close_if_unusable_or_obsolete = close_what_no_test_holds  # type: ignore[method-assign]


@pytest.fixture
def file_database(transactional_db: None) -> dict[str, str]:
    """The environment in which another process works on this test's database.

    What the test commits, the process sees, and the other way round:
    ``subprocess.run([sys.executable, "-m", "hikeshi", …], env=file_database)``.
    """
    from django.db import connection

    facts = connection.settings_dict
    if connection.vendor == "sqlite":
        url = f"sqlite:///{facts['NAME']}"
    else:
        who = f"{quote(facts['USER'])}:{quote(facts['PASSWORD'] or '')}" if facts["USER"] else ""
        # A folder of sockets comes as an option of the driver, not as the host.
        host = str(facts["HOST"] or facts["OPTIONS"].get("host") or "")
        port = str(facts["PORT"] or "")
        # A path to a socket must be quoted to stand where a host stands.
        place = f"{quote(host, safe='')}{':' + port if port else ''}"
        url = f"postgresql://{who}{'@' if who else ''}{place}/{facts['NAME']}"
    return {
        **os.environ,
        "HIKESHI_DATABASE_URL": url,
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)]),
    }


class ClientAs(Protocol):
    """Make a test client that is logged in as somebody, or as nobody."""

    def __call__(self, account: Account | None = None) -> Client: ...


@pytest.fixture
def client_as() -> ClientAs:
    from django.test import Client

    def make(account: Account | None = None) -> Client:
        client = Client()
        if account is not None:
            client.force_login(
                account, backend="allauth.account.auth_backends.AuthenticationBackend"
            )
        return client

    return make


@contextmanager
def assert_queries(most: int) -> Iterator[None]:
    """Fail when more than ``most`` queries are run, and show them.

    A list page runs a fixed number: measure it with 3 rows and with 60, and pin it.
    """
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as caught:
        yield
    if len(caught) > most:
        listed = "\n".join(f"{n}. {q['sql'][:300]}" for n, q in enumerate(caught, start=1))
        pytest.fail(f"{len(caught)} queries, at most {most} expected:\n{listed}")
