"""Precision and recall of matching, by ecosystem, on real records: ``make quality``.

Recall: of the versions that maintainers call affected, the part we find. Precision: of what we
find among the labelled versions, the part that is true. A drop below the floor fails the build.
"""

from __future__ import annotations

import json
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from hikeshi.core.component import Component
from hikeshi.core.purl import parse
from hikeshi.matching.queries import scan
from tests.accuracy.labels import LABELS, Label
from tests.intelligence.osv import bucket, sync

pytestmark = [pytest.mark.django_db, pytest.mark.requirement("R061")]
# (precision, recall) that hold today, and what keeps them below 1.
FLOORS: Final = {
    "npm": (1.0, 1.0),
    # One range of the feed covers a version that the maintainers left out.
    "PyPI": (0.97, 1.0),
    "Debian": (1.0, 1.0),
    "Go": (1.0, 1.0),
    "crates.io": (1.0, 1.0),
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What we said of one version, and what is true."""

    vulnerability: str
    purl: str
    found: bool
    true: bool


def packages_of(labels: list[Label]) -> set[str]:
    """Return the names by which OSV knows the packages, lower case."""
    found = set()
    for label in labels:
        purl = parse(label.purl.format("1"))
        found.add("/".join(filter(None, (purl.namespace, purl.name))).lower())
        found.add(purl.qualifiers.get("upstream", "").lower())
    return found - {""}


def records_about(source: Path, packages: set[str]) -> list[dict[str, Any]]:
    """Read from an archive the records that name one of the packages."""
    found = []
    with zipfile.ZipFile(source) as archive:
        for name in archive.namelist():
            record = json.loads(archive.read(name))
            named = {a.get("package", {}).get("name", "").lower() for a in record["affected"]}
            if named & packages:
                found.append(record)
    return found


def judge(labels: list[Label]) -> list[Verdict]:
    """Scan every labelled version, and look whether its vulnerability is among the hits."""
    asked: dict[tuple[str, str], list[tuple[str, bool]]] = {}
    for label in labels:
        for versions, true in ((label.reached, True), (label.spared, False)):
            for version in versions:
                place = (label.purl.format(version.replace("+", "%2B")), label.distro_release)
                asked.setdefault(place, []).append((label.vulnerability, true))
    found = scan([Component(name=p, purl=p, distro_release=distro) for p, distro in asked])
    hits = {(line.purl, name) for line in found.lines for name in (line.vulnerability, line.claim)}
    return [
        Verdict(vulnerability, purl, (purl, vulnerability) in hits, true)
        for (purl, _distro), wanted in asked.items()
        for vulnerability, true in wanted
    ]


@pytest.mark.parametrize("ecosystem", LABELS)
def test_matching_is_as_right_as_it_was(
    ecosystem: str, shared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = LABELS[ecosystem]
    records = records_about(shared / "feeds/osv" / ecosystem / "all.zip", packages_of(labels))
    sync(bucket(tmp_path, {ecosystem: list(records)}))
    verdicts = judge(labels)
    right = sum(v.found and v.true for v in verdicts)
    precision = right / max(1, sum(v.found for v in verdicts))
    recall = right / sum(v.true for v in verdicts)
    missed = [f"{v.vulnerability} {v.purl}" for v in verdicts if v.true and not v.found]
    alarms = [f"{v.vulnerability} {v.purl}" for v in verdicts if v.found and not v.true]
    with capsys.disabled():
        sys.stdout.write(
            f"\n{ecosystem:10} {len(records):5} records {len(verdicts):4} labels  "
            f"precision {precision:.3f}  recall {recall:.3f}\n"
            + "".join(f"  missed      {one}\n" for one in missed)
            + "".join(f"  false alarm {one}\n" for one in alarms)
        )
    assert precision >= FLOORS[ecosystem][0], alarms
    assert recall >= FLOORS[ecosystem][1], missed
