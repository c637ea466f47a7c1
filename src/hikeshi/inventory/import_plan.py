"""What an import will do, worked out line by line without writing, and then done at once.

Lines are read against what is stored and what the lines before them said. So all wrong lines are
named before anything is written, and SQLite's one writer is held only while rows are stored, which
is done set-wise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError

from hikeshi.core.errors import Conflict, InputRefused, gettext_noop
from hikeshi.inventory import columns, queries, services
from hikeshi.inventory.import_ties import Ties, chunks
from hikeshi.inventory.models import Offering, OfferingKind, ProductModel, Release
from hikeshi.organisation.models import Account, Company
from hikeshi.organisation.queries import people_of
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer

_NAMES: Final = ("name_ja", "name_en", "code")


@dataclass(slots=True, eq=False)
class _Planned:
    """A row as it will be. new, said: what adds it, when it is not stored. changes: when it is."""

    row: Any
    new: services.New[Any] | None = None
    said: dict[str, Any] = field(default_factory=dict)
    changes: dict[str, Any] = field(default_factory=dict)

    def value(self, name: str) -> Any:
        return self.changes[name] if name in self.changes else getattr(self.row, name)

    def say(self, new: services.New[Any], said: dict[str, Any]) -> None:
        """Take over what a later line adds to a row that is not stored yet."""
        for name in said.keys() | {"search_key"}:
            if hasattr(new.row, name):
                setattr(self.row, name, getattr(new.row, name))
        self.new, self.said = replace(new, row=self.row), said


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of a line, and the rows that it is about; parts: releases told to be inside."""

    action: str
    offering: Offering
    model: ProductModel | None
    release: Release | None
    parts: list[Release]


