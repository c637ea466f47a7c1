"""Read CycloneDX JSON 1.2 to 1.7 (ECMA-424) into a bill of materials."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from hikeshi.core.component import BillOfMaterials, Component, SourcePackage
from hikeshi.core.errors import Deviation, Malformed, TooLarge, gettext_noop
from hikeshi.core.purl import distribution
from hikeshi.formats import jsontext
from hikeshi.formats.cyclonedx.loosely import Forgiving
from hikeshi.formats.cyclonedx.schema import Document, Part
from hikeshi.formats.deviations import note, shortened

LIMIT_BYTES: Final = 128 * 1024 * 1024
LIMIT_COMPONENTS: Final = 500_000
LIMIT_DEPTH: Final = 64

_VERSION = re.compile(r"1\.(\d{1,2})")
_OLDEST, _NEWEST = 2, 7
_DECODER = msgspec.json.Decoder(Document)
_ANY = msgspec.json.Decoder()


class NotAnSBOM(Malformed):
    """The file is readable, but it is no CycloneDX bill of materials."""

    code = "not-an-sbom"


def read(content: bytes) -> BillOfMaterials:
    """Read a CycloneDX JSON document.

    Raises TooLarge over 128 MiB, 500,000 components or 64 levels; Malformed for text that is no
    JSON in UTF-8; NotAnSBOM for JSON or XML that is something else.
    """
    text = jsontext.checked(content, limit_bytes=LIMIT_BYTES)
    _refuse_xml(text)
    deviations: list[Deviation] = []
    try:
        document = jsontext.decode(_DECODER, text)
    except jsontext.NotAsDescribed:
        document = _read_loosely(text, deviations)
    minor = _check_kind(document)
    if minor > _NEWEST:
        note(
            deviations,
            gettext_noop("The file says CycloneDX %(version)s; it was read as 1.7."),
            version=document.specVersion,
        )
    metadata = document.metadata
    subject = metadata.component if metadata else None
    parts = list(_walk([*((subject.components or []) if subject else []),
                        *(document.components or [])]))  # fmt: skip
    release = _distribution_of([*parts, *([subject] if subject else [])])
    return BillOfMaterials(
        format="CycloneDX",
        spec_version=document.specVersion or "",
        serial=document.serialNumber or "",
        made_by=_tools(metadata.tools) if metadata else "",
        made_at=(metadata.timestamp or "") if metadata else "",
        subject=_component(subject, release) if subject else None,
        components=tuple(_components(parts, release, deviations)),
        depends_on=_dependencies(document),
        deviations=shortened(deviations),
    )


def _refuse_xml(text: bytes) -> None:
    if text.lstrip()[:1] == b"<":
        raise NotAnSBOM(
            gettext_noop("The file is XML; only JSON is read. Have the tool write CycloneDX JSON.")
        )


def _read_loosely(text: bytes, deviations: list[Deviation]) -> Document:
    raw = jsontext.decode(_ANY, text)
    if not isinstance(raw, dict):
        raise NotAnSBOM(gettext_noop("The file is JSON, but no object: it is not an SBOM."))
    forgiving = Forgiving()
    document = forgiving.document(raw)
    deviations += forgiving.deviations
    return document


def _check_kind(document: Document) -> int:
    """Return the minor version, or refuse what is no CycloneDX document of version 1."""
    if (document.bomFormat or "").lower() != "cyclonedx":
        raise NotAnSBOM(
            gettext_noop("The file is JSON, but neither CycloneDX (“bomFormat” is missing or other) nor SPDX (“spdxVersion” is missing).")  # noqa: E501  # one sentence
        )  # fmt: skip
    version = _VERSION.fullmatch(document.specVersion or "")
    if version is None or int(version[1]) < _OLDEST:
        raise NotAnSBOM(
            gettext_noop("CycloneDX JSON is read from version 1.2 to 1.7; the file says “%(version)s”."),  # noqa: E501  # one sentence
            version=(document.specVersion or "")[:40],
        )  # fmt: skip
    return int(version[1])


def _walk(parts: list[Part]) -> Iterator[Part]:
    """Give all components, each before the parts inside it, in the order of the file."""
    stack = [(part, 1) for part in reversed(parts)]
    count = 0
    while stack:
        part, depth = stack.pop()
        count += 1
        if count > LIMIT_COMPONENTS:
            raise TooLarge(
                gettext_noop("The SBOM lists over %(limit)s components."), limit=LIMIT_COMPONENTS
            )
        if depth > LIMIT_DEPTH:
            raise TooLarge(
                gettext_noop("The SBOM nests components over %(limit)s levels deep."),
                limit=LIMIT_DEPTH,
            )
        yield part
        stack += [(inner, depth + 1) for inner in reversed(part.components or ())]


def _components(
    parts: list[Part], release: str, deviations: list[Deviation]
) -> Iterator[Component]:
    seen: set[str] = set()
    for index, part in enumerate(parts):
        if not part.name:
            note(
                deviations,
                gettext_noop("Component %(index)s (%(ref)s) has no name."),
                index=index,
                ref=part.bom_ref or part.purl or "?",
            )
        if part.bom_ref:
            if part.bom_ref in seen:
                note(
                    deviations,
                    gettext_noop("The bom-ref “%(ref)s” stands for more than one component."),
                    ref=part.bom_ref,
                )
            seen.add(part.bom_ref)
        yield _component(part, release)


def _component(part: Part, release: str) -> Component:
    name = part.name or ""
    supplier = part.supplier.name if part.supplier else None
    return Component(
        name=f"{part.group}/{name}" if part.group else name,
        version=part.version or "",
        purl=(part.purl or "").strip(),
        cpe=part.cpe or "",
        bom_ref=part.bom_ref or "",
        kind=part.type or "",
        supplier=supplier or part.publisher or "",
        licences=tuple(_licences(part)),
        distro_release=release if (part.purl or "").startswith("pkg:deb/") else "",
        source=_source(part),
    )


def _licences(part: Part) -> Iterator[str]:
    for choice in part.licenses or ():
        licence = choice.license
        name = choice.expression or (licence and (licence.id or licence.name))
        if name:
            yield name


def _source(part: Part) -> SourcePackage | None:
    """Read the source package that Trivy and Syft tell in properties.

    Syft names it only where it differs; a package without is its own source, by the rule of
    dpkg's ``Source`` field (Debian Policy 5.6.1).
    """
    if not part.properties or not (part.purl or "").startswith("pkg:deb/"):
        return None
    told = {entry.name: entry.value or "" for entry in part.properties if entry.name}
    if name := told.get("aquasecurity:trivy:SrcName"):
        version = told.get("aquasecurity:trivy:SrcVersion", "")
        if epoch := told.get("aquasecurity:trivy:SrcEpoch", "").lstrip("0"):
            version = f"{epoch}:{version}"
        if revision := told.get("aquasecurity:trivy:SrcRelease"):
            version = f"{version}-{revision}"
        return SourcePackage(name, version)
    if name := told.get("syft:metadata:source"):
        return SourcePackage(name, told.get("syft:metadata:sourceVersion", ""))
    if "upstream=" not in (part.purl or "") and "syft:package:foundBy" in told:
        return SourcePackage(part.name or "")
    return None


def _distribution_of(parts: list[Part]) -> str:
    """Return the distribution release that the SBOM is about, from its operating system."""
    for part in parts:
        if part.type == "operating-system" and (
            release := distribution(part.name or "", part.version or "")
        ):
            return release
    return ""


def _dependencies(document: Document) -> dict[str, tuple[str, ...]]:
    return {
        item.ref: tuple(item.dependsOn)
        for item in document.dependencies or ()
        if item.ref and item.dependsOn
    }


def _tools(tools: Any) -> str:
    """Name the tools that made the SBOM; a list up to 1.4, an object with lists since 1.5."""
    if isinstance(tools, dict):
        tools = [tool for key in ("components", "services")
                 if isinstance(tools.get(key), list) for tool in tools[key]]  # fmt: skip
    if not isinstance(tools, list):
        return ""
    names = []
    for tool in tools:
        if isinstance(tool, dict):
            words = (tool.get("name"), tool.get("version"))
            names.append(" ".join(word for word in words if isinstance(word, str) and word))
    return ", ".join(name for name in names if name)
