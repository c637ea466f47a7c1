"""Change offerings, models and releases. Each verb is one transaction with its audit line.

Uploading SBOMs is in ``uploads``, interning in ``interning``. Who may do what is decided where the
row is fetched (``queries.…_to_edit``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

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
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account, Company, Unit, new_uid
from hikeshi.records import blobs
from hikeshi.records.services import number_for, save_record

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
_DAYS = ("shipped_on", "last_shipped_on", "support_ends_on", "disposed_on")


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
    name, code = _texts(name), code.strip()
    if not name:
        raise InputRefused(gettext_noop("A product needs a name in at least one language."))
    _check_unit(company, unit)
    try:
        with transaction.atomic():
            offering = Offering.objects.create(
                company=company,
                unit=unit,
                realm=company.realm,
                number=number_for(company=company, series="PRD", at=at),
                retention="product",
                kind=kind,
                name=name,
                code=code,
                search_key=search_key_of(name, code),
                created_at=at,
                changed_at=at,
                **details,
            )
            after = {"name": name, "kind": str(kind), "code": code} | _plain(details)
            record("offering.created", subject=offering, by=by, at=at, after=after)
    except IntegrityError as error:
        raise _code_taken(code) from error
    return offering


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
        raise _code_taken(code) from error
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
    code = code.strip()
    if not code:
        raise InputRefused(gettext_noop("A model needs a code."))
    try:
        with transaction.atomic():
            product_model = ProductModel.objects.create(
                company=offering.company,
                unit=offering.unit,
                wall=offering.wall,
                realm=offering.realm,
                number=number_for(company=offering.company, series="MDL", at=at),
                retention="product",
                offering=offering,
                code=code,
                name=_texts(name or {}),
                ended_on=ended_on,
                created_at=at,
                changed_at=at,
            )
            record("model.created", subject=product_model, by=by, at=at, after={"code": code})
    except IntegrityError as error:
        raise AlreadyDone(
            gettext_noop("This product has a model with the code “%(code)s” already."), code=code
        ) from error
    return product_model


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
    version = version.strip()
    if not version:
        raise InputRefused(gettext_noop("A release needs a version."))
    if product_model is not None and product_model.offering_id != offering.pk:
        raise Conflict(gettext_noop("The model belongs to another product."))
    _check_days(details)
    _check_purl(details.get("purl", ""))
    uid: Any = new_uid()
    try:
        with transaction.atomic():
            number = number_for(company=offering.company, series="REL", at=at)
            release = Release.objects.create(
                uid=uid,
                company=offering.company,
                unit=offering.unit,
                wall=offering.wall,
                realm=offering.realm,
                number=number,
                retention="product",
                offering=offering,
                product_model=product_model,
                version=version,
                state=state,
                # Companies may share a prefix; the tail keeps the id unique over all of them.
                csaf_product_id=f"{number}-{uid.hex[-6:]}",
                created_at=at,
                changed_at=at,
                **details,
            )
            after = {"version": version, "state": str(state)} | _plain(details)
            record("release.created", subject=release, by=by, at=at, after=after)
    except IntegrityError as error:
        raise _release_taken(version) from error
    return release


def change_release(
    *, release: Release, revision: int, by: Account | None, at: datetime, **changes: Any
) -> Release:
    """Change a release; its CSAF product id never changes.

    Raises Stale when somebody saved since ``revision``; else as ``create_release``.
    """
    model = changes.get("product_model")
    if model is not None and model.offering_id != release.offering_id:
        raise Conflict(gettext_noop("The model belongs to another product."))
    _check_days({day: getattr(release, day) for day in _DAYS} | changes)
    _check_purl(changes.get("purl", ""))
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


def _check_days(days: Mapping[str, Any]) -> None:
    """Refuse a life that ends before it begins."""
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


def _check_purl(text: str) -> None:
    if text:
        purl.parse(text)


def _move(offering: Offering, unit: Unit | None) -> None:
    """Hang what derives from an offering under its new unit."""
    why = "what derives from an offering follows its unit"
    ProductModel.objects.for_system(why).filter(offering=offering).update(unit=unit)
    releases = Release.objects.for_system(why).filter(offering=offering)
    releases.update(unit=unit)
    blobs.move(subject_uids=releases.values_list("uid", flat=True), unit=unit)
    SBOM.objects.for_system(why).filter(release__offering=offering).update(unit=unit)


def _code_taken(code: str) -> AlreadyDone:
    return AlreadyDone(
        gettext_noop("A product with the code “%(code)s” exists already."), code=code
    )


def _release_taken(version: str) -> AlreadyDone:
    return AlreadyDone(gettext_noop("The release “%(version)s” exists already."), version=version)
