"""Headers, fonts and scripts: nothing inline, nothing from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

import hikeshi
from hikeshi.ui.fonts import FONTS

TEMPLATES = sorted(Path(hikeshi.__file__).parent.rglob("templates/**/*.html"))


@pytest.mark.django_db
def test_every_answer_carries_the_policy(client: Client) -> None:
    for address in ("/more/", "/no/such/page/"):
        policy = client.get(address)["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy


@pytest.mark.pure
@pytest.mark.parametrize("path", TEMPLATES, ids=str)
def test_no_template_needs_what_the_policy_forbids(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)", text), "inline script"
    assert not re.search(r"<style|\bstyle\s*=", text), "inline style"
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text), "inline handler"
    assert not re.search(r"(?:src|href)=[\"'](?:https?:)?//", text), "from elsewhere"


@pytest.mark.pure
@pytest.mark.parametrize("name", [*FONTS, "django_htmx/htmx-2.min.js", "ui/theme.css"])
def test_what_the_shell_names_is_found(name: str) -> None:
    found = finders.find(name)
    assert isinstance(found, str)
    assert Path(found).is_file()


@pytest.mark.pure
def test_every_static_file_that_a_template_names_exists() -> None:
    named = {
        name
        for path in TEMPLATES
        for name in re.findall(r"{% static ['\"]([^'\"]+)['\"]", path.read_text())
    }
    assert [name for name in sorted(named) if finders.find(name) is None] == []


@pytest.mark.django_db
def test_fonts_are_served_and_may_be_kept_for_ever(client: Client) -> None:
    answer = client.get("/static/ui/fonts/inter-4.1.ttf")
    assert answer.status_code == 200
    assert "immutable" in answer["Cache-Control"]
    answer.close()
