"""Take in a list of products and releases: with a preview, all lines or none.

1. Each line is planned by itself, so that all wrong lines are named at once. A preview is the real
   import taken back at its end, so that what it says is what will happen.
2. A line names a product by its code, else by its name; what is there is changed, what is not is
   added. An empty cell says nothing and changes nothing.
3. Several lines may name one product, each with another release.
4. What a line ties its product to is stored after all products: it may name one of a later line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from hikeshi.core.errors import HikeshiError
from hikeshi.formats.table.read import Limits, Row, Table
from hikeshi.inventory import columns
from hikeshi.inventory.import_plan import Outcome, Plan
from hikeshi.inventory.import_ties import Ties
from hikeshi.inventory.models import ColumnMapping
from hikeshi.ledger.services import record
from hikeshi.organisation.exchange import Line, Report
from hikeshi.organisation.models import Account, Company
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.ui.errors import explain

# One transaction takes them all in, and SQLite has one writer.
LIMITS: Final = Limits(rows=2_000)
_TIES: Final = {columns.CHAIN, columns.LINKED, columns.INSIDE}


def mapping_for(company: Company, table: Table) -> dict[int, str]:
    """Return what the columns mean: as somebody of the company said for such a list, else a guess.

    Returns place → field; columns that are left out say nothing.
    """
    kept = ColumnMapping.objects.filter(
        company=company, header=columns.digest_of(table.header)
    ).first()
    if kept is None:
        return columns.guess(table.header)
    return {int(place): field for place, field in kept.columns.items()
            if field in columns.BY_FIELD and int(place) < len(table.header)}  # fmt: skip


def import_products(
    *,
    viewer: Viewer,
    company: Company,
    table: Table,
    mapping: Mapping[int, str],
    at: datetime,
    apply: bool,
) -> Report:
    """Add and change products, models and releases as a list says; remember what columns mean.

    apply: False takes everything back. Nothing is written either when a line is refused.
    Raises NotAllowed without the right anywhere in the company, InputRefused for a mapping that
    makes no sense; what is wrong in a line stands in the report.
    """
    if company.pk not in viewer.company_ids(Permission.INVENTORY_EDIT):
        viewer.require(Permission.INVENTORY_EDIT, company.pk)
    columns.check(mapping, len(table.header))
    plan = Plan(viewer, company, at, Ties(viewer, company, at))
    lines = _planned(plan, mapping, table)
    report = Report()
    with transaction.atomic():
        refused = any(line.error is not None for line in lines)
        if not refused or any(line.tied for line in lines):
            plan.do()
            planned = [(line.outcome, line.told) for line in lines if line.tied]
            plan.ties.read([(of.offering, of.release, told) for of, told in planned if of])
            for line in lines:
                line.tie(plan.ties)
        report.lines += [line.said() for line in lines]
        report.applied = apply and not report.refused
        if report.applied:
            _remember(company, table, mapping, viewer.account, at)
            record(
                "offering.imported", subject=company, company=company, by=viewer.account, at=at,
                after={action: report.count(action)
                       for action in ("created", "changed", "unchanged")},
            )  # fmt: skip
        else:
            transaction.set_rollback(True)
    return report


@dataclass(slots=True)
class _Line:
    """A line under way: what it tells, and what is planned of it or wrong with it."""

    row: Row
    told: dict[str, Any] = field(default_factory=dict)
    outcome: Outcome | None = None
    error: HikeshiError | None = None
    action: str = "refused"

    @property
    def tied(self) -> bool:
        return any(columns.BY_FIELD[name].of in _TIES for name in self.told)

    def tie(self, ties: Ties) -> None:
        """Tie what the line is about, once its rows are stored."""
        if self.outcome is None or not self.tied:
            return
        of, tied = self.outcome, False
        try:
            # Each act is whole by itself, and one that is refused takes all lines back.
            tied = ties.tie(of.offering, of.model, self.told)
            if of.release is not None:
                tied = ties.contain(of.release, of.parts) or tied
        except HikeshiError as error:
            self.error, self.action = error, "refused"
        if tied and self.action == "unchanged":
            self.action = "changed"

    def said(self) -> Line:
        wrong = explain(self.error) if self.error is not None else ""
        return Line(self.row.line, _about(self.told), self.action, wrong)


def _planned(plan: Plan, mapping: Mapping[int, str], table: Table) -> list[_Line]:
    """Read all cells, then what they name, then plan each line by itself."""
    lines = []
    for row in table.rows:
        line = _Line(row)
        lines.append(line)
        try:
            line.told = columns.read_cells(mapping, row.cells)
        except HikeshiError as error:
            line.error = error
    good = [line for line in lines if line.error is None]
    plan.read([line.told for line in good])
    for line in good:
        try:
            line.outcome = plan.take(line.told)
            line.action = line.outcome.action
        except HikeshiError as error:
            line.error = error
    return lines


def _about(told: Mapping[str, Any]) -> str:
    name = told.get("name_ja") or told.get("name_en") or told.get("code") or ""
    return " ".join(str(part) for part in (name, told.get("model"), told.get("version")) if part)


def _remember(
    company: Company, table: Table, mapping: Mapping[int, str], by: Account | None, at: datetime
) -> None:
    ColumnMapping.objects.update_or_create(
        company=company, header=columns.digest_of(table.header),
        defaults={"columns": {str(k): v for k, v in mapping.items()}, "by": by, "changed_at": at},
    )  # fmt: skip
