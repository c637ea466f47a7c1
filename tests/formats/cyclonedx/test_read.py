from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from hikeshi.core.component import Component, Gap, SourcePackage, names_of
from hikeshi.core.errors import InputRefused, Malformed, TooLarge
from hikeshi.formats.cyclonedx import read as module
from hikeshi.formats.cyclonedx.read import NotAnSBOM, read

pytestmark = pytest.mark.pure


def bom(*components: dict[str, Any], **more: Any) -> bytes:
    return json.dumps(
        {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": components, **more}
    ).encode()


def test_a_component_is_read_with_what_matching_and_people_need() -> None:
    part = {
        "type": "library", "bom-ref": "a", "group": "@angular", "name": "core",
        "version": "16.0.0", "purl": "pkg:npm/%40angular/core@16.0.0", "cpe": "cpe:2.3:a:x:y:1",
        "supplier": {"name": "Google"}, "unknown": {"kept": "by the caller"},
        "licenses": [{"license": {"id": "MIT"}}, {"expression": "A OR B"}],
    }  # fmt: skip
    sbom = read(bom(part, dependencies=[{"ref": "a", "dependsOn": ["b"]}, {"ref": "b"}]))
    assert sbom.components == (
        Component(
            name="@angular/core", version="16.0.0", purl="pkg:npm/%40angular/core@16.0.0",
            cpe="cpe:2.3:a:x:y:1", bom_ref="a", kind="library", supplier="Google",
            licences=("MIT", "A OR B"),
        ),
    )  # fmt: skip
    assert sbom.depends_on == {"a": ("b",)}
    assert (sbom.format, sbom.spec_version, sbom.deviations) == ("CycloneDX", "1.6", ())


def test_parts_inside_parts_are_listed_in_the_order_of_the_file() -> None:
    nested = {"name": "a", "components": [{"name": "b", "components": [{"name": "c"}]}]}
    sbom = read(bom(nested, {"name": "d"}))
    assert [part.name for part in sbom.components] == ["a", "b", "c", "d"]


def test_the_subject_is_not_listed_but_its_parts_are() -> None:
    metadata = {"component": {"name": "gateway", "version": "5", "components": [{"name": "a"}]}}
    sbom = read(bom({"name": "b"}, metadata=metadata))
    assert sbom.subject is not None
    assert (sbom.subject.name, [c.name for c in sbom.components]) == ("gateway", ["a", "b"])


@pytest.mark.parametrize(
    "tools",
    [
        [{"vendor": "anchore", "name": "syft", "version": "1.12.2"}],
        {"components": [{"type": "application", "name": "syft", "version": "1.12.2"}]},
    ],
)
def test_the_tool_is_named_in_both_forms(tools: Any) -> None:
    assert read(bom(metadata={"tools": tools})).made_by == "syft 1.12.2"


def test_the_source_package_is_read_as_trivy_and_syft_tell_it() -> None:
    purl = "pkg:deb/debian/libssl3@3.0.11-1"
    trivy = {"name": "libssl3", "purl": purl, "properties": [
        {"name": "aquasecurity:trivy:SrcName", "value": "openssl"},
        {"name": "aquasecurity:trivy:SrcVersion", "value": "3.0.11"},
        {"name": "aquasecurity:trivy:SrcRelease", "value": "1"},
        {"name": "aquasecurity:trivy:SrcEpoch", "value": "1"}]}  # fmt: skip
    syft = {"name": "bash", "purl": "pkg:deb/debian/bash@5.1", "properties": [
        {"name": "syft:package:foundBy", "value": "dpkg-db-cataloger"}]}  # fmt: skip
    bare = {"name": "apt", "purl": "pkg:deb/debian/apt@2.6"}
    system = {"type": "operating-system", "name": "debian", "version": "12.5"}
    first, second, third, _system = read(bom(trivy, syft, bare, system)).components
    assert first.source == SourcePackage("openssl", "1:3.0.11-1")
    assert second.source == SourcePackage("bash")
    assert third.source is None
    assert first.distro_release == "debian:12"


@pytest.mark.parametrize(
    ("epoch", "version"), [("0", "1.2"), ("1", "1:1.2"), ("10", "10:1.2"), ("", "1.2")]
)
def test_an_epoch_is_read_as_it_is_and_zero_is_none(epoch: str, version: str) -> None:
    [component] = read(bom({"name": "a", "purl": "pkg:deb/debian/a@1.2", "properties": [
        {"name": "aquasecurity:trivy:SrcName", "value": "a"},
        {"name": "aquasecurity:trivy:SrcVersion", "value": "1.2"},
        {"name": "aquasecurity:trivy:SrcEpoch", "value": epoch}]})).components  # fmt: skip
    assert component.source == SourcePackage("a", version)


def test_wrong_types_are_forgiven_and_named_with_their_place() -> None:
    sbom = read(
        bom({"name": "a", "version": 1, "licenses": "MIT"}, "b", {"name": "c"}, dependencies={})
    )
    assert [(c.name, c.version) for c in sbom.components] == [("a", "1"), ("c", "")]
    assert [str(d) for d in sbom.deviations] == [
        "$.components[0].version has another type than the standard says.",
        "$.components[0].licenses has another type than the standard says.",
        "$.components[1] has another type than the standard says.",
        "$.dependencies has another type than the standard says.",
    ]


def test_missing_names_and_repeated_references_are_named() -> None:
    sbom = read(bom({"bom-ref": "a", "type": "library"}, {"bom-ref": "a", "name": "b"}))
    assert [str(d) for d in sbom.deviations] == [
        "Component 0 (a) has no name.",
        "The bom-ref “a” stands for more than one component.",
    ]


def test_deviations_are_counted_and_not_all_told() -> None:
    sbom = read(bom(*({"type": "library"} for _ in range(150))))
    assert len(sbom.deviations) == 101
    assert str(sbom.deviations[-1]) == "… and 50 more deviations."


def test_a_newer_minor_version_is_read_and_told() -> None:
    sbom = read(bom({"name": "a"}, specVersion="1.8"))
    assert len(sbom.components) == 1
    assert str(sbom.deviations[0]) == "The file says CycloneDX 1.8; it was read as 1.7."


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", Malformed, "not JSON, or was cut off"),
        (bom({"name": "a"})[:-5], Malformed, "cut off: Input data was truncated"),
        (b"{} trailing", Malformed, "trailing characters"),
        ('{"bomFormat": "CycloneDX"}'.encode("utf-16"), Malformed, "encoded as UTF-16"),
        ('{"name": "火消し"}'.encode("cp932"), Malformed, "Byte 10 is not UTF-8"),
        (b'{"bomFormat": "CycloneDX\\u0000"}', Malformed, "NUL character"),
        (b'{"x": ' + b"[" * 100_000, TooLarge, "nests too deep"),
        (b"[1, 2]", NotAnSBOM, "no object"),
        (b"{}", NotAnSBOM, "neither CycloneDX"),
        (b"<?xml version='1.0'?><bom/>", NotAnSBOM, "is XML"),
        (bom(specVersion="2.0"), NotAnSBOM, "the file says “2.0”"),
        (bom(specVersion="1.1"), NotAnSBOM, "1.2 to 1.7"),
    ],
)
def test_what_is_no_sbom_is_refused_with_the_reason(
    content: bytes, error: type[InputRefused], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(content)


def test_a_byte_order_mark_does_no_harm() -> None:
    assert read(b"\xef\xbb\xbf" + bom({"name": "a"})).components[0].name == "a"


def test_components_inside_components_have_a_limit() -> None:
    part: dict[str, Any] = {"name": "a"}
    for _ in range(module.LIMIT_DEPTH):
        part = {"name": "a", "components": [part]}
    with pytest.raises(TooLarge, match="over 64 levels"):
        read(bom(part))


def test_size_and_number_have_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LIMIT_COMPONENTS", 2)
    with pytest.raises(TooLarge, match="over 2 components"):
        read(bom(*({"name": "a"} for _ in range(3))))
    monkeypatch.setattr(module, "LIMIT_BYTES", 10)
    with pytest.raises(TooLarge, match="at most 10 are read"):
        read(bom())


def test_every_real_cyclonedx_sbom_is_read(shared: Path) -> None:
    paths = sorted((shared / "sboms").rglob("*.cdx*.json"))
    paths += [shared / "sboms/apps" / name
              for name in ("ghidra-sbom-cdx.json", "harp-darwin-amd64.sbom.json",
                           "kawipiko-sbom-cdx.json")]  # fmt: skip
    gaps: Counter[Gap] = Counter()
    for path in paths:
        sbom = read(path.read_bytes())
        assert sbom.components, path.name
        assert not sbom.deviations, path.name
        gaps.update(names_of(component).gap for component in sbom.components)
    assert gaps == {
        Gap.NONE: 3540,
        Gap.UNKNOWN_SCHEME: 1707,
        Gap.NAME_ONLY: 95,
        Gap.UNREADABLE_VERSION: 3,
        Gap.NO_NAME: 367,
        Gap.NO_VERSION: 1,
    }


def test_every_valid_official_file_is_read(shared: Path) -> None:
    paths = sorted((shared / "conformance/cyclonedx/official").rglob("valid-*.json"))
    assert len(paths) > 150
    for path in paths:
        read(path.read_bytes())
