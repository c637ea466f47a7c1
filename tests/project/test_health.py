"""What machines ask: alive, ready, figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from tests.builders import firm

pytestmark = pytest.mark.django_db


def test_alive_and_ready(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").json() == {"ready": True, "missing": []}


def test_without_its_key_file_it_is_not_ready(
    client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.KEY_FILE = tmp_path / "none"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["missing"] == ["key file"]


def test_figures_are_for_who_holds_the_token(client: Client, settings: Any) -> None:
    firm()
    assert client.get("/metrics").status_code == 404
    settings.METRICS_TOKEN = "prometheus"
    assert client.get("/metrics").status_code == 404
    answer = client.get("/metrics", headers={"Authorization": "Bearer prometheus"})
    assert answer.status_code == 200
    assert "hikeshi_workers 0.0" in answer.content.decode()
    assert "hikeshi_audit_unsealed" in answer.content.decode()
