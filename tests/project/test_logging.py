"""Log lines: plain at a terminal, JSON elsewhere, and in neither what opens a door or is walled."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from functools import cache

import pytest

pytestmark = pytest.mark.pure
WALLED = "canary-3f9d"
PROGRAM = f"""
import logging, sys, structlog
from hikeshi.project.logging import configure
configure({{"level": "INFO", "format": sys.argv[1], "debug": False}})
log = structlog.get_logger("hikeshi.test")
log.info("job.started", job="matching.pull", attempt=1, uid="01a2")
log.info("told", title="{WALLED}", password="{WALLED}", contact_name="{WALLED}",
         after={{"body": "{WALLED}", "email": ["{WALLED}"], "state": "open"}},
         api_token="{WALLED}", rows=["/r/{WALLED}-x/"])
log.warning("came by /link/{WALLED}-abcd/ with hk_0123456789_{WALLED}")
logging.getLogger("django.request").warning("Not Found: /search/?q={WALLED}\\n\\x1b[2J")
try:
    raise ValueError("{WALLED}")
except ValueError:
    log.exception("page.broke")
    logging.getLogger("gunicorn.error").exception("Error handling request /cases/?q={WALLED}")
log.debug("too quiet")
"""


@cache
def written(kind: str, *, terminal: bool = False) -> list[str]:
    """Return the lines that a process writes to a pipe, or to a terminal."""
    reader, writer = pty.openpty() if terminal else os.pipe()
    subprocess.run(
        [sys.executable, "-c", PROGRAM, kind], stderr=writer, check=True, timeout=60,
        env={**os.environ, "PYTHONPATH": "src", "TZ": "Asia/Tokyo", "NO_COLOR": ""},
    )  # fmt: skip
    os.close(writer)
    said = b""
    try:
        while piece := os.read(reader, 65536):
            said += piece
    except OSError:
        pass  # a terminal whose other side is closed has no plain end
    os.close(reader)
    return said.decode().splitlines()


@pytest.mark.parametrize(("kind", "terminal"), [("", False), ("", True), ("text", False)])
def test_no_line_tells_what_is_walled_or_opens_a_door(kind: str, terminal: bool) -> None:
    said = written(kind, terminal=terminal)
    assert len(said) == 6
    assert WALLED not in "\n".join(said)


def test_a_program_reads_one_object_a_line() -> None:
    lines = [json.loads(line) for line in written("")]
    assert lines[0] | {"timestamp": ""} == {
        "event": "job.started", "job": "matching.pull", "attempt": 1, "uid": "01a2",
        "logger": "hikeshi.test", "level": "info", "timestamp": "",
    }  # fmt: skip
    assert lines[1]["after"] == {"body": "…", "email": "…", "state": "open"}
    assert lines[4]["error"] == "builtins.ValueError"
    assert lines[4]["at"] == ["<string>:13 <module>"]
    assert [line["level"] for line in lines[2:]] == ["warning", "warning", "error", "error"]


def test_a_person_at_a_terminal_reads_time_level_event_and_facts() -> None:
    first, _told, came, request, broke, gunicorn = written("", terminal=True)
    moment = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    assert re.fullmatch(
        moment + "  INFO     job.started  job=matching.pull attempt=1 uid=01a2", first
    )
    assert "came by /link/…/ with hk_…" in came
    # What a visitor asked for can neither break the line nor clear the screen.
    assert request.endswith("Not Found: /search/?…\\n\\x1b[2J")
    assert "\x1b[31mERROR  \x1b[0m  page.broke  error=builtins.ValueError" in broke
    assert "Error handling request /cases/?…  error=" in gunicorn


def test_the_form_can_be_chosen_wherever_the_lines_go() -> None:
    assert json.loads(written("json", terminal=True)[0])["event"] == "job.started"
    assert "INFO     job.started  job=" in written("text")[0]
