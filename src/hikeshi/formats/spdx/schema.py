"""The fields of an SPDX 2.2 or 2.3 JSON document that we read; all others are skipped."""

from __future__ import annotations

import msgspec


class ExternalRef(msgspec.Struct):
    """A name of a package in another system: a package URL, a CPE, a link."""

    referenceCategory: str | None = None  # noqa: N815  # the standard's spelling
    referenceType: str | None = None  # noqa: N815
    referenceLocator: str | None = None  # noqa: N815


class Package(msgspec.Struct, rename={"spdx_id": "SPDXID"}):
    """A package."""

    spdx_id: str | None = None
    name: str | None = None
    versionInfo: str | None = None  # noqa: N815
    supplier: str | None = None
    licenseConcluded: str | None = None  # noqa: N815
    licenseDeclared: str | None = None  # noqa: N815
    sourceInfo: str | None = None  # noqa: N815
    primaryPackagePurpose: str | None = None  # noqa: N815
    externalRefs: list[ExternalRef] | None = None  # noqa: N815


class Relationship(msgspec.Struct):
    """How two elements stand to each other."""

    spdxElementId: str | None = None  # noqa: N815
    relationshipType: str | None = None  # noqa: N815
    relatedSpdxElement: str | None = None  # noqa: N815


class CreationInfo(msgspec.Struct):
    """Who made the document, and when."""

    created: str | None = None
    creators: list[str] | None = None


class Document(msgspec.Struct):
    """An SPDX document."""

    spdxVersion: str | None = None  # noqa: N815
    documentNamespace: str | None = None  # noqa: N815
    creationInfo: CreationInfo | None = None  # noqa: N815
    documentDescribes: list[str] | None = None  # noqa: N815
    packages: list[Package] | None = None
    relationships: list[Relationship] | None = None
