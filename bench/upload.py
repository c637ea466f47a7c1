"""From an SBOM to its findings: uploading one of 20,000 components and matching it with a feed.

The components are of any age, as in a device that nobody has updated for years. The baseline is
reading the same file alone. BENCH_UPLOAD_COMPONENTS sets the size.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from bench.claims import make_bucket
from bench.fleet import Catalogue, Part, cyclonedx, version_of
from bench.measure import Figure, median_seconds
from bench.world import NOW, company, use_fresh_installation

COMPONENTS = int(os.environ.get("BENCH_UPLOAD_COMPONENTS", "20000"))
RECORDS = 20_000


def run() -> Iterator[Figure]:
    use_fresh_installation()
    from hikeshi.formats.cyclonedx.read import read
    from hikeshi.intelligence.services import sync_osv
    from hikeshi.inventory import services
    from hikeshi.inventory.uploads import upload_sbom
    from hikeshi.matching.models import Match, Reach
    from hikeshi.matching.services import pull

    ours, admin = company()
    with tempfile.TemporaryDirectory() as home:
        folder = make_bucket(Path(home), RECORDS)
        sync_osv(directory=folder, by=None, now=lambda: NOW, take_over=True)
    pull(at=NOW)
    catalogue, dice = Catalogue(COMPONENTS), random.Random(11)
    content = cyclonedx([_part(catalogue, rank, dice) for rank in range(COMPONENTS)])
    reading = median_seconds(lambda: read(content), runs=3)
    offering = services.create_offering(company=ours, name={"en": "Large"}, by=admin, at=NOW)
    for version, what in (("1", "every name new"), ("2", "no name new")):
        release = services.create_release(offering=offering, version=version, by=admin, at=NOW)
        at = NOW + timedelta(days=int(version))
        start = time.perf_counter()
        upload_sbom(release=release, content=content, by=admin, at=at)
        uploaded = time.perf_counter() - start
        pull(at=at)
        taken = time.perf_counter() - start
        matches = Match.objects.filter(closed_in__isnull=True).count()
        found = Reach.objects.filter(offering=offering).count()
        yield Figure(
            f"upload to findings, {what}: {COMPONENTS:,} components, {matches:,} matches, "
            f"{found:,} vulnerabilities ({uploaded:.1f} s of it upload)",
            taken, "s", reading, "reading the file", "5 s",
        )  # fmt: skip


def _part(catalogue: Catalogue, rank: int, dice: random.Random) -> Part:
    system = catalogue.system_of(rank)
    return Part(system, f"{system}-pack-{rank:06}", version_of(system, rank, dice.randrange(41)))
