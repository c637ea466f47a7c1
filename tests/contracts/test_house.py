"""The rules of the house that import-linter cannot see."""

from __future__ import annotations

import ast
import io
import re
import socket
import subprocess
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models

from tests.plugins.network import NotLoopback
from tests.plugins.requirements import requirements_in

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "hikeshi"
# Highest first, as in pyproject.toml.
ARROW = [
    "project", "maturity", "education", "assurance", "disclosure", "remediation", "triage",
    "matching", "intelligence", "intake", "inventory", "stakeholders", "records", "ledger",
    "organisation", "ui",
]  # fmt: skip
LONGEST_FILE = 800
LONGEST_FUNCTION = 80


def _sources() -> list[Path]:
    return [path for path in sorted(SOURCE.rglob("*.py")) if "migrations" not in path.parts]


def _links() -> list[tuple[type[models.Model], models.ForeignKey[models.Model, models.Model]]]:
    return [
        (model, field)
        for app in apps.get_app_configs()
        if app.name.startswith("hikeshi.")
        for model in app.get_models(include_auto_created=True)
        for field in model._meta.get_fields()
        if isinstance(field, models.ForeignKey)
    ]


def test_a_key_across_areas_protects_and_leaves_no_way_back() -> None:
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model, field in _links()
        if field.related_model._meta.app_label != model._meta.app_label
        and field.related_model._meta.app_label in ARROW
        and (not field.remote_field.hidden or field.remote_field.on_delete is not models.PROTECT)
    ]
    assert wrong == []


def test_no_key_points_up_the_arrow() -> None:
    wrong = [
        f"{model._meta.label}.{field.name}"
        for model, field in _links()
        if field.related_model._meta.app_label in ARROW
        and ARROW.index(field.related_model._meta.app_label) < ARROW.index(model._meta.app_label)
    ]
    assert wrong == []


@pytest.mark.django_db
def test_the_migrations_say_what_the_models_say() -> None:
    said = io.StringIO()
    try:
        call_command("makemigrations", "--check", "--dry-run", stdout=said, stderr=said)
    except SystemExit:
        pytest.fail(said.getvalue())


def test_files_and_functions_stay_readable() -> None:
    long = []
    for path in _sources():
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT)
        if text.count("\n") > LONGEST_FILE:
            long.append(f"{name} is longer than {LONGEST_FILE} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    long.append(f"{name}:{node.lineno} {node.name} has {lines} lines")
    assert long == []


def test_only_remote_fetches() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports urllib.request"
        for path in _sources()
        if "remote" not in path.parts
        and re.search(r"^\s*(import|from) urllib\.request", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert wrong == []


def test_the_tree_names_no_registry_and_no_machine() -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    # Written in pieces, so that this file does not name them either.
    parts = (("registry.npm", "js.org"), ("files.python", "hosted.org"), ("pypi.", "org/simple"))
    hosts = [first + last for first, last in parts]
    found = []
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file():
            text = path.read_bytes()
            places = [*hosts, "/" + "work/", "/home/" + "runner"]
            found += [f"{name}: {place}" for place in places if place.encode() in text]
    assert found == []


def test_tests_reach_this_machine_only() -> None:
    with socket.socket() as asked, pytest.raises(NotLoopback, match=r"not 192\.0\.2\.1"):
        asked.connect(("192.0.2.1", 80))


def test_the_list_of_requirements_is_read_whole(shared: Path) -> None:
    text = (shared / "reference" / "requirements.md").read_text(encoding="utf-8")
    assert list(requirements_in(text)) == [f"R{number:03}" for number in range(1, 184)]
