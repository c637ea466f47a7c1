"""From an empty database to the first findings: one person without training, in the browser.

Nobody types an address: each page must say itself what to do next, and only that is followed.
"""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from hikeshi.intelligence import feeds
from hikeshi.ledger.worker import drain
from hikeshi.organisation.links import SETUP, issue_link, link_path
from hikeshi.organisation.models import Account, Company
from tests.plugins.browser import assert_accessible, assert_fits, shot

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)
MOST_ACTS = 6
RECORDS = 500
# What a page says is next: the bar, else an empty state, else the form's one filled button.
NEXT = (
    "main .next a.btn-primary",
    "main .empty a.btn",
    "main section:has(#first-steps) li a",
    "main form:not([role=search]) button.btn-primary",
)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_told: Any) -> None:
        """Say nothing."""


@pytest.fixture
def osv_source(shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Some of the real npm records, served where the feed is fetched from."""
    (tmp_path / "npm").mkdir()
    with (
        zipfile.ZipFile(shared / "feeds" / "osv" / "npm" / "all.zip") as every,
        zipfile.ZipFile(tmp_path / "npm" / "all.zip", "w") as some,
    ):
        for name in sorted(every.namelist())[:RECORDS]:
            some.writestr(name, every.read(name))
    serving = partial(_Quiet, directory=str(tmp_path))
    server = ThreadingHTTPServer(("127.0.0.1", 0), serving)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    osv = replace(feeds.FEEDS["osv"], files={"npm/all.zip": f"{address}/npm/all.zip"})
    monkeypatch.setattr(feeds, "FEEDS", {**feeds.FEEDS, "osv": osv})
    yield
    server.shutdown()
    server.server_close()


def go_on(page: Page, name: str) -> None:
    """Hold the page to what every page keeps, and follow what it says is next."""
    assert_fits(page)
    for said in NEXT:
        if page.locator(said).count():
            page.locator("html").evaluate("element => { element.dataset.left = '1' }")
            page.locator(said).first.click()
            page.wait_for_selector("html:not([data-left])")
            page.wait_for_load_state("load")
            return
    pytest.fail(f"{name}: {page.url} says nothing of what is next")


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("ja", 390)])
def test_one_person_comes_from_nothing_to_the_first_findings(
    open_page: Any, language: str, width: int, osv_source: None, shared: Path
) -> None:
    _link, secret = issue_link(purpose=SETUP, at=timezone.now())
    page: Page = open_page(language=language, width=width, scheme="light")
    page.goto(link_path(SETUP, secret))
    acts = 0
    field = "name_en" if language == "en" else "name_ja"
    for name, text in (
        (field, "Kazahaya Electric" if language == "en" else "風早電機"),
        ("person_name", "Sato Megumi"),
        ("email", "sato@kazahaya.example"),
        ("password", "several words in a row"),
    ):
        page.locator(f"[name={name}]").fill(text)
        acts += 1
    go_on(page, "set-up")
    acts += 1
    assert acts <= MOST_ACTS
    steps = page.locator("section", has=page.locator("#first-steps"))
    assert steps.locator("li").count() == 6
    assert steps.locator("li .badge-good").count() == 0
    shot(page, f"first-steps-{width}-light-{language}")
    assert_accessible(page)
    assert Company.objects.get().prefix == ("KE" if language == "en" else "PS")
    go_on(page, "today")
    page.locator(f"main [name={field}]").fill("Gate")
    go_on(page, "new product")
    page.locator("main [name=version]").fill("4.2.1")
    go_on(page, "new release")
    assert page.locator("main .next").is_visible()
    page.locator("[type=file]").set_input_files(shared / "sboms" / "apps" / "goof.cdx.json")
    go_on(page, "release without an SBOM")
    shot(page, f"first-sbom-{width}-light-{language}")
    go_on(page, "release with an SBOM")
    go_on(page, "feeds, nothing read")
    assert page.locator("#feeds .notice[role=status]").is_visible()
    drain()
    # The page looks again by itself.
    page.locator("main .next a").wait_for()
    shot(page, f"first-feed-{width}-light-{language}")
    assert_accessible(page)
    go_on(page, "feeds, one read")
    rows = page.locator("main tbody tr")
    assert rows.count() > 3
    shot(page, f"first-findings-{width}-light-{language}")
    rows.first.locator("a").first.click()
    page.wait_for_url("**/vulnerabilities/**")
    assert page.locator("main .actions .btn-primary, .actions .btn-primary").count()
    page.goto("/")
    assert steps.locator("li .badge-good").count() == 3
    steps.locator("button").click()
    page.locator("#first-steps").wait_for(state="detached")
    assert Account.objects.get().first_steps_hidden
    page.locator("aside form button").click()
    page.locator("#first-steps").wait_for()


def test_a_step_that_is_done_says_so(client: Any) -> None:
    from tests.builders import firm, person
    from tests.inventory.stock import gate

    kazahaya = firm()
    client.force_login(kazahaya.admin)
    assert "0 of 6 done" in client.get("/?lang=en").content.decode()
    gate(kazahaya)
    person("r@kazahaya.example", kazahaya.company)
    assert "2 of 6 done" in client.get("/?lang=en").content.decode()


def test_a_reader_gets_no_steps(client: Any) -> None:
    from hikeshi.organisation.roles import Role
    from tests.builders import firm, person

    client.force_login(person("r@kazahaya.example", firm().company, Role.READER))
    assert "first-steps" not in client.get("/").content.decode()
