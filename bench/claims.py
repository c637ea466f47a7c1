"""Reading claims: OSV records of the same run, read alone and read into the database.

BENCH_OSV names a copy of OSV's bucket, else feeds/osv of the shared data is read; where neither is,
records are made with the skew of ``fleet``. The baseline is reading the same records without
storing them. Both are seconds of the processor, so that other work on the machine does not count.
"""

from __future__ import annotations

import os
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import orjson

from bench.fleet import Catalogue, version_of
from bench.measure import Figure
from bench.world import NOW, use_fresh_installation

RECORDS = int(os.environ.get("BENCH_CLAIMS", "10000"))
ECOSYSTEMS = {
    "npm": "npm",
    "deb": "Debian:12",
    "pypi": "PyPI",
    "golang": "Go",
    "cargo": "crates.io",
}


def make_bucket(folder: Path, records: int) -> Path:
    """Write records about the catalogue's packages, most of them about the popular ones."""
    catalogue, made = Catalogue(records), 0
    with zipfile.ZipFile(_archive(folder), "w", zipfile.ZIP_DEFLATED) as archive:
        for rank in range(records):
            for place in range(min(catalogue.range_count(rank), records - made)):
                made += 1
                archive.writestr(f"CVE-2024-{made:06}.json", _record(catalogue, rank, place, made))
            if made >= records:
                break
    return folder


def _archive(folder: Path) -> Path:
    (folder / "all").mkdir(parents=True, exist_ok=True)
    return folder / "all" / "all.zip"


def _record(catalogue: Catalogue, rank: int, place: int, number: int) -> bytes:
    system = catalogue.system_of(rank)
    fixed = version_of(system, rank, place % 40).removeprefix("v")
    return orjson.dumps({
        "id": f"CVE-2024-{number:06}", "modified": "2026-11-01T00:00:00Z",
        "published": "2024-05-01T00:00:00Z", "summary": f"A flaw in {system}-pack-{rank:06}",
        "details": "A text as long as most of them are. " * 20,
        "aliases": [f"GHSA-{number % 8 + 2}x{number:06}"],
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [{
            "package": {"ecosystem": ECOSYSTEMS[system], "name": f"{system}-pack-{rank:06}"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}],
        }],
        "references": [{"type": "WEB", "url": f"https://example.org/{n}"} for n in range(5)],
    })  # fmt: skip


def run() -> Iterator[Figure]:
    use_fresh_installation()
    from hikeshi.formats.osv import bucket
    from hikeshi.formats.osv.read import read
    from hikeshi.intelligence.models import RunPart
    from hikeshi.intelligence.services import sync_osv

    with tempfile.TemporaryDirectory() as home:
        shared = Path(os.environ.get("HIKESHI_SHARED", "../shared")) / "feeds" / "osv"
        given = Path(os.environ.get("BENCH_OSV", shared))
        folder = given if given.is_dir() else make_bucket(Path(home), RECORDS)
        start, count = time.process_time(), 0
        for part in bucket.parts_of(folder):
            with bucket.opened(part) as contents:
                for member in contents.members():
                    try:
                        read(member.content)
                    except ValueError:
                        continue
                    count += 1
        alone = count / (time.process_time() - start)
        for what in ("every record new", "nothing changed"):
            start = time.process_time()
            done = sync_osv(directory=folder, by=None, now=lambda: NOW, take_over=True)
            taken = time.process_time() - start
            parts = RunPart.objects.filter(run=done)
            stored = sum(p.new + p.changed + p.unchanged + p.older for p in parts)
            label = f"claims read and stored, {what}: {stored:,} records"
            yield Figure(label, stored / taken, "/s", alone, "reading alone", "2,000/s")
