"""From an empty database to the first page: one person, in the browser, in two minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from hikeshi.organisation.links import SETUP, issue_link, link_path
from hikeshi.organisation.models import Account, Company
from tests.plugins.browser import assert_accessible, assert_fits, shot

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.django_db(transaction=True)
MOST_ACTS = 6


@pytest.mark.parametrize(("language", "width"), [("en", 1440), ("ja", 390)])
def test_one_person_sets_up_and_reads_what_to_do_next(
    open_page: Any, language: str, width: int
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
    page.locator("main form button.btn-primary").click()
    acts += 1
    assert acts <= MOST_ACTS
    page.wait_for_url("**/")
    steps = page.locator("section", has=page.locator("#first-steps"))
    assert steps.locator("li").count() == 6
    assert steps.locator("li .badge-good").count() == 0
    shot(page, f"first-steps-{width}-light-{language}")
    assert_fits(page)
    assert_accessible(page)
    assert Company.objects.get().prefix == ("KE" if language == "en" else "PS")
    steps.locator("a").first.click()
    page.wait_for_url("**/products/new/")
    page.goto("/")
    steps.locator("button").click()
    page.wait_for_url("**/")
    page.locator("#first-steps").wait_for(state="detached")
    assert Account.objects.get().first_steps_hidden


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
