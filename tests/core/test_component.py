from __future__ import annotations

import pytest

from hikeshi.core.component import Component, Gap, SourcePackage, Via, names_of
from hikeshi.core.purl import PackageName
from hikeshi.core.versions import key

pytestmark = pytest.mark.pure

DEB = "pkg:deb/debian/libssl3@3.0.11-1~deb12u2?arch=amd64"


def test_an_npm_package_is_matched_by_its_package_url() -> None:
    names = names_of(Component("lodash", "4.17.15", "pkg:npm/lodash@4.17.15"))
    (name,) = names.names
    assert (name.via, name.package) == (Via.PURL, PackageName("npm", "", "semver", "lodash"))
    assert name.key == key("semver", "4.17.15")
    assert names.gap is Gap.NONE


def test_the_version_beside_the_package_url_stands_in_for_a_missing_one() -> None:
    (name,) = names_of(Component("lodash", "4.17.15", "pkg:npm/lodash")).names
    assert name.version == "4.17.15"


def test_a_debian_package_is_matched_by_its_source_package_too() -> None:
    names = names_of(Component("libssl3", purl=f"{DEB}&upstream=openssl&distro=debian-12"))
    assert [name.via for name in names.names] == [Via.PURL, Via.SOURCE]
    assert names.names[1].package == PackageName("deb-source", "debian:12", "deb", "openssl")
    assert names.names[1].version == "3.0.11-1~deb12u2"
    assert names.gap is Gap.NONE


def test_a_source_package_brings_its_own_version() -> None:
    upstream = "upstream=gcc-12%4012.2.0-14"
    names = names_of(Component("libgcc", purl=f"{DEB}&{upstream}&distro=debian-12"))
    assert names.names[1].version == "12.2.0-14"
    told = Component("libgcc", purl=DEB, source=SourcePackage("gcc-12", "12.2.0-14"))
    assert names_of(told).names[1].version == "12.2.0-14"


@pytest.mark.parametrize(
    ("component", "gap"),
    [
        (Component("x", "1"), Gap.NO_NAME),
        (Component("x", "1", cpe="cpe:2.3:a:v:x:1:*:*:*:*:*:*:*"), Gap.UNKNOWN_SCHEME),
        (Component("x", "", "pkg:npm/x"), Gap.NO_VERSION),
        (Component("x", "1", "pkg:npm"), Gap.UNREADABLE_NAME),
        (Component("x", "latest", "pkg:npm/x@latest"), Gap.UNREADABLE_VERSION),
        (Component("x", "1", "pkg:npm/x@" + "1" * 256), Gap.UNREADABLE_VERSION),
        (Component("x", "1", "pkg:maven/g/x@1"), Gap.UNKNOWN_SCHEME),
        (Component("x", "1", "pkg:generic/x@1.2"), Gap.NAME_ONLY),
        (Component("x", "1", "pkg:generic/x@1.2-beta"), Gap.UNREADABLE_VERSION),
        (Component("x", "1", f"{DEB}&distro=debian-12"), Gap.NO_SOURCE),
        (Component("x", "1", f"{DEB}&upstream=openssl"), Gap.NO_DISTRO),
    ],
)
def test_what_cannot_be_decided_is_a_gap_with_its_reason(component: Component, gap: Gap) -> None:
    assert names_of(component).gap is gap


def test_an_unreadable_version_keeps_its_name_so_that_it_can_be_listed() -> None:
    (name,) = names_of(Component("pytz", purl="pkg:pypi/pytz@2004d")).names
    assert (name.version, name.key) == ("2004d", None)


def test_a_generic_package_is_matched_by_its_whole_name_in_any_case() -> None:
    names = names_of(Component("mbedTLS", "2.28.1", "pkg:generic/ARM/mbedTLS@2.28.1"))
    (name,) = names.names
    assert name.package == PackageName("generic", "", "generic", "arm/mbedtls")
    assert name.key == key("generic", "2.28.1")
