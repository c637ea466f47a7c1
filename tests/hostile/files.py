"""Files that mean harm, made here."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

PICTURE_OF_NOTHING = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 0) + b"IEND" + b"\x00" * 40


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return file.getvalue()


def with_symlink(name: str, target: str) -> bytes:
    """Return an archive whose one member says that it is a symbolic link."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        entry = zipfile.ZipInfo(name)
        entry.create_system = 3
        entry.external_attr = 0o120777 << 16
        made.writestr(entry, target)
    return file.getvalue()


def bomb(megabytes: int = 300) -> bytes:
    """Return an archive of one member that unpacks to so many megabytes of zeros."""
    squeezed = zlib.compressobj(9, zlib.DEFLATED, -15)
    block, total, check = bytes(1024 * 1024), 0, 0
    parts = []
    for _ in range(megabytes):
        parts.append(squeezed.compress(block))
        total += len(block)
        check = zlib.crc32(block, check)
    content = b"".join([*parts, squeezed.flush()])
    name = b"npm-1.json"
    head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, check, len(content), total, len(name), 0)
    local = b"PK\x03\x04" + head + name + content
    directory = b"PK\x01\x02" + struct.pack("<H", 20) + head + struct.pack("<HHHII", 0, 0, 0, 0, 0)
    directory += name
    end = struct.pack("<HHHHIIH", 0, 0, 1, 1, len(directory), len(local), 0)
    return local + directory + b"PK\x05\x06" + end


def workbook_bomb() -> bytes:
    """Return something that calls itself a workbook and unpacks to 200 MB."""
    rows = b"<row><c><v>1</v></c></row>" * 8_000_000
    return archive(
        {
            "[Content_Types].xml": b"<Types/>",
            "xl/workbook.xml": b"<workbook/>",
            "xl/worksheets/sheet1.xml": b"<worksheet><sheetData>" + rows + b"</sheetData>",
        }
    )


def gzip_bomb(megabytes: int) -> bytes:
    """Return a gzip file of a few megabytes that unpacks to so many."""
    squeezed = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = b" " * (1024 * 1024)
    return b"".join([*(squeezed.compress(block) for _ in range(megabytes)), squeezed.flush()])
