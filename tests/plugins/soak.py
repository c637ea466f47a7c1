"""Say at the end of ``make soak`` what the long tests did: each tells one line.

A test takes the fixture ``tell`` and calls ``tell("200 workers killed, …")``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

_told: list[str] = []


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    def line(text: str) -> None:
        record_property("soak", text)

    return line


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when != "call" or "soak" not in report.keywords:
        return
    name = report.nodeid.rpartition("::")[2].removeprefix("test_").replace("_", " ")
    said = [str(text) for kind, text in report.user_properties if kind == "soak"]
    state = "held" if report.passed else "BROKE"
    _told.append(f"{state:5} {report.duration:6.0f} s  {name}")
    _told.extend(f"{'':15}{text}" for text in said)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _told:
        terminalreporter.section("soak")
        for line in _told:
            terminalreporter.write_line(line)
