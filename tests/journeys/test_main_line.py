"""The whole line as one person walks it, from an empty database to a published advisory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from django.utils import timezone, translation
from playwright.sync_api import Locator, Page, expect

from hikeshi.ledger.worker import drain
from hikeshi.organisation.links import SETUP, issue_link, link_path
from hikeshi.project.cli import run
from hikeshi.triage.models import Case
from tests.formats.csaf.test_write import problems
from tests.plugins.browser import Language, Pages, assert_accessible, assert_fits, shot

pytestmark = pytest.mark.django_db(transaction=True)
CVE = "CVE-2021-23337"


@dataclass
class Walk:
    """One person's way through the pages, in one language."""

    page: Page
    language: Language
    script: bool = True
    pictures: int = 0

    def word(self, text: str, context: str | None = None) -> str:
        """Return a text of ours in the person's language."""
        with translation.override(self.language):
            return translation.pgettext(context, text) if context else translation.gettext(text)

    def press(self, text: str, within: Locator | None = None, context: str | None = None) -> None:
        """Press the button of this name and wait until its place is made anew."""
        place = within or self.page.get_by_role("main")
        place.evaluate("element => { element.dataset.pressed = '1' }")
        place.get_by_role("button", name=self.word(text, context), exact=True).click()
        # Whether a part is exchanged or the whole page, what was pressed goes.
        expect(self.page.locator("[data-pressed]")).to_have_count(0, timeout=20_000)
        self.page.wait_for_load_state("load")

    def follow(self, text: str) -> None:
        """Follow the first link of this name in the page."""
        link = self.page.get_by_role("main").get_by_role("link", name=self.word(text), exact=True)
        link.first.click()

    def fill(self, **values: str) -> None:
        """Write into the fields of these names."""
        for name, value in values.items():
            self.page.locator(f"main [name={name}]").first.fill(value)

    def seen(self, name: str) -> None:
        """Keep a picture of what the person sees, and hold the page to what every page keeps."""
        self.pictures += 1
        if not self.script:
            # The tools of these looks are scripts themselves; the other walks hold the pages to it.
            return
        assert self.page.locator("html").get_attribute("lang") == self.language
        shot(self.page, f"line-{self.pictures:02}-{name}-{self.language}")
        assert_fits(self.page)
        assert_accessible(self.page)


def set_up(walk: Walk) -> None:
    _link, secret = issue_link(purpose=SETUP, at=timezone.now())
    walk.page.goto(link_path(SETUP, secret))
    walk.fill(
        name_ja="風早電機", name_en="Kazahaya Electric", number_prefix="KZ",
        person_name="佐藤 恵", email="sato@kazahaya.example", password="several words in a row",
    )  # fmt: skip
    walk.page.locator("[name=single_person]").check()
    walk.press("Start")
    walk.seen("today")


def know_a_supplier(walk: Walk) -> None:
    walk.page.goto("/directory/add/")
    walk.fill(**{"name": "湊部品", "way-0-address": "psirt@minato.example"})
    walk.press("Add the contact")


def make_a_release(walk: Walk) -> None:
    walk.page.goto("/products/")
    walk.seen("no-products")
    walk.follow("Add a product")
    walk.fill(name_ja="ゲートウェイ", name_en="Gateway", code="GW-10")
    walk.press("Add the product")
    walk.fill(version="4.2.1")
    walk.press("Add the release")


def upload(walk: Walk, sbom: Path) -> None:
    walk.page.locator("[type=file]").first.set_input_files(sbom)
    walk.press("Upload the SBOM")
    drain()


def read_the_feed(walk: Walk, osv: Path, folder: Path) -> None:
    (folder / "npm").symlink_to(osv / "npm")
    assert run(["feed", "sync", "osv", "--from", str(folder), "--as", "sato@kazahaya.example"]) == 0
    drain()


def open_the_case(walk: Walk) -> None:
    walk.page.goto("/findings/")
    walk.seen("findings")
    walk.page.goto(f"/findings/?q={CVE}")
    walk.page.get_by_role("link", name=CVE, exact=True).click()
    walk.page.wait_for_url(f"**/{CVE}/")
    walk.seen("vulnerability")
    walk.press("Open a case")
    walk.fill(title="lodash" if walk.language == "en" else "lodash のコマンド実行")
    walk.press("Open the case")
    expect(walk.page.locator(".embargo")).to_be_visible()
    walk.seen("case")


