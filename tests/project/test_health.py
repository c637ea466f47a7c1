"""What machines ask: alive, ready, figures."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from hikeshi.intelligence.models import FeedSetting, Run, RunState
from hikeshi.ledger.models import OutboxMessage
from hikeshi.project import traffic
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
    told = told.partition("# HELP hikeshi_http")[0]
    assert set(re.findall(r"{(\w+)=", told)) == {"feed", "state"}
    assert "secret-place" not in told
    assert "kazahaya" not in told


def test_requests_are_counted_by_route_and_name_nobody(client_as: Any, settings: Any) -> None:
    settings.METRICS_TOKEN = "prometheus"
    kazahaya = firm()
    client = client_as(kazahaya.admin)
    for number in ("KZ-2026-7777", "KZ-2026-8888"):
        assert client.get(f"/cases/{number}/?q=kanariya").status_code == 404
    client.get("/nowhere/kanariya/")
    client.generic("KANARIYA", "/cases/")
    answer = client.get("/metrics", headers={"Authorization": "Bearer prometheus"})
    said = answer.content.decode()
    found = re.findall(r"hikeshi_http_requests_total{(.*)} ([\d.]+)", said)
    counted = {labels: float(figure) for labels, figure in found}
    case = 'method="GET",route="triage:case",status="4xx"'
    assert counted[case] >= 2
    assert counted['method="GET",route="none",status="4xx"'] >= 1
    assert any('method="other"' in labels for labels in counted)
    timed = 'hikeshi_http_request_seconds_bucket{le="10.0",method="GET",route="triage:case"}'
    assert timed in said
    assert "KZ-" not in said
    assert "anariya" not in said.lower()


def test_figures_of_several_web_processes_are_added_and_outlive_them(tmp_path: Path) -> None:
    code = (
        "import sys; from hikeshi.project import traffic as r;"
        "r.COUNT.labels('triage:case', 'GET', '2xx').inc(int(sys.argv[1]));"
        "from prometheus_client import generate_latest;"
        "print(generate_latest(r.counted()).decode(), flush=True); sys.stdin.read()"
    )
    env = {**os.environ, traffic.FOLDER: str(tmp_path), "PYTHONPATH": "src"}
    env["DJANGO_SETTINGS_MODULE"] = "hikeshi.project.settings"

    def process(count: int) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", code, str(count)], env=env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    first, second = process(1), process(2)
    deadline = time.monotonic() + 20
    while len(list(tmp_path.glob("counter_*.db"))) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    first.communicate()
    second.communicate()
    said, _errors = process(4).communicate()
    assert 'status="2xx"} 7.0' in said
    assert len(list(tmp_path.glob("counter_*.db"))) == 2, "the third went on in a slot of the first"
