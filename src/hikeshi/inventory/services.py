"""Change offerings, models and releases. Each verb is one transaction with its audit line.

Uploading SBOMs is in ``uploads``, interning in ``interning``. Who may do what is decided where the
row is fetched (``queries.…_to_edit``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from django.db import IntegrityError, models, transaction

from hikeshi.core import purl
from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, gettext_noop
from hikeshi.core.purl import PackageName
from hikeshi.inventory.interning import (
    VersionName,
    intern_packages,
    intern_versions,
)
from hikeshi.inventory.models import (
    SBOM,
    Offering,
    OfferingKind,
    ProductModel,
    Release,
    ReleaseState,
)
from hikeshi.inventory.queries import fold
from hikeshi.ledger.services import Told, record, record_all
from hikeshi.organisation.models import Account, Company, Unit, new_uid
from hikeshi.records import blobs
from hikeshi.records.services import number_for, numbers_for, save_record, save_records

__all__ = [
    "PackageName",
    "VersionName",
    "change_model",
    "change_offering",
    "change_release",
    "create_model",
    "create_offering",
    "create_release",
    "intern_packages",
    "intern_versions",
]

SEARCH_KEY_LIMIT = 600
_R = TypeVar("_R", Offering, ProductModel, Release)
DAYS = ("shipped_on", "last_shipped_on", "support_ends_on", "disposed_on")


@dataclass(frozen=True, slots=True)
class New(Generic[_R]):
    """A row that was checked and is not stored yet: its number series, and what its event says."""

    row: _R
    series: str
    event: str
    after: dict[str, Any]


def create_offering(
    *,
    company: Company,
    name: Mapping[str, str],
    by: Account | None,
    at: datetime,
    unit: Unit | None = None,
    kind: OfferingKind = OfferingKind.PRODUCT,
    code: str = "",
    **details: Any,
) -> Offering:
    """Add something the company makes or sells.

    name: ``{language: text}``, at least one not empty. code: the company's own, unique when given.
    details: further fields of Offering.
    Raises InputRefused without a name, Conflict for a unit of another company, AlreadyDone when
    the code is taken.
    """
    new = new_offering(
        company=company, name=name, at=at, unit=unit, kind=kind, code=code, **details
    )
    try:
        return _add(new, by=by, at=at)
    except IntegrityError as error:
        raise code_taken(new.row.code) from error


def new_offering(
    *,
    company: Company,
    name: Mapping[str, str],
    at: datetime,
    unit: Unit | None = None,
    kind: OfferingKind = OfferingKind.PRODUCT,
    code: str = "",
    **details: Any,
) -> New[Offering]:
    """Check an offering and make its row without storing it; else as ``create_offering``."""
    name, code = _texts(name), code.strip()
    if not name:
        raise InputRefused(gettext_noop("A product needs a name in at least one language."))
    _check_unit(company, unit)
    offering = Offering(
        company=company, unit=unit, realm=company.realm, retention="product", kind=kind,
        name=name, code=code, search_key=search_key_of(name, code), created_at=at, changed_at=at,
        **details,
    )  # fmt: skip
    after = {"name": name, "kind": str(kind), "code": code} | _plain(details)
    return New(offering, "PRD", "offering.created", after)


def change_offering(
    *, offering: Offering, revision: int, by: Account | None, at: datetime, **changes: Any
) -> Offering:
    """Change an offering; a new unit takes its models, releases and SBOMs along.

    Raises Stale when somebody saved since ``revision``; else as ``create_offering``.
    """
    if "name" in changes:
        changes["name"] = _texts(changes["name"])
        if not changes["name"]:
            raise InputRefused(gettext_noop("A product needs a name in at least one language."))
    if "code" in changes:
        changes["code"] = changes["code"].strip()
    if "unit" in changes:
        _check_unit(offering.company, changes["unit"])
    code = changes.get("code", offering.code)
    before = _plain({field: getattr(offering, field) for field in changes})
    search_key = search_key_of(changes.get("name", offering.name), code)
    try:
        with transaction.atomic():
            saved = save_record(
                offering, revision=revision, at=at, search_key=search_key, **changes
            )
            if "unit" in changes:
                _move(saved, changes["unit"])
            record(
                "offering.changed", subject=saved, by=by, at=at, before=before,
                after=_plain(changes),
            )  # fmt: skip
    except IntegrityError as error:
        raise code_taken(code) from error
    return saved


def create_model(
    *,
    offering: Offering,
    code: str,
    by: Account | None,
    at: datetime,
    name: Mapping[str, str] | None = None,
    ended_on: date | None = None,
) -> ProductModel:
    """Add a variant that customers order by its own code.

    Raises InputRefused without a code, AlreadyDone when the offering has a model of this code.
    """
    new = new_model(offering=offering, code=code, at=at, name=name, ended_on=ended_on)
    try:
        return _add(new, by=by, at=at)
    except IntegrityError as error:
        raise AlreadyDone(
            gettext_noop("This product has a model with the code “%(code)s” already."),
            code=new.row.code,
        ) from error


def new_model(
    *,
    offering: Offering,
    code: str,
    at: datetime,
    name: Mapping[str, str] | None = None,
    ended_on: date | None = None,
) -> New[ProductModel]:
    """Check a model and make its row without storing it; else as ``create_model``."""
    code = code.strip()
    if not code:
        raise InputRefused(gettext_noop("A model needs a code."))
    made = ProductModel(
        company=offering.company, unit=offering.unit, wall=offering.wall, realm=offering.realm,
        retention="product", offering=offering, code=code, name=_texts(name or {}),
        ended_on=ended_on, created_at=at, changed_at=at,
    )  # fmt: skip
    return New(made, "MDL", "model.created", {"code": code})


def change_model(
    *, product_model: ProductModel, revision: int, by: Account | None, at: datetime, **changes: Any
) -> ProductModel:
    """Change a model. Raises Stale when somebody saved since ``revision``."""
    before = _plain({field: getattr(product_model, field) for field in changes})
    try:
        with transaction.atomic():
            saved = save_record(product_model, revision=revision, at=at, **changes)
            record(
                "model.changed", subject=saved, by=by, at=at, before=before, after=_plain(changes)
            )
    except IntegrityError as error:
        raise AlreadyDone(
            gettext_noop("This product has a model with the code “%(code)s” already."),
            code=changes.get("code", ""),
        ) from error
    return saved


def create_release(
    *,
    offering: Offering,
    version: str,
    by: Account | None,
    at: datetime,
    product_model: ProductModel | None = None,
    state: ReleaseState = ReleaseState.SHIPPING,
    **details: Any,
) -> Release:
    """Add a version of an offering, or of one of its models.

    details: shipped_on, last_shipped_on, support_ends_on, disposed_on, units_in_use, purl, cpe.
    Raises InputRefused for an empty version, support that ends before shipping or a text that is
    no package URL, Conflict for a model of another offering, AlreadyDone when the version is there.
    """
    new = new_release(
        offering=offering, version=version, at=at, product_model=product_model, state=state,
        **details,
    )  # fmt: skip
    try:
        return _add(new, by=by, at=at)
    except IntegrityError as error:
        raise _release_taken(new.row.version) from error


def new_release(
    *,
    offering: Offering,
    version: str,
    at: datetime,
    product_model: ProductModel | None = None,
    state: ReleaseState = ReleaseState.SHIPPING,
    **details: Any,
) -> New[Release]:
    """Check a release and make its row without storing it; else as ``create_release``."""
    version = version.strip()
    if not version:
        raise InputRefused(gettext_noop("A release needs a version."))
    if product_model is not None and product_model.offering != offering:
        raise Conflict(gettext_noop("The model belongs to another product."))
    check_release(details)
    release = Release(
        uid=new_uid(), company=offering.company, unit=offering.unit, wall=offering.wall,
        realm=offering.realm, retention="product", offering=offering,
        product_model=product_model, version=version, state=state, created_at=at, changed_at=at,
        **details,
    )  # fmt: skip
    after = {"version": version, "state": str(state)} | _plain(details)
    return New(release, "REL", "release.created", after)


def add_all(new: Sequence[New[Any]], *, by: Account | None, at: datetime) -> None:
    """Store rows of one kind and one company that were checked, with an audit line for each.

    Call it in a transaction. Raises IntegrityError when one of them is there.
    """
    if not new:
        return
    company: Company = new[0].row.company
    numbers = numbers_for(company=company, series=new[0].series, at=at, count=len(new))
    for one, number in zip(new, numbers, strict=True):
        _give_number(one.row, number)
    rows: list[Any] = [one.row for one in new]
    type(rows[0])._base_manager.bulk_create(rows, batch_size=500)
    told = [Told(one.row, after=dict(one.after)) for one in new]
    record_all(new[0].event, told, by=by, at=at)


def change_all(
    changes: Sequence[tuple[Any, dict[str, Any]]], *, by: Account | None, at: datetime
) -> None:
    """Change offerings or releases, of one kind, that were checked; with an audit line for each.

    Call it in a transaction. Raises Stale when somebody saved one of them since it was read.
    """
    if not changes:
        return
    told = [
        Told(row, before=_plain({field: getattr(row, field) for field in said}), after=_plain(said))
        for row, said in changes
    ]
    if not isinstance(changes[0][0], Offering):
        save_records(changes, at=at)
        record_all("release.changed", told, by=by, at=at)
        return
    keyed = [
        (row, said | {"search_key": search_key_of(said.get("name", row.name), row.code)})
        for row, said in changes
    ]
    save_records(keyed, at=at)
    for row, said in changes:
        if "unit" in said:
            _move(row, said["unit"])
    record_all("offering.changed", told, by=by, at=at)


def _add(new: New[_R], *, by: Account | None, at: datetime) -> _R:
    with transaction.atomic():
        _give_number(new.row, number_for(company=new.row.company, series=new.series, at=at))
        new.row.save(force_insert=True)
        record(new.event, subject=new.row, by=by, at=at, after=new.after)
    return new.row


def _give_number(row: Offering | ProductModel | Release, number: str) -> None:
    row.number = number
    if isinstance(row, Release):
        # Companies may share a prefix; the tail keeps the id unique over all of them.
        row.csaf_product_id = f"{number}-{row.uid.hex[-6:]}"


def change_release(
    *, release: Release, revision: int, by: Account | None, at: datetime, **changes: Any
) -> Release:
    """Change a release; its CSAF product id never changes.

    Raises Stale when somebody saved since ``revision``; else as ``create_release``.
    """
    model = changes.get("product_model")
    if model is not None and model.offering_id != release.offering_id:
        raise Conflict(gettext_noop("The model belongs to another product."))
    check_release({day: getattr(release, day) for day in DAYS} | changes)
    before = _plain({field: getattr(release, field) for field in changes})
    try:
        with transaction.atomic():
            saved = save_record(release, revision=revision, at=at, **changes)
            record(
                "release.changed", subject=saved, by=by, at=at, before=before,
                after=_plain(changes),
            )  # fmt: skip
    except IntegrityError as error:
        raise _release_taken(changes.get("version", release.version)) from error
    return saved


def search_key_of(name: Mapping[str, str], code: str) -> str:
    """Return what lists search and sort by: the code and all names, folded as the search box is."""
    parts = [code, *(name[language] for language in sorted(name))]
    return fold(" ".join(part for part in parts if part))[:SEARCH_KEY_LIMIT]


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    return {language: text.strip() for language, text in texts.items() if text and text.strip()}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values as an audit line keeps them: rows by their uid."""
    return {
        field: str(getattr(value, "uid", value)) if isinstance(value, models.Model) else value
        for field, value in values.items()
    }


