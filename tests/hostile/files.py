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


_XMLNS = b"http://schemas.openxmlformats.org/"
_PART = b'<Override PartName="/xl/%b" ContentType="application/vnd.openxmlformats-officedocument.'
_RELATION = b'<Relationship Id="r%d" Type="' + _XMLNS + b'officeDocument/2006/relationships/%b" '


def workbook(sheet: bytes, texts: bytes = b"") -> bytes:
    """Return a workbook of one sheet. sheet: its rows; texts: its shared strings; both in XML."""
    main = _XMLNS + b"spreadsheetml/2006/main"
    related = _XMLNS + b"officeDocument/2006/relationships"
    relations = b'<Relationships xmlns="' + _XMLNS + b'package/2006/relationships">'
    return archive({
        "[Content_Types].xml": b'<Types xmlns="' + _XMLNS + b'package/2006/content-types">'
        + _PART % b"workbook.xml" + b'spreadsheetml.sheet.main+xml"/>'
        + _PART % b"worksheets/sheet1.xml" + b'spreadsheetml.worksheet+xml"/>'
        + _PART % b"sharedStrings.xml" + b'spreadsheetml.sharedStrings+xml"/></Types>',
        "_rels/.rels": relations + _RELATION % (1, b"officeDocument")
        + b'Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": relations + _RELATION % (1, b"worksheet")
        + b'Target="worksheets/sheet1.xml"/>' + _RELATION % (2, b"sharedStrings")
        + b'Target="sharedStrings.xml"/></Relationships>',
        "xl/workbook.xml": b'<workbook xmlns="' + main + b'" xmlns:r="' + related
        + b'"><sheets><sheet name="a" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/worksheets/sheet1.xml": b'<worksheet xmlns="' + main + b'"><sheetData>' + sheet
        + b"</sheetData></worksheet>",
        "xl/sharedStrings.xml": b'<sst xmlns="' + main + b'">' + texts + b"</sst>",
    })  # fmt: skip


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


def gzip_bomb(megabytes: int, head: bytes = b"", item: bytes = b" ") -> bytes:
    """Return a gzip file of some kilobytes: a head and so many megabytes of one item."""
    squeezed = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = item * (1024 * 1024 // len(item))
    parts = [squeezed.compress(head), *(squeezed.compress(block) for _ in range(megabytes))]
    return b"".join([*parts, squeezed.flush()])
