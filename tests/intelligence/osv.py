"""Make copies of OSV's bucket for tests, and read them."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hikeshi.intelligence.models import Run
from hikeshi.intelligence.services import Progress, sync_osv
from tests.builders import NOW


def record(
    name: str, package: str = "lodash", *, fixed: str = "4.17.21", modified: str = "2024-01-01",
    ecosystem: str = "npm", **fields: Any,
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": name,
        "modified": f"{modified}T00:00:00Z",
        "affected": [
            {
                "package": {"ecosystem": ecosystem, "name": package},
                "ranges": [
                    {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": fixed}]}
                ],
            }
        ],
        **fields,
    }


def bucket(folder: Path, parts: dict[str, list[dict[str, Any] | bytes]]) -> Path:
    """Write each part's records as its archive; bytes are written as they are."""
    for part, records in parts.items():
        (folder / part).mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(folder / part / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for place, one in enumerate(records):
                name = f"bad-{place}" if isinstance(one, bytes) else one["id"]
                content = one if isinstance(one, bytes) else json.dumps(one).encode()
                archive.writestr(f"{name}.json", content)
    return folder


def npm(folder: Path, *records: dict[str, Any] | bytes) -> Path:
    return bucket(folder, {"npm": list(records)})


def ticking(start: datetime = NOW) -> Callable[[], datetime]:
    """Return a clock that goes on by a second whenever it is asked."""
    moment = start

    def now() -> datetime:
        nonlocal moment
        moment += timedelta(seconds=1)
        return moment

    return now


def sync(
    folder: Path, at: datetime = NOW, progress: Callable[[Progress], None] | None = None,
    *, take_over: bool = False,
) -> Run:  # fmt: skip
    return sync_osv(
        directory=folder, by=None, now=ticking(at), progress=progress, take_over=take_over
    )
