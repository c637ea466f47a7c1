"""OSV's names of ecosystems, as the naming systems under which we match.

Source: OSV schema, "Defined ecosystems". A suffix behind a colon scopes the name: to a distribution
release (``Debian:12``) or to a repository (``Packagist:https://…``).
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from hikeshi.core.purl import (
    DEB_SOURCE,
    PackageName,
    distribution,
    name_of,
    package_name,
    parse,
)

_SYSTEMS: Final = {
    "npm": "npm",
    "PyPI": "pypi",
    "Go": "golang",
    "crates.io": "cargo",
    "Hex": "hex",
    "Maven": "maven",
    "NuGet": "nuget",
    "Packagist": "composer",
    "RubyGems": "gem",
    "Pub": "pub",
    "SwiftURL": "swift",
    "Hackage": "hackage",
    "CRAN": "cran",
    "ConanCenter": "conan",
    "Bitnami": "bitnami",
    "Alpine": "apk-source",
}
# Names here are those of source packages.
_DEBIAN_LIKE: Final = {"Debian": "debian", "Ubuntu": "ubuntu"}


@lru_cache(maxsize=65_536)
def package_of(ecosystem: str, name: str) -> PackageName:
    """Return the normalised name of an OSV package.

    Raises UnreadableName for a name that is empty or too long.
    """
    family, _colon, suffix = ecosystem.partition(":")
    if distro := _DEBIAN_LIKE.get(family):
        # "Ubuntu:Pro:22.04:LTS" tells of fixes for paying users: another release than 22.04.
        is_pro = suffix.startswith("Pro:")
        release = distribution(distro, suffix.removeprefix("Pro:").removesuffix(":LTS"))
        if is_pro and release:
            release = release.replace("ubuntu:", "ubuntu-pro:")
        return package_name(DEB_SOURCE, name, distro_release=release or suffix)
    system = _SYSTEMS.get(family, family.lower())
    return package_name(system, name, distro_release=suffix[:80])


def package_named(ecosystem: str, name: str, purl: str) -> PackageName:
    """Return the normalised name of an OSV package with the package URL that stands beside it.

    Only ``pkg:generic/…`` counts: OSV has no ecosystem for what stands in no registry.
    Raises UnreadableName as ``package_of``, and for a generic package URL that is none.
    """
    if purl.startswith("pkg:generic/"):
        return name_of(parse(purl))
    return package_of(ecosystem, name)
