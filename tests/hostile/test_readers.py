"""A hostile file costs its reader little: measured in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile.reader import READERS

pytestmark = pytest.mark.pure
ROOT = Path(__file__).parents[2]
# Nothing is wrong with a link in an archive, a file that holds its target, nor with an empty row;
# wrong components are left out and counted.
REFUSED_AS = {
    "a zip bomb": "TooLarge", "a zip that is a link": "", "a gzip bomb": "TooLarge",
    "deep nesting": "TooLarge", "a million keys": "Malformed", "a workbook bomb": "TooLarge",
    "a long line": "", "an open quote": "Malformed", "a list of empty lists": "TooLarge",
    "two million wrong components": "", "a catalogue of zeros": "TooLarge",
    "a day of empty lines": "TooLarge", "a workbook below its limit": "",
    "a row of a million cells": "TooLarge", "a million texts": "TooLarge",
}  # fmt: skip
# The largest file that is read may stand in memory as bytes and once more as what is read of it.
MOST_MB = 400


@pytest.mark.parametrize("what", READERS)
def test_a_hostile_file_is_refused_in_bounded_memory_and_time(what: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "tests.hostile.reader", what], cwd=ROOT, capture_output=True,
        text=True, check=True, timeout=120, env={**os.environ, "PYTHONPATH": "src"},
    )  # fmt: skip
    said = json.loads(ran.stdout)
    assert said["error"] in {REFUSED_AS[what], "NotAnSBOM" if REFUSED_AS[what] else ""}, said
    assert bool(said["sentence"]) == bool(REFUSED_AS[what])
    assert said["grown_mb"] < MOST_MB, said
