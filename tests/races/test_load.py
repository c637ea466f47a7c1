"""Several web processes and workers under several users at once, for a minute: nothing fails.

Runs where several processes write at once, on PostgreSQL.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from django.conf import settings
from django.test import Client

from hikeshi.ledger.models import Job
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Role
from hikeshi.stakeholders.models import Contact
from tests.builders import firm, person
from tests.triage.cases import opened

pytestmark = [
    pytest.mark.soak,
    pytest.mark.skipif(
        os.environ.get("HIKESHI_TEST_DATABASE") != "postgresql", reason="needs many writers"
    ),
]
USERS, SECONDS = 8, 60
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
KEY = re.compile(r'name="form_key" value="([^"]+)"')
PAGES = ("/", "/cases/", "/products/", "/directory/", "/search/?q=Command", "/api/v1/cases")


@pytest.fixture
def served(file_database: dict[str, str]) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    order = [
        sys.executable, "-m", "hikeshi", "serve", "--port", str(port),
        "--web-processes", "3", "--worker-processes", "2",
    ]  # fmt: skip
    place = {"HIKESHI_DATA": str(settings.DATA_DIR), "HIKESHI_LOG_LEVEL": "ERROR"}
    with (Path(settings.DATA_DIR) / "load.log").open("wb") as log:
        process = subprocess.Popen(
            order, env=file_database | place, stdout=log, stderr=subprocess.STDOUT
        )
        address = f"http://127.0.0.1:{port}"
        until = time.monotonic() + 60
        while time.monotonic() < until and process.poll() is None:
            try:
                if httpx.get(f"{address}/healthz").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.2)
        yield address
        process.terminate()
        process.wait(60)


def session_of(account: Account) -> dict[str, str]:
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return {settings.SESSION_COOKIE_NAME: client.cookies[settings.SESSION_COOKIE_NAME].value}


class User(threading.Thread):
    """Reads pages, and adds contacts by sending each form twice."""

    def __init__(self, address: str, cookies: dict[str, str], company: int, until: float) -> None:
        super().__init__()
        self.client = httpx.Client(base_url=address, cookies=cookies, timeout=60)
        self.company, self.until = company, until
        self.statuses: Counter[int] = Counter()
        self.seconds: list[float] = []
        self.added: set[str] = set()
        self.trouble: list[str] = []

    def run(self) -> None:
        try:
            with self.client:
                while time.monotonic() < self.until:
                    for path in PAGES:
                        self.ask("GET", path)
                    self.add()
        except httpx.HTTPError as error:
            self.trouble.append(repr(error))

    def ask(self, method: str, path: str, **more: object) -> httpx.Response:
        begun = time.monotonic()
        answer = self.client.request(method, path, **more)  # type: ignore[arg-type]
        self.seconds.append(time.monotonic() - begun)
        self.statuses[answer.status_code] += 1
        return answer

    def add(self) -> None:
        page = self.ask("GET", "/directory/add/").text
        token, key = TOKEN.search(page), KEY.search(page)
        assert token is not None
        assert key is not None
        form = {
            "csrfmiddlewaretoken": token[1], "form_key": key[1], "company": self.company,
            "kind": "supplier", "name": f"load {key[1]}", "languages": "ja",
            "way-TOTAL_FORMS": "0", "way-INITIAL_FORMS": "0",
        }  # fmt: skip
        places = {
            self.ask("POST", "/directory/add/", data=form).headers.get("Location", "")
            for _twice in range(2)
        }
        if len(places) != 1 or "" in places:
            self.trouble.append(f"a form sent twice led to {sorted(places)}")
        self.added |= places


@pytest.mark.django_db(transaction=True)
def test_many_users_for_a_minute(served: str, tell: Callable[[str], None]) -> None:
    kazahaya = firm()
    people = [person(f"u{n}@kazahaya.example", kazahaya.company, Role.LEAD) for n in range(USERS)]
    for who in people:
        opened(kazahaya, by=who)
    until = time.monotonic() + SECONDS
    users = [User(served, session_of(who), kazahaya.company.pk, until) for who in people]
    for user in users:
        user.start()
    for user in users:
        user.join(SECONDS + 120)
    statuses = sum((user.statuses for user in users), Counter())
    seconds = sorted(one for user in users for one in user.seconds)
    added = set().union(*(user.added for user in users))
    tell(
        f"{len(seconds)} requests by {USERS} users in {SECONDS} s: {dict(statuses)}; "
        f"median {seconds[len(seconds) // 2] * 1000:.0f} ms, "
        f"95% within {seconds[len(seconds) * 95 // 100] * 1000:.0f} ms; "
        f"{len(added)} contacts, each from a form sent twice"
    )
    assert [trouble for user in users for trouble in user.trouble] == []
    assert set(statuses) <= {200, 302, 429}
    assert Contact.objects.for_system("counted").count() == len(added)
    assert not Job.objects.for_system("counted").filter(state="failed").exists()
