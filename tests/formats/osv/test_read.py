from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikeshi.core.claim import Affected, Claim, Reference, Severity, Span, intervals_of
from hikeshi.core.errors import InputRefused, Malformed, TooLarge
from hikeshi.core.purl import PackageName
from hikeshi.core.versions import key
from hikeshi.formats.osv.ecosystems import package_of
from hikeshi.formats.osv.read import read, spans_of
from hikeshi.formats.osv.schema import Event

pytestmark = pytest.mark.pure

NPM = {"ecosystem": "npm", "name": "lodash"}


def record(**fields: Any) -> bytes:
    return json.dumps(
        {"id": "GHSA-35jh-r3h4-6jhm", "modified": "2024-01-02T03:04:05Z", **fields}
    ).encode()


def ranged(*events: dict[str, str], kind: str = "SEMVER") -> dict[str, Any]:
    return {"package": NPM, "ranges": [{"type": kind, "events": list(events)}]}


def test_a_record_becomes_one_claim() -> None:
    claim = read(
        record(
            summary="Command injection", details="Long text", published="2021-05-06T16:05:51Z",
            aliases=["CVE-2021-23337", "ghsa-35JH-r3h4-6jhm", "cve-2021-23337"],
            related=["CGA-1"], upstream=["CVE-1999-0001"],
            severity=[{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N"}],
            references=[{"type": "WEB", "url": "https://example.org"}],
            credits=[{"name": "Finder"}], database_specific={"cwe_ids": ["CWE-77"], "x": 1},
            affected=[ranged({"introduced": "0"}, {"fixed": "4.17.21"})],
        )
    )  # fmt: skip
    assert claim == Claim(
        id="GHSA-35jh-r3h4-6jhm", summary="Command injection", details="Long text",
        aliases=("CVE-2021-23337",), related=("CGA-1",), upstream=("CVE-1999-0001",),
        published_at=datetime(2021, 5, 6, 16, 5, 51, tzinfo=UTC),
        modified_at=datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC),
        severities=(Severity("CVSS_V3", "CVSS:3.1/AV:N"),),
        references=(Reference("WEB", "https://example.org"),),
        weaknesses=("CWE-77",), credits=("Finder",),
        affected=(Affected(PackageName("npm", "", "semver", "lodash"), (Span(None, "4.17.21"),)),),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("events", "spans"),
    [
        ([{"introduced": "0"}], [Span()]),
        ([{"introduced": "1.0.0"}, {"last_affected": "2.0.0"}],
         [Span("1.0.0", "2.0.0", includes_high=True)]),
        # Out of order, with a gap between two spans.
        ([{"fixed": "2.0.0"}, {"introduced": "3.0.0"}, {"introduced": "1.0.0"}],
         [Span("1.0.0", "2.0.0"), Span("3.0.0")]),
        # Introduced twice before the fix.
        ([{"introduced": "0"}, {"introduced": "1.0.0"}, {"fixed": "2.0.0"}], [Span(None, "2.0.0")]),
        ([{"introduced": "0"}, {"limit": "5.0.0"}], [Span(None, "5.0.0")]),
        ([{"introduced": "0"}, {"limit": "5.0.0"}, {"limit": "*"}], [Span()]),
        ([{"introduced": "0"}, {"limit": "5.0.0"}, {"fixed": "6.0.0"}], [Span(None, "5.0.0")]),
        ([{"introduced": "0"}, {"fixed": "4.0.0"}, {"limit": "5.0.0"}], [Span(None, "4.0.0")]),
        # An event with two fields, which older records have.
        ([{"introduced": "1.0.0", "fixed": "1.1.0"}], [Span("1.0.0", "1.1.0")]),
    ],
)  # fmt: skip
def test_events_become_spans(events: list[dict[str, str]], spans: list[Span]) -> None:
    claim = read(record(affected=[ranged(*events)]))
    assert list(claim.affected[0].spans) == spans


versions = st.sampled_from(["0", *(f"{a}.{b}.0" for a in range(4) for b in range(3))])
events = st.lists(
    st.tuples(st.sampled_from(["introduced", "fixed", "last_affected"]), versions),
    min_size=1,
    max_size=6,
    unique_by=lambda event: event[1],
    # Only "introduced" gives "0" a meaning of its own; elsewhere it is the version 0.0.0.
).filter(lambda told: all(edge == "introduced" or text != "0" for edge, text in told))


def evaluated(told: list[tuple[str, str]], version: str) -> bool:
    """Say the algorithm of the OSV schema, section "Evaluation", as it is written there."""
    at, affected = key("semver", version), False
    for edge, text in sorted(told, key=lambda e: b"" if e[1] == "0" else key("semver", e[1])):
        place = b"" if text == "0" else key("semver", text)
        if edge == "introduced" and at >= place:
            affected = True
        elif (edge == "fixed" and at >= place) or (edge == "last_affected" and at > place):
            affected = False
    return affected


@given(events, versions.filter(lambda version: version != "0"))
def test_spans_say_what_the_schema_s_own_algorithm_says(
    told: list[tuple[str, str]], version: str
) -> None:
    spans = spans_of("semver", [Event(**{edge: text}) for edge, text in told])
    keyed = intervals_of(Affected(PackageName("npm", "", "semver", "x"), tuple(spans or ())))
    inside = any(key("semver", version) in interval for interval in keyed.intervals)
    assert inside == evaluated(told, version)


def test_a_range_without_introduced_is_kept_but_not_matched_and_told() -> None:
    claim = read(record(affected=[ranged({"fixed": "1.0.0"})]))
    assert claim.affected[0].spans == ()
    assert [str(d) for d in claim.deviations] == [
        'affected[0].ranges[0]: no "introduced" event. Kept, not matched.'
    ]


def test_ranges_of_commits_are_told_apart() -> None:
    git = {"type": "GIT", "repo": "https://example.org/x", "events": [{"introduced": "0"}]}
    assert read(record(affected=[{"ranges": [git]}])).only_commits
    assert read(record(affected=[{"package": {}, "ranges": [git]}])).only_commits
    listed = read(record(affected=[{"package": NPM, "ranges": [git], "versions": ["1.0.0"]}]))
    assert (listed.only_commits, listed.affected[0].versions) == (False, ("1.0.0",))


def test_an_unknown_scheme_keeps_the_events_in_their_order() -> None:
    maven = {"package": {"ecosystem": "Maven", "name": "g:a"}, "ranges": [
        {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.x"}]}]}  # fmt: skip
    claim = read(record(affected=[maven]))
    assert claim.affected == (Affected(PackageName("maven", "", "", "g:a"), (Span(None, "2.x"),)),)


@pytest.mark.parametrize(
    ("ecosystem", "name", "package"),
    [
        ("PyPI", "Zope.Interface", PackageName("pypi", "", "pypi", "zope-interface")),
        ("Go", "github.com/BurntSushi/toml",
         PackageName("golang", "", "golang", "github.com/burntsushi/toml")),
        ("Debian:12", "openssl", PackageName("deb-source", "debian:12", "deb", "openssl")),
        ("Ubuntu:22.04:LTS", "bash", PackageName("deb-source", "ubuntu:22.04", "deb", "bash")),
        ("Ubuntu:Pro:18.04:LTS", "bash",
         PackageName("deb-source", "ubuntu-pro:18.04", "deb", "bash")),
        ("Packagist:https://packages.drupal.org/8", "drupal/core",
         PackageName("composer", "https://packages.drupal.org/8", "", "drupal/core")),
    ],
)  # fmt: skip
def test_ecosystems_have_our_names(ecosystem: str, name: str, package: PackageName) -> None:
    assert package_of(ecosystem, name) == package


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", Malformed, "cut off"),
        (record()[:-3], Malformed, "cut off"),
        (b'{"modified": "2024-01-01T00:00:00Z"}', Malformed, "missing required field `id`"),
        (b'{"id": "X-1"}', Malformed, "missing required field `modified`"),
        (record(modified="yesterday"), Malformed, r"\$.modified"),
        (record(modified="2024-01-02T03:04:05"), Malformed, "no time zone"),
        (record(id="two words"), Malformed, "not the id of a record"),
        (record(affected=[{"package": {"ecosystem": 1, "name": "x"}}]), Malformed,
         r"\$.affected\[0\].package.ecosystem"),
        (record(affected=[{"package": NPM, "versions": "1.0"}]), Malformed,
         r"\$.affected\[0\].versions"),
        (record(summary="火").decode().encode("utf-16"), Malformed, "UTF-16"),
        (record(details="a\0b"), Malformed, "NUL"),
        (b'{"id": ' + b"[" * 100_000, Malformed, "is not as its format says"),
        (b'{"x": ' + b"[" * 100_000, TooLarge, "nests too deep"),
        (b" " * (16 * 1024 * 1024 + 1), TooLarge, "at most 16777216 are read"),
    ],
)  # fmt: skip
def test_a_broken_record_is_refused_with_its_place(
    content: bytes, error: type[InputRefused], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(content)


def test_an_escaped_backslash_before_u0000_is_no_nul() -> None:
    assert read(record(details=r"\u0000")).details == r"\u0000"


def test_a_name_too_long_is_told_and_the_rest_is_read() -> None:
    long = {"package": {"ecosystem": "npm", "name": "a" * 500}, "versions": ["1.0.0"]}
    claim = read(record(affected=[long, {"package": NPM, "versions": ["1.0.0"]}]))
    assert [entry.package.name for entry in claim.affected] == ["lodash"]
    assert "affected[0].package: A package name has 1 to 400 characters" in str(claim.deviations[0])


def test_every_conformance_record_is_read(shared: Path) -> None:
    paths = [p for p in (shared / "conformance/osv").rglob("*.json") if '"schema_version"' in
             p.read_text(encoding="utf-8") and p.name != "schema.json"]  # fmt: skip
    assert len(paths) == 34
    for path in paths:
        assert read(path.read_bytes()).id


def test_a_generic_package_url_is_the_name_and_any_other_is_not() -> None:
    ends = [{"type": "ECOSYSTEM", "events": [{"introduced": "2.0"}, {"fixed": "2.28.2"}]}]
    package = {"ecosystem": "Linux", "name": "mbedtls", "purl": "pkg:generic/ARM/mbedtls"}
    (affected,) = read(record(affected=[{"package": package, "ranges": ends}])).affected
    assert affected.package == PackageName("generic", "", "generic", "arm/mbedtls")
    assert len(intervals_of(affected).intervals) == 1
    package = NPM | {"purl": "pkg:npm/other"}
    (affected,) = read(record(affected=[{"package": package, "ranges": ends}])).affected
    assert affected.package.name == "lodash"
