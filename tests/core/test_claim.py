from __future__ import annotations

import pytest

from hikeshi.core.claim import Affected, Span, Undecidable, intervals_of
from hikeshi.core.purl import PackageName
from hikeshi.core.versions import key

pytestmark = pytest.mark.pure

NPM = PackageName("npm", "", "semver", "x")


def matched(affected: Affected, *versions: str) -> list[str]:
    intervals = intervals_of(affected).intervals
    return [v for v in versions if any(key("semver", v) in interval for interval in intervals)]


def test_a_span_holds_its_low_end_and_not_its_high_end_unless_said() -> None:
    versions = ("0.9.0", "1.0.0", "1.5.0", "2.0.0-rc.1", "2.0.0", "2.0.1")
    span = Affected(NPM, (Span("1.0.0", "2.0.0"),))
    assert matched(span, *versions) == ["1.0.0", "1.5.0", "2.0.0-rc.1"]
    span = Affected(NPM, (Span("1.0.0", "2.0.0", includes_low=False, includes_high=True),))
    assert matched(span, *versions) == ["1.5.0", "2.0.0-rc.1", "2.0.0"]
    assert matched(Affected(NPM, (Span(),)), *versions) == list(versions)


def test_a_listed_version_inside_the_spans_makes_no_interval() -> None:
    keyed = intervals_of(Affected(NPM, (Span("1.0.0", "2.0.0"),), ("1.2.0", "0.5.0")))
    assert [interval.stated for interval in keyed.intervals] == ["=0.5.0", ">=1.0.0 <2.0.0"]


def test_equal_versions_in_a_list_make_one_interval() -> None:
    keyed = intervals_of(Affected(NPM, (), ("1.2.0", "v1.2.0", "1.2.0+build")))
    assert len(keyed.intervals) == 1


def test_half_a_span_is_never_guessed() -> None:
    keyed = intervals_of(Affected(NPM, (Span("1.0.0", "unknown"), Span("3.0.0", "4.0.0"))))
    assert [interval.stated for interval in keyed.intervals] == [">=3.0.0 <4.0.0"]
    assert keyed.undecidable is Undecidable.UNREADABLE_VERSION


def test_a_package_without_a_version_scheme_is_undecidable() -> None:
    keyed = intervals_of(Affected(PackageName("maven", "", "", "g:a"), (Span("1", "2"),)))
    assert (keyed.intervals, keyed.undecidable) == ((), Undecidable.UNKNOWN_SCHEME)


def test_a_package_named_without_any_version_is_undecidable() -> None:
    assert intervals_of(Affected(NPM)).undecidable is Undecidable.NO_VERSIONS
