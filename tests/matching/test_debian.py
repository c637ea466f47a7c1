"""A real image of Debian 11 against Debian's records, by the commands a person would give.

Both files describe one image, once as CycloneDX and once as SPDX; Syft made them. The source
package is the binary's own name unless ``upstream=`` tells another (libc6 → glibc).
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from hikeshi.matching.queries import found_vulnerabilities, reached_by
from hikeshi.project.cli import run
from tests.builders import Firm, firm, seen_by
from tests.inventory.stock import gate, release
from tests.matching.reference import affects, shipped

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R061")]
FILES: Final = ("dependencytrack-apiserver.cdx.json", "dependencytrack-apiserver.spdx.json")
# Component, its source where it differs, and the record; each is below the record's fix, or
# Debian 11 has none ("open").
EXPECTED: Final = {
    ("bash", "CVE-2022-3715"),  # 5.1-2+deb11u1, open
    ("libc-bin", "CVE-2024-33601"),  # glibc 2.31-13+deb11u5 < 2.31-13+deb11u10
    ("libc6", "CVE-2024-33601"),
    ("libsystemd0", "CVE-2023-7008"),  # systemd 247.3-7+deb11u1 < 247.3-7+deb11u6
    ("libsystemd0", "DLA-3859-1"),
    ("libudev1", "CVE-2023-7008"),
    ("libudev1", "DLA-3859-1"),
    ("libtasn1-6", "CVE-2024-12133"),  # 4.16.0-2, open
    ("perl-base", "CVE-2023-31486"),  # perl 5.32.1-4+deb11u2, open
    ("tzdata", "DLA-3972-1"),  # 2021a-1+deb11u8 < 2024b-0+deb11u1
}


def slowly(archive: Path, sbom: Path) -> set[tuple[str, str]]:
    """Ask the slow matcher of each Debian package of the CycloneDX file and each record."""
    packed = zipfile.ZipFile(archive)
    records = [json.loads(packed.read(name)) for name in packed.namelist()]
    debian = [
        record
        | {"affected": [a for a in record["affected"] if a.get("package", {}).get("ecosystem")]}
        for record in records
    ]
    found = set()
    for part in json.loads(sbom.read_bytes())["components"]:
        purl = part.get("purl", "")
        if purl.startswith("pkg:deb/"):
            it = shipped(purl, source="" if "upstream=" in purl else part["name"])
            assert it is not None
            found |= {(part["name"], record["id"]) for record in debian if affects(record, it)}
    return found


def told(capsys: pytest.CaptureFixture[str], *command: str) -> Any:
    assert run([*command, "--format", "json"]) == 0
    said = capsys.readouterr().out
    return orjson.loads(said[said.index("[" if said.lstrip()[0] == "[" else "{") :])


def reached(kz: Firm) -> dict[str, set[tuple[str, str]]]:
    viewer = seen_by(kz.admin)
    found: dict[str, set[tuple[str, str]]] = {}
    for one in reached_by(viewer, list(found_vulnerabilities(viewer))):
        for finding in one.findings:
            pair = (finding.component, finding.claim)
            found.setdefault(finding.release.version, set()).add(pair)
    return found


def test_debian_packages_are_found_through_their_source_as_the_slow_matcher_says(
    shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kz, containers = firm(), shared / "sboms/containers"
    acting = ("--as", kz.admin.email)
    (tmp_path / "Debian").symlink_to(shared / "feeds/osv/Debian")
    product = gate(kz)
    assert run(["feed", "sync", "osv", "--from", str(tmp_path), *acting]) == 0
    for name in FILES:
        place = release(kz, product, name.split(".", maxsplit=1)[1])
        upload = ("sbom", "upload", str(containers / name), "--release", place.number)
        assert run([*upload, *acting]) == 0
    assert run(["match"]) == 0
    capsys.readouterr()
    assert slowly(shared / "feeds/osv/Debian/all.zip", containers / FILES[0]) == EXPECTED
    assert reached(kz) == {"cdx.json": EXPECTED, "spdx.json": EXPECTED}
    for name in FILES:
        scanned = told(capsys, "scan", str(containers / name))
        assert {(line["component"], line["claim"]) for line in scanned["found"]} == EXPECTED
    rows = told(capsys, "affected", "CVE-2024-33601", *acting)
    assert {(row["version"], row["component"]) for row in rows} == {
        (version, f"{part} 2.31-13+deb11u5")
        for version in ("cdx.json", "spdx.json")
        for part in ("libc6", "libc-bin")
    }
