"""The list of areas, lowest first, and how each brings its parts."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Final

AREAS: Final = [
    "ui",
    "organisation",
    "ledger",
    "records",
    "stakeholders",
    "inventory",
    "intelligence",
    "matching",
    "triage",
    "disclosure",
    "project",
]


def parts(name: str) -> list[ModuleType]:
    """Import ``<area>.<name>`` of every area that has it, lowest first."""
    found = []
    for area in AREAS:
        module = f"hikeshi.{area}.{name}"
        if find_spec(f"hikeshi.{area}") is not None and find_spec(module) is not None:
            found.append(import_module(module))
    return found
