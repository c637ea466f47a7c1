"""Properties that every key keeps, and the order against other people's comparators."""

from __future__ import annotations

import shutil
import subprocess

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version
from univers.debian import Version as DebianVersion

from hikeshi.core import versions
from hikeshi.core.versions import KEY_LIMIT_BYTES, SCHEMES, TEXT_LIMIT, UnreadableVersion

pytestmark = pytest.mark.pure

numbers = st.one_of(st.integers(0, 12), st.integers(0, 10**12)).map(str)
dotted = st.lists(numbers, min_size=1, max_size=4).map(".".join)


@st.composite
def pep440(draw: st.DrawFn) -> str:
    version = draw(dotted)
    if draw(st.booleans()):
        version = f"{draw(st.integers(0, 3))}!{version}"
    for options in (("a", "b", "rc", ".beta", "-c"), (".post", "-r", "-"), (".dev", "_DEV")):
        if draw(st.booleans()):
            version += draw(st.sampled_from(options)) + draw(numbers)
    if draw(st.booleans()):
        parts = st.one_of(numbers, st.sampled_from(["ubuntu", "abc", "a1", "cpu"]))
        version += "+" + ".".join(draw(st.lists(parts, min_size=1, max_size=3)))
    return version


identifiers = st.one_of(
    st.integers(0, 30).map(str), st.sampled_from(["alpha", "alpha-1", "beta", "rc", "x", "-", "A"])
)


@st.composite
def semver(draw: st.DrawFn) -> str:
    version = ".".join(draw(st.lists(numbers, min_size=3, max_size=3)))
    if pre := draw(st.lists(identifiers, max_size=3)):
        version += "-" + ".".join(pre)
    return version


deb_text = st.text("019.+~ab-", min_size=1, max_size=8)


def semver_order(version: str) -> tuple[object, ...]:
    """Say section 11 of the specification in Python's own tuples."""
    core, _dash, pre = version.partition("-")
    identifiers = tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in pre.split(".") if pre
    )
    return (*map(int, core.split(".")), not pre, identifiers)


@given(pep440(), pep440())
@example("1.0.dev1", "1.0a1")
@example("1.0.post1.dev2", "1.0")
@example("1.0", "1.0.0+local")
@example("2.0.1rc2-1", "2.0.1rc2.post1")
def test_pypi_order_is_that_of_packaging(left: str, right: str) -> None:
    first, second = versions.key("pypi", left), versions.key("pypi", right)
    assert (first < second) == (Version(left) < Version(right))
    assert (first == second) == (Version(left) == Version(right))


@given(st.text("01!.abcdevpostrlinx-_+ \n", max_size=12))
@example("1.0\n")
@example("1.0+")
def test_pypi_reads_what_packaging_reads(text: str) -> None:
    try:
        Version(text)
    except InvalidVersion:
        assert versions.key_or_none("pypi", text) is None
    else:
        assert versions.key_or_none("pypi", text) is not None


@given(semver(), semver())
@example("1.0.0-alpha", "1.0.0-alpha.0")
@example("1.0.0-alpha", "1.0.0-alpha-1")
def test_semver_order_is_that_of_section_11(left: str, right: str) -> None:
    for scheme in ("semver", "golang"):
        first, second = versions.key(scheme, left), versions.key(scheme, right)
        assert (first < second) == (semver_order(left) < semver_order(right))
        assert (first == second) == (semver_order(left) == semver_order(right))


@given(deb_text.map("1".__add__), deb_text.map("1".__add__))
@example("1.0~rc1", "1.0")
@example("1.0", "1.0-0")
@example("1a", "1")
def test_deb_order_is_that_of_univers(left: str, right: str) -> None:
    first, second = versions.key_or_none("deb", left), versions.key_or_none("deb", right)
    if first is None or second is None:
        # A revision may not be empty.
        assert left.endswith("-") or right.endswith("-")
        return
    theirs = DebianVersion.from_string(left).compare(DebianVersion.from_string(right))
    assert (first > second) - (first < second) == theirs


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="no dpkg on this machine")
@settings(max_examples=60, deadline=None)
@given(deb_text.map("1".__add__), deb_text.map("1".__add__))
def test_deb_order_is_that_of_dpkg(left: str, right: str) -> None:
    first, second = versions.key_or_none("deb", left), versions.key_or_none("deb", right)
    if first is None or second is None:
        return
    lower = subprocess.run(["dpkg", "--compare-versions", left, "lt", right], check=False)
    assert (first < second) == (lower.returncode == 0)


@given(st.sampled_from(sorted(SCHEMES)), st.text(max_size=40))
@example("generic", "")
@example("deb", "1.0-")
@example("deb", "a:1")
@example("semver", "٣.1.0")
def test_a_key_keeps_its_bounds_and_odd_text_is_refused(scheme: str, text: str) -> None:
    key = versions.key_or_none(scheme, text)
    if key is not None:
        assert 0 < len(key) <= KEY_LIMIT_BYTES
        assert b"" < key < b"\xff"
        assert not key.startswith(b"\xff")
    else:
        with pytest.raises(UnreadableVersion, match="cannot be read as a version"):
            versions.key(scheme, text)


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_the_longest_number_has_a_key_and_one_more_digit_has_none(scheme: str) -> None:
    assert versions.key_or_none(scheme, "9" * TEXT_LIMIT) is not None
    assert versions.key_or_none(scheme, "9" * (TEXT_LIMIT + 1)) is None


def test_an_unknown_scheme_has_no_key() -> None:
    assert versions.key_or_none("maven", "1.0") is None


@pytest.mark.parametrize(
    ("scheme", "equal"),
    [
        ("semver", ("1.2.3", "v1.2.3", "=1.2.3", "1.2.3+build.7")),
        ("semver", ("1", "1.0", "1.0.0")),
        ("golang", ("v1.21.3", "1.21.3", "go1.21.3", "v1.21.3+incompatible")),
        ("golang", ("go1.21rc2", "1.21.0-rc.2")),
        ("pypi", ("1.0", "1", "1.0.0", "v1.0", " 1.0 ")),
        ("pypi", ("1.0rc1", "1.0-c1", "1.0.preview_1")),
        ("deb", ("1.0", "0:1.0", "1.0-0", "1.0-")[:3]),
        ("generic", ("1.0", "v1", "1.0.0")),
    ],
)
def test_versions_that_a_scheme_calls_equal_share_a_key(
    scheme: str, equal: tuple[str, ...]
) -> None:
    assert len({versions.key(scheme, version) for version in equal}) == 1


def test_generic_refuses_words_because_their_order_is_not_known() -> None:
    for text in ("1.0rc1", "1.0-beta", "2.0.final", "latest", "1.0-1", ""):
        assert versions.key_or_none("generic", text) is None
