"""Every reader of outside bytes, with a sound file of its kind and what is bad for it.

``READERS`` has a row for each reader; ``PLACES`` names for each place of the code that decodes
bytes the rows that try it, or why its bytes are our own. A place that is in neither fails the test.
"""

from __future__ import annotations

import ast
import base64
import gzip
import hashlib
import io
import itertools
import json
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import openpyxl
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import hikeshi
from hikeshi.core.errors import InputRefused
from hikeshi.formats import publickey, sbom
from hikeshi.formats.epss import read as epss
from hikeshi.formats.kev import read as kev
from hikeshi.formats.osv import read as osv
from hikeshi.formats.osv.archive import members, open_archive
from hikeshi.formats.osv.bucket import INDEX, Part
from hikeshi.formats.packed import unpacked
from hikeshi.formats.table.read import Limits, read_table
from hikeshi.organisation import exchange, keys
from hikeshi.project.api import StrictParser
from hikeshi.project.restore import read_manifest
from hikeshi.project.snapshot import FORMAT
from hikeshi.stakeholders.contact_forms import read_contacts
from hikeshi.ui import paging
from tests.hostile.files import PICTURE_OF_NOTHING, archive

NUMBERS = itertools.count()


@dataclass(frozen=True)
class Reader:
    """read: what the product does with the bytes. limit_bytes: None where the caller has bounded
    them. reads: the kinds of bad input that are read all the same, each with why that is right.
    """

    read: Callable[[bytes], object]
    sound: bytes
    limit_bytes: int | None
    reads: Mapping[str, str] = field(default_factory=dict)
    is_json: bool = False
    is_packed: bool = False


def _in_file(read: Callable[[Path], object], name: str) -> Callable[[bytes], object]:
    def reader(content: bytes) -> object:
        with tempfile.TemporaryDirectory() as place:
            path = Path(place) / name
            path.write_bytes(content)
            return read(path)

    return reader


def _archive(content: bytes) -> list[Any]:
    read = []
    for member in members(open_archive(io.BytesIO(content))):
        if member.error is not None:
            raise member.error
        read.append(osv.read(member.content))
    return read


def _index(path: Path) -> object:
    """Read an index, which is only told and may be missing: one that cannot be read is none."""
    index = Part("npm", path.parent).index()
    if index is None or index.newest_at is None:
        raise InputRefused("The index says nothing.")
    return index


def _body(content: bytes) -> object:
    """Read a body as the API does, whose answer to a ValueError is tested with requests."""
    try:
        return StrictParser().parse_body(SimpleNamespace(body=content))  # type: ignore[arg-type]
    except ValueError as error:
        raise InputRefused("The body is no JSON.") from error


def _workbook() -> bytes:
    book, file = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["name", "version"])
    book.active.append(["Gate", "1.0"])
    book.save(file)
    return file.getvalue()


def _certificate() -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Kazahaya PSIRT")])
    made = x509.CertificateBuilder(
        name,
        name,
        key.public_key(),
        1,
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2036, 1, 1, tzinfo=UTC),
    ).sign(key, hashes.SHA256())  # fmt: skip
    return made.public_bytes(serialization.Encoding.PEM)


def backup(said: object = None) -> bytes:
    """Return a backup of one row. said: what its manifest says instead of the truth."""
    content = b'["1"]\n'
    listed = {"rows/x.jsonl": {"sha256": hashlib.sha256(content).hexdigest(), "rows": 1}}
    manifest = json.dumps({"format": FORMAT, "members": listed} if said is None else said).encode()
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as made:
        for name, held in {"rows/x.jsonl": content, "manifest.json": manifest}.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(held)
            made.addfile(entry, io.BytesIO(held))
    return file.getvalue()


_OSV = json.dumps({"id": "A-1", "modified": "2026-01-01T00:00:00Z", "summary": "x"}).encode()
_KEV = json.dumps(
    {"count": 1, "vulnerabilities": [{"cveID": "CVE-2026-1000", "dateAdded": "2026-01-02"}]}
).encode()
_KEY = base64.b64encode(bytes(32)).decode()
# What RFC 8259, section 4, leaves open, and every reader of JSON does alike.
_JSON = {
    "a key twice": "the later value counts",
    "huge numbers": "they stand in fields that are not read",
}
_TEXTS = {
    "Shift_JIS": "Japanese Excel writes it",
    "huge numbers": "cells are texts; what they must be says the import, line by line",
    "cut off": "a line may end anywhere; the preview shows what was read",
}

