"""The slow matcher: OSV's own pseudo-code, other people's comparators, no keys and no database.

Source: OSV schema, "Evaluation". Where the schema is silent, it says what we chose:

1. Of events at one version, ``last_affected`` comes last: it includes its version.
2. Where a version of a range cannot be read, its events count in pairs as they are written, and a
   pair with such a version says nothing.
3. A listed version is any that its scheme calls equal; one that cannot be read is none.
4. Nobody mixes ``1.0a`` and ``1.0p1``; letters come first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache, cmp_to_key
from typing import Any, Final, NamedTuple

from packageurl import PackageURL
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version
from univers.debian import Version as DebianVersion

Record = Mapping[str, Any]
_SEMVER = re.compile(r"[v=]?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+.*)?")
_DOTTED = re.compile(r"v?(\d+(?:\.\d+)*)(?:p(\d+)|([a-z]))?")
_DEBIAN = re.compile(r"[0-9A-Za-z.+~:-]+")
_DEBIAN_KEY = cmp_to_key(DebianVersion.compare)


class Shipped(NamedTuple):
    """A package as OSV would name it, and its version. ecosystem: ``Debian:12``, ``generic``."""

    ecosystem: str
    name: str
    version: str


def shipped(purl: str, source: str = "", source_version: str = "") -> Shipped | None:
    """Say what a package URL stands for; None when OSV has no name for it.

    source, source_version: of a Debian package, where a tool tells them beside the package URL.
    """
    read = PackageURL.from_string(purl)
    told = dict(read.qualifiers)
    version = read.version or ""
    if read.type == "npm":
        return Shipped("npm", f"{read.namespace or ''}/{read.name}".strip("/").lower(), version)
    if read.type == "pypi":
        return Shipped("PyPI", canonicalize_name(read.name), version)
    if read.type == "generic":
        return Shipped("generic", f"{read.namespace or ''}/{read.name}".strip("/").lower(), version)
    if read.type == "deb" and read.namespace == "debian":
        upstream = told.get("upstream", "").partition("@")
        release = told.get("distro", "").removeprefix("debian-").partition(".")[0]
        name = source or upstream[0]
        if name and release:
            return Shipped(f"Debian:{release}", name, source_version or upstream[2] or version)
    return None


def affects(record: Record, it: Shipped) -> bool:
    """Tell whether a record says that a package is affected."""
    if record.get("withdrawn") or _order(it.ecosystem, it.version) is None:
        return False
    return any(
        _names(entry["package"], it)
        and (_in_ranges(entry.get("ranges", []), it) or _is_listed(entry.get("versions", []), it))
        for entry in record["affected"]
        if "package" in entry
    )


def _names(package: Record, it: Shipped) -> bool:
    purl = package.get("purl", "")
    if purl.startswith("pkg:generic/"):
        ecosystem, name = "generic", purl.removeprefix("pkg:generic/").lower()
    else:
        ecosystem, name = package["ecosystem"], package["name"]
        name = canonicalize_name(name) if ecosystem == "PyPI" else name.lower()
    return (ecosystem, name) == (it.ecosystem, it.name)


def _is_listed(versions: Iterable[str], it: Shipped) -> bool:
    here = _order(it.ecosystem, it.version)
    return any(_order(it.ecosystem, version) == here for version in versions)


def _in_ranges(ranges: Iterable[Record], it: Shipped) -> bool:
    return any(_in_range(one["events"], it) for one in ranges if one["type"] != "GIT")


def _in_range(events: list[Record], it: Shipped) -> bool:
    here = _order(it.ecosystem, it.version)
    pairs = [next(iter(event.items())) for event in events]
    read = [(edge, version, _order(it.ecosystem, version)) for edge, version in pairs]
    if any(at is None and version != "0" for _edge, version, at in read):
        return _in_written_pairs(read, here)
    limits = [at for edge, version, at in read if edge == "limit" and version != "*"]
    if limits and not any(here < limit for limit in limits):
        return False
    start = [one for one in read if one[:2] == ("introduced", "0")]
    others = sorted(
        (o for o in read if o not in start), key=lambda o: (o[2], o[0] == "last_affected")
    )
    is_in = bool(start)
    for edge, _version, at in others:
        if edge == "introduced" and here >= at:
            is_in = True
        elif (edge == "fixed" and here >= at) or (edge == "last_affected" and here > at):
            is_in = False
    return is_in


def _in_written_pairs(read: list[tuple[str, str, Any]], here: Any) -> bool:
    for (_edge, version, low), (edge, _high, high) in zip(read[::2], read[1::2], strict=False):
        starts = version == "0" or (low is not None and low <= here)
        if (
            starts
            and high is not None
            and (here < high or (edge == "last_affected" and here == high))
        ):
            return True
    open_end = read[-1] if len(read) % 2 else None
    return open_end is not None and open_end[2] is not None and open_end[2] <= here


def _semver(text: str) -> Any:
    read = _SEMVER.fullmatch(text)
    if read is None:
        return None
    words = [(0, int(w), "") if w.isdigit() else (1, 0, w) for w in (read[4] or "").split(".") if w]
    return (*(int(number or 0) for number in read.groups()[:3]), not words, tuple(words))


def _pypi(text: str) -> Any:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _debian(text: str) -> Any:
    if not _DEBIAN.fullmatch(text):
        return None
    # In a list, because a comparing key of its own cannot be asked whether it equals None.
    return [_DEBIAN_KEY(DebianVersion.from_string(text))]


def _dotted(text: str) -> Any:
    read = _DOTTED.fullmatch(text)
    if read is None:
        return None
    numbers = [int(number) for number in read[1].split(".")]
    while len(numbers) > 1 and not numbers[-1]:
        numbers.pop()
    return numbers, int(read[2] or -1), read[3] or ""


_ORDERS: Final[dict[str, Callable[[str], Any]]] = {
    "npm": _semver, "PyPI": _pypi, "Debian": _debian, "generic": _dotted,
}  # fmt: skip


@cache
def _order(ecosystem: str, version: str) -> Any:
    """Return something that compares as the versions of an ecosystem do; None: cannot be read."""
    return _ORDERS[ecosystem.partition(":")[0]](version)
