"""The feeds page: everybody reads how fresh feeds are, those with the right run them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse

from hikeshi.intelligence.models import FeedSetting, SignalKind
from hikeshi.ledger.models import Job
from hikeshi.organisation.roles import Role
from tests.builders import firm, person
from tests.intelligence.osv import npm, record, sync
from tests.intelligence.test_signals import kev
from tests.intelligence.test_signals import sync as sync_list

pytestmark = pytest.mark.django_db


def test_the_page_names_what_is_read_refused_and_missing(client_as: Any, tmp_path: Path) -> None:
    sync(npm(tmp_path, record("GHSA-1", published="2024-01-01T00:00:00Z"), b"{"))
    sync_list(SignalKind.KEV, kev(tmp_path, "CVE-2021-0001", count=9))
    answer = client_as(firm().admin).get(reverse("intelligence:feeds"))
    page = answer.content.decode()
    assert "osv/npm/bad-1.json" in page
    assert "CC0-1.0" in page
    alarms = {card["state"].feed.family: card["state"].alarm for card in answer.context["cards"]}
    assert alarms == {"osv": "stale", "kev": "incomplete", "epss": "never"}


def test_pressing_the_button_gives_one_job_and_the_switch_is_kept(client_as: Any) -> None:
    client = client_as(firm().admin)
    for _press in range(2):
        assert client.post(reverse("intelligence:run_now", args=["kev"])).status_code == 302
    assert Job.objects.for_system("test").filter(name="intelligence.fetch").count() == 1
    client.post(reverse("intelligence:switch", args=["kev"]), {"on": "1"})
    assert FeedSetting.objects.get(family="kev").is_on
    assert client.post(reverse("intelligence:run_now", args=["nvd"])).status_code == 404


def test_a_reader_sees_the_feeds_and_runs_none(client_as: Any) -> None:
    kz = firm()
    client = client_as(person("r@kazahaya.example", kz.company, Role.READER))
    assert client.get(reverse("intelligence:feeds")).status_code == 200
    assert client.post(reverse("intelligence:run_now", args=["kev"])).status_code == 403


def test_only_who_runs_feeds_sees_where_their_files_lie(client_as: Any, tmp_path: Path) -> None:
    kz = firm()
    path = kev(tmp_path, "CVE-2021-0001")
    sync_list(SignalKind.KEV, path)
    reader = person("r@kazahaya.example", kz.company, Role.READER)
    for account, origin in ((kz.admin, str(path.resolve())), (reader, path.name)):
        answer = client_as(account).get(reverse("intelligence:feeds"))
        cards = {card["state"].feed.family: card for card in answer.context["cards"]}
        assert cards["kev"]["origin"] == origin
        assert (str(tmp_path.resolve()) in answer.content.decode()) == (account == kz.admin)


def test_the_page_asks_as_many_queries_however_much_was_read(
    client_as: Any, tmp_path: Path, django_assert_max_num_queries: Any
) -> None:
    client = client_as(firm().admin)
    sync(npm(tmp_path, *(record(f"GHSA-{n}") for n in range(60)), b"{", b"["))
    sync_list(SignalKind.KEV, kev(tmp_path, "CVE-2021-0001"))
    with django_assert_max_num_queries(40):
        client.get(reverse("intelligence:feeds"))
