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
from hikeshi.formats import sbom
from hikeshi.formats.cyclonedx import read as cyclonedx
from hikeshi.formats.epss import read as epss
from hikeshi.formats.kev import read as kev
from hikeshi.formats.osv.archive import members, open_archive
from hikeshi.formats.packed import unpacked
from hikeshi.formats.table.read import read_table
from tests.hostile import files

LIMIT = 128 * 1024 * 1024


def _archive(content: bytes) -> None:
    for member in members(open_archive(io.BytesIO(content))):
        if member.error is not None:
            raise member.error


_BOM = b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": ['
_ROW = b'<row><c t="inlineStr"><is><t>name</t></is></c></row>'
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
    "a list of empty lists": (
        lambda: files.gzip_bomb(120, _BOM, b"[],"),
        lambda content: sbom.read(unpacked(content, limit_bytes=LIMIT)),
    ),
    "two million wrong components": (
        lambda: _BOM + b"[]," * 2_000_000 + b"[]]}",
        sbom.read,
    ),
    "a catalogue of zeros": (lambda: files.gzip_bomb(15, b'{"vulnerabilities":[', b"0,"), kev.read),
    "a day of empty lines": (lambda: files.gzip_bomb(60, b"cve,epss\n", b"\n"), epss.read),
    "a workbook below its limit": (
        lambda: files.workbook(_ROW, b"<si><t>" + b"x" * (99 * 1024 * 1024) + b"</t></si>"),
        read_table,
    ),
    "a row of a million cells": (
        lambda: files.workbook(_ROW + b"<row>" + b"<c/>" * 1_000_000 + b"</row>"),
        read_table,
    ),
    "a million texts": (lambda: files.workbook(_ROW, b"<si/>" * 1_000_000), read_table),
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
