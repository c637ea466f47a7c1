"""A worker that is killed loses nothing, and what it was at changes the database once.

Real processes and SIGKILL (``victims.py``), on a database of their own: SQLite in a file, or
PostgreSQL. Half of the workers die before a chosen statement, so that every place between two
statements has its turn; the others are killed by the clock, wherever they are.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

ROOT = Path(__file__).parents[2]
STEPS = 4
KILLED = signal.SIGKILL.value


class Victims:
    """The process that forks workers, and a line of JSON for each order."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.letters = folder / "letters"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.ledger.victims"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={
                **os.environ,
                "PYTHONPATH": "src",
                "DJANGO_SETTINGS_MODULE": "hikeshi.project.settings",
                "HIKESHI_DATA": str(folder),
                "HIKESHI_DATABASE_URL": database_url,
                "HIKESHI_LOG_LEVEL": "ERROR",
                "KILL_LETTERS": str(self.letters),
            },
        )
        assert json.loads(self._line()) == {"status": 0}

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def order(self, order: str) -> tuple[int, Any]:
        assert self.process.stdin is not None
        self.process.stdin.write(order + "\n")
        self.process.stdin.flush()
        status, said = json.loads(self._line())
        return status, said

    def close(self) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.stdout.close()
        assert self.process.wait(20) == 0


@pytest.fixture
def victims(tmp_path: Path) -> Iterator[Victims]:
    if os.environ.get("HIKESHI_TEST_DATABASE") == "postgresql":
        import psycopg

        server = urlsplit(os.environ["HIKESHI_TEST_POSTGRES_URL"])
        name = f"kill_{os.getpid()}"
        with psycopg.connect(urlunsplit(server), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        url = urlunsplit(server._replace(path=f"/{name}"))
    else:
        server, name, url = None, "", f"sqlite:///{tmp_path / 'kill.sqlite3'}"
    found = Victims(tmp_path, url)
    yield found
    found.close()
    if server is not None:
        with psycopg.connect(urlunsplit(server), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def kill_workers(victims: Victims, kills: int) -> str:
    chance = random.Random(20261125)
    died = 0
    assert victims.order("jobs 2")[0] == 0
    whole = victims.order("finish")[1]
    for kill in range(kills):
        assert victims.order("jobs 2")[0] == 0
        if kill % 2:
            _status, said = victims.order(f"late {chance.uniform(0, whole['seconds']):.3f}")
            died += said == KILLED
        else:
            # Evenly over a whole run, from the first statement to the last.
            statement = 1 + whole["statements"] * kill // kills
            died += victims.order(f"die {statement}")[0] == KILLED
    assert died >= kills * 0.7
    assert victims.order("finish")[0] == 0
    jobs = 2 + kills * 2
    report = victims.order("report")[1]
    assert report["states"] == {"done": jobs}
    assert report["counted"] == jobs * STEPS
    assert report["events"] == jobs * STEPS
    assert report["messages"] == {"sent": jobs * STEPS}
    assert report["sent"] == jobs * STEPS
    letters = victims.letters.read_text().split()
    # A letter handed over just before a kill goes out again under the same key: no third way is
    # known. None is missing, and at most one is doubled by a kill.
    assert len(set(letters)) == jobs * STEPS
    assert len(letters) - len(set(letters)) <= kills
    return (
        f"{died} workers killed, {report['attempts']} attempts at {jobs} jobs, each done once; "
        f"{len(letters) - len(set(letters))} letters doubled, none missing"
    )


def test_ten_killed_workers_lose_nothing_and_double_nothing(victims: Victims) -> None:
    kill_workers(victims, 10)


@pytest.mark.soak
def test_two_hundred_killed_workers_lose_nothing_and_double_nothing(
    victims: Victims, tell: Callable[[str], None]
) -> None:
    tell(kill_workers(victims, 200))
