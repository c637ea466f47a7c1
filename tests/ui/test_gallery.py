"""Every part, seen by a browser: both languages, light and dark, wide and narrow."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from tests.builders import firm
from tests.plugins.browser import WAYS, Look, Pages

ALL_WAYS = (*WAYS, *((w, "dark" if s == "light" else "light", lang) for w, s, lang in WAYS))


@pytest.mark.django_db
def test_the_gallery_is_for_developers_alone(client: Client) -> None:
    assert client.get("/settings/gallery/").status_code == 404


@pytest.mark.django_db
def test_the_title_of_a_walled_record_is_its_number_alone(client: Client, settings: Any) -> None:
    settings.DEBUG = True
    page = client.get("/settings/gallery/").content.decode()
    title = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert title is not None
    assert title[1] == "KZ-2026-0042 · Hikeshi"
    assert "is-embargoed" in page


@pytest.mark.django_db(transaction=True)
def test_every_part_fits_and_is_open_to_all(look: Look, settings: Any) -> None:
    settings.DEBUG = True
    look("/settings/gallery/", as_=firm().admin, ways=ALL_WAYS)  # type: ignore[arg-type]


@pytest.mark.django_db(transaction=True)
def test_keys_walk_the_rows_and_select(open_page: Pages, settings: Any) -> None:
    settings.DEBUG = True
    page = open_page(firm().admin)
    page.goto("/settings/gallery/")
    assert page.locator("[data-bulk]").is_hidden()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("tr[data-here]").get_attribute("id") == "row-1"
    assert page.locator("[data-bulk-count]").inner_text() == "1 selected"
    page.keyboard.press("?")
    assert page.locator("dialog#keys").is_visible()
    page.keyboard.press("Escape")
    assert page.locator("dialog#keys").is_hidden()
    page.keyboard.press("/")
    page.keyboard.type("x?")
    assert page.locator("tr[data-here]").get_attribute("id") == "row-1"


@pytest.mark.django_db(transaction=True)
def test_a_press_on_a_moment_shows_utc(open_page: Pages, settings: Any) -> None:
    settings.DEBUG = True
    page = open_page(firm().admin)
    page.goto("/settings/gallery/")
    moment = page.locator(".clock time[data-utc]").first
    moment.click()
    assert moment.inner_text().endswith("UTC")
    moment.click()
    assert moment.inner_text().endswith("JST")


@pytest.mark.django_db(transaction=True)
def test_dark_stays_chosen(open_page: Pages) -> None:
    admin = firm().admin
    page = open_page(admin)
    page.goto("/keys/")
    page.locator(".nav-foot button[value=dark]").click()
    page.wait_for_load_state()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    admin.refresh_from_db()
    assert admin.theme == "dark"
