"""Mandatory tests of CSAF 2.0 about products: where ids are defined, and what is said of them.

Each function is one test of section 6.1 and yields where a document breaks it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

from hikeshi.core.purl import UnreadableName, parse

JSON = dict[str, Any]
Found = Iterator[str]

GROUPS: Final = {
    "affected": ("first_affected", "known_affected", "last_affected"),
    "not affected": ("known_not_affected",),
    "fixed": ("first_fixed", "fixed"),
    "under investigation": ("under_investigation",),
}
_RANGE: Final = re.compile(r"[<>]")
_RANGE_WORDS: Final = {"after", "all", "before", "earlier", "later", "prior", "versions"}
_VEX_FLAGS: Final = {
    "component_not_present",
    "inline_mitigations_already_exist",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "vulnerable_code_not_in_execute_path",
    "vulnerable_code_not_present",
}


def vulnerabilities(document: JSON) -> list[JSON]:
    """Return the vulnerabilities of a document; none where it has none."""
    return list(document.get("vulnerabilities", []))


def each(one: JSON, name: str) -> Iterator[tuple[str, JSON]]:
    """Yield (place, item) of a list in a vulnerability."""
    for number, item in enumerate(one.get(name, [])):
        yield f"{name}[{number}]", item


def _branches(branches: Sequence[JSON], place: str) -> Iterator[tuple[str, JSON]]:
    for number, branch in enumerate(branches):
        here = f"{place}/branches[{number}]"
        yield here, branch
        yield from _branches(branch.get("branches", []), here)


def branches(document: JSON) -> Iterator[tuple[str, JSON]]:
    """Yield (place, branch) of the whole tree."""
    yield from _branches(document.get("product_tree", {}).get("branches", []), "product_tree")


def full_names(document: JSON) -> Iterator[tuple[str, JSON]]:
    """Yield (place, full product name) wherever a product id is defined."""
    tree = document.get("product_tree", {})
    for place, branch in branches(document):
        if "product" in branch:
            yield f"{place}/product", branch["product"]
    for place, item in each(tree, "full_product_names"):
        yield f"product_tree/{place}", item
    for place, item in each(tree, "relationships"):
        yield f"product_tree/{place}", item["full_product_name"]


def _used(document: JSON) -> Iterator[tuple[str, str]]:
    """Yield (place, product id) wherever one is named."""
    tree = document.get("product_tree", {})
    for place, item in each(tree, "product_groups"):
        yield from ((f"product_tree/{place}", one) for one in item["product_ids"])
    for place, item in each(tree, "relationships"):
        yield f"product_tree/{place}", item["product_reference"]
        yield f"product_tree/{place}", item["relates_to_product_reference"]
    for number, one in enumerate(vulnerabilities(document)):
        where = f"vulnerabilities[{number}]"
        for status, held in one.get("product_status", {}).items():
            yield from ((f"{where}/product_status/{status}", product) for product in held)
        for name in ("flags", "remediations", "threats"):
            for place, item in each(one, name):
                yield from ((f"{where}/{place}", pid) for pid in item.get("product_ids", []))
        for place, item in each(one, "scores"):
            yield from ((f"{where}/{place}", product) for product in item.get("products", []))


def _groups(document: JSON) -> dict[str, list[str]]:
    tree = document.get("product_tree", {})
    return {one["group_id"]: one["product_ids"] for one in tree.get("product_groups", [])}


def named_by(item: JSON, document: JSON) -> set[str]:
    """Return the products that an item names, itself or by a group."""
    groups = _groups(document)
    ids = set(item.get("product_ids", []))
    return ids.union(*(groups.get(group, []) for group in item.get("group_ids", [])))


def doubles(values: Sequence[Any]) -> list[Any]:
    """Return the values that stand there more than once."""
    return [value for value, many in Counter(values).items() if many > 1]


def missing_definition(document: JSON) -> Found:
    """6.1.1: a product id that is named is defined."""
    defined = {item["product_id"] for _place, item in full_names(document)}
    yield from (f"{place}: {one}" for place, one in _used(document) if one not in defined)


def multiple_definition(document: JSON) -> Found:
    """6.1.2: a product id is defined once."""
    yield from doubles([item["product_id"] for _place, item in full_names(document)])


def circular_definition(document: JSON) -> Found:
    """6.1.3: no product is defined by itself, over however many relationships."""
    made_of: dict[str, set[str]] = defaultdict(set)
    for one in document.get("product_tree", {}).get("relationships", []):
        made = one["full_product_name"]["product_id"]
        made_of[made] |= {one["product_reference"], one["relates_to_product_reference"]}
    for made in list(made_of):
        seen: set[str] = set()
        ahead = set(made_of[made])
        while ahead:
            seen |= ahead
            ahead = set().union(*(made_of.get(one, set()) for one in ahead)) - seen
        if made in seen:
            yield made


def missing_group(document: JSON) -> Found:
    """6.1.4: a product group that is named is defined."""
    defined = _groups(document)
    for number, one in enumerate(vulnerabilities(document)):
        for name in ("flags", "remediations", "threats"):
            for place, item in each(one, name):
                for group in item.get("group_ids", []):
                    if group not in defined:
                        yield f"vulnerabilities[{number}]/{place}: {group}"


def multiple_groups(document: JSON) -> Found:
    """6.1.5: a product group is defined once."""
    held = document.get("product_tree", {}).get("product_groups", [])
    yield from doubles([one["group_id"] for one in held])


def contradicting_status(document: JSON) -> Found:
    """6.1.6: a product is in one group of statuses of a vulnerability."""
    for number, one in enumerate(vulnerabilities(document)):
        status = one.get("product_status", {})
        held = [
            product
            for names in GROUPS.values()
            for product in {pid for name in names for pid in status.get(name, [])}
        ]
        yield from (f"vulnerabilities[{number}]: {product}" for product in doubles(held))


def package_url(document: JSON) -> Found:
    """6.1.13: a package URL is one."""
    for place, item in full_names(document):
        purl = item.get("product_identification_helper", {}).get("purl")
        if purl is not None:
            try:
                parse(purl)
            except UnreadableName:
                yield f"{place}: {purl}"


def remedy_for_nothing(document: JSON) -> Found:
    """6.1.29: a remedy names a product or a group."""
    yield from _for_nothing(document, "remediations")


def flag_for_nothing(document: JSON) -> Found:
    """6.1.32: a flag names a product or a group."""
    yield from _for_nothing(document, "flags")


def _for_nothing(document: JSON, name: str) -> Found:
    for number, one in enumerate(vulnerabilities(document)):
        for place, item in each(one, name):
            if "product_ids" not in item and "group_ids" not in item:
                yield f"vulnerabilities[{number}]/{place}"


def range_as_version(document: JSON) -> Found:
    """6.1.31: a version is one version, no range in words or signs."""
    for place, branch in branches(document):
        if branch["category"] == "product_version":
            name = branch["name"].lower()
            if _RANGE.search(name) or _RANGE_WORDS & set(name.split()):
                yield f"{place}: {branch['name']}"


def two_justifications(document: JSON) -> Found:
    """6.1.33: a product has one VEX justification against a vulnerability."""
    for number, one in enumerate(vulnerabilities(document)):
        held = [
            product
            for _place, item in each(one, "flags")
            if item["label"] in _VEX_FLAGS
            for product in named_by(item, document)
        ]
        yield from (f"vulnerabilities[{number}]: {product}" for product in doubles(held))
