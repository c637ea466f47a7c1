"""Take in a list of products and releases: with a preview, all lines or none.

1. A preview is the real import taken back at its end, so that what it says is what will happen.
   Each line is tried by itself, so that all wrong lines are named at once.
2. A line names a product by its code, else by its name; what is there is changed, what is not is
   added. An empty cell says nothing and changes nothing.
3. Several lines may name one product, each with another release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from hikeshi.core.errors import HikeshiError, InputRefused, gettext_noop
from hikeshi.formats.table.read import Limits, Table
from hikeshi.inventory import columns, queries, services
from hikeshi.inventory.import_ties import Ties
from hikeshi.inventory.models import ColumnMapping, Offering, OfferingKind, ProductModel, Release
from hikeshi.ledger.services import record
from hikeshi.organisation.exchange import Line, Report
from hikeshi.organisation.models import Account, Company
from hikeshi.organisation.queries import people_of
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.ui.errors import explain

# One transaction takes them all in, and SQLite has one writer.
LIMITS: Final = Limits(rows=2_000)


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
    report = Report()
    taking = _Taking(viewer, company, at, Ties(viewer, company, at))
    with transaction.atomic():
        for row in table.rows:
            about = ""
            try:
                with transaction.atomic():
                    told = columns.read_cells(mapping, row.cells)
                    about = _about(told)
                    action = taking.take(told)
            except HikeshiError as error:
                taking.forget()
                report.lines.append(Line(row.line, about, "refused", explain(error)))
            else:
                report.lines.append(Line(row.line, about, action))
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


@dataclass(slots=True)
class _Taking:
    """One import under way; knows the products that it has met."""

    viewer: Viewer
    company: Company
    at: datetime
    ties: Ties
    _people: dict[str, Account | None] = field(default_factory=dict)
    _met: dict[tuple[str, str], Offering] = field(default_factory=dict)

    def forget(self) -> None:
        """Drop what was met: a refused line was taken back in the database."""
        self._met.clear()

    def take(self, told: dict[str, Any]) -> str:
        """Take in one line; return what became of it."""
        offering, action = self._offering(told)
        model, made_model = self._model(offering, told)
        tied = self.ties.tie(offering, model, told)
        if "version" in told:
            done = self._release(offering, model, told)
        elif any(columns.BY_FIELD[n].of in {columns.RELEASE, columns.INSIDE} for n in told):
            raise InputRefused(gettext_noop("The line tells of a release but names no version."))
        else:
            done = "unchanged"
        if "created" in (action, done) or made_model:
            return "created"
        return "changed" if tied or "changed" in (action, done) else "unchanged"

    def _offering(self, told: Mapping[str, Any]) -> tuple[Offering, str]:
        given = {name: value for name, value in told.items()
                 if columns.BY_FIELD[name].of == columns.OFFERING
                 and name not in {"name_ja", "name_en", "code"}}  # fmt: skip
        name = {lang: told[f"name_{lang}"] for lang in ("ja", "en") if f"name_{lang}" in told}
        if told.get("unit"):
            given["unit"] = self.ties.unit(told["unit"])
        if told.get("owner"):
            given["owner"] = self._owner(told["owner"])
        key = (told.get("code", ""), "" if told.get("code") else next(iter(name.values()), ""))
        if not any(key):
            raise InputRefused(gettext_noop("The line has neither a product code nor a name."))
        offering = self._met.get(key) or self._known(*key)
        if offering is None:
            offering, action = self._add(key[0], name, given), "created"
        else:
            offering, action = self._change(offering, name, given)
        self._met[key] = offering
        return offering, action

    def _known(self, code: str, name: str) -> Offering | None:
        rows = queries.offerings_of(self.viewer).filter(company=self.company)
        if code:
            return rows.filter(code=code).first()
        found = [row for row in rows.filter(search_key__contains=queries.fold(name))[:200]
                 if name in row.name.values()]  # fmt: skip
        if len(found) > 1:
            raise InputRefused(
                gettext_noop("%(count)s products are called “%(name)s”; name one by its code."),
                count=len(found), name=name,
            )  # fmt: skip
        return found[0] if found else None

    def _add(self, code: str, name: Mapping[str, str], given: dict[str, Any]) -> Offering:
        unit = given.get("unit")
        self.viewer.require(
            Permission.INVENTORY_EDIT, self.company.pk, unit.pk if unit is not None else None
        )
        given = {"kind": OfferingKind.PRODUCT} | given
        return services.create_offering(
            company=self.company, name=name, code=code, by=self.viewer.account, at=self.at, **given
        )

    def _change(
        self, offering: Offering, name: Mapping[str, str], given: dict[str, Any]
    ) -> tuple[Offering, str]:
        if name and (merged := {**offering.name, **name}) != offering.name:
            given["name"] = merged
        changes = {key: value for key, value in given.items() if getattr(offering, key) != value}
        self._may(offering.unit_id)
        if not changes:
            return offering, "unchanged"
        if changes.get("unit") is not None:
            self._may(changes["unit"].pk)
        changed = services.change_offering(
            offering=offering, revision=offering.revision, by=self.viewer.account, at=self.at,
            **changes,
        )  # fmt: skip
        return changed, "changed"

    def _may(self, unit_id: int | None) -> None:
        self.viewer.require(Permission.INVENTORY_EDIT, self.company.pk, unit_id)

    def _model(
        self, offering: Offering, told: Mapping[str, Any]
    ) -> tuple[ProductModel | None, bool]:
        code = told.get("model", "")
        if not code:
            return None, False
        for model in queries.models_of(offering):
            if model.code == code:
                return model, False
        made = services.create_model(
            offering=offering, code=code, by=self.viewer.account, at=self.at
        )
        return made, True

    def _release(
        self, offering: Offering, model: ProductModel | None, told: Mapping[str, Any]
    ) -> str:
        given = {name: value for name, value in told.items()
                 if columns.BY_FIELD[name].of == columns.RELEASE and name != "version"}  # fmt: skip
        parts = self.ties.parts(told.get("contains", ()))
        held: Release | None = (
            queries.releases_of(self.viewer)
            .filter(offering=offering, product_model=model, version=told["version"])
            .first()
        )
        if held is None:
            made = services.create_release(
                offering=offering, product_model=model, version=told["version"],
                by=self.viewer.account, at=self.at, **given,
            )  # fmt: skip
            self.ties.contain(made, parts)
            return "created"
        contained = self.ties.contain(held, parts)
        changes = {key: value for key, value in given.items() if getattr(held, key) != value}
        if not changes:
            return "changed" if contained else "unchanged"
        services.change_release(
            release=held, revision=held.revision, by=self.viewer.account, at=self.at, **changes
        )
        return "changed"

    def _owner(self, email: str) -> Account:
        email = email.lower()
        if email not in self._people:
            self._people[email] = people_of(self.viewer).filter(email=email).first()
        found = self._people[email]
        if found is None:
            raise InputRefused(
                gettext_noop("No person with the address %(email)s is known here."), email=email
            )
        return found
