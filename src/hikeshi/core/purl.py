"""Package URLs, and the normalised names under which packages are matched.

Source: ECMA-427 (Package-URL), its type definitions, and OSV's list of ecosystems. Parsing is done
by ``packageurl``; what a name means is decided here:

1. A name is (naming system, distribution release, version scheme, name). Two names that mean the
   same package are equal texts, whoever wrote them.
2. Case is folded where a naming system folds it (PyPI, Hex), and also for npm and Go, whose older
   package URLs were folded by rule, and for generic names, which everybody writes as they like:
   else an SBOM would miss a claim.
3. A type without a version scheme of ours has scheme ``""``: its versions cannot be decided.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Final, NamedTuple

from packageurl import PackageURL

from hikeshi.core.errors import Malformed, gettext_noop

PURL_LIMIT = 1024
NAME_LIMIT = 400

# Naming systems of source packages: their names are not those of the binary packages.
DEB_SOURCE: Final = "deb-source"

# Package URL type → version scheme; the type is the naming system too. "generic" names are nobody's
# to give: few sources of claims name packages so (``component.Gap.NAME_ONLY``).
SCHEME_OF_TYPE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "npm": "semver",
        "pypi": "pypi",
        "golang": "golang",
        "cargo": "semver",
        "hex": "semver",
        "deb": "deb",
        "generic": "generic",
    }
)
_SCHEME_OF_SYSTEM: Final = {**SCHEME_OF_TYPE, DEB_SOURCE: "deb"}
_FOLDED = frozenset({"npm", "golang", "hex", "deb", DEB_SOURCE, "nuget", "composer", "generic"})
_JOINED_BY = {"maven": ":"}

_DEBIAN_SERIES: Final[Mapping[str, str]] = MappingProxyType(
    {"buster": "10", "bullseye": "11", "bookworm": "12", "trixie": "13", "forky": "14"}
)
_UBUNTU_SERIES: Final[Mapping[str, str]] = MappingProxyType(
    {"bionic": "18.04", "focal": "20.04", "jammy": "22.04", "noble": "24.04", "resolute": "26.04"}
)


class UnreadableName(Malformed):
    """The package URL breaks the rules of its standard."""

    code = "unreadable-name"


class PackageName(NamedTuple):
    """What identifies a package for matching; see the module's rules.

    system: naming system, a package URL type or ``deb-source``.
    distro_release: ``debian:12``; empty where a name does not depend on it.
    scheme: version scheme of ``core.versions``; empty when there is none.
    """

    system: str
    distro_release: str
    scheme: str
    name: str


@dataclass(frozen=True, slots=True)
class Purl:
    """A package URL taken apart, as the standard normalises it. Absent parts are empty."""

    type: str
    namespace: str
    name: str
    version: str
    qualifiers: Mapping[str, str] = field(default_factory=dict)
    subpath: str = ""


@lru_cache(maxsize=65_536)
def parse(text: str) -> Purl:
    """Take a package URL apart.

    Raises UnreadableName when it is none, or is over 1,024 characters.
    """
    if len(text) > PURL_LIMIT:
        raise UnreadableName(
            gettext_noop("The package URL has %(length)s characters; at most %(limit)s are read."),
            length=len(text),
            limit=PURL_LIMIT,
        )
    try:
        read = PackageURL.from_string(text)
    except ValueError as error:
        raise UnreadableName(
            gettext_noop("“%(text)s” is not a package URL."), text=text[:200]
        ) from error
    return Purl(
        type=read.type,
        namespace=read.namespace or "",
        name=read.name,
        version=read.version or "",
        qualifiers=MappingProxyType(dict(read.qualifiers)),
        subpath=read.subpath or "",
    )


def package_name(system: str, name: str, *, distro_release: str = "") -> PackageName:
    """Return the normalised name of a package in a naming system.

    name: as the system itself writes it: ``@scope/name``, ``group:artifact``, a module path.
    Raises UnreadableName for an empty name or one over 400 characters.
    """
    name = name.strip()
    if not name or len(name) > NAME_LIMIT:
        raise UnreadableName(
            gettext_noop("A package name has 1 to %(limit)s characters."), limit=NAME_LIMIT
        )
    if system == "pypi":
        # Source: PyPA specification "Names and normalization".
        name = re.sub(r"[-_.]+", "-", name).lower()
    elif system in _FOLDED:
        name = name.lower()
    return PackageName(system, distro_release, _SCHEME_OF_SYSTEM.get(system, ""), name)


def name_of(purl: Purl, *, distro_release: str = "") -> PackageName:
    """Return the normalised name that a package URL stands for.

    distro_release: where the package URL names none (``distribution_of``).
    """
    if purl.type == "deb":
        release = distribution_of(purl) or distro_release
        return package_name("deb", purl.name, distro_release=release)
    joint = _JOINED_BY.get(purl.type, "/")
    full = f"{purl.namespace}{joint}{purl.name}" if purl.namespace else purl.name
    return package_name(purl.type, full)


def distribution_of(purl: Purl) -> str:
    """Return ``debian:12`` or ``ubuntu:22.04`` from a package URL's distro, empty if not named."""
    distro = purl.qualifiers.get("distro", "")
    family, _dash, release = distro.rpartition("-")
    return distribution(family or purl.namespace, release)


def distribution(family: str, release: str) -> str:
    """Return the one spelling of a distribution release, empty when it is not one we know.

    release: a number, a number with point releases (``12.5``), or a code name (``bookworm``).
    """
    family, release = family.strip().lower(), release.strip().lower()
    if family == "debian":
        release = _DEBIAN_SERIES.get(release, release).partition(".")[0]
        return f"debian:{release}" if release.isdigit() else ""
    if family == "ubuntu":
        release = _UBUNTU_SERIES.get(release, release)
        match = re.match(r"\d\d\.\d\d", release)
        return f"ubuntu:{match[0]}" if match else ""
    return ""
