"""Keys against published orderings. Where we disagree, the line stands here with its reason."""

from __future__ import annotations

import operator
from pathlib import Path

import pytest

from hikeshi.core.versions import key_or_none

pytestmark = pytest.mark.pure

SCHEME = {
    "deb": "deb",
    "pypi": "pypi",
    "npm": "semver",
    "semver": "semver",
    "cargo": "semver",
    "golang": "golang",
}
HOLDS = {
    "<": operator.lt,
    ">": operator.gt,
    "=": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
}
# Cargo reads 006 as a word, npm as 6; strict SemVer allows neither, so no crate has it.
DISAGREED = {("cargo--deps-dev.tsv", "0.0.1-alpha.006\t>\t0.0.1-alpha.6")}
# Versions that the scheme itself does not allow: no key, hence "cannot decide".
UNREADABLE = {
    "deb--go-deb-version.tsv": 2,  # an underscore
    "pypi--osv-generated.tsv": 51,  # from before PEP 440
    "pypi--osv-handwritten.tsv": 9,  # from before PEP 440
    "semver--osv-handwritten.tsv": 1,  # five numbers
}
FILES = (
    "cargo--deps-dev", "deb--go-deb-version", "deb--osv-generated", "deb--osv-handwritten",
    "deb--python-debian-tests", "golang--deps-dev", "npm--deps-dev", "npm--node-semver",
    "pypi--deps-dev", "pypi--osv-generated", "pypi--osv-handwritten", "semver--osv-handwritten",
)  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_key_order_is_the_published_order(shared: Path, name: str) -> None:
    path = shared / "conformance/versions/pairs" / f"{name}.tsv"
    scheme = SCHEME[name.split("--", maxsplit=1)[0]]
    wrong, unreadable = [], 0
    for line in path.read_text(encoding="utf-8").splitlines():
        left, sign, right = line.split("\t")
        first, second = key_or_none(scheme, left), key_or_none(scheme, right)
        if first is None or second is None:
            unreadable += 1
        elif not HOLDS[sign](first, second) and (path.name, line) not in DISAGREED:
            wrong.append(line)
    assert wrong == []
    assert unreadable == UNREADABLE.get(path.name, 0)


def test_all_forms_of_pep_440_stand_in_the_order_of_packaging(shared: Path) -> None:
    path = shared / "conformance/versions/ordered/pypi--packaging.txt"
    versions = [v for v in path.read_text(encoding="utf-8").split() if v]
    keys = [key_or_none("pypi", version) for version in versions]
    assert None not in keys
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)


def test_openssl_letters_come_in_order_and_after_the_plain_release() -> None:
    versions = ["1.0.2", "1.0.2a", "1.0.2k", "1.0.2zf"[:6], "1.1.0", "1.1.1", "1.1.1w", "3.0.0"]
    keys = [key_or_none("generic", version) for version in versions]
    assert None not in keys
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("name", "scheme", "forgiven"),
    [
        # Repeated "v" and ranges are for npm's command line, no package is published so.
        ("npm--deps-dev", "semver", {"vvvvvvvvvvvv1.2.3", "v*"}),
        ("golang--deps-dev", "golang", {"1.2.3"}),
        ("cargo--deps-dev", "semver", {"v1.2.3"}),
    ],
)
def test_what_a_scheme_allows_has_a_key(
    shared: Path, name: str, scheme: str, forgiven: set[str]
) -> None:
    path = shared / "conformance/versions/validity" / f"{name}.tsv"
    differs = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        text, verdict = line.split("\t")
        if (key_or_none(scheme, text) is not None) != (verdict == "valid") and text.strip() == text:
            differs.add(text)
    assert differs == forgiven
