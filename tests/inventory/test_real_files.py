"""Ten files of the field, uploaded into slots of one release: counts and gaps are pinned."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from hikeshi.inventory.models import SBOM
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.tokens import issue_token
from hikeshi.project.cli import run
from tests.builders import NOW, firm
from tests.inventory.stock import release

pytestmark = pytest.mark.django_db
# File → components, and those that cannot be decided by reason.
FILES: Final[dict[str, tuple[int, dict[str, int]]]] = {
    "apps/juice-shop.cdx.json": (840, {}),
    "apps/dtrack-apiserver-4.5.0.cdx.json": (132, {"unknown_scheme": 132}),
    "apps/goof.cdx.json": (879, {}),
    "apps/bomber.cdx16.json": (46, {"unknown_scheme": 5}),
    "apps/bomber.spdx.json": (29, {}),
    "containers/fluentd-trivy.cdx.json": (161, {"unknown_scheme": 55}),
    "containers/ubuntu-latest.spdx.json": (101, {}),
    "containers/ubuntu-latest.cdx.json": (102, {}),
    "embedded/photon-os.spdx.json": (37, {"no_name": 37}),
    "embedded/yocto-example-rootfs.cdx.json": (97, {"name_only": 95, "unreadable_version": 2}),
}


@pytest.mark.requirement("R063")
def test_ten_real_files_are_taken_in_with_their_gaps_counted(shared: Path) -> None:
    kz = firm()
    place = release(kz)
    found: dict[str, Any] = {}
    for name in FILES:
        path = shared / "sboms" / name
        upload_sbom(
            release=place,
            content=path.read_bytes(),
            by=kz.admin,
            at=NOW,
            slot=path.name[:80],
            file_name=path.name,
        )
    for sbom in SBOM.objects.for_system("a test").select_related("slot"):
        name = next(one for one in FILES if Path(one).name[:80] == sbom.slot.name)
        found[name] = (sbom.components, sbom.gaps)
    assert found == FILES


@pytest.mark.requirement("R063")
def test_the_same_files_come_in_by_api_and_command_with_a_token(
    shared: Path, client: Client, monkeypatch: pytest.MonkeyPatch, capsysbinary: Any
) -> None:
    kz = firm()
    place = release(kz)
    now = timezone.now()
    _token, text = issue_token(
        account=kz.admin, name="build", scopes=(Permission.VIEW, Permission.INVENTORY_EDIT),
        at=now, expires_at=now + timedelta(days=1),
    )  # fmt: skip
    monkeypatch.setenv("HIKESHI_TOKEN", text)
    found: dict[str, int] = {}
    for turn, name in enumerate(FILES):
        path = shared / "sboms" / name
        if turn % 2:
            order = ["sbom", "upload", "--release", place.number, str(path)]
            assert run([*order, "--slot", path.name[:80], "--format", "json"]) == 0
            (said,) = json.loads(capsysbinary.readouterr().out)
        else:
            answer = client.post(
                f"/api/v1/releases/{place.uid}/sboms",
                {"file": SimpleUploadedFile(path.name, path.read_bytes()), "slot": path.name[:80]},
                headers={"Authorization": f"Bearer {text}"},
            )
            assert answer.status_code == 200, answer.text
            said = answer.json()["sbom"]
        found[name] = said["components"]
    assert found == {name: count for name, (count, _gaps) in FILES.items()}
    assert SBOM.objects.for_system("a test").filter(uploaded_by=kz.admin).count() == len(FILES)
