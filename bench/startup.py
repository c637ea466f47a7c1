"""How long the program takes to start, against a bare ``import django``."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from bench.measure import Figure, median_seconds


def run() -> Iterator[Figure]:
    with tempfile.TemporaryDirectory() as home:
        # As installed: compiled once, not at each start.
        environment = os.environ | {"HIKESHI_DATA": home}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def start(*arguments: str) -> float:
            command = [sys.executable, *arguments]
            return median_seconds(
                lambda: subprocess.run(command, env=environment, capture_output=True, check=True),
                runs=5,
            )

        bare = start("-c", "import django")
        for arguments in (["--version"], ["--help"], ["migrate"]):
            yield Figure(
                f"hikeshi {' '.join(arguments)}"
                + (" (nothing to do)" if arguments == ["migrate"] else ""),
                start("-m", "hikeshi", *arguments),
                "s",
                bare,
                "import django",
            )
