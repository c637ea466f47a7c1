"""Compile the translations, so that no gettext is needed: by hand, or while a wheel is built."""

import sys
from pathlib import Path
from typing import Any

import polib

try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:  # run by hand in an environment that builds no wheels
    BuildHookInterface = object


def compile_translations(root: Path) -> int:
    """Write the ``.mo`` beside each ``.po`` that is newer; return how many were written."""
    written = 0
    for source in sorted((root / "src").rglob("*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            polib.pofile(str(source)).save_as_mofile(str(target))
            written += 1
    return written


class CompileTranslations(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        compile_translations(Path(self.root))


if __name__ == "__main__":
    compile_translations(Path(sys.argv[1] if len(sys.argv) > 1 else "."))
