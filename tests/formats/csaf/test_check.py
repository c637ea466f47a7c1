"""Our own check agrees with every official mandatory test file of CSAF 2.0."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hikeshi.core.advisory import Advisory, State
from hikeshi.formats.csaf.check import TESTS, Failure, check
from hikeshi.formats.csaf.write import write
from tests.formats.csaf.test_write import FULL

pytestmark = pytest.mark.pure


def official(shared: Path) -> Iterator[tuple[str, Path, bool]]:
    """Yield (test, file, whether it passes) of the official index."""
    folder = shared / "conformance" / "csaf" / "2.0" / "testfiles"
    for one in json.loads((folder / "testcases.json").read_bytes())["tests"]:
        if one["group"] == "mandatory":
            for case in (*one.get("failures", []), *one.get("valid", [])):
                yield one["id"], folder / case["name"], case["valid"]


def weaknesses(shared: Path) -> dict[str, str]:
    """The names of CWE 4.8, which the test files use."""
    file = shared / "conformance" / "csaf" / "reference-data" / "cwe" / "cwe_4.8_2022-06-28.csv"
    with file.open(encoding="utf-8", newline="") as rows:
        return {f"CWE-{row[0]}": row[2] for row in csv.reader(rows, delimiter="\t")}


def test_every_mandatory_test_is_there(shared: Path) -> None:
    asked = {test for test, _file, _passes in official(shared)}
    assert asked == {*TESTS, "6.1.11"}


def test_every_official_file_fails_its_test_or_passes_it(shared: Path) -> None:
    wrong = []
    names = weaknesses(shared)
    many = 0
    for test, file, passes in official(shared):
        many += 1
        failed = {one.test for one in check(file.read_bytes(), weaknesses=names)}
        if (test not in failed) != passes:
            wrong.append((test, file.name, passes))
    assert many > 120
    assert wrong == []


@pytest.mark.parametrize(
    "value",
    [FULL, replace(FULL, state=State.DRAFT), replace(FULL, products=(), vulnerabilities=())],
)
def test_what_we_write_passes_our_own_check(value: Advisory) -> None:
    content = json.loads(write(value, engine_version="1"))
    # A weakness needs the list of CWE, which only the caller of the test has.
    for one in content.get("vulnerabilities", []):
        one.pop("cwe", None)
    assert check(json.dumps(content).encode()) == []


def test_a_failure_says_which_test_and_where() -> None:
    content = json.loads(write(FULL, engine_version="1"))
    content["vulnerabilities"][0]["remediations"][0]["product_ids"] = ["nowhere"]
    content["vulnerabilities"][0].pop("cwe")
    assert check(json.dumps(content).encode()) == [
        Failure("6.1.1", "vulnerabilities[0]/remediations[0]: nowhere")
    ]
