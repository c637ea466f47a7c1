"""``hikeshi product``, ``release`` and ``sbom``: the inventory from scripts and builds."""

from __future__ import annotations

import argparse
import sys
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.formats.table.read import read_table
from hikeshi.inventory import queries, services
from hikeshi.inventory.importing import LIMITS, import_products, mapping_for
from hikeshi.inventory.models import Offering, OfferingKind, Rank, Release, ReleaseState
from hikeshi.inventory.uploads import DEFAULT_SLOT, MAX_BYTES, upload_sbom
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.terminal import company_named, read_file, show_rows
from hikeshi.organisation.viewer import Viewer

LIST_LIMIT = 1_000


def add_commands(commands: Any) -> None:
    """Add the commands of this area."""
    _add_product(commands.add_parser("product", help=_("list and add products")))
    _add_release(commands.add_parser("release", help=_("list and add releases of products")))
    _add_sbom(commands.add_parser("sbom", help=_("upload SBOMs and list them")))


def _add_product(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    listed = acts.add_parser("list", help=_("list the products you may see"))
    listed.add_argument("text", nargs="?", default="", help=_("part of a name or code"))
    listed.set_defaults(run=list_products, acts=True)
    add = acts.add_parser("add", help=_("add a product; prints its number"))
    add.add_argument("name")
    add.add_argument("--name-language", default="ja", choices=["ja", "en"])
    add.add_argument(
        "--company", default="", metavar="SLUG", help=_("needed with several companies")
    )
    add.add_argument("--code", default="")
    add.add_argument("--kind", default="product", choices=OfferingKind.values)
    add.add_argument("--rank", default="other", choices=Rank.values)
    add.set_defaults(run=add_product, acts=True)
    taken = acts.add_parser("import", help=_("take in a list of products and releases"))
    taken.add_argument("file", type=Path, help=_("CSV or .xlsx; the first line names the columns"))
    taken.add_argument(
        "--company", default="", metavar="SLUG", help=_("needed with several companies")
    )
    taken.add_argument(
        "--column",
        action="append",
        default=[],
        metavar="HEADING=FIELD",
        help=_("what a column means; else by its heading, or as said last time"),
    )
    taken.add_argument("--preview", action="store_true", help=_("only say what would be done"))
    taken.set_defaults(run=import_file, acts=True)


def _add_release(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    listed = acts.add_parser("list", help=_("list the releases of a product"))
    listed.add_argument("product", help=_("number, code or uid of the product"))
    listed.set_defaults(run=list_releases, acts=True)
    add = acts.add_parser("add", help=_("add a release; prints its number"))
    add.add_argument("product", help=_("number, code or uid of the product"))
    add.add_argument("version")
    add.add_argument("--model", default="", metavar="CODE")
    add.add_argument("--state", default="shipping", choices=ReleaseState.values)
    add.add_argument("--shipped-on", type=date.fromisoformat, metavar="YYYY-MM-DD")
    add.add_argument("--support-ends-on", type=date.fromisoformat, metavar="YYYY-MM-DD")
    add.set_defaults(run=add_release, acts=True)


def _add_sbom(parser: argparse.ArgumentParser) -> None:
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    upload = acts.add_parser("upload", help=_("make a file the current SBOM of a release's part"))
    upload.add_argument("file", help=_("CycloneDX or SPDX JSON, also .gz; - reads standard input"))
    upload.add_argument("--release", required=True, metavar="UID", help=_("uid or number"))
    upload.add_argument("--slot", default=DEFAULT_SLOT, help=_("the part that the file describes"))
    upload.set_defaults(run=upload_file, acts=True)
    listed = acts.add_parser("list", help=_("list every SBOM a release ever had"))
    listed.add_argument("--release", required=True, metavar="UID", help=_("uid or number"))
    listed.set_defaults(run=list_sboms, acts=True)


def list_products(options: argparse.Namespace, viewer: Viewer) -> None:
    """Print the products the viewer may know of."""
    rows = queries.with_figures(queries.offerings_of(viewer)).order_by("search_key", "pk")
    for word in queries.fold(options.text).split():
        rows = rows.filter(search_key__contains=word)
    show_rows(options, [_product_row(row) for row in rows[:LIST_LIMIT]])


def _product_row(row: Any) -> dict[str, Any]:
    return {
        "number": row.number, "uid": str(row.uid), "code": row.code,
        "name": text_in(row.name, "ja"), "kind": row.kind, "rank": row.rank,
        "releases": row.release_count, "with_sbom": row.covered_count,
    }  # fmt: skip


def add_product(options: argparse.Namespace, viewer: Viewer) -> None:
    """Add a product and print its number."""
    company = company_named(viewer, options.company)
    viewer.require(Permission.INVENTORY_EDIT, company.pk)
    offering = services.create_offering(
        company=company, name={options.name_language: options.name}, by=viewer.account,
        at=timezone.now(), code=options.code, kind=OfferingKind(options.kind),
        rank=Rank(options.rank),
    )  # fmt: skip
    show_rows(options, [{"number": offering.number, "uid": str(offering.uid)}])


def import_file(options: argparse.Namespace, viewer: Viewer) -> int:
    """Take in a list, print what became of each line; nothing is written when one is refused."""
    company = company_named(viewer, options.company)
    table = read_table(read_file(options.file, limit_bytes=LIMITS.size_bytes), LIMITS)
    mapping = mapping_for(company, table)
    for pair in options.column:
        heading, _equals, meant = pair.rpartition("=")
        if heading not in table.header:
            raise NotFound(gettext_noop("The list has no column “%(name)s”."), name=heading)
        mapping[table.header.index(heading)] = meant
    report = import_products(
        viewer=viewer, company=company, table=table, mapping=mapping, at=timezone.now(),
        apply=not options.preview,
    )  # fmt: skip
    show_rows(
        options,
        [{"line": line.number, "about": line.about, "outcome": line.action, "reason": line.error}
         for line in report.lines],
    )  # fmt: skip
    return 3 if report.refused else 0


def list_releases(options: argparse.Namespace, viewer: Viewer) -> None:
    """Print the releases of one product."""
    rows: list[Any] = queries.release_list(viewer, _product(viewer, options.product))
    show_rows(options, [_release_row(row) | {"sboms": row.sbom_count} for row in rows])


def _release_row(row: Release) -> dict[str, Any]:
    return {
        "number": row.number, "uid": str(row.uid), "version": row.version,
        "model": row.product_model.code if row.product_model else "", "state": row.state,
        "support_ends_on": row.support_ends_on.isoformat() if row.support_ends_on else None,
    }  # fmt: skip


def add_release(options: argparse.Namespace, viewer: Viewer) -> None:
    """Add a release and print its number."""
    seen = _product(viewer, options.product)
    offering = queries.offering_to_edit(viewer, uid=seen.uid)
    release = services.create_release(
        offering=offering, version=options.version, by=viewer.account, at=timezone.now(),
        product_model=queries.model_by_code(offering, options.model),
        state=ReleaseState(options.state), shipped_on=options.shipped_on,
        support_ends_on=options.support_ends_on,
    )  # fmt: skip
    show_rows(options, [_release_row(release)])


def upload_file(options: argparse.Namespace, viewer: Viewer) -> None:
    """Take a file as the current SBOM of a release's part and print what changed."""
    release = queries.release_to_edit(viewer, **_key(options.release))
    if options.file == "-":
        content, name = sys.stdin.buffer.read(MAX_BYTES + 1), ""
    else:
        path = Path(options.file)
        content, name = read_file(path, limit_bytes=MAX_BYTES), path.name
    done = upload_sbom(
        release=release, content=content, by=viewer.account, at=timezone.now(),
        slot=options.slot, file_name=name,
    )  # fmt: skip
    sbom = done.sbom
    said = {
        "release": release.number, "slot": options.slot, "uid": str(sbom.uid),
        "version": sbom.ordinal, "is_new": done.is_new, "components": sbom.components,
        "opened": done.opened, "closed": done.closed, "gaps": sbom.gaps,
    }  # fmt: skip
    show_rows(options, [said])


def list_sboms(options: argparse.Namespace, viewer: Viewer) -> None:
    """Print every SBOM that a release ever had."""
    key = _key(options.release)
    release = (
        queries.release_by_uid(viewer, key["uid"])
        if "uid" in key
        else queries.release_by_number(viewer, key["number"])
    )
    show_rows(
        options,
        [
            {
                "slot": sbom.slot.name, "version": sbom.ordinal, "uid": str(sbom.uid),
                "current": sbom.replaced_at is None, "components": sbom.components,
                "uploaded_at": sbom.uploaded_at.isoformat(timespec="seconds"),
                "sha256": bytes(sbom.sha256).hex(),
            }
            for sbom in queries.sboms_of(release)
        ],
    )  # fmt: skip


def _product(viewer: Viewer, name: str) -> Offering:
    """Find a product by number, uid or code."""
    key = _key(name)
    if "uid" in key:
        return queries.offering_by_uid(viewer, key["uid"])
    by_code = queries.offerings_of(viewer).filter(code=name).order_by("pk").first()
    return by_code or queries.offering_by_number(viewer, name)


def _key(name: str) -> dict[str, Any]:
    try:
        return {"uid": UUID(name)}
    except ValueError:
        return {"number": name}
