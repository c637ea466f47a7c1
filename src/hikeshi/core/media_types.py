"""What a file is, from its first bytes, and whether we take it.

What a sender declares is a claim. The first bytes decide where they have a signature; a claim that
they contradict is refused, because a program that calls itself a picture wants to be opened.
"""

from __future__ import annotations

import re
from typing import Final

from hikeshi.core.errors import InputRefused, gettext_noop

HEAD_BYTES: Final = 4096
OCTETS: Final = "application/octet-stream"
PROGRAM: Final = "application/x-executable"
_OFFICE: Final = "application/vnd.openxmlformats-officedocument."

# (offset, bytes, type); the first that fits counts.
_SIGNATURES: Final[list[tuple[int, bytes, str]]] = [
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\x1aE\xdf\xa3", "video/webm"),
    (0, b"PK\x03\x04", "application/zip"),
    (0, b"PK\x05\x06", "application/zip"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"BZh", "application/x-bzip2"),
    (0, b"\xfd7zXZ\x00", "application/x-xz"),
    (0, b"(\xb5/\xfd", "application/zstd"),
    (0, b"7z\xbc\xaf'\x1c", "application/x-7z-compressed"),
    (257, b"ustar", "application/x-tar"),
    (0, b"\xd4\xc3\xb2\xa1", "application/vnd.tcpdump.pcap"),
    (0, b"\xa1\xb2\xc3\xd4", "application/vnd.tcpdump.pcap"),
    (0, b"\n\r\r\n", "application/x-pcapng"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"-----BEGIN PGP MESSAGE", "application/pgp-encrypted"),
    (0, b"-----BEGIN PGP SIGNATURE", "application/pgp-signature"),
    (0, b"-----BEGIN PGP PUBLIC KEY", "application/pgp-keys"),
    (0, b"MZ", PROGRAM),
    (0, b"\x7fELF", PROGRAM),
    (0, b"\xca\xfe\xba\xbe", PROGRAM),
    (0, b"\xfe\xed\xfa\xce", PROGRAM),
    (0, b"\xfe\xed\xfa\xcf", PROGRAM),
    (0, b"\xce\xfa\xed\xfe", PROGRAM),
    (0, b"\xcf\xfa\xed\xfe", PROGRAM),
    (0, b"L\x00\x00\x00\x01\x14\x02\x00", PROGRAM),
]
_SIGNED: Final = frozenset(kind for _at, _bytes, kind in _SIGNATURES) - {PROGRAM}
# Types that are another one inside: a claim of the left fits bytes of the right.
_WITHIN: Final = {
    f"{_OFFICE}wordprocessingml.document": "application/zip",
    f"{_OFFICE}spreadsheetml.sheet": "application/zip",
    f"{_OFFICE}presentationml.presentation": "application/zip",
    "application/vnd.oasis.opendocument.text": "application/zip",
    "application/vnd.oasis.opendocument.spreadsheet": "application/zip",
    "application/java-archive": "application/zip",
    "application/msword": "application/x-ole-storage",
    "application/vnd.ms-excel": "application/x-ole-storage",
    "application/vnd.ms-powerpoint": "application/x-ole-storage",
    "application/vnd.ms-outlook": "application/x-ole-storage",
    "video/quicktime": "video/mp4",
}
_ALIASES: Final = {
    "application/x-zip-compressed": "application/zip",
    "application/x-gzip": "application/gzip",
    "application/x-pdf": "application/pdf",
    "image/jpg": "image/jpeg",
    "application/x-zip": "application/zip",
    "application/cap": "application/vnd.tcpdump.pcap",
    "text/json": "application/json",
    "text/xml": "application/xml",
    "text/x-markdown": "text/markdown",
}
_TEXTS: Final = frozenset(
    {
        "text/plain", "text/csv", "text/markdown", "text/html", "text/x-diff", "application/json",
        "application/xml", "message/rfc822", "application/x-yaml", "text/x-python",
        "application/csaf+json", "application/vnd.cyclonedx+json", "application/spdx+json",
    }
)  # fmt: skip
# What reports of vulnerabilities, and work on them, come with. A bare program is not: put into an
# archive it can neither be opened by a slip nor be stopped by a virus scanner on its way.
ALLOWED: Final = _SIGNED | _TEXTS | frozenset(_WITHIN) | {OCTETS}
# What a browser shows without running anything; all else is handed out as bytes.
INERT: Final = frozenset(
    {"application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"}
)
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9.+-]{0,62}/[a-z0-9][a-z0-9.+-]{0,100}")
_CONTROL: Final = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


def sniff(head: bytes) -> str | None:
    """Name the type that the first bytes have a signature of; None when they have none."""
    for at, signature, kind in _SIGNATURES:
        if head[at : at + len(signature)] == signature:
            return kind
    return None


def looks_like_text(head: bytes) -> bool:
    """Tell whether the first bytes can be text of UTF-8, Shift_JIS, EUC-JP or ISO-2022-JP."""
    if _CONTROL.search(head):
        return False
    for encoding in ("utf-8", "cp932", "euc_jp"):
        try:
            head.decode(encoding)
        except UnicodeDecodeError as error:
            # A character cut at the end of the head is no fault of the file.
            if len(head) < HEAD_BYTES or error.start < len(head) - 4:
                continue
        return True
    return False


def plain_type(declared: str) -> str:
    """Return a declared type without its parameters, in its usual spelling; "" for nonsense."""
    kind = declared.partition(";")[0].strip().lower()
    kind = _ALIASES.get(kind, kind)
    return kind if _TYPE.fullmatch(kind) else ""


def judge(declared: str, head: bytes, allowed: frozenset[str] = ALLOWED) -> str:
    """Return the type that a file is kept under.

    declared: what the sender says, "" when nothing. head: its first ``HEAD_BYTES``.
    Raises InputRefused for programs, for a claim that the bytes contradict, and for what is not
    allowed.
    """
    claim, found = plain_type(declared), sniff(head)
    if found == PROGRAM and PROGRAM not in allowed:
        raise InputRefused(
            gettext_noop("This is a program. Put it into an archive (ZIP, 7z) and send that.")
        )
    if found is not None:
        fits = claim in {"", OCTETS, found} or _WITHIN.get(claim) == found
        if not fits and (claim in _SIGNED or claim in _WITHIN or claim.startswith("image/")):
            raise _contradicted(claim, found)
        kind = claim if _WITHIN.get(claim) == found else found
    elif claim in _SIGNED or claim in _WITHIN:
        raise _contradicted(claim, "text/plain" if looks_like_text(head) else OCTETS)
    elif looks_like_text(head):
        kind = claim if claim in _TEXTS else "text/plain"
    else:
        kind = OCTETS
    if kind not in allowed:
        raise InputRefused(gettext_noop("Files of type %(kind)s are not taken here."), kind=kind)
    return kind


def _contradicted(claim: str, found: str) -> InputRefused:
    return InputRefused(
        gettext_noop("The file says it is %(claim)s, but its content is %(found)s."),
        claim=claim,
        found=found,
    )


_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def safe_name(name: str) -> str:
    """Return a file's name without folders, control characters and turns of writing direction.

    At most 200 characters, its ending kept; "file" when nothing is left.
    """
    name = _UNSAFE.sub("", name).replace("\\", "/").rpartition("/")[2].strip().strip(".").strip()
    if len(name) > 200:
        stem, dot, ending = name.rpartition(".")
        name = f"{stem[: 199 - len(ending)]}.{ending}" if dot and len(ending) < 20 else name[:200]
    return name or "file"
