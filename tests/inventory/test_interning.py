"""Names and versions have one row each, however often and by whomever they are brought."""

from __future__ import annotations

import pytest

from hikeshi.core.purl import PackageName
from hikeshi.inventory import interning
from hikeshi.inventory.interning import ComponentRow, VersionName
from hikeshi.inventory.models import Component, Package, PackageVersion

pytestmark = pytest.mark.django_db

LODASH = PackageName("npm", "", "semver", "lodash")
OPENSSL = PackageName("deb", "debian-12", "dpkg", "openssl")


def test_a_name_has_one_row_over_all_calls() -> None:
    first = interning.intern_packages([LODASH, OPENSSL, LODASH])
    second = interning.intern_packages([OPENSSL])
    assert set(first) == {LODASH, OPENSSL}
    assert second == {OPENSSL: first[OPENSSL]}
    assert Package.objects.count() == 2


def test_the_same_name_in_two_distribution_releases_is_two_packages() -> None:
    older = OPENSSL._replace(distro_release="debian-11")
    ids = interning.intern_packages([OPENSSL, older])
    assert ids[OPENSSL] != ids[older]


def test_a_version_keeps_its_key_and_an_unreadable_one_has_none() -> None:
    package = interning.intern_packages([LODASH])[LODASH]
    ids = interning.intern_versions(
        [VersionName(package, "4.17.20", b"\x04\x11"), VersionName(package, "???", None)]
    )
    again = interning.intern_versions([VersionName(package, "4.17.20", b"\x04\x11")])
    assert again[(package, "4.17.20")] == ids[(package, "4.17.20")]
    keys = dict(PackageVersion.objects.values_list("version", "key"))
    assert bytes(keys["4.17.20"] or b"") == b"\x04\x11"
    assert keys["???"] is None


def test_odd_texts_come_back_as_they_went_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interning, "CHUNK", 2)
    names = [
        PackageName("generic", "", "generic", name)
        for name in ("部品", "a'b", 'quo"te', "back\\slash", "1", "%s", "x" * 400)
    ]
    ids = interning.intern_packages(names)
    assert set(ids) == set(names)
    assert len(set(ids.values())) == len(names)


def test_components_are_interned_by_digest() -> None:
    row = ComponentRow("d" * 40, "zlib", "1.3", "pkg:generic/zlib@1.3", "", "", "")
    ids = interning.intern_components([row, row._replace(digest="e" * 40, version="1.4")])
    assert interning.intern_components([row]) == {row.digest: ids[row.digest]}
    assert Component.objects.count() == 2