READERS: Final[dict[str, Reader]] = {
    "CycloneDX": Reader(
        lambda content: sbom.read(unpacked(content, limit_bytes=sbom.LIMIT_BYTES)),
        b'{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"name": "zlib"}]}',
        sbom.LIMIT_BYTES, _JSON, is_json=True, is_packed=True,
    ),
    "SPDX": Reader(
        lambda content: sbom.read(unpacked(content, limit_bytes=sbom.LIMIT_BYTES)),
        b'{"spdxVersion": "SPDX-2.3", "packages": [{"name": "zlib", "SPDXID": "SPDXRef-1"}]}',
        sbom.LIMIT_BYTES, _JSON, is_json=True, is_packed=True,
    ),
    "OSV record": Reader(osv.read, _OSV, osv.LIMIT_BYTES, _JSON, is_json=True),
    "OSV archive": Reader(
        _archive, archive({"A-1.json": _OSV}), None,
        {"a zip of something": "it holds no record, which the run tells"},
    ),
    "OSV index": Reader(
        _in_file(_index, INDEX), b"2026-01-01T00:00:00Z,A-1\n2025-01-01T00:00:00Z,A-2\n", None,
        {"cut off": "the lines before count", "huge numbers": "an id is not looked at",
         "NUL": "of the moments only the newest is told"},
    ),
    "KEV": Reader(kev.read, _KEV, kev.LIMIT_BYTES, _JSON, is_json=True, is_packed=True),
    "EPSS": Reader(
        epss.read, b"cve,epss,percentile\nCVE-2026-1000,0.1,0.2\n", epss.LIMIT_BYTES,
        {"NUL": "the line is refused by itself and told",
         "huge numbers": "the line is refused by itself and told",
         "cut off": "the line is refused by itself and told"},
        is_packed=True,
    ),
    "list": Reader(read_table, b"name,version\nGate,1.0\n", Limits().size_bytes, _TEXTS),
    "workbook": Reader(read_table, _workbook(), Limits().size_bytes),
    "contacts": Reader(
        read_contacts, b"name,kind\nBolts Ltd.,supplier\n", Limits().size_bytes,
        {"Shift_JIS": "Japanese Excel writes it", "cut off": "a line may end anywhere"},
    ),
    "units": Reader(
        lambda content: exchange.read_rows(content, exchange.UNIT_COLUMNS),
        b"name_en,kind\nNetwork,department\n", exchange.MOST_BYTES, _TEXTS,
    ),
    "people": Reader(
        lambda content: exchange.read_rows(content, exchange.PERSON_COLUMNS),
        b"email,role\nmori@kazahaya.example,member\n", exchange.MOST_BYTES, _TEXTS,
    ),
    "public key": Reader(
        publickey.read_public_key,
        _certificate(), publickey.LIMIT_BYTES,
    ),
    "API body": Reader(
        _body, b'{"name": "a"}', None,
        {"a list": "the schema of the operation decides", "a key twice": "the later value counts"},
        is_json=True,
    ),
    "cursor": Reader(
        lambda content: paging._read(content.decode("latin-1"), 1),
        paging._write(["Gate 1"]).encode(), None,
    ),
    "key file": Reader(
        _in_file(lambda path: keys._read_master_keys(path, next(NUMBERS)), "master.json"),
        json.dumps({"keys": [{"id": "a", "key": _KEY}]}).encode(), None,
        {"a key twice": "the later value counts"}, is_json=True,
    ),
    "backup": Reader(_in_file(read_manifest, "a.tar.gz"), backup(), None, is_packed=True),
}  # fmt: skip


