from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikeshi.core.purl import (
    PackageName,
    UnreadableName,
    distribution,
    name_of,
    package_name,
    parse,
)

pytestmark = pytest.mark.pure

# The naming systems that are matched, and the rules that hold for all of them.
SUITES = ("types/npm", "types/pypi", "types/golang", "types/deb", "types/cargo", "types/hex",
          "types/generic", "types/maven", "types/nuget", "types/composer",
          "spec/specification")  # fmt: skip


def parse_cases(shared: Path, suite: str) -> Iterator[dict[str, Any]]:
    path = shared / "conformance/purl/tests" / f"{suite}-test.json"
    for case in json.loads(path.read_text(encoding="utf-8"))["tests"]:
        if case["test_type"] == "parse":
            yield case


@pytest.mark.parametrize("suite", SUITES)
def test_package_urls_are_taken_apart_as_the_official_suite_says(shared: Path, suite: str) -> None:
    for case in parse_cases(shared, suite):
        if case.get("expected_failure"):
            with pytest.raises(UnreadableName):
                parse(case["input"])
            continue
        read, expected = parse(case["input"]), case["expected_output"]
        got = (read.type, read.namespace, read.name, read.version, dict(read.qualifiers),
               read.subpath)  # fmt: skip
        texts = [expected.get(k) or "" for k in ("type", "namespace", "name", "version")]
        wanted = (*texts, expected.get("qualifiers") or {}, expected.get("subpath") or "")
        assert got == wanted, case["input"]


@pytest.mark.parametrize(
    ("purl", "name"),
    [
        ("pkg:npm/%40angular/core@16.0.0", PackageName("npm", "", "semver", "@angular/core")),
        ("pkg:npm/JSONStream@1.3.5", PackageName("npm", "", "semver", "jsonstream")),
        ("pkg:pypi/Zope.Interface@5", PackageName("pypi", "", "pypi", "zope-interface")),
        ("pkg:golang/github.com/BurntSushi/toml@v1.2.0",
         PackageName("golang", "", "golang", "github.com/burntsushi/toml")),
        ("pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12",
         PackageName("deb", "debian:12", "deb", "libssl3")),
        ("pkg:deb/ubuntu/bash@5.1?distro=ubuntu-22.04",
         PackageName("deb", "ubuntu:22.04", "deb", "bash")),
        ("pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1",
         PackageName("maven", "", "", "org.apache.logging.log4j:log4j-core")),
    ],
)  # fmt: skip
def test_a_package_url_stands_for_a_normalised_name(purl: str, name: PackageName) -> None:
    assert name_of(parse(purl)) == name


def test_the_name_of_a_database_is_the_name_of_the_package_url() -> None:
    assert package_name("pypi", "zope.interface") == name_of(parse("pkg:pypi/zope_interface@1"))
    assert package_name("golang", "github.com/BurntSushi/toml") == name_of(
        parse("pkg:golang/github.com/burntsushi/toml@v1")
    )


@pytest.mark.parametrize(
    ("family", "release", "spelling"),
    [
        ("debian", "12.5", "debian:12"),
        ("Debian", "bookworm", "debian:12"),
        ("ubuntu", "22.04.3 LTS", "ubuntu:22.04"),
        ("ubuntu", "jammy", "ubuntu:22.04"),
        ("debian", "sid", ""),
        ("alpine", "3.20", ""),
    ],
)
def test_a_distribution_release_has_one_spelling(family: str, release: str, spelling: str) -> None:
    assert distribution(family, release) == spelling


@pytest.mark.parametrize("text", ["", "log4j", "pkg:npm/", "pkg:", "pkg:npm/" + "a" * 1020])
def test_what_is_no_package_url_is_refused(text: str) -> None:
    with pytest.raises(UnreadableName):
        parse(text)
