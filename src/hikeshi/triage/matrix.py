"""The matrix of a case: products down, release lines across, one decision in each cell.

Pure arrangement of assessments that were read already; nothing here asks the database.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hikeshi.core.vex import ProductStatus, tally, worst
from hikeshi.inventory.models import Offering, Release
from hikeshi.triage.models import Assessment


@dataclass(frozen=True, slots=True)
class Cell:
    """One release and the decision that stands for it."""

    release: Release
    assessment: Assessment

    @property
    def status(self) -> ProductStatus:
        """Return the status that stands."""
        return ProductStatus(self.assessment.status)


@dataclass(frozen=True, slots=True)
class Row:
    """One product. cells: for each line of the matrix its releases, newest first; or none."""

    offering: Offering
    variant: str
    cells: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """All that stands for one vulnerability of a case.

    counts: releases by status, worst first, all four as keys.
    """

    vulnerability: str
    lines: tuple[str, ...]
    rows: tuple[Row, ...]
    counts: Mapping[ProductStatus, int]

    @property
    def total(self) -> int:
        """Return how many releases it speaks of."""
        return sum(self.counts.values())

    @property
    def worst(self) -> ProductStatus | None:
        """Return the worst status in it; None when it is empty."""
        return worst(status for status, count in self.counts.items() if count)

    def cells(self) -> list[Cell]:
        """Return all cells, row by row."""
        return [cell for row in self.rows for line in row.cells for cell in line]

    def releases(self, status: ProductStatus) -> list[Release]:
        """Return the releases that have a status."""
        return [cell.release for cell in self.cells() if cell.status is status]


def line_of(version: str) -> str:
    """Name the release line of a version: its first two parts, ``4.2`` of ``4.2.2-p1``."""
    found = re.match(r"[vV]?(\d+(?:\.\d+)?)", version)
    return found.group(1) if found else version


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Order texts as people do: numbers by value. For columns on a page, not for ranges."""
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part)
        for part in re.findall(r"\d+|\D+", text)
    )


def arrange(
    vulnerability: str, decided: Iterable[tuple[Release, Assessment]], *, language: str
) -> Matrix:
    """Arrange the decisions that stand for releases into a matrix.

    language: by whose names rows are sorted.
    """
    by_product: dict[tuple[str, str, int], dict[str, list[Cell]]] = defaultdict(
        lambda: defaultdict(list)
    )
    offerings: dict[int, Offering] = {}
    lines: set[str] = set()
    for release, assessment in decided:
        offering = release.offering
        offerings[offering.pk] = offering
        name = str(offering.name.get(language) or next(iter(offering.name.values()), ""))
        variant = release.product_model.code if release.product_model else ""
        line = line_of(release.version)
        lines.add(line)
        by_product[(name, variant, offering.pk)][line].append(Cell(release, assessment))
    ordered = tuple(sorted(lines, key=natural))
    rows = tuple(
        Row(
            offering=offerings[offering_id],
            variant=variant,
            cells=tuple(
                tuple(
                    sorted(
                        by_line.get(line, ()),
                        key=lambda cell: natural(cell.release.version),
                        reverse=True,
                    )
                )
                for line in ordered
            ),
        )
        for (_name, variant, offering_id), by_line in sorted(by_product.items())
    )
    counts = tally(
        cell.status for by_line in by_product.values() for line in by_line.values() for cell in line
    )
    return Matrix(vulnerability, ordered, rows, counts)
