"""What machines ask: alive, ready, figures."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hikeshi.intelligence.models import FeedSetting, Run, RunState
from hikeshi.ledger.models import OutboxMessage
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


def test_figures_say_how_old_feeds_and_waiting_messages_are(client: Client, settings: Any) -> None:
    now = timezone.now()
    kazahaya = firm()
    settings.METRICS_TOKEN = "prometheus"
    FeedSetting.objects.create(family="osv", is_on=True, failed="the server answers 503")
    for number, hours in ((1, 30), (2, 3)):
        Run.objects.create(
            number=number, family="kev", origin="secret-place", state=RunState.CLOSED,
            started_at=now, closed_at=now - timedelta(hours=hours),
        )  # fmt: skip
    OutboxMessage.objects.create(
        kind="case.told", key="1", company=kazahaya.company,
        created_at=now - timedelta(hours=2), next_at=now - timedelta(minutes=1),
    )  # fmt: skip
    answer = client.get("/metrics", headers={"Authorization": "Bearer prometheus"})
    said = dict(line.rsplit(" ", 1) for line in answer.content.decode().splitlines())
    assert said['hikeshi_feed_on{feed="osv"}'] == "1.0"
    assert said['hikeshi_feed_failing{feed="osv"}'] == "1.0"
    assert said['hikeshi_feed_failing{feed="kev"}'] == "0.0"
    assert 3 <= float(said['hikeshi_feed_age_seconds{feed="kev"}']) / 3600 < 3.1
    assert 'hikeshi_feed_age_seconds{feed="osv"}' not in said, "never read"
    assert 2 <= float(said["hikeshi_outbox_oldest_wait_seconds"]) / 3600 < 2.1
    # Only states and names of feeds stand beside figures.
    told = answer.content.decode()
    assert set(re.findall(r"{(\w+)=", told)) == {"feed", "state"}
    assert "secret-place" not in told
    assert "kazahaya" not in told
