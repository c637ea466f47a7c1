"""The shell around every page, in a real browser."""

from __future__ import annotations

import pytest

from tests.builders import firm
from tests.plugins.browser import Look, Pages

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("path", ["/", "/directory/", "/keys/", "/more/"])
def test_a_page_fits_every_window_and_is_open_to_all(look: Look, path: str) -> None:
    look(path, as_=firm().admin)


def test_a_missing_page_says_so(look: Look) -> None:
    look("/no-such-page/", as_=firm().admin, status=404, name="missing")


def test_pages_are_read_without_script(open_page: Pages) -> None:
    page = open_page(firm().admin, script=False)
    page.goto("/directory/")
    assert page.locator("h1").inner_text() == "Directory"
