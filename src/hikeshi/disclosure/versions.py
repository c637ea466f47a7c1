"""Tell a reader what an advisory says of one version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hikeshi.core.vex import WEIGHT, ProductStatus


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said of one product in that version; advice: what its user can do."""

    product: str
    status: ProductStatus
    advice: str


def answer_for(content: Mapping[str, Any], version: str) -> list[Answer]:
    """Look a version up among the releases of a published content; none found says nothing.

    Only a release that is named gets an answer: a version between two others is not guessed.
    """
    wanted = version.casefold().removeprefix("v")
    named = {
        one["product_id"]: one["name"]
        for one in content["products"]
        if one["version"].casefold().removeprefix("v") == wanted
    }
    found: dict[str, Answer] = {}
    for vulnerability in content["vulnerabilities"]:
        for status, products in vulnerability["statuses"].items():
            for product in set(products) & set(named):
                answer = Answer(
                    named[product], ProductStatus(status), _advice(vulnerability, product)
                )
                held = found.get(product)
                if held is None or WEIGHT[answer.status] < WEIGHT[held.status]:
                    found[product] = answer
    return sorted(found.values(), key=lambda one: one.product)


def _advice(vulnerability: Mapping[str, Any], product: str) -> str:
    texts = [r["details"] for r in vulnerability["remedies"] if product in r["product_ids"]]
    return " ".join(dict.fromkeys(texts))
