"""Taking SBOMs: reading, interning, storing; BENCH_SBOM_COMPONENTS sets the size of the large one.

The baseline of each figure is reading the same file alone, so the ratio says what storing costs.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

from bench.fleet import Catalogue, big_sbom, cyclonedx, line_of_releases
from bench.measure import Figure, median_seconds
from bench.world import NOW, company, use_fresh_installation

COMPONENTS = int(os.environ.get("BENCH_SBOM_COMPONENTS", "56000"))
RELEASES = 20


def run() -> Iterator[Figure]:
    use_fresh_installation()
    yield from _one_large()
    yield from _a_line_of_releases()


def _release(version: str) -> Any:
    from hikeshi.inventory import services
    from hikeshi.inventory.models import Offering

    ours, admin = company()
    offering = Offering.objects.for_system("benchmark").first() or services.create_offering(
        company=ours, name={"en": "Bench"}, by=admin, at=NOW
    )
    return services.create_release(offering=offering, version=version, by=admin, at=NOW)


def _timed(act: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    done = act()
    return time.perf_counter() - start, done


def _one_large() -> Iterator[Figure]:
    from hikeshi.formats.cyclonedx.read import read
    from hikeshi.inventory.uploads import upload_sbom

    _ours, admin = company()
    content = big_sbom(COMPONENTS)
    reading = median_seconds(lambda: read(content), runs=3)
    size = f"{COMPONENTS:,} components, {len(content) / 1e6:.0f} MB"
    release, another = _release("large"), _release("large again")
    changed = content.replace(b'"version":"1.', b'"version":"2.', 500).replace(b"@1.", b"@2.", 500)
    for what, place, file, day in (
        (f"upload, every name new: {size}", release, content, 0),
        (f"the next version, few names new: {size}", release, changed, 1),
        (f"another release of it, no name new: {size}", another, content, 1),
    ):
        at = NOW + timedelta(days=day)
        seconds, done = _timed(
            lambda: upload_sbom(release=place, content=file, by=admin, at=at)  # noqa: B023
        )
        counted = f"{what} ({done.opened:,} opened, {done.closed:,} closed)"
        yield Figure(counted, seconds, "s", reading, "reading the file")


def _a_line_of_releases() -> Iterator[Figure]:
    """Twenty releases of one product, as a build uploads them."""
    from hikeshi.formats.cyclonedx.read import read
    from hikeshi.inventory.uploads import upload_sbom

    _ours, admin = company()
    catalogue, dice = Catalogue(100_000), random.Random(3)
    files = [
        cyclonedx(parts) for parts in line_of_releases(catalogue, RELEASES, dice, components=500)
    ]
    reading = median_seconds(lambda: [read(file) for file in files], runs=3) / RELEASES
    places = [_release(f"1.{number}") for number in range(RELEASES)]
    seconds, uploads = _timed(
        lambda: [
            upload_sbom(release=place, content=file, by=admin, at=NOW)
            for place, file in zip(places, files, strict=True)
        ]
    )
    opened = sum(upload.opened for upload in uploads)
    what = f"one of {RELEASES} releases of a product, 500 components ({opened:,} opened in all)"
    yield Figure(what, seconds / RELEASES, "s", reading, "reading the file")
