"""Serve the two typefaces from their packages, so that no font file lies in the repository."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import fontpkg_inter
import fontpkg_jetbrains_mono
from django.contrib.staticfiles.finders import BaseFinder
from django.core.checks import CheckMessage
from django.core.files.storage import FileSystemStorage, Storage

# The version stands in the name: whitenoise may then tell browsers to keep the file for ever.
FONTS: Final[dict[str, Path]] = {
    "ui/fonts/inter-4.1.ttf": fontpkg_inter.ROOT / "files" / "Inter[opsz,wght].ttf",
    "ui/fonts/jetbrains-mono-2.211.ttf": (
        fontpkg_jetbrains_mono.ROOT / "files" / "JetBrainsMono[wght].ttf"
    ),
}


class _FontStorage(FileSystemStorage):
    """Finds the fonts by the names of ``FONTS``."""

    def path(self, name: str) -> str:
        return str(FONTS[name])


class FontFinder(BaseFinder):
    """Lets staticfiles and whitenoise find the fonts where pip has put them."""

    storage = _FontStorage()

    def check(self, **_kwargs: Any) -> list[CheckMessage]:
        """Find nothing to complain of."""
        return []

    def find(self, path: str, find_all: bool = False, **_kwargs: Any) -> Any:
        """Return where a font lies; an empty list for what is no font of ours."""
        if path not in FONTS:
            return []
        return [str(FONTS[path])] if find_all else str(FONTS[path])

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Storage]]:
        """Yield every font with the storage that opens it."""
        for name in FONTS:
            yield name, self.storage