@dataclass(slots=True)
class Plan:
    """One import under way. ``read`` what is stored, ``take`` each line, then ``do`` it."""

    viewer: Viewer
    company: Company
    at: datetime
    ties: Ties
    _people: dict[str, Account | None] = field(default_factory=dict)
    _coded: dict[str, _Planned] = field(default_factory=dict)
    _named: dict[str, list[_Planned]] = field(default_factory=lambda: defaultdict(list))
    _hidden: set[str] = field(default_factory=set)
    _offerings: list[_Planned] = field(default_factory=list)
    _models: dict[tuple[_Planned, str], _Planned] = field(default_factory=dict)
    _releases: dict[tuple[_Planned, _Planned | None, str], _Planned] = field(default_factory=dict)

    def read(self, lines: Sequence[Mapping[str, Any]]) -> None:
        """Read what lines name, in queries that hang on 500 products, not on lines."""
        codes = {told["code"] for told in lines if "code" in told}
        rows = queries.offerings_of(self.viewer).filter(company=self.company)
        for some in chunks(sorted(codes)):
            for row in rows.filter(code__in=some):
                self._know(_Planned(row))
        names = {_name(told) for told in lines if "code" not in told} - {""}
        called = rows.values_list("pk", "name", "code") if names else ()
        wanted = {pk for pk, name, code in called
                  if code not in codes and names & set(name.values())}  # fmt: skip
        for some in chunks(sorted(wanted)):
            for row in rows.filter(pk__in=some):
                self._know(_Planned(row))
        self._hidden = queries.codes_taken(self.company, codes) - self._coded.keys()
        self.ties.read_parts({name for told in lines for name in told.get("contains", ())})
        self._read_inside({told["version"] for told in lines if "version" in told})

    def _know(self, planned: _Planned) -> None:
        self._offerings.append(planned)
        if planned.row.code:
            self._coded[planned.row.code] = planned
        for name in set(planned.row.name.values()):
            self._named[name].append(planned)

    def _read_inside(self, versions: set[str]) -> None:
        by_pk = {one.row.pk: one for one in self._offerings}
        for some in chunks(sorted(by_pk)):
            models: dict[int, _Planned] = {}
            for model in queries.models_of_all(some):
                holder = by_pk[model.offering_id]
                model.offering = holder.row
                models[model.pk] = self._models[holder, model.code] = _Planned(model)
            rows = queries.releases_of(self.viewer).filter(offering__in=some, version__in=versions)
            for row in rows:
                model_id, holder = row.product_model_id, by_pk[row.offering_id]
                inside = models[model_id] if model_id is not None else None
                self._releases[holder, inside, row.version] = _Planned(row)

    def take(self, told: Mapping[str, Any]) -> Outcome:
        """Plan one line. Raises HikeshiError for a wrong one, of which nothing is planned."""
        steps: list[Callable[[], None]] = []
        offering, action = self._offering(told, steps)
        model, made_model = self._model(offering, told, steps)
        parts = self.ties.parts(told.get("contains", ()))
        release, done = None, "unchanged"
        if "version" in told:
            release, done = self._release(offering, model, told, steps)
        elif any(columns.BY_FIELD[n].of in {columns.RELEASE, columns.INSIDE} for n in told):
            raise InputRefused(gettext_noop("The line tells of a release but names no version."))
        for step in steps:
            step()
        if made_model or "created" in (action, done):
            action = "created"
        elif done == "changed":
            action = "changed"
        return Outcome(
            action, offering.row, model.row if model is not None else None,
            release.row if release is not None else None, parts,
        )  # fmt: skip

    def _offering(
        self, told: Mapping[str, Any], steps: list[Callable[[], None]]
    ) -> tuple[_Planned, str]:
        given = {
            name: value
            for name, value in told.items()
            if columns.BY_FIELD[name].of == columns.OFFERING and name not in _NAMES
        }
        if told.get("unit"):
            given["unit"] = self.ties.unit(told["unit"])
        if told.get("owner"):
            given["owner"] = self._owner(told["owner"])
        name = {lang: told[f"name_{lang}"] for lang in ("ja", "en") if f"name_{lang}" in told}
        planned = self._found(told)
        if planned is None:
            return self._add(told.get("code", ""), name, given, steps), "created"
        if name and (merged := {**planned.value("name"), **name}) != planned.value("name"):
            given["name"] = merged
        changes = {key: value for key, value in given.items() if planned.value(key) != value}
        unit = planned.value("unit")
        self._may(unit.pk if unit is not None else None)
        if not changes:
            return planned, "unchanged"
        if changes.get("unit") is not None:
            self._may(changes["unit"].pk)
        if planned.new is None:
            steps.append(lambda: planned.changes.update(changes))
        else:
            said = planned.said | changes
            new = services.new_offering(company=self.company, at=self.at, **said)
            steps.append(lambda: planned.say(new, said))
        return planned, "changed"

    def _found(self, told: Mapping[str, Any]) -> _Planned | None:
        code, name = told.get("code", ""), _name(told)
        if code:
            if code in self._hidden:
                raise services.code_taken(code)
            return self._coded.get(code)
        if not name:
            raise InputRefused(gettext_noop("The line has neither a product code nor a name."))
        found = self._named.get(name, [])
        if len(found) > 1:
            raise InputRefused(
                gettext_noop("%(count)s products are called “%(name)s”; name one by its code."),
                count=len(found), name=name,
            )  # fmt: skip
        return found[0] if found else None

    def _add(
        self, code: str, name: Mapping[str, str], given: dict[str, Any],
        steps: list[Callable[[], None]],
    ) -> _Planned:  # fmt: skip
        unit = given.get("unit")
        self._may(unit.pk if unit is not None else None)
        said = {"kind": OfferingKind.PRODUCT, "name": name, "code": code} | given
        new = services.new_offering(company=self.company, at=self.at, **said)
        planned = _Planned(new.row, new, said)
        steps.append(lambda: self._know(planned))
        return planned

    def _may(self, unit_id: int | None) -> None:
        self.viewer.require(Permission.INVENTORY_EDIT, self.company.pk, unit_id)

    def _model(
        self, offering: _Planned, told: Mapping[str, Any], steps: list[Callable[[], None]]
    ) -> tuple[_Planned | None, bool]:
        code = told.get("model", "")
        if not code:
            return None, False
        held = self._models.get((offering, code))
        if held is not None:
            return held, False
        new = services.new_model(offering=offering.row, code=code, at=self.at)
        planned = _Planned(new.row, new)
        steps.append(lambda: self._models.update({(offering, code): planned}))
        return planned, True

    def _release(
        self, offering: _Planned, model: _Planned | None, told: Mapping[str, Any],
        steps: list[Callable[[], None]],
    ) -> tuple[_Planned, str]:  # fmt: skip
        said = {name: value for name, value in told.items()
                if columns.BY_FIELD[name].of == columns.RELEASE}  # fmt: skip
        key = (offering, model, told["version"])
        held = self._releases.get(key)
        if held is None:
            new = self._new_release(offering, model, said)
            planned = _Planned(new.row, new, said)
            steps.append(lambda: self._releases.update({key: planned}))
            return planned, "created"
        changes = {name: value for name, value in said.items() if held.value(name) != value}
        if not changes:
            return held, "unchanged"
        if held.new is None:
            services.check_release({day: held.value(day) for day in services.DAYS} | changes)
            steps.append(lambda: held.changes.update(changes))
        else:
            merged = held.said | changes
            new = self._new_release(offering, model, merged)
            steps.append(lambda: held.say(new, merged))
        return held, "changed"

    def _new_release(
        self, offering: _Planned, model: _Planned | None, said: Mapping[str, Any]
    ) -> services.New[Release]:
        return services.new_release(
            offering=offering.row, product_model=model.row if model is not None else None,
            at=self.at, **said,
        )  # fmt: skip

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

    def do(self) -> None:
        """Store what is planned, inside the caller's transaction.

        Raises Stale or Conflict when somebody changed these products since they were read.
        """
        by = self.viewer.account
        services.change_all(_changed(self._offerings), by=by, at=self.at)
        try:
            services.add_all(_new(self._offerings), by=by, at=self.at)
            for rows in (self._models.values(), self._releases.values()):
                new = _new(rows)
                for one in new:
                    # A later line, or a change, may have moved the product.
                    one.row.unit = one.row.offering.unit
                services.add_all(new, by=by, at=self.at)
        except IntegrityError as error:
            raise Conflict(
                gettext_noop("Somebody else added one of these meanwhile. Look at the list again.")
            ) from error
        services.change_all(_changed(self._releases.values()), by=by, at=self.at)


def _name(told: Mapping[str, Any]) -> str:
    return str(told.get("name_ja") or told.get("name_en") or "")


def _new(rows: Iterable[_Planned]) -> list[services.New[Any]]:
    return [one.new for one in rows if one.new is not None]


def _changed(rows: Iterable[_Planned]) -> list[tuple[Any, dict[str, Any]]]:
    return [(one.row, one.changes) for one in rows if one.changes]
