"""Read SPDX 2.2 and 2.3 JSON (ISO/IEC 5962) into a bill of materials.

1. Packages are components; files and snippets are not. A package that the document describes is
   its subject, unless it is the only one: then it is the component too.
2. A version 2.x that is neither 2.2 nor 2.3 is read as the nearer one and told.
3. Fields of a wrong type are dropped one by one and told with their place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from hikeshi.core.component import BillOfMaterials, Component, SourcePackage
from hikeshi.core.errors import Deviation, Malformed, TooLarge, gettext_noop
from hikeshi.core.purl import distribution
from hikeshi.formats import jsontext
from hikeshi.formats.deviations import forgive, note, shortened
from hikeshi.formats.spdx.schema import Document, Package, Relationship

LIMIT_BYTES: Final = 128 * 1024 * 1024
LIMIT_COMPONENTS: Final = 500_000

_VERSION = re.compile(r"SPDX-2\.(\d{1,2})")
_OLDEST, _NEWEST = 2, 3
_DECODER = msgspec.json.Decoder(Document)
_ANY = msgspec.json.Decoder()
# Words of the standard that say nothing.
_NOTHING: Final = frozenset({"", "NOASSERTION", "NONE"})
# Trivy tells the source package of a binary one so.
_BUILT_FROM = re.compile(r"built package from: (\S+) (\S+)")
# Syft names the source (upstream=) only where it differs from the package.
_BY_DPKG = "acquired package info from DPKG DB"
# Asking for them anew takes longer than reading the entry.
_FIELDS: Final = {kind: msgspec.structs.fields(kind) for kind in (Package, Relationship)}
_LISTS: Final = ("packages", "relationships", "documentDescribes")


class NotSPDX(Malformed):
    """The file is readable, but no SPDX 2 document."""

    code = "not-an-sbom"


def read(content: bytes) -> BillOfMaterials:
    """Read an SPDX JSON document.

    Raises TooLarge over 128 MiB or 500,000 packages; Malformed for text that is no JSON in UTF-8;
    NotSPDX for JSON that is something else or SPDX of a version that is not read.
    """
    text = jsontext.checked(content, limit_bytes=LIMIT_BYTES)
    deviations: list[Deviation] = []
    try:
        document = jsontext.decode(_DECODER, text)
    except jsontext.NotAsDescribed:
        document = _read_loosely(text, deviations)
    _check_version(document, deviations)
    packages = document.packages or []
    if len(packages) > LIMIT_COMPONENTS:
        raise TooLarge(
            gettext_noop("The SBOM lists over %(limit)s components."), limit=LIMIT_COMPONENTS
        )
    release = _distribution_of(packages)
    subjects = _described(document) if len(packages) > 1 else set()
    subject = next((one for one in packages if one.spdx_id in subjects), None)
    info = document.creationInfo
    creators = (info.creators or []) if info else []
    tools = [who.partition(":")[2].strip() for who in creators if who.startswith("Tool:")]
    return BillOfMaterials(
        format="SPDX",
        spec_version=(document.spdxVersion or "").removeprefix("SPDX-"),
        serial=document.documentNamespace or "",
        made_by=", ".join(tools or creators),
        made_at=(info.created or "") if info else "",
        subject=_component(subject, release) if subject else None,
        components=tuple(_components(packages, subject, release, deviations)),
        depends_on=_dependencies(document.relationships or []),
        deviations=shortened(deviations),
    )


def _check_version(document: Document, deviations: list[Deviation]) -> None:
    version = _VERSION.fullmatch(document.spdxVersion or "")
    if version is None:
        raise NotSPDX(
            gettext_noop("SPDX JSON is read from version 2.2 to 2.3; the file says “%(version)s”."),
            version=(document.spdxVersion or "")[:40],
        )
    if not _OLDEST <= int(version[1]) <= _NEWEST:
        note(
            deviations,
            gettext_noop("The file says %(version)s; it was read as SPDX 2.3."),
            version=document.spdxVersion,
        )


def _described(document: Document) -> set[str]:
    """Return the ids of the packages that the document is about."""
    found = set(document.documentDescribes or ())
    for one in document.relationships or ():
        if one.relationshipType == "DESCRIBES" and one.spdxElementId == "SPDXRef-DOCUMENT":
            found.add(one.relatedSpdxElement or "")
    # A document may describe every package it lists: then none is what the others are parts of.
    return found if len(found) == 1 else set()


def _components(
    packages: list[Package], subject: Package | None, release: str, deviations: list[Deviation]
) -> Iterator[Component]:
    seen: set[str] = set()
    for index, package in enumerate(packages):
        ref = package.spdx_id or ""
        if not package.name:
            note(
                deviations,
                gettext_noop("Component %(index)s (%(ref)s) has no name."),
                index=index,
                ref=ref or "?",
            )
        if ref and ref in seen:
            note(
                deviations,
                gettext_noop("The SPDXID “%(ref)s” stands for more than one package."),
                ref=ref,
            )
        seen.add(ref)
        if package is not subject:
            yield _component(package, release)


def _component(package: Package, release: str) -> Component:
    purl, cpe = _names(package)
    supplier = _told(package.supplier)
    licences = (_told(package.licenseConcluded) or _told(package.licenseDeclared),)
    is_deb = purl.startswith("pkg:deb/")
    return Component(
        name=package.name or "",
        version=_told(package.versionInfo),
        purl=purl,
        cpe=cpe,
        bom_ref=package.spdx_id or "",
        kind=_kind(package),
        supplier=re.sub(r"^(Organization|Person):\s*", "", supplier),
        licences=tuple(filter(None, licences)),
        distro_release=release if is_deb else "",
        source=_source(package, purl) if is_deb else None,
    )


def _names(package: Package) -> tuple[str, str]:
    """Return the first package URL and the first CPE; old tools write the type as an address."""
    purl = cpe = ""
    for ref in package.externalRefs or ():
        kind = (ref.referenceType or "").rpartition("/")[2]
        if kind == "purl":
            purl = purl or (ref.referenceLocator or "").strip()
        elif kind in {"cpe23Type", "cpe22Type"}:
            cpe = cpe or (ref.referenceLocator or "").strip()
    return purl, cpe


def _told(text: str | None) -> str:
    return "" if text is None or text.strip() in _NOTHING else text.strip()


def _kind(package: Package) -> str:
    if package.primaryPackagePurpose:
        return package.primaryPackagePurpose.lower().replace("_", "-")
    # Before 2.3 there was no purpose; Trivy marks the operating system in the id.
    return "operating-system" if "OperatingSystem" in (package.spdx_id or "") else ""


def _source(package: Package, purl: str) -> SourcePackage | None:
    """Read the source package from what Trivy and Syft say of where they found it."""
    told = package.sourceInfo or ""
    if built := _BUILT_FROM.search(told):
        return SourcePackage(built[1], built[2])
    if told.startswith(_BY_DPKG) and "upstream=" not in purl:
        return SourcePackage(package.name or "")
    return None


def _distribution_of(packages: list[Package]) -> str:
    """Return the distribution release that the SBOM is about, from its operating system."""
    for package in packages:
        if _kind(package) == "operating-system" and (
            release := distribution(package.name or "", package.versionInfo or "")
        ):
            return release
    return ""


def _dependencies(relationships: list[Relationship]) -> dict[str, tuple[str, ...]]:
    """Return what depends on what; other relationships say nothing of it."""
    found: dict[str, list[str]] = {}
    for one in relationships:
        left, right = one.spdxElementId, one.relatedSpdxElement
        if one.relationshipType == "DEPENDENCY_OF":
            left, right = right, left
        elif one.relationshipType != "DEPENDS_ON":
            continue
        if left and right:
            found.setdefault(left, []).append(right)
    return {ref: tuple(others) for ref, others in found.items()}


def _read_loosely(text: bytes, deviations: list[Deviation]) -> Document:
    """Read entries one by one, leaving out what is not as the standard says."""
    raw = jsontext.decode(_ANY, text)
    if not isinstance(raw, dict):
        raise NotSPDX(gettext_noop("The file is JSON, but no object: it is not an SBOM."))
    kept: dict[str, Any] = {}
    for field in ("spdxVersion", "documentNamespace"):
        kept[field] = _as(str, raw.get(field), f"$.{field}", deviations)
    kept["creationInfo"] = _sound(raw, "creationInfo", deviations)
    for field, kind in zip(_LISTS, (Package, Relationship, str), strict=True):
        entries = _as(list, raw.get(field), f"$.{field}", deviations) or []
        kept[field] = [
            held
            for index, entry in enumerate(entries)
            if (held := _entry(kind, entry, f"$.{field}[{index}]", deviations)) is not None
        ]
    return msgspec.convert(kept, Document)


def _sound(raw: dict[str, Any], field: str, deviations: list[Deviation]) -> Any:
    value = _as(dict, raw.get(field), f"$.{field}", deviations)
    if value is None:
        return None
    creators = value.get("creators")
    created = _as(str, value.get("created"), f"$.{field}.created", deviations)
    held = creators if isinstance(creators, list) else []
    return {"created": created, "creators": [who for who in held if isinstance(who, str)]}


def _entry(kind: Any, entry: Any, place: str, deviations: list[Deviation]) -> Any:
    """Return one entry without the fields that have a wrong type; None when it is none at all."""
    if kind is str:
        return _as(str, entry, place, deviations)
    entry = _as(dict, entry, place, deviations)
    if entry is None:
        return None
    sound: dict[str, Any] = {}
    for field in _FIELDS[kind]:
        name = field.encode_name
        if name not in entry:
            continue
        try:
            sound[field.name] = msgspec.convert(entry[name], field.type)
        except (msgspec.ValidationError, RecursionError):
            forgive(deviations, f"{place}.{name}")
            # A version or name that was written as a number is still that name.
            value = entry[name]
            plain = isinstance(value, int | float) and not isinstance(value, bool)
            sound[field.name] = str(value) if plain else None
    return kind(**sound)


def _as(kind: type, value: Any, place: str, deviations: list[Deviation]) -> Any:
    if value is None or isinstance(value, kind):
        return value
    forgive(deviations, place)
    return None
