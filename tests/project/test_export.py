"""The export of one company tells no more than its pages."""

from __future__ import annotations

import tarfile
from pathlib import Path

import orjson
import pytest

from hikeshi.core.errors import NotAllowed, NotFound
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.ledger.jobs import enqueue, seal
from hikeshi.organisation import services
from hikeshi.organisation.roles import Role
from hikeshi.project.export import export_company
from hikeshi.records.models import Blob
from tests.builders import NOW, firm, person, seen_by
from tests.inventory.stock import cyclonedx, npm, release

pytestmark = pytest.mark.django_db


def _names(path: Path) -> list[str]:
    with tarfile.open(path) as archive:
        file = archive.extractfile("ledger.event.jsonl")
        assert file is not None
        return [orjson.loads(line)["name"] for line in file.read().splitlines()]


def test_an_export_leaves_out_what_its_viewer_may_not_see(tmp_path: Path) -> None:
    kazahaya, other = firm(), firm("other", "OT")
    insider = person("in@kazahaya.example", kazahaya.company)
    services.raise_wall(company=kazahaya.company, members=[insider], at=NOW, by=insider)
    target = tmp_path / "kazahaya.tar.gz"
    outside = export_company(
        uid=kazahaya.company.uid, viewer=seen_by(kazahaya.admin), target=target
    )
    assert "wall.raised" not in _names(target)
    assert _names(target).count("unit.created") == 2
    inside = export_company(uid=kazahaya.company.uid, viewer=seen_by(insider), target=target)
    assert _names(target).count("wall.raised") == 1
    assert inside["rows"]["ledger.event"] == outside["rows"]["ledger.event"] + 1
    with pytest.raises(NotFound):
        export_company(uid=kazahaya.company.uid, viewer=seen_by(other.admin), target=target)


def test_an_export_needs_the_right(tmp_path: Path) -> None:
    kazahaya = firm()
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    with pytest.raises(NotAllowed):
        export_company(
            uid=kazahaya.company.uid, viewer=seen_by(reader), target=tmp_path / "x.tar.gz"
        )


def test_an_export_brings_the_bytes_of_files_that_its_viewer_may_open(tmp_path: Path) -> None:
    kazahaya, other = firm(), firm("other", "OT")
    content, elsewhere = cyclonedx(npm("qs", "6.5.1")), cyclonedx(npm("ms", "2.0.0"))
    upload_sbom(release=release(kazahaya), content=content, by=kazahaya.admin, at=NOW)
    upload_sbom(release=release(other), content=elsewhere, by=other.admin, at=NOW)
    target = tmp_path / "kazahaya.tar.gz"
    manifest = export_company(
        uid=kazahaya.company.uid, viewer=seen_by(kazahaya.admin), target=target
    )
    blob = Blob.objects.for_system("test").get(company=kazahaya.company)
    with tarfile.open(target) as archive:
        files = [name for name in archive.getnames() if name.startswith("files/")]
        held = archive.extractfile(f"files/{blob.uid}")
        assert held is not None
        assert held.read() == content
    assert files == [f"files/{blob.uid}"]
    assert (manifest["files"], manifest["missing"]) == (1, [])


def test_an_export_holds_no_jobs_and_no_outbox(tmp_path: Path) -> None:
    kazahaya = firm()
    enqueue(seal, subject=release(kazahaya), key="x")
    manifest = export_company(
        uid=kazahaya.company.uid, viewer=seen_by(kazahaya.admin), target=tmp_path / "x.tar.gz"
    )
    assert not {name for name in manifest["rows"] if "job" in name or "outbox" in name}
    assert manifest["rows"]["inventory.release"] == 1
