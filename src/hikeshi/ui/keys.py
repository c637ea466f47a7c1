"""The keys of the keyboard, as the help overlay and ``hikeshi.js`` know them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class Key:
    """What one key, or one after another, does."""

    press: tuple[str, ...]
    does: str | Promise


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """Keys that belong together."""

    title: str | Promise
    keys: tuple[Key, ...]


GROUPS: Final = (
    KeyGroup(
        _("Everywhere"),
        (
            Key(("/",), _("Search")),
            Key(("?",), _("Show these keys")),
            Key(("Esc",), _("Close, or leave a field")),
            Key((".",), _("Go to the actions of this page")),
            Key(("u",), _("Show all times in UTC, and back")),
        ),
    ),
    KeyGroup(
        _("Go to"),
        (
            Key(("g", "t"), _("Today")),
            Key(("g", "i"), _("Inbox")),
            Key(("g", "c"), _("Cases")),
            Key(("g", "f"), _("Findings")),
            Key(("g", "p"), _("Products")),
        ),
    ),
    KeyGroup(
        _("In a list"),
        (
            Key(("j",), _("Next row")),
            Key(("k",), _("Previous row")),
            Key(("Enter",), _("Open the row")),
            Key(("x",), _("Select the row; with Shift, all rows from the last one")),
        ),
    ),
    KeyGroup(
        _("In the matrix of releases"),
        (
            Key(("← → ↑ ↓",), _("Go from release to release")),
            Key(("Shift", "→"), _("Select the releases on the way")),
            Key(("Enter",), _("Open who decided, and on what grounds")),
        ),
    ),
    KeyGroup(
        _("On a row or a record"),
        (
            Key(("e",), _("Show the evidence")),
            Key(("d",), _("Decide")),
            Key(("a",), _("Assign")),
            Key(("c",), _("Comment")),
            Key(("v",), _("Group")),
        ),
    ),
)
