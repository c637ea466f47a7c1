"""Random records and components in which everything that a range can say comes up."""

from __future__ import annotations

import random
from typing import Any, Final

from packageurl import PackageURL

from hikeshi.core.component import Component

ECOSYSTEMS: Final = ("npm", "PyPI", "Debian", "generic")
# Spellings of one name stand together; each ecosystem has the first four, so that they collide.
NAMES: Final = (("zlib",), ("open-ssl", "Open-SSL"), ("expat",), ("curl",))
OWN_NAMES: Final = {
    "npm": (("@kaze/gate", "@Kaze/Gate"),),
    "PyPI": (("Foo_Bar", "foo.bar", "foo-bar", "FOO--bar"),),
    "Debian": (("glibc",),),
    "generic": (("arm/mbedtls", "ARM/mbedTLS"),),
}  # fmt: skip
MALFORMED: Final = {"npm": "latest", "PyPI": "2004d", "Debian": "1.0_2", "generic": "1.0-beta"}
_TAILS: Final = {
    "npm": ("", "", "-alpha", "-alpha.1", "-rc.1", "-rc.11", "-0", "+build.7"),
    "PyPI": ("", "", ".dev1", "a1", "rc1", "rc2", ".post1", "+local.1"),
    "Debian": ("", "-1", "-1~bpo12+1", "~rc1", "-1+deb12u1", "+dfsg-1", "-0"),
    "generic": ("", "", "a", "k", "p1", "p2"),
}  # fmt: skip
_HEADS: Final = {
    "npm": ("", "", "v"), "PyPI": ("", "", "1!"), "Debian": ("", "", "1:"), "generic": ("", "v"),
}  # fmt: skip


class Fleet:
    """Makes records and components by one seed, of few names and versions so that they meet."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def maybe(self, share: float) -> bool:
        return self.chance.random() < share

    def version(self, ecosystem: str) -> str:
        """Return a version, one in twenty-five one that its scheme cannot read."""
        if self.maybe(0.04):
            return MALFORMED[ecosystem]
        return self.good(ecosystem)

    def good(self, ecosystem: str) -> str:
        numbers = [str(self.chance.randrange(4)) for _ in range(3 - self.maybe(0.1))]
        head, tail = self.chance.choice(_HEADS[ecosystem]), self.chance.choice(_TAILS[ecosystem])
        if ecosystem == "npm" and len(numbers) < 3:
            tail = ""  # npm reads no pre-release of a short version
        return head + ".".join(numbers) + tail

    def name(self, ecosystem: str) -> str:
        return self.chance.choice(self.chance.choice(NAMES + OWN_NAMES[ecosystem]))

    def record(self, number: int, day: int = 1) -> dict[str, Any]:
        ecosystem = self.chance.choice(ECOSYSTEMS)
        made = {
            "id": f"TEST-{number}",
            "modified": f"2024-01-{day:02}T00:00:00Z",
            "affected": [self._affected(ecosystem) for _ in range(self.chance.choice((1, 1, 2)))],
        }
        return made | ({"withdrawn": made["modified"]} if self.maybe(0.1) else {})

    def _affected(self, ecosystem: str) -> dict[str, Any]:
        name = self.name(ecosystem)
        package = {"ecosystem": ecosystem, "name": name.lower() if ecosystem == "Debian" else name}
        if ecosystem == "Debian":
            package["ecosystem"] = self.chance.choice(("Debian:11", "Debian:12", "Debian:12"))
        if ecosystem == "generic":
            package = {"ecosystem": "GIT", "name": "x", "purl": f"pkg:generic/{name}"}
        kind = "SEMVER" if ecosystem == "npm" and self.maybe(0.5) else "ECOSYSTEM"
        ranges = [
            {"type": kind, "events": self._events(ecosystem)}
            for _ in range(self.chance.choice((0, 1, 1, 2)))
        ]
        if self.maybe(0.1):
            ranges.append(
                {"type": "GIT", "repo": "https://a.example", "events": [{"introduced": "0"}]}
            )
        listed = 0 if ranges and self.maybe(0.6) else 3
        versions = [self.version(ecosystem) for _ in range(listed)]
        return {"package": package, "ranges": ranges, "versions": versions}

    def _events(self, ecosystem: str) -> list[dict[str, str]]:
        """Return disjoint spans in any order, at times open, cut, from the start, or nonsense."""
        if self.maybe(0.04):
            return [{"fixed": self.good(ecosystem)}]
        low, high = self.good(ecosystem), self.good(ecosystem)
        if self.maybe(0.1):
            return [{"introduced": low}, {"last_affected": low}]
        if self.maybe(0.08):
            ends = [low, MALFORMED[ecosystem]]
            self.chance.shuffle(ends)
            return [{"introduced": ends[0]}, {"fixed": ends[1]}, {"introduced": high}]
        count = self.chance.choice((1, 2, 2, 3, 4, 6))
        ends = list(dict.fromkeys(self.good(ecosystem) for _ in range(count)))
        events = []
        for place, version in enumerate(ends):
            closing = "last_affected" if self.maybe(0.3) else "fixed"
            events.append({"introduced" if place % 2 == 0 else closing: version})
        if self.maybe(0.5):
            events[0] = {"introduced": "0"}
        if self.maybe(0.15):
            events.append({"limit": high})
        self.chance.shuffle(events)
        return events

    def component(self, number: int) -> Component:
        ecosystem = self.chance.choice(ECOSYSTEMS)
        version = self.version(ecosystem)
        space, _slash, name = self.name(ecosystem).rpartition("/")
        told: dict[str, str] = {}
        kind = {"PyPI": "pypi", "Debian": "deb"}.get(ecosystem, ecosystem)
        if ecosystem == "Debian":
            # The binary's own name is no source's; some say nothing of theirs.
            space, told["arch"] = "debian", "amd64"
            if self.maybe(0.9):
                told["upstream"] = name.lower() + (
                    f"@{self.good(ecosystem)}" if self.maybe(0.3) else ""
                )
                name = f"lib{name}1".lower()
            if self.maybe(0.9):
                told["distro"] = self.chance.choice(("debian-11", "debian-12", "debian-12.5"))
        purl = PackageURL(kind, space or None, name, version, told or None).to_string()
        return Component(f"c{number}", version, purl, bom_ref=f"c{number}")