def bad_inputs(reader: Reader) -> Iterator[tuple[str, bytes]]:
    """Yield (kind, bytes) of all that is bad for a reader."""
    sound = reader.sound
    yield "empty", b""
    yield "cut off", sound[: len(sound) * 2 // 3]
    yield "a picture", PICTURE_OF_NOTHING
    yield "a PDF", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n" + b"\x00" * 64
    yield "XML", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "&b;&b;">]><a>&b;</a>'
    yield "a zip of something", archive({"../../etc/passwd": b"x"})
    yield "deep", b'{"a":[' * 100_000
    yield "NUL", sound[: len(sound) // 2] + b"\x00" + sound[len(sound) // 2 :]
    yield "UTF-16 cut", sound.decode("latin-1").encode("utf-16")[:-1]
    if reader.limit_bytes is not None:
        yield "too large", bytes(reader.limit_bytes + 1)
    if reader.is_packed:
        yield "a gzip cut off", gzip.compress(sound)[:-9]
        yield "a gzip damaged", gzip.compress(sound)[:12] + b"\xff" * 20
    if reader.is_json:
        yield "huge numbers", b'{"zz": %b, "y": 1e999, %b' % (b"9" * 5000, sound[1:])
        yield "a key twice", sound[:-1] + b", " + sound[1:]
        yield "Shift_JIS", sound[:-1] + ', "風早": 1}'.encode("cp932")
        yield "a list", b"[1, 2]"
        yield "a number", b"9" * 4000
        yield "a surrogate", sound[:-1] + b', "\xed\xa0\x80": 1}'
    elif sound.isascii() and b"," in sound:
        lines = sound.splitlines()
        fields = lines[0].count(b",")
        yield "huge numbers", lines[0] + b"\n" + b"9" * 5000 + b",1e999" * fields
        yield "Shift_JIS", lines[0] + b"\n" + "風早".encode("cp932") + b",supplier" * fields


# Module and function → rows of the table above, or why the bytes are our own.
PLACES: Final[dict[str, tuple[str, ...] | str]] = {
    "core.sealing:keyed_token": "the digest made there",
    "disclosure.composing:as_json": "the document made there",
    "formats.csaf.check:check": "an advisory of ours, valid by the schema",
    "formats.cyclonedx.read:module": ("CycloneDX",),
    "formats.kev.read:module": ("KEV",),
    "formats.osv.archive:open_archive": ("OSV archive",),
    "formats.osv.bucket:index": ("OSV index",),
    "formats.osv.read:module": ("OSV record", "OSV archive"),
    "formats.packed:unpacked": ("CycloneDX", "SPDX", "KEV", "EPSS"),
    "formats.publickey:_certificate": ("public key",),
    "formats.publickey:_openpgp": ("public key",),
    "formats.sbom:module": ("CycloneDX", "SPDX"),
    "formats.spdx.read:module": ("SPDX",),
    "formats.table.read:_csv": ("list", "contacts"),
    "formats.table.read:_workbook": ("workbook",),
    "intelligence.demo:write_feeds": "an archive that is written",
    "ledger.events:record_all": "an event made there",
    "organisation.exchange:read_rows": ("units", "people"),
    "organisation.keys:_read_master_keys": ("key file",),
    "organisation.mfa:decrypt": "a column of ours, sealed",
    "organisation.sealed_column:__init__": "a column of ours",
    "organisation.sealed_column:open_with": "a column of ours, sealed",
    "organisation.sealed_column:wall_id": "a column of ours",
    "project.api:parse_body": ("API body",),
    "project.api_reference:description": "the description made there",
    "project.backup:write_backup": "an archive that is written",
    "project.export:export_company": "an archive that is written",
    "project.restore:_open": ("backup",),
    "project.restore:read_manifest": ("backup",),
    "project.snapshot:_read": "a line of a backup, named if it is none (tests/project/test_backup)",
    "project.snapshot:row_from": "a line of a backup, named if it is none",
    "records.approvals:propose": "the content made there",
    "remote.download:_conditions": "written beside the file by the same module; damage is none",
    "ui.once:_repeated": "an answer of ours, sealed",
    "ui.paging:_read": ("cursor",),
}

_DECODERS: Final = (
    "json.loads", "json.load", "orjson.loads", "json.decode", "json.Decoder", "csv.reader",
    "csv.DictReader", "zipfile.ZipFile", "tarfile.open", "gzip.open", "gzip.decompress",
    "zlib.decompress", "zlib.decompressobj", "lzma.decompress", "bz2.decompress",
    "load_workbook", "b64decode", "urlsafe_b64decode", "pickle.loads", "yaml.load",
    "yaml.safe_load", "tomllib.loads", "tomllib.load", "fromstring", "iterparse", "Image.open",
    "from_bytes", "load_pem_x509_certificate", "load_der_x509_certificate", "load_pem_public_key",
    "message_from_bytes", "literal_eval", "fromhex", "unhexlify", "marshal.loads", "struct.unpack",
)  # fmt: skip


def decoding_places() -> set[str]:
    """Return every function of the product that turns bytes or texts into values."""
    root = Path(hikeshi.__file__).parent
    return {
        f"{path.relative_to(root).with_suffix('').as_posix().replace('/', '.')}:{where}"
        for path in root.rglob("*.py")
        for where in _decoding(ast.parse(path.read_bytes()), "module")
    }


def _decoding(node: ast.AST, where: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        inside = where
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            inside = child.name
        if isinstance(child, ast.Call):
            name = ast.unparse(child.func)
            if any(name == one or name.endswith(f".{one}") for one in _DECODERS):
                yield where
        yield from _decoding(child, inside)
