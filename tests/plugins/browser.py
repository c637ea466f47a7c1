"""A real browser on pages that are really served: fixtures and what is asked of every page.

``live``      the address of a server of this process, on the test's database.
``open_page`` makes a page: for whom, in which language, light or dark, how wide, with script?
``page``      one page for nobody, in English, 1440 wide.
``look``      opens an address in several ways, and in each asks axe, the layout and the console.
``shot``      writes a screenshot to ``.cache/shots``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from tests.plugins.chromium import CACHE, NoBrowser, find_chromium, node

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

    from hikeshi.organisation.models import Account

Language = Literal["ja", "en"]
Scheme = Literal["light", "dark"]
HEIGHTS = {1440: 900, 390: 844}
# Each value of each kind at least twice, in four openings instead of eight.
WAYS: tuple[tuple[int, Scheme, Language], ...] = (
    (1440, "light", "en"),
    (1440, "dark", "ja"),
    (390, "light", "ja"),
    (390, "dark", "en"),
)
_FLAGS = [
    "--no-sandbox",  # root and containers have none
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    # Whatever a page asks for, nothing but this machine is asked.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
]


@pytest.hookimpl(tryfirst=True)  # before -m chooses by the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens a browser: a run that leaves it out must not depend on a forgotten mark."""
    for item in items:
        if "open_page" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    try:
        chromium = find_chromium()
    except NoBrowser as error:
        pytest.fail(f"no browser: {error}")
    # Playwright keeps an event loop in this thread, which Django takes for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    # The one that Playwright ships wants libatomic, which a bare Debian or Ubuntu lacks.
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", str(node()))
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=chromium.program,
            args=_FLAGS,
            env={**os.environ, **chromium.environment},
        )
        yield started
        started.close()


@pytest.fixture
def live(live_server: Any) -> str:
    """The address of a server on the test's database, such as ``http://localhost:40123``."""
    return str(live_server.url)


@dataclass
class Pages:
    """Open pages for one test, and hear what they complain about."""

    browser: Browser
    address: str
    complaints: list[str] = field(default_factory=list)
    expected: set[str] = field(default_factory=set)

    def __call__(
        self,
        account: Account | None = None,
        *,
        language: Language = "en",
        scheme: Scheme = "light",
        width: int = 1440,
        script: bool = True,
    ) -> Page:
        """Return a blank page of a new session; a path given to ``goto`` is on the live server."""
        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": width, "height": HEIGHTS.get(width, 900)},
            locale={"ja": "ja-JP", "en": "en-GB"}[language],
            timezone_id="Asia/Tokyo",
            color_scheme=scheme,
            java_script_enabled=script,
            reduced_motion="reduce",
        )
        if account is not None:
            type(account)._default_manager.filter(pk=account.pk).update(language=language)
            context.add_cookies([self._session(account)])
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("console", self._hear)
        return page

    def expect(self, *complaints: str) -> None:
        """Let these parts of complaints pass, such as ``"409"`` where a test provokes one."""
        self.expected.update(complaints)

    def unexpected(self) -> list[str]:
        """Return the complaints that no test asked for."""
        return [c for c in self.complaints if not any(part in c for part in self.expected)]

    def close(self) -> None:
        """Close every page that this test has opened."""
        for context in self.browser.contexts:
            context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} ({message.location.get('url')})")

    def _session(self, account: Account) -> Any:
        from django.conf import settings
        from django.test import Client

        client = Client()
        client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        return {"name": settings.SESSION_COOKIE_NAME, "value": key, "url": self.address}


@pytest.fixture
def open_page(browser: Browser, live: str) -> Iterator[Pages]:
    pages = Pages(browser, live)
    yield pages
    pages.close()
    assert pages.unexpected() == [], "a page complained; see Pages.expect"


@pytest.fixture
def page(open_page: Pages) -> Page:
    return open_page()


def shot(page: Page, name: str) -> Path:
    """Write a picture of the whole page to ``.cache/shots`` and return its path."""
    folder = CACHE / "shots"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path


def assert_accessible(page: Page) -> None:
    """Fail when axe finds a breach of WCAG 2.2 A or AA, or of good practice, on the page."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, f"{page.url}\n{found.generate_report()}"


def assert_fits(page: Page) -> None:
    """Fail when the page itself scrolls sideways; boxes inside may."""
    wider = page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert wider <= 0, f"{page.url} is {wider} px wider than its window"


@dataclass
class Look:
    """Open an address in several ways, and ask of each what every page must keep."""

    open_page: Pages

    def __call__(
        self,
        path: str,
        *,
        as_: Account | None = None,
        name: str = "",
        status: int = 200,
        ways: tuple[tuple[int, Scheme, Language], ...] = WAYS,
    ) -> None:
        """Fail unless the page answers ``status``, fits its window and satisfies axe each time.

        name: what the pictures are called; made from the path when empty.
        """
        called = name or path.partition("?")[0].strip("/").replace("/", "-") or "today"
        if status >= 400:
            self.open_page.expect(f"status of {status}")
        for width, scheme, language in ways:
            page = self.open_page(as_, language=language, scheme=scheme, width=width)
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == status, f"{path} answered {answer.status}"
            assert page.locator("html").get_attribute("lang") == language
            # The picture first: it shows what the checks below complain about.
            shot(page, f"{called}-{width}-{scheme}-{language}")
            assert_fits(page)
            assert_accessible(page)
            page.context.close()


@pytest.fixture
def look(open_page: Pages) -> Look:
    return Look(open_page)
