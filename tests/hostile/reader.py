"""Reads one hostile file in a process of its own and says what it cost: run as a module.

``python -m tests.hostile.reader WHAT`` prints one line of JSON: the error's class and sentence, and
by how many MB the process grew.
"""

from __future__ import annotations

import io
import json
import resource
import sys
from collections.abc import Callable

from hikeshi.core.errors import HikeshiError
from hikeshi.formats.cyclonedx import read as cyclonedx
from hikeshi.formats.osv.archive import members, open_archive
from hikeshi.formats.packed import unpacked
from hikeshi.formats.table.read import read_table
from tests.hostile import files

LIMIT = 128 * 1024 * 1024


def _archive(content: bytes) -> None:
    for member in members(open_archive(io.BytesIO(content))):
        if member.error is not None:
            raise member.error


READERS: dict[str, tuple[Callable[[], bytes], Callable[[bytes], object]]] = {
    "a zip bomb": (files.bomb, _archive),
    "a zip that is a link": (lambda: files.with_symlink("npm-1.json", "/etc/passwd"), _archive),
    "a gzip bomb": (
        lambda: files.gzip_bomb(300),
        lambda content: cyclonedx.read(unpacked(content, limit_bytes=LIMIT)),
    ),
    "deep nesting": (lambda: b'{"a":' * 2_000_000, cyclonedx.read),
    "a million keys": (
        lambda: b"{" + b",".join(b'"k%d":1' % n for n in range(1_000_000)) + b"}",
        cyclonedx.read,
    ),
    "a workbook bomb": (files.workbook_bomb, read_table),
    "a long line": (lambda: b"a,b\n" + b"," * 4_000_000, read_table),
    "an open quote": (lambda: b'a,b\n"' + b"x" * 4_000_000, read_table),
}


def main(what: str) -> None:
    make, read = READERS[what]
    content = make()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    said = {"error": "", "sentence": ""}
    try:
        read(content)
    except HikeshiError as error:
        said = {"error": type(error).__name__, "sentence": str(error)}
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    sys.stdout.write(json.dumps(said | {"grown_mb": grown // 1024}) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
