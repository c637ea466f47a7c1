"""What a reader of an advisory looks for: is my product in it, and what do I do."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from hikeshi.core.advisory import Product, Remedy, Vulnerability
from hikeshi.core.vex import ProductStatus
from hikeshi.triage.matrix import natural


@dataclass(frozen=True, slots=True)
class ProductLine:
    """One product in one table: which versions are affected, which have the fix, what to do.

    Versions are in their natural order. since: from when on the newest fix can be had.
    """

    name: str
    affected: tuple[str, ...]
    fixed: tuple[str, ...]
    open: tuple[str, ...]
    not_affected: tuple[str, ...]
    advice: tuple[str, ...]
    since: datetime | None


def lines_of(one: Vulnerability, products: Iterable[Product]) -> list[ProductLine]:
    """Arrange what an advisory says of one vulnerability by product, the affected ones first."""
    known = {product.product_id: product for product in products}
    by_name: dict[str, dict[ProductStatus, list[str]]] = defaultdict(lambda: defaultdict(list))
    for status, ids in one.statuses.items():
        for product in ids:
            by_name[known[product].name][status].append(known[product].version)
    remedies: dict[str, list[Remedy]] = defaultdict(list)
    for remedy in one.remedies:
        for name in {known[product].name for product in remedy.product_ids}:
            remedies[name].append(remedy)
    lines = []
    for name, held in by_name.items():
        fixed = set(held[ProductStatus.FIXED])
        fixed |= {known[r.fixed_in].version for r in remedies[name] if r.fixed_in in known}
        moments = [remedy.at for remedy in remedies[name] if remedy.at]
        lines.append(
            ProductLine(
                name=name,
                affected=_sorted(held[ProductStatus.KNOWN_AFFECTED]),
                fixed=_sorted(fixed),
                open=_sorted(held[ProductStatus.UNDER_INVESTIGATION]),
                not_affected=_sorted(held[ProductStatus.KNOWN_NOT_AFFECTED]),
                advice=tuple(dict.fromkeys(remedy.details for remedy in remedies[name])),
                since=max(moments, default=None),
            )
        )
    return sorted(lines, key=lambda line: (not line.affected, not line.open, natural(line.name)))


def _sorted(versions: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(versions, key=natural))
