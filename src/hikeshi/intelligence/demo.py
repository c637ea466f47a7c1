"""The demo's records: facts about well-known vulnerabilities, in the form of OSV, KEV and EPSS.

They are written into files and read as any copy of a feed is, twice: all but PyPI when the demo
company began, and PyPI with them a day ago, by matching's demo. So there are findings, and some
are new. The records are our own short words; reading the real feeds later replaces them.
"""

from __future__ import annotations

import zipfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import orjson
from django.conf import settings

from hikeshi.intelligence.demo_facts import EXPLOITED, FACTS, Known
from hikeshi.intelligence.models import SignalKind
from hikeshi.intelligence.services import sync_osv
from hikeshi.intelligence.signals import sync_signals

FIRST_PARTS: Final = ("npm", "Debian", "generic")
ALL_PARTS: Final = ("npm", "Debian", "generic", "PyPI")
_KEV: Final = "known_exploited_vulnerabilities.json"
_EPSS: Final = "epss_scores-current.csv"


def load(_world: Any, at: datetime) -> None:
    """Read all but PyPI as it stood when the company began; at: the demo's today."""
    read_demo_feeds(parts=FIRST_PARTS, at=at - timedelta(days=70))


def read_demo_feeds(*, parts: tuple[str, ...], at: datetime) -> None:
    """Write the demo's records and read them as a feed is read."""
    folder = write_feeds(Path(settings.DATA_DIR) / "demo-feeds", parts=parts, at=at)
    sync_osv(directory=folder / "osv", by=None, now=lambda: at)
    sync_signals(kind=SignalKind.KEV, path=folder / _KEV, by=None, now=lambda: at)
    sync_signals(kind=SignalKind.EPSS, path=folder / _EPSS, by=None, now=lambda: at)


def write_feeds(folder: Path, *, parts: tuple[str, ...], at: datetime) -> Path:
    """Write the records as files laid out like the feeds' own; at: the day that they tell of."""
    for part in parts:
        place = folder / "osv" / part
        place.mkdir(parents=True, exist_ok=True)
        held = [one for one in FACTS if one.ecosystem.partition(":")[0] == part]
        with zipfile.ZipFile(place / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for one in held:
                archive.writestr(f"{one.record}.json", orjson.dumps(_osv(one)))
        index = "".join(f"{at.isoformat()},{one.record}\n" for one in held)
        (place / "modified_id.csv").write_text(index, encoding="utf-8")
    (folder / _KEV).write_bytes(orjson.dumps(_kev(at)))
    scores = "".join(f"{one.cve},{one.epss},{one.percentile}\n" for one in FACTS if one.epss)
    (folder / _EPSS).write_text(
        f"#model_version:v2025.03.14,score_date:{at:%Y-%m-%d}T00:00:00Z\n"
        f"cve,epss,percentile\n{scores}",
        encoding="ascii",
    )
    return folder


def _osv(one: Known) -> dict[str, Any]:
    kind = "CVSS_V4" if one.vector.startswith("CVSS:4") else "CVSS_V3"
    events = [
        [{"introduced": start or "0"}, *([{"fixed": end}] if end else [])]
        for start, _dash, end in (span.partition("..") for span in one.ranges.split(" "))
    ]
    return {
        "schema_version": "1.6.7",
        "id": one.record,
        "aliases": [one.cve],
        "published": f"{one.published}T00:00:00Z",
        "modified": f"{one.published}T00:00:00Z",
        "summary": one.summary,
        "severity": [{"type": kind, "score": one.vector}],
        "affected": [
            {
                "package": {"ecosystem": one.ecosystem, "name": one.package}
                | ({"purl": f"pkg:generic/{one.package}"} if one.ecosystem == "generic" else {}),
                "ranges": [{"type": "ECOSYSTEM", "events": span} for span in events],
            }
        ],
        "references": [
            {"type": "WEB", "url": f"https://nvd.nist.gov/vuln/detail/{one.cve}"},
        ],
        "database_specific": {"cwe_ids": [one.weakness]},
    }


def _kev(at: datetime) -> dict[str, Any]:
    return {
        "title": "Demo",
        "catalogVersion": f"{at:%Y.%m.%d}",
        "dateReleased": at.isoformat(),
        "count": len(EXPLOITED),
        "vulnerabilities": [
            {
                "cveID": cve, "vendorProject": vendor, "product": product,
                "vulnerabilityName": title, "dateAdded": added, "dueDate": due,
                "shortDescription": title, "knownRansomwareCampaignUse": "Unknown",
                "requiredAction": "Update, or stop using the product.",
            }
            for cve, vendor, product, title, added, due in EXPLOITED
        ],
    }  # fmt: skip
