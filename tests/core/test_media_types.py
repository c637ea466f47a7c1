"""What files are: their first bytes decide, and a false claim is refused."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikeshi.core.errors import InputRefused
from hikeshi.core.media_types import (
    ALLOWED,
    HEAD_BYTES,
    OCTETS,
    PROGRAM,
    judge,
    looks_like_text,
    safe_name,
    sniff,
)

pytestmark = pytest.mark.pure
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
EXE = b"MZ\x90\x00" + bytes(60)
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def a_zip() -> bytes:
    held = BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("a.txt", "a")
    return held.getvalue()


@pytest.mark.parametrize(
    ("declared", "head", "kept"),
    [
        ("image/png", PNG, "image/png"),
        ("", PNG, "image/png"),
        ("application/octet-stream", b"%PDF-1.7", "application/pdf"),
        ("application/x-zip-compressed", a_zip(), "application/zip"),
        (DOCX, a_zip(), DOCX),
        ("text/plain; charset=shift_jis", "脆弱性".encode("cp932"), "text/plain"),
        ("text/html", b"<script>alert(1)</script>", "text/html"),
        ("application/json", b"{}", "application/json"),
        ("nonsense", b"words", "text/plain"),
        ("text/plain", b"\x00\x01\x02", OCTETS),
        ("text/plain", PNG, "image/png"),
        ("", b"", "text/plain"),
        ("message/rfc822", b"From: a\r\nSubject: \x1b$B$\x22\x1b(B\r\n", "message/rfc822"),
    ],
)
def test_the_bytes_decide_what_a_file_is_kept_as(declared: str, head: bytes, kept: str) -> None:
    assert judge(declared, head) == kept


@pytest.mark.parametrize("head", [EXE, b"\x7fELF\x02\x01", b"\xca\xfe\xba\xbe\x00\x00"])
def test_a_program_is_refused_whatever_it_says(head: bytes) -> None:
    for declared in ("", "image/png", "text/plain", "application/pdf"):
        with pytest.raises(InputRefused, match="This is a program"):
            judge(declared, head)
    assert judge("", head, ALLOWED | {PROGRAM}) == PROGRAM


@pytest.mark.parametrize(
    ("declared", "head"),
    [
        ("image/png", b"<script>alert(1)</script>"),
        ("image/png", b"%PDF-1.7"),
        ("application/pdf", a_zip()),
        (DOCX, PNG),
        ("image/jpeg", b"\x00\x01"),
        ("image/svg+xml", PNG),
    ],
)
def test_a_claim_that_the_bytes_contradict_is_refused(declared: str, head: bytes) -> None:
    with pytest.raises(InputRefused, match="but its content is"):
        judge(declared, head)


def test_a_place_may_take_fewer_types() -> None:
    with pytest.raises(InputRefused, match="image/png are not taken here"):
        judge("", PNG, frozenset({"application/pdf"}))


@given(st.text(max_size=3000), st.sampled_from(["utf-8", "euc_jp", "cp932"]))
def test_text_is_known_as_text_also_where_the_head_cuts_a_character(
    text: str, encoding: str
) -> None:
    clean = "".join(c for c in text if c >= " " and not 0x7F <= ord(c) < 0xA0)
    content = clean.encode(encoding, "ignore") * 3
    assert looks_like_text(content[:HEAD_BYTES])


@given(st.binary(max_size=300), st.text(max_size=40))
def test_any_bytes_get_a_type_or_a_refusal(head: bytes, declared: str) -> None:
    try:
        assert judge(declared, head) in ALLOWED
    except InputRefused:
        assert sniff(head) is not None or "/" in declared


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\a\\b.txt", "b.txt"),
        ("inn\u202egpj.exe", "inngpj.exe"),
        ("a\r\nSet-Cookie: x", "aSet-Cookie: x"),
        ("  ..  ", "file"),
        ("脆弱性.pdf", "脆弱性.pdf"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
    ],
)
def test_a_name_leads_nowhere(name: str, safe: str) -> None:
    assert safe_name(name) == safe


@given(st.text(max_size=400))
def test_a_safe_name_is_a_name(name: str) -> None:
    found = safe_name(name)
    assert 0 < len(found) <= 200
    assert not set(found) & set("/\\\n\r\x00")
    assert safe_name(found) == found