def _check_unit(company: Company, unit: Unit | None) -> None:
    if unit is not None and unit.company_id != company.pk:
        raise Conflict(gettext_noop("The unit belongs to another company."))


def check_release(days: Mapping[str, Any]) -> None:
    """Refuse a life that ends before it begins, and what is no package URL."""
    if days.get("purl"):
        purl.parse(days["purl"])
    shipped_on, ends_on = days.get("shipped_on"), days.get("support_ends_on")
    if shipped_on and ends_on and ends_on < shipped_on:
        raise InputRefused(
            gettext_noop("Support cannot end on %(end)s, before shipping on %(start)s."),
            end=ends_on.isoformat(),
            start=shipped_on.isoformat(),
        )
    for later in ("last_shipped_on", "disposed_on"):
        day = days.get(later)
        if shipped_on and day and day < shipped_on:
            raise InputRefused(
                gettext_noop("%(day)s comes before the day of shipping, %(start)s."),
                day=day.isoformat(), start=shipped_on.isoformat(),
            )  # fmt: skip


def _move(offering: Offering, unit: Unit | None) -> None:
    """Hang what derives from an offering under its new unit."""
    why = "what derives from an offering follows its unit"
    ProductModel.objects.for_system(why).filter(offering=offering).update(unit=unit)
    releases = Release.objects.for_system(why).filter(offering=offering)
    releases.update(unit=unit)
    blobs.move(subject_uids=releases.values_list("uid", flat=True), unit=unit)
    SBOM.objects.for_system(why).filter(release__offering=offering).update(unit=unit)


def code_taken(code: str) -> AlreadyDone:
    """Return the error of a product code that another product has."""
    return AlreadyDone(
        gettext_noop("A product with the code “%(code)s” exists already."), code=code
    )


def _release_taken(version: str) -> AlreadyDone:
    return AlreadyDone(gettext_noop("The release “%(version)s” exists already."), version=version)
