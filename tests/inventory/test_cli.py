"""The inventory from scripts: the same services, rights and refusals as the pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from hikeshi.inventory.models import SBOM, Offering
from hikeshi.organisation.roles import Role
from hikeshi.project.cli import run
from tests.builders import firm, person
from tests.inventory.stock import cyclonedx, npm, release

pytestmark = pytest.mark.django_db


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Any:
    def run_json(*arguments: str, code: int = 0) -> Any:
        assert run([*arguments, "--format", "json"]) == code
        told = capsys.readouterr()
        return orjson.loads(told.out) if code == 0 else told.err

    return run_json


def test_a_product_a_release_and_an_sbom_are_made_from_a_script(said: Any, tmp_path: Path) -> None:
    kz = firm()
    acting = ("--as", kz.admin.email)
    product = said("product", "add", "KZ-Gate 500", "--code", "KZG", *acting)[0]
    made = said("release", "add", "KZG", "4.2.1", "--support-ends-on", "2031-03-31", *acting)[0]
    assert made["support_ends_on"] == "2031-03-31"
    file = tmp_path / "bom.json"
    file.write_bytes(cyclonedx(npm("qs", "6.5.1")))
    for name in (made["uid"], made["number"]):
        done = said("sbom", "upload", "--release", name, str(file), *acting)[0]
        assert (done["components"], done["version"]) == (1, 1)
    assert done["is_new"] is False
    assert SBOM.objects.get().file_name == "bom.json"
    listed = said("product", "list", "gate", *acting)
    assert [(row["number"], row["with_sbom"]) for row in listed] == [(product["number"], 1)]
    assert said("release", "list", product["uid"], *acting)[0]["sboms"] == 1
    assert said("sbom", "list", "--release", made["number"], *acting)[0]["current"] is True


def test_refusals_have_their_exit_codes(said: Any, tmp_path: Path) -> None:
    kz = firm()
    place = release(kz)
    reader = person("r@kazahaya.example", kz.company, Role.READER)
    file = tmp_path / "bom.json"
    file.write_bytes(b"{")
    upload = ("sbom", "upload", "--release", str(place.uid))
    assert "not JSON" in said(*upload, str(file), "--as", kz.admin.email, code=3)
    assert "There is no file" in said(*upload, str(tmp_path / "no"), "--as", kz.admin.email, code=4)
    assert "cannot be read" in said(*upload, str(tmp_path), "--as", kz.admin.email, code=3)
    assert "right" in said(*upload, str(file), "--as", reader.email, code=4)
    stranger = firm("other", "OT").admin
    assert "no such" in said(*upload, str(file), "--as", stranger.email, code=4)
    add = ("product", "add", "KZ-Gate", "--code", "KZG", "--as", kz.admin.email)
    assert "exists already" in said(*add, code=5)
    assert not SBOM.objects.exists()
    assert Offering.objects.count() == 1


def test_people_read_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    kz = firm()
    release(kz)
    assert run(["product", "list", "--as", kz.admin.email]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[0].split()[:2] == ["number", "uid"]
    assert "KZ-Gate 500" in out
