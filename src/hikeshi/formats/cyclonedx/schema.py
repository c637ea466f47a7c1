"""The fields of a CycloneDX JSON document that we read; all others are skipped."""

from __future__ import annotations

from typing import Any

import msgspec


class Named(msgspec.Struct):
    """Anything of which only the name counts: suppliers, manufacturers."""

    name: str | None = None


class Licence(msgspec.Struct):
    """A licence by its SPDX id or its name."""

    id: str | None = None
    name: str | None = None


class LicenceChoice(msgspec.Struct):
    """A licence or an SPDX expression."""

    license: Licence | None = None
    expression: str | None = None


class Property(msgspec.Struct):
    """A tool's own fact."""

    name: str | None = None
    value: str | None = None


class Part(msgspec.Struct, rename={"bom_ref": "bom-ref"}):
    """A component; ``components`` are the parts inside it."""

    type: str | None = None
    name: str | None = None
    group: str | None = None
    version: str | None = None
    purl: str | None = None
    cpe: str | None = None
    bom_ref: str | None = None
    publisher: str | None = None
    supplier: Named | None = None
    licenses: list[LicenceChoice] | None = None
    properties: list[Property] | None = None
    components: list[Part] | None = None


class Dependency(msgspec.Struct):
    """What one bom-ref depends on."""

    ref: str | None = None
    dependsOn: list[str] | None = None  # noqa: N815  # the standard's spelling


class Metadata(msgspec.Struct):
    """About the document. tools has been a list and, since 1.5, an object."""

    timestamp: str | None = None
    tools: Any = None
    component: Part | None = None


class Document(msgspec.Struct):
    """A CycloneDX document."""

    bomFormat: str | None = None  # noqa: N815  # the standard's spelling
    specVersion: str | None = None  # noqa: N815
    serialNumber: str | None = None  # noqa: N815
    metadata: Metadata | None = None
    components: list[Part] | None = None
    dependencies: list[Dependency] | None = None