def fold(walk: Walk, section: str, summary: str) -> Locator:
    """Open a folded form of a section and return the section."""
    place = walk.page.locator(f"#{section}")
    place.locator("summary", has_text=walk.word(summary)).first.click()
    return place


def work_on_it(walk: Walk, proof: Path) -> None:
    place = fold(walk, "people", "Invite")
    place.locator("[name=party]").select_option(label="湊部品")
    place.locator("[name=role]").select_option("supplier")
    walk.press("Invite", place)
    place = fold(walk, "tasks", "Give a task")
    place.locator("[name=title]").fill("Try the patch")
    place.locator("[name=due_at]").fill("2030-01-01T09:00")
    walk.press("Give the task", place)
    place = fold(walk, "files", "Add a file")
    place.locator("[name=file]").set_input_files(proof)
    walk.press("Keep the file", place)
    place = fold(walk, "course", "Write a message")
    place.locator("[name=body]").fill("Please send us the fixed version.")
    walk.press("Send", place)
    expect(walk.page.locator("#course")).to_contain_text("Please send us the fixed version.")
    place = fold(walk, "embargo", "Take a step")
    place.locator("[name=lifts_at]").fill("2030-01-01T09:00")
    walk.press("Record the step", place)
    place = fold(walk, "embargo", "Take a step")
    place.locator("[name=act]").select_option("accept")
    walk.press("Record the step", place)
    expect(walk.page.locator("#embargo")).to_contain_text("2030")


def decide(walk: Walk) -> None:
    place = fold(walk, "matrix", "Decide for the ticked releases")
    place.locator("[type=checkbox][name=release]").first.check()
    place.locator("[name=status]").select_option("known_affected")
    place.locator("[name=action]").select_option(index=1)
    walk.press("Decide", place)
    expect(walk.page.locator("#matrix")).to_contain_text("4.2.1")
    walk.seen("decided")


def publish(walk: Walk) -> str:
    """Write, approve and publish the advisory, and return its number."""
    walk.press("Start an advisory")
    walk.fill(
        title_ja="ゲートウェイのコマンド実行の脆弱性", title_en="Gateway: command injection",
        summary_ja="細工した文字列でコマンドが実行されます。",
        summary_en="A crafted string runs commands.",
        remedy_ja="4.2.2 へ更新してください。", remedy_en="Update to 4.2.2.",
    )  # fmt: skip
    walk.press("Save the text")
    walk.seen("advisory")
    number = walk.page.url.rstrip("/").rpartition("/")[2]
    anonymous = walk.page.request.get(f"/advisories/{number}/", headers={"Cookie": ""})
    assert anonymous.status == 404
    walk.press("Ask for approval")
    walk.press("Approve this text")
    walk.press("Publish now")
    return number


@pytest.mark.parametrize(
    ("language", "script"),
    [("ja", True), ("en", True), ("ja", False)],
    ids=["ja", "en", "without script"],
)
@pytest.mark.requirement("R069")
def test_one_person_takes_a_vulnerability_from_the_feed_to_the_advisory(
    open_page: Pages, shared: Path, tmp_path: Path, language: Language, script: bool
) -> None:
    walk = Walk(open_page(language=language, script=script), language, script)
    open_page.expect("status of 404")
    set_up(walk)
    know_a_supplier(walk)
    make_a_release(walk)
    sbom = shared / "sboms" / "apps" / "goof.cdx.json"
    upload(walk, sbom)
    read_the_feed(walk, shared / "feeds" / "osv", tmp_path)
    open_the_case(walk)
    work_on_it(walk, sbom)
    decide(walk)
    number = publish(walk)

    reader = open_page(language=language, script=script)
    reader.goto(f"/advisories/{number}/?lang={language}")
    walk.page = reader
    walk.seen("public")
    title = {"ja": "ゲートウェイのコマンド実行の脆弱性", "en": "Gateway: command injection"}
    expect(reader.get_by_role("heading", level=1)).to_have_text(title[language])
    document = reader.request.get(f"/advisories/{number.lower()}.json").body()
    assert problems(document) == []
    assert [one["cve"] for one in orjson.loads(document)["vulnerabilities"]] == [CVE]
    assert Case.objects.for_system("the end of the line").get().wall.ended_at is not None
    assert run(["audit", "verify"]) == 0
