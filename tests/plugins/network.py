"""Tests talk to this machine only: any other address is refused before a packet leaves."""

from __future__ import annotations

import sys
from pathlib import Path

# The folder is no package: children find the same module at their start, by the path alone.
sys.path.insert(0, str(Path(__file__).parent / "loopback"))

import loopback_guard  # the line above finds it

NotLoopback = loopback_guard.NotLoopback


def pytest_configure() -> None:
    loopback_guard.install()
