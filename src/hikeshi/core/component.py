"""What an SBOM says that we ship, and the names under which it can be matched.

1. A component is matched by (name, version) pairs: its package URL, and for Debian and Ubuntu its
   source package, because vulnerability sources name those by source.
2. What is missing is a gap with its reason. A gap is never "not affected".
3. A generic package is matched with claims that name it by the same package URL, and stays a gap:
   that no claim does so says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hikeshi.core import purl as purls
from hikeshi.core.errors import Deviation
from hikeshi.core.purl import DEB_SOURCE, PackageName, Purl, UnreadableName
from hikeshi.core.versions import key_or_none


class Via(StrEnum):
    """By which of its names a component stands for a package version."""

    PURL = "purl"
    SOURCE = "source"
    CPE = "cpe"


class Gap(StrEnum):
    """Why a component, or a part of its names, cannot be decided."""

    NONE = ""
    NO_NAME = "no_name"
    NO_VERSION = "no_version"
    UNKNOWN_SCHEME = "unknown_scheme"
    UNREADABLE_VERSION = "unreadable_version"
    NO_SOURCE = "no_source"
    NO_DISTRO = "no_distro"
    UNREADABLE_NAME = "unreadable_name"
    NAME_ONLY = "name_only"


@dataclass(frozen=True, slots=True)
class SourcePackage:
    """The source package that a binary package was built from; an empty version is that of both."""

    name: str
    version: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """One component as its SBOM states it; absent texts are empty.

    distro_release: the distribution that the whole SBOM is about, ``debian:12``.
    source: as tools tell it beside the package URL; None when they do not.
    """

    name: str
    version: str = ""
    purl: str = ""
    cpe: str = ""
    bom_ref: str = ""
    kind: str = ""
    supplier: str = ""
    licences: tuple[str, ...] = ()
    distro_release: str = ""
    source: SourcePackage | None = None


@dataclass(frozen=True, slots=True)
class ComponentName:
    """One name and version of a component. key is None when the version cannot be decided."""

    via: Via
    package: PackageName
    version: str
    key: bytes | None


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a component, and the first reason why not all could be had."""

    names: tuple[ComponentName, ...] = ()
    gap: Gap = Gap.NONE


@dataclass(frozen=True, slots=True)
class BillOfMaterials:
    """A whole SBOM: what it is, who made it, what it lists, and where it leaves its standard.

    depends_on: bom-ref → the bom-refs it depends on; empty when the SBOM does not say.
    deviations: what the reader had to forgive, each with its place.
    """

    format: str
    spec_version: str = ""
    serial: str = ""
    made_by: str = ""
    made_at: str = ""
    subject: Component | None = None
    components: tuple[Component, ...] = ()
    depends_on: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    deviations: tuple[Deviation, ...] = ()


def names_of(component: Component) -> Names:
    """Work out under which names and versions a component is matched, and what is missing."""
    if not component.purl:
        # CPE names alone cannot be decided yet: no version scheme goes with them.
        return Names(gap=Gap.UNKNOWN_SCHEME if component.cpe else Gap.NO_NAME)
    try:
        purl = purls.parse(component.purl)
        package = purls.name_of(purl, distro_release=component.distro_release)
    except UnreadableName:
        return Names(gap=Gap.UNREADABLE_NAME)
    version = (purl.version or component.version).strip()
    if not version:
        return Names(gap=Gap.NO_VERSION)
    if len(version) > 255:
        return Names(gap=Gap.UNREADABLE_VERSION)
    first = ComponentName(Via.PURL, package, version, key_or_none(package.scheme, version))
    if not package.scheme:
        return Names((first,), Gap.UNKNOWN_SCHEME)
    gap = Gap.NONE if first.key is not None else Gap.UNREADABLE_VERSION
    if package.system == "generic" and not gap:
        # No registry stands behind such a name: a source that names it otherwise is missed.
        gap = Gap.NAME_ONLY
    if package.system != "deb":
        return Names((first,), gap)
    source = component.source or _source_of(purl)
    if source is None:
        return Names((first,), gap or Gap.NO_SOURCE)
    return _with_source(first, source, gap)


def _with_source(first: ComponentName, source: SourcePackage, gap: Gap) -> Names:
    """Add the source package's name; it means nothing without its distribution release."""
    release = first.package.distro_release
    version = source.version or first.version
    try:
        package = purls.package_name(DEB_SOURCE, source.name, distro_release=release)
    except UnreadableName:
        return Names((first,), gap or Gap.NO_SOURCE)
    key = key_or_none(package.scheme, version)
    if key is None and not gap:
        gap = Gap.UNREADABLE_VERSION
    if not release and not gap:
        gap = Gap.NO_DISTRO
    return Names((first, ComponentName(Via.SOURCE, package, version[:255], key)), gap)


def _source_of(purl: Purl) -> SourcePackage | None:
    """Read the ``upstream`` qualifier, which Syft writes: ``name`` or ``name@version``."""
    upstream = purl.qualifiers.get("upstream", "")
    if not upstream:
        return None
    name, _at, version = upstream.partition("@")
    return SourcePackage(name, version)
