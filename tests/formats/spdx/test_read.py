from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hikeshi.core.component import Component, Gap, SourcePackage, Via, names_of
from hikeshi.core.errors import InputRefused, Malformed, TooLarge
from hikeshi.formats.spdx import read as module
from hikeshi.formats.spdx.read import NotSPDX, read

pytestmark = pytest.mark.pure


def spdx(*packages: dict[str, Any], **more: Any) -> bytes:
    document = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "packages": packages}
    return json.dumps(document | more).encode()


def purl(text: str) -> dict[str, str]:
    return {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
            "referenceLocator": text}  # fmt: skip


def test_a_package_is_read_with_what_matching_and_people_need() -> None:
    package = {
        "SPDXID": "SPDXRef-1", "name": "core", "versionInfo": "16.0.0",
        "supplier": "Organization: Google", "licenseConcluded": "NOASSERTION",
        "licenseDeclared": "MIT", "primaryPackagePurpose": "LIBRARY",
        "externalRefs": [
            {"referenceType": "http://spdx.org/rdf/references/cpe23Type",
             "referenceLocator": "cpe:2.3:a:x:y:1"},
            purl("pkg:npm/%40angular/core@16.0.0"), purl("pkg:npm/other@1"),
        ],
    }  # fmt: skip
    info = {"created": "2026-01-01T00:00:00Z", "creators": ["Tool: syft-1.18", "Person: A (a@b)"]}
    sbom = read(spdx(package, creationInfo=info))
    assert sbom.components == (
        Component(
            name="core", version="16.0.0", purl="pkg:npm/%40angular/core@16.0.0",
            cpe="cpe:2.3:a:x:y:1", bom_ref="SPDXRef-1", kind="library", supplier="Google",
            licences=("MIT",),
        ),
    )  # fmt: skip
    assert (sbom.format, sbom.spec_version, sbom.made_by) == ("SPDX", "2.3", "syft-1.18")
    assert (sbom.made_at, sbom.deviations) == ("2026-01-01T00:00:00Z", ())


def test_what_the_document_describes_is_the_subject_and_the_rest_are_components() -> None:
    packages = [{"SPDXID": f"SPDXRef-{name}", "name": name} for name in ("gate", "a", "b")]
    dependencies = [
        ("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-gate"),
        ("SPDXRef-gate", "DEPENDS_ON", "SPDXRef-a"),
        ("SPDXRef-b", "DEPENDENCY_OF", "SPDXRef-a"),
        ("SPDXRef-gate", "CONTAINS", "SPDXRef-b"),
    ]
    relationships = [
        {"spdxElementId": left, "relationshipType": kind, "relatedSpdxElement": right}
        for left, kind, right in dependencies
    ]
    sbom = read(spdx(*packages, relationships=relationships))
    assert sbom.subject is not None
    assert (sbom.subject.name, [c.name for c in sbom.components]) == ("gate", ["a", "b"])
    assert sbom.depends_on == {"SPDXRef-gate": ("SPDXRef-a",), "SPDXRef-a": ("SPDXRef-b",)}
    told = read(spdx(*packages, documentDescribes=["SPDXRef-gate"]))
    assert told.subject == sbom.subject
    assert [c.name for c in read(spdx(packages[0])).components] == ["gate"]


def test_debian_packages_are_named_by_the_source_that_trivy_and_syft_tell() -> None:
    system = {"SPDXID": "SPDXRef-OperatingSystem-1", "name": "debian", "versionInfo": "12.5"}
    trivy = {"name": "libssl3", "sourceInfo": "built package from: openssl 3.0.11-1",
             "externalRefs": [purl("pkg:deb/debian/libssl3@3.0.11-1")]}  # fmt: skip
    syft = {"name": "bash", "sourceInfo": "acquired package info from DPKG DB: /x",
            "externalRefs": [purl("pkg:deb/debian/bash@5.1?distro=debian-11")]}  # fmt: skip
    named = syft | {"name": "libc6", "externalRefs": [
        purl("pkg:deb/debian/libc6@2.31?distro=debian-11&upstream=glibc")]}  # fmt: skip
    bare = {"name": "apt", "externalRefs": [purl("pkg:deb/debian/apt@2.6")]}
    _system, *parts = read(spdx(system, trivy, syft, named, bare)).components
    assert [part.source for part in parts] == [
        SourcePackage("openssl", "3.0.11-1"), SourcePackage("bash"), None, None,
    ]  # fmt: skip
    found = [names_of(part) for part in parts]
    sources = [[n.package.name for n in f.names if n.via is Via.SOURCE] for f in found]
    assert sources == [["openssl"], ["bash"], ["glibc"], []]
    assert [f.gap for f in found] == [Gap.NONE, Gap.NONE, Gap.NONE, Gap.NO_SOURCE]


def test_what_is_not_asserted_is_a_gap_and_never_a_version() -> None:
    package = {"name": "a", "versionInfo": "NOASSERTION", "externalRefs": [purl("pkg:npm/a")]}
    nameless = {"name": "b", "versionInfo": "1"}
    unknown = {"name": "c", "externalRefs": [purl("pkg:generic/c@1")]}
    gaps = [names_of(part).gap for part in read(spdx(package, nameless, unknown)).components]
    assert gaps == [Gap.NO_VERSION, Gap.NO_NAME, Gap.NAME_ONLY]


def test_wrong_types_are_forgiven_and_named_with_their_place() -> None:
    sbom = read(spdx({"name": "a", "versionInfo": 1, "supplier": []}, "b", {"name": "c"},
                     relationships={}, creationInfo=7))  # fmt: skip
    assert [(c.name, c.version) for c in sbom.components] == [("a", "1"), ("c", "")]
    assert [str(d) for d in sbom.deviations] == [
        "$.creationInfo has another type than the standard says.",
        "$.packages[0].versionInfo has another type than the standard says.",
        "$.packages[0].supplier has another type than the standard says.",
        "$.packages[1] has another type than the standard says.",
        "$.relationships has another type than the standard says.",
    ]


def test_missing_names_repeated_ids_and_other_versions_are_named() -> None:
    sbom = read(spdx({"SPDXID": "x"}, {"SPDXID": "x", "name": "b"}, spdxVersion="SPDX-2.1"))
    assert [str(d) for d in sbom.deviations] == [
        "The file says SPDX-2.1; it was read as SPDX 2.3.",
        "Component 0 (x) has no name.",
        "The SPDXID “x” stands for more than one package.",
    ]


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (spdx()[:-5], Malformed, "cut off"),
        (b"[1]", NotSPDX, "no object"),
        (spdx(spdxVersion="SPDX-3.0"), NotSPDX, "the file says “SPDX-3.0”"),
        (spdx(spdxVersion=2), NotSPDX, "2.2 to 2.3"),
        (b'{"spdxVersion": "\\u0000"}', Malformed, "NUL character"),
    ],
)
def test_what_is_no_spdx_is_refused_with_the_reason(
    content: bytes, error: type[InputRefused], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(content)


def test_the_number_of_packages_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT_COMPONENTS", 2)
    with pytest.raises(TooLarge, match="over 2 components"):
        read(spdx(*({"name": "a"} for _ in range(3))))


def test_every_spdx_json_of_the_conformance_data_is_read_or_refused(shared: Path) -> None:
    told = {"read": 0, "refused": 0}
    for path in sorted((shared / "conformance/spdx/2.x").rglob("*.json")):
        content = path.read_bytes()
        try:
            read(content)
        except InputRefused:
            told["refused"] += 1
        else:
            told["read"] += 1
    assert told["read"] > 20
