"""Lists come as spreadsheets write them, and bad ones are refused whole."""

from __future__ import annotations

import contextlib
import io
import zipfile
from datetime import date

import openpyxl
import pytest

from hikeshi.core.errors import HikeshiError, Malformed, TooLarge
from hikeshi.formats.table.read import Limits, Row, Table, read_table

pytestmark = pytest.mark.pure

TEXT = '製品名,バージョン\r\nKZ-Gate 500,4.2.1\r\n"KZ-View, ""C20""",1.0\r\n'
TABLE = Table(
    ("製品名", "バージョン"),
    (Row(2, ("KZ-Gate 500", "4.2.1")), Row(3, ('KZ-View, "C20"', "1.0"))),
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_a_list_is_read_in_every_encoding_that_spreadsheets_write(encoding: str) -> None:
    assert read_table(TEXT.encode(encoding)) == TABLE


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_tabs_and_semicolons_divide_columns_too(delimiter: str) -> None:
    text = f"name{delimiter}version\nKZ-Gate, 500{delimiter}4.2.1\n"
    assert read_table(text.encode()).rows == (Row(2, ("KZ-Gate, 500", "4.2.1")),)


def test_short_rows_are_filled_and_empty_ones_left_out() -> None:
    text = b"\nname,version,note\n\nKZ-Gate\n,,\nKZ-View,1.0,,\n"
    rows = read_table(text).rows
    assert rows == (Row(4, ("KZ-Gate", "", "")), Row(6, ("KZ-View", "1.0", "")))


def test_a_text_over_two_lines_keeps_the_number_of_its_first() -> None:
    rows = read_table(b'name,note\nA,"one\ntwo"\nB,three\n').rows
    assert rows == (Row(2, ("A", "one\ntwo")), Row(4, ("B", "three")))


def test_a_workbook_gives_texts_whole_numbers_and_days() -> None:
    book = openpyxl.Workbook()
    book.create_sheet("empty before", 0)
    sheet = book.worksheets[1]
    sheet.append(["製品名", "台数", "出荷日"])
    sheet.append(["KZ-Gate 500", 12300.0, date(2026, 4, 1)])
    content = io.BytesIO()
    book.save(content)
    assert read_table(content.getvalue()) == Table(
        ("製品名", "台数", "出荷日"), (Row(2, ("KZ-Gate 500", "12300", "2026-04-01")),)
    )


def bomb() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * 3_000_000)
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (b"", Malformed, "empty"),
        (b"\n ,\n", Malformed, "empty"),
        (b"a,b\n1,2,3\n", Malformed, "Line 2 has 3 columns"),
        (b'a,b\n1,2\n"open,2\n', Malformed, "from line 3 on"),
        (b"a,b\n\x81,2\n", Malformed, "no known encoding"),
        (b"a,b\n\x00,2\n", Malformed, "not a text file"),
        (b"PK\x03\x04 cut", Malformed, "damaged"),
        (b"\xd0\xcf\x11\xe0 old", Malformed, "old Excel"),
        (b"a\n" + b"1\n" * 11, TooLarge, "more than 10 lines"),
        (b"a,b,c,d\n", TooLarge, "4 columns"),
        (b"a\n" + b"x" * 101, TooLarge, "more than 100 characters"),
        (b"a" * 1_100_000, TooLarge, r"1\.0 MB; at most 1 MB"),
        (bomb(), TooLarge, "unpacks to 2 MB"),
    ],
)
def test_a_bad_list_is_refused_with_its_place(
    content: bytes, error: type[HikeshiError], says: str
) -> None:
    limits = Limits(1024 * 1024, 2 * 1024 * 1024, rows=10, columns=3, cell_characters=100)
    with pytest.raises(error, match=says):
        read_table(content, limits)


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for number in range(50):
        book.worksheets[0].append([f"name {number}", number])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_a_damaged_byte_anywhere_in_a_workbook_makes_no_other_error() -> None:
    good = workbook()
    for place in range(0, len(good), len(good) // 60):
        with contextlib.suppress(Malformed, TooLarge):
            read_table(good[:place] + bytes([good[place] ^ 0x10]) + good[place + 1 :])


def test_a_sheet_whose_checksum_is_wrong_is_damaged() -> None:
    content = bytearray(workbook())
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        entry = archive.getinfo("xl/worksheets/sheet1.xml")
    checksum = entry.CRC.to_bytes(4, "little")
    content = content.replace(checksum, bytes(4))
    with pytest.raises(Malformed, match="damaged"):
        read_table(bytes(content))
