"""Read a CSV file or an Excel workbook into one header and rows of texts.

Sources: RFC 4180 (CSV), ECMA-376 (Office Open XML).
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from hikeshi.core.errors import Malformed, TooLarge, gettext_noop

_ZIP: Final = b"PK\x03\x04"
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
_DELIMITERS: Final = ",\t;"
# A cell or a text of a workbook's XML, whose four bytes can cost hundreds and ten microseconds.
_COSTLY: Final = re.compile(rb"<(?:[\w.-]+:)?(c|si)[\s/>]")
# What openpyxl raises for a broken workbook, ParseError being a SyntaxError, and what comes from
# the archive below it: damaged, encrypted (RuntimeError) or packed by an unknown method.
_BROKEN: Final = (
    KeyError, ValueError, TypeError, AttributeError, SyntaxError, OSError, EOFError, RuntimeError,
    zipfile.BadZipFile, zlib.error,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may bring at most.

    unpacked_bytes, cells, texts (the different ones): of a workbook, which is a zip archive.
    """

    size_bytes: int = 5 * 1024 * 1024
    unpacked_bytes: int = 100 * 1024 * 1024
    rows: int = 5_000
    columns: int = 100
    cell_characters: int = 10_000
    cells: int = 500_000
    texts: int = 250_000


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the line of the file it begins on, counted from 1, and a text per column."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A header and its rows; every row has as many cells as the header."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(content: bytes, limits: Limits | None = None) -> Table:
    """Read a CSV file or an ``.xlsx`` workbook; empty rows are left out.

    Raises TooLarge beyond a limit; Malformed for bytes in no known encoding, a broken archive or
    quote, a row longer than the header, a file without a header.
    """
    limits = limits or Limits()
    if len(content) > limits.size_bytes:
        raise TooLarge(
            gettext_noop("The list has %(size)s MB; at most %(limit)s MB are taken at once."),
            size=f"{len(content) / 1024 / 1024:.1f}",
            limit=limits.size_bytes // (1024 * 1024),
        )
    if content.startswith(_OLD_EXCEL):
        raise Malformed(
            gettext_noop("This is an old Excel file (.xls). Save it as .xlsx or CSV and try again.")
        )
    lines = _workbook(content, limits) if content.startswith(_ZIP) else _csv(content)
    return _table(lines, limits)


def _table(lines: Iterable[tuple[int, list[str]]], limits: Limits) -> Table:
    """Take the first line with a text as header and check the others against it."""
    header: tuple[str, ...] = ()
    rows: list[Row] = []
    for line, cells in lines:
        while cells and not cells[-1]:
            cells.pop()
        if not cells:
            continue
        if not header:
            header = tuple(cells)
            _check_header(header, limits)
            continue
        if len(cells) > len(header):
            raise Malformed(
                gettext_noop(
                    "Line %(line)s has %(cells)s columns, the header has %(columns)s. "
                    "Put texts that hold a comma between quotation marks."
                ),
                line=line, cells=len(cells), columns=len(header),
            )  # fmt: skip
        if len(rows) >= limits.rows:
            raise TooLarge(
                gettext_noop("The list has more than %(limit)s lines. Import it in parts."),
                limit=limits.rows,
            )
        for cell in cells:
            if len(cell) > limits.cell_characters:
                raise TooLarge(
                    gettext_noop("A cell in line %(line)s has more than %(limit)s characters."),
                    line=line, limit=limits.cell_characters,
                )  # fmt: skip
        rows.append(Row(line, (*cells, *[""] * (len(header) - len(cells)))))
    if not header:
        raise Malformed(gettext_noop("The list is empty. Its first line must name the columns."))
    return Table(header, tuple(rows))


def _check_header(header: tuple[str, ...], limits: Limits) -> None:
    if len(header) > limits.columns:
        raise TooLarge(
            gettext_noop("The list has %(columns)s columns; at most %(limit)s are taken."),
            columns=len(header), limit=limits.columns,
        )  # fmt: skip


def _csv(content: bytes) -> Iterable[tuple[int, list[str]]]:
    text = _decode(content)
    if "\x00" in text:
        raise Malformed(
            gettext_noop("This is not a text file. Save the list as CSV or .xlsx and try again.")
        )
    first = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, [cell.strip() for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise Malformed(
            gettext_noop("The list cannot be read from line %(line)s on: a quotation mark is open "
                         "or misplaced."),
            line=line,
        ) from error  # fmt: skip


def _decode(content: bytes) -> str:
    """Decode what spreadsheets write: UTF-8 or UTF-16 with a mark, UTF-8, Shift_JIS."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp932"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Malformed(
        gettext_noop("The list is in no known encoding. Save it as “CSV UTF-8” and try again.")
    )


def _workbook(content: bytes, limits: Limits) -> Iterable[tuple[int, list[str]]]:
    broken = Malformed(gettext_noop("The Excel file is damaged. Save it again and try once more."))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_workbook(archive, limits)
    except _BROKEN as error:
        raise broken from error
    try:
        # Late: it takes a tenth of a second, which no other command should wait.
        from openpyxl import load_workbook

        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for sheet in book.worksheets:
            # A sheet may claim a million empty rows; what it claims is not asked.
            sheet.reset_dimensions()
            lines = [
                (number, [_cell(value) for value in row[: limits.columns + 1]])
                for number, row in enumerate(
                    sheet.iter_rows(values_only=True, max_row=limits.rows + 100), start=1
                )
            ]
            if any(any(cells) for _number, cells in lines):
                return lines
    except _BROKEN as error:
        raise broken from error
    return []


def _check_workbook(archive: zipfile.ZipFile, limits: Limits) -> None:
    """Raise TooLarge before the library is asked, which reads rows and texts whole."""
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > limits.unpacked_bytes:
        raise TooLarge(
            gettext_noop("The Excel file unpacks to %(size)s MB; at most %(limit)s MB are taken."),
            size=unpacked // (1024 * 1024), limit=limits.unpacked_bytes // (1024 * 1024),
        )  # fmt: skip
    marks = 0
    found: Counter[bytes] = Counter()
    # Of every name: a part of a workbook may have any.
    for entry in archive.infolist():
        content = archive.read(entry)
        marks += content.count(b"<")
        # A filled cell has four marks.
        if marks <= limits.cells * 4:
            found.update(one[1] for one in _COSTLY.finditer(content))
        if marks > limits.cells * 4 or found[b"c"] > limits.cells or found[b"si"] > limits.texts:
            raise TooLarge(
                gettext_noop("The Excel file holds over %(limit)s cells or too many different "
                             "texts. Save the one sheet as CSV and import that."),
                limit=f"{limits.cells:,}",
            )  # fmt: skip


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
