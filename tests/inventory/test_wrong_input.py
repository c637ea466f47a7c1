"""A bad file gets a clear error in the reader's language, and nothing of it is written."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from django.utils import translation

from hikeshi.core.errors import InputRefused, Malformed, TooLarge
from hikeshi.inventory import queries, uploads
from hikeshi.inventory.models import SBOM, Batch, Component, Occurrence, Package, SBOMSlot
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.ledger.models import Event
from hikeshi.ui.errors import explain
from tests.builders import NOW, firm
from tests.inventory.stock import cyclonedx, gate, npm, release

GOOD = cyclonedx(npm("qs", "6.5.1"))
BAD: dict[str, tuple[bytes, type[InputRefused], str]] = {
    "empty": (b"", Malformed, "not JSON, or was cut off"),
    "truncated": (GOOD[:-30], Malformed, "not JSON, or was cut off"),
    "not JSON": (b"\x89PNG\r\n\x1a\n", Malformed, "Byte 0 is not UTF-8"),
    "plain text": (b"name,version\nqs,6.5.1\n", Malformed, "not JSON"),
    "XML": (b"<?xml version='1.0'?><bom/>", Malformed, "The file is XML"),
    "Shift_JIS": ('{"bomFormat": "部品表"}'.encode("cp932"), Malformed, "not UTF-8"),
    "UTF-16": (GOOD.decode().encode("utf-16"), Malformed, "UTF-16"),
    "NUL": (GOOD.replace(b"qs", b"q\\u0000"), Malformed, "NUL"),
    "other JSON": (b'{"a": 1}', Malformed, "neither CycloneDX"),
    "a list": (b"[1, 2]", Malformed, "no object"),
    "deep nesting": (b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}", TooLarge, "too deep"),
    "SPDX 3": (
        b'{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}',
        Malformed,
        "is SPDX 3",
    ),
    "cut gzip": (gzip.compress(GOOD)[:-12], Malformed, "cut off"),
    "bad gzip": (gzip.compress(b"{}")[:14] + b"\xff" * 40, Malformed, "damaged"),
    "gzip bomb": (gzip.compress(b" " * 1024 * 1024) * 200, TooLarge, "unpacks to over 128 MB"),
}


def nested(levels: int) -> bytes:
    part: dict[str, object] = {"type": "library", "name": "deepest"}
    for _level in range(levels):
        part = {"type": "library", "name": "x", "components": [part]}
    return json.dumps(
        {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [part]}
    ).encode()


BAD["nested components"] = (nested(100), TooLarge, "levels deep")


@pytest.mark.django_db
@pytest.mark.parametrize("what", BAD)
def test_a_bad_file_writes_nothing_and_leaves_the_current_one(what: str) -> None:
    content, error, says = BAD[what]
    place = release(firm())
    upload_sbom(release=place, content=GOOD, by=None, at=NOW)
    tables = (SBOM, Batch, Occurrence, Component, Package, SBOMSlot, Event)
    before = [model.objects.count() for model in tables]
    with pytest.raises(error, match=says) as caught:
        upload_sbom(release=place, content=content, by=None, at=NOW, slot="other")
    assert [model.objects.count() for model in tables] == before
    assert SBOM.objects.get(replaced_at__isnull=True).components == 1
    with translation.override("ja"):
        said = explain(caught.value)
    assert said != str(caught.value), "the error has no Japanese"


@pytest.mark.django_db
def test_an_oversized_file_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_BYTES", 1024 * 1024)
    with pytest.raises(TooLarge, match="The file has 2 MB; an SBOM may have at most 1 MB"):
        upload_sbom(release=release(firm()), content=b" " * 2_100_000, by=None, at=NOW)


def sboms(shared: Path) -> list[Path]:
    found = sorted(shared.glob("sboms/**/*.json")) + sorted(shared.glob("sboms/**/*.json.gz"))
    return [path for path in found if _is_cyclonedx(path)]


def _is_cyclonedx(path: Path) -> bool:
    content = path.read_bytes()
    return b'"CycloneDX"' in (gzip.decompress(content) if path.suffix == ".gz" else content)


@pytest.mark.django_db
def test_every_real_cyclonedx_file_is_taken(shared: Path) -> None:
    kz = firm()
    offering, files = gate(kz), sboms(shared)
    assert len(files) >= 20
    for number, path in enumerate(files):
        content = path.read_bytes()
        place = release(kz, offering, version=f"1.{number}")
        upload = upload_sbom(
            release=place, content=content, by=kz.admin, at=NOW, file_name=path.name
        )
        assert upload.is_new, path.name
        stored = SBOM.objects.get(pk=upload.sbom.pk)
        assert queries.content_of(stored) == content
        open_now = Occurrence.objects.filter(release=place, known_to__isnull=True)
        assert open_now.values("component").distinct().count() == stored.components
        again = upload_sbom(release=place, content=content, by=kz.admin, at=NOW)
        assert not again.is_new
