"""The pages of cases, publications, contacts and the public site, in a real browser."""

from __future__ import annotations

import pytest

from hikeshi.disclosure.publishing import publish_advisory
from hikeshi.disclosure.scheduling import schedule_publication
from hikeshi.triage.queries import vulnerabilities_of
from tests.builders import NOW, seen_by
from tests.disclosure.drafts import Stage, approved, decided, drafted, stage
from tests.plugins.browser import Look, Pages

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def one() -> Stage:
    return decided(stage())


def test_the_inside_pages_fit_and_are_open_to_all(look: Look, one: Stage) -> None:
    advisory = approved(one)
    schedule_publication(
        advisory=advisory, publish_at=NOW.replace(year=2099), by=seen_by(one.approver), at=NOW
    )
    [subject] = vulnerabilities_of(one.case)
    case = f"/cases/{one.case.number}/"
    for name, path in {
        "case": case, "score": f"{case}vulnerabilities/{subject.uid}/score/",
        "publication": f"/publications/{advisory.number}/", "publications": "/publications/",
    }.items():  # fmt: skip
        look(path, as_=one.approver, name=name)


def test_the_public_pages_fit_and_are_open_to_all(look: Look, one: Stage) -> None:
    revision = publish_advisory(advisory=approved(one), by=seen_by(one.approver), at=NOW)
    look("/advisories/", as_=None, name="advisories")
    look(f"/advisories/{revision.number}/", as_=None, name="advisory")


def test_arrows_walk_the_matrix_and_shift_takes_releases_along(
    open_page: Pages, one: Stage
) -> None:
    page = open_page(one.approver)
    page.goto(f"/cases/{one.case.number}/")
    boxes = page.locator("table.matrix input[type=checkbox]")
    focused = "document.activeElement.value"
    first, second, third = (boxes.nth(place).get_attribute("value") for place in range(3))
    boxes.nth(0).focus()
    page.keyboard.press("ArrowDown")
    assert page.evaluate(focused) in {second, third}
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == first
    page.keyboard.press("Shift+ArrowDown")
    assert page.locator("table.matrix input:checked").count() == 2
    page.keyboard.press("Enter")
    page.wait_for_url("**/decisions/**")


def test_on_paper_is_what_was_decided_and_nothing_to_press(open_page: Pages, one: Stage) -> None:
    advisory = drafted(one)
    page = open_page(one.approver)
    page.emulate_media(media="print")
    page.goto(f"/cases/{one.case.number}/")
    assert page.locator(".embargo").is_visible()
    assert page.locator("table.matrix").is_visible()
    for away in (".nav", ".topbar", ".fold >> nth=0", ".btn >> nth=0", ".matrix input >> nth=0"):
        assert not page.locator(away).is_visible(), away
    page.goto(f"/publications/{advisory.number}/")
    assert page.locator("#preview").is_visible()
