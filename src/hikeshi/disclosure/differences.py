"""What one edition of an advisory says other than the one before it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from hikeshi.triage.models import StatusChoice
from hikeshi.triage.scores import score

Content = Mapping[str, Any]


def differences(before: Content, after: Content) -> list[str]:
    """Compare two editions in one language, as revisions keep them; sentences in the page's own.

    In the order in which an advisory is read: title, texts, products, scores, the rest.
    """
    said = []
    if before["title"] != after["title"]:
        said.append(_("The title was “%(old)s”.") % {"old": before["title"]})
    said += _texts(_notes(before), _notes(after))
    said += _statuses(before, after)
    said += _scores(before, after)
    for name, word in (("references", _("References")), ("credits", _("Acknowledgements"))):
        if before.get(name) != after.get(name):
            said.append(_("“%(name)s” changed.") % {"name": word})
    return said


def _notes(content: Content) -> dict[str, str]:
    return {note["title"] or note["category"]: note["text"] for note in content["notes"]}


def _texts(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    said = []
    for name in dict.fromkeys([*after, *before]):
        if name not in before:
            said.append(_("“%(name)s” was added.") % {"name": name})
        elif name not in after:
            said.append(_("“%(name)s” was taken out.") % {"name": name})
        elif before[name] != after[name]:
            said.append(_("“%(name)s” changed.") % {"name": name})
    return said


def _standing(content: Content) -> dict[tuple[str, str], str]:
    """Return the status of each product under each vulnerability."""
    products = {one["product_id"]: f"{one['name']} {one['version']}" for one in content["products"]}
    return {
        (one["cve"] or one["title"], products.get(product, product)): status
        for one in content["vulnerabilities"]
        for status, ids in one["statuses"].items()
        for product in ids
    }


def _statuses(before: Content, after: Content) -> list[str]:
    old, new = _standing(before), _standing(after)
    said = []
    for key in dict.fromkeys([*new, *old]):
        facts = {"name": key[0], "product": key[1]}
        here, there = old.get(key), new.get(key)
        if here == there:
            continue
        if here is None:
            said.append(_("%(name)s: %(product)s is new here: %(status)s.")
                        % {**facts, "status": _word(there)})  # fmt: skip
        elif there is None:
            said.append(_("%(name)s: %(product)s is not named any more.") % facts)
        else:
            said.append(_("%(name)s: %(product)s was “%(old)s” and is “%(new)s”.")
                        % {**facts, "old": _word(here), "new": _word(there)})  # fmt: skip
    return said


def _word(status: str | None) -> str:
    return str(dict(StatusChoice.choices).get(str(status), status))


def _scores(before: Content, after: Content) -> list[str]:
    said = []
    old, new = _by_version(before), _by_version(after)
    for key in dict.fromkeys([*new, *old]):
        here, there = old.get(key), new.get(key)
        if here != there:
            said.append(_("%(name)s: CVSS %(version)s was %(old)s and is %(new)s.") % {
                "name": key[0], "version": key[1], "old": here or "–", "new": there or "–",
            })  # fmt: skip
    return said


def _by_version(content: Content) -> dict[tuple[str, str], str]:
    found = {}
    for one in content["vulnerabilities"]:
        for entry in one["scores"]:
            made = score(entry["vector"])
            said = f"{made.score} ({made.vector})"
            found[one["cve"] or one["title"], made.version] = said
    return found
