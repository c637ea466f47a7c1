"""Tell which requirements and stories have a passing test: ``pytest --requirements``.

A test names them by ``@pytest.mark.requirement("R008", …)`` and ``@pytest.mark.story("2022_012")``.
One counts as shown when at least one of its tests passed and none failed.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from pathlib import Path

import pytest

KINDS = ("requirement", "story")
_passed: dict[str, set[str]] = defaultdict(set)
_failed: dict[str, set[str]] = defaultdict(set)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--requirements", action="store_true", help="print what each requirement is shown by"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for kind in KINDS:
            # Properties travel with the report from a worker of xdist to its controller.
            item.user_properties += [
                (kind, str(name)) for mark in item.iter_markers(kind) for name in mark.args
            ]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    for kind, name in report.user_properties:
        if kind in KINDS and report.failed:
            _failed[str(name)].add(report.nodeid)
        elif kind in KINDS and report.when == "call" and report.passed:
            _passed[str(name)].add(report.nodeid)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not terminalreporter.config.getoption("--requirements"):
        return
    shared = Path(os.environ.get("HIKESHI_SHARED", "../shared"))
    source = terminalreporter.config.rootpath / shared / "reference" / "requirements.md"
    if not source.is_file():
        terminalreporter.write_line(f"HIKESHI_SHARED: no list of requirements at {source}")
        return
    asked = requirements_in(source.read_text(encoding="utf-8"))
    terminalreporter.section("requirements")
    shown = 0
    for name, text in asked.items():
        tests = sorted(_passed[name] - _failed[name])
        good = bool(tests) and not _failed[name]
        shown += good
        state = "shown " if good else "FAILED" if _failed[name] else "      "
        first = f"{tests[0]}{f' (+{len(tests) - 1})' if len(tests) > 1 else ''}" if tests else ""
        terminalreporter.write_line(f"{name} {state} {text[:60]:60} {first}")
    stories = sum(1 for name in _passed if name not in asked and name not in _failed)
    terminalreporter.write_line(f"{shown} of {len(asked)} requirements shown, {stories} stories")


def requirements_in(text: str) -> dict[str, str]:
    """Return what the list asks for: id → what the software must do."""
    rows = (line.strip().strip("|").split("|") for line in text.splitlines())
    return {row[0]: row[-1].strip() for row in rows if re.fullmatch(r"R\d{3}", row[0])}
