from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from hikeshi.core.errors import Malformed, TooLarge
from hikeshi.formats.osv.archive import Limits, members, open_archive

pytestmark = pytest.mark.pure


def packed(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file


def test_json_files_come_in_the_order_of_the_archive() -> None:
    archive = open_archive(packed({"b.json": b"{}", "README": b"x", "a.JSON": b"[]", "d/": b""}))
    assert [(m.name, m.content) for m in members(archive)] == [("b.json", b"{}"), ("a.JSON", b"[]")]


def test_reading_goes_on_behind_a_place() -> None:
    archive = open_archive(packed({f"{n}.json": b"{}" for n in range(4)}))
    first = next(iter(members(archive)))
    assert [m.name for m in members(archive, start=first.place)] == ["1.json", "2.json", "3.json"]


def test_a_bomb_is_refused_before_anything_is_read() -> None:
    with pytest.raises(TooLarge, match="would unpack from"):
        open_archive(packed({"a.json": b"0" * 10_000_000}))
    with pytest.raises(TooLarge, match="would unpack from"):
        open_archive(packed({"a.json": b"012345"}), Limits(total_bytes=5))


def test_an_archive_that_lies_about_sizes_is_read_no_further_than_the_limit() -> None:
    content = packed({"a.json": bytes(range(256)) * 4000}).getvalue()
    honest = (256 * 4000).to_bytes(4, "little")
    lying = content.replace(honest, (900).to_bytes(4, "little"))
    (member,) = members(open_archive(io.BytesIO(lying)), Limits(member_bytes=1000))
    assert member.error is not None
    assert member.content == b""


def test_a_member_too_large_is_told_and_the_others_are_read() -> None:
    archive = open_archive(packed({"a.json": b"x" * 2000, "b.json": b"{}"}, zipfile.ZIP_STORED))
    first, second = members(archive, Limits(member_bytes=1000))
    assert isinstance(first.error, TooLarge)
    assert (second.error, second.content) == (None, b"{}")


def test_a_name_in_no_encoding_is_told_and_the_others_are_read() -> None:
    content = packed({"é.json": b"{}", "b.json": b"{}"}).getvalue()
    # The name in front of the bytes alone is damaged, not the one in the directory.
    broken = content.replace("é.json".encode(), b"\xff\xff.json", 1)
    first, second = members(open_archive(io.BytesIO(broken)))
    assert isinstance(first.error, Malformed)
    assert (second.error, second.content) == (None, b"{}")


def test_too_many_members_are_refused() -> None:
    with pytest.raises(TooLarge, match="holds 3 files"):
        open_archive(packed({f"{n}.json": b"{}" for n in range(3)}), Limits(members=2))


@pytest.mark.parametrize("content", [b"", b"no archive at all", b"PK\x03\x04 and nothing"])
def test_what_is_no_archive_is_refused(content: bytes) -> None:
    with pytest.raises(Malformed, match="not a zip archive, or was cut off"):
        open_archive(io.BytesIO(content))


def test_a_cut_off_archive_is_refused() -> None:
    content = packed({"a.json": bytes(range(256)) * 40}).getvalue()
    with pytest.raises(Malformed, match="cut off"):
        open_archive(io.BytesIO(content[: len(content) // 2]))


def test_a_damaged_member_is_told() -> None:
    content = bytearray(packed({"a.json": bytes(range(256)) * 40}).getvalue())
    content[60:64] = b"\xff\xff\xff\xff"
    (member,) = members(open_archive(io.BytesIO(bytes(content))))
    assert "damaged inside the archive" in str(member.error)


def test_an_encrypted_or_oddly_packed_member_is_told() -> None:
    content = bytearray(packed({"a.json": b"{}"}, zipfile.ZIP_STORED).getvalue())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 8] |= 1
    (member,) = members(open_archive(io.BytesIO(bytes(content))))
    assert "encrypted" in str(member.error)
    (member,) = members(open_archive(packed({"a.json": b"{}"}, zipfile.ZIP_LZMA)))
    assert "packed by method 14" in str(member.error)


def test_names_that_climb_are_only_names(tmp_path: Path) -> None:
    (member,) = members(open_archive(packed({"../../etc/passwd.json": b"{}"})))
    assert member.content == b"{}"
    assert list(tmp_path.iterdir()) == []
