"""Companies as CSV, for groups of many: see ``exchange``. The founder administers the new ones."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from hikeshi.core.errors import InputRefused, gettext_noop
from hikeshi.organisation import companies
from hikeshi.organisation.exchange import Report, Row, run_lines, written, zone_name
from hikeshi.organisation.models import Company
from hikeshi.organisation.queries import companies_of, viewer_of
from hikeshi.organisation.viewer import Viewer

COMPANY_COLUMNS: Final = ("slug", "parent", "name_ja", "name_en", "prefix", "zone")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_PREFIX: Final = re.compile(r"[A-Z][A-Z0-9]{1,7}")


def import_companies(
    *, viewer: Viewer, rows: list[tuple[int, Row]], at: datetime, apply: bool
) -> Report:
    """Set up companies, and change the name and zone of those the viewer has already."""
    own = {company.slug: company for company in companies_of(viewer)}

    def act(row: Row) -> tuple[str, str]:
        name = {lang: row[f"name_{lang}"] for lang in ("ja", "en") if row[f"name_{lang}"]}
        slug, zone = row["slug"].lower(), zone_name(row["zone"])
        if not _SLUG.fullmatch(slug) or not name:
            raise InputRefused(
                gettext_noop("A company needs a short name in small letters, and a name.")
            )
        if slug not in own:
            return "created", _set_up(viewer, own, row, name, at)
        held = own[slug]
        wanted = {"name": name} | ({"zone": zone} if zone else {})
        changes = {key: value for key, value in wanted.items() if getattr(held, key) != value}
        if changes:
            own[slug] = companies.edit_company(
                viewer=viewer, company=held, revision=held.revision, at=at, **changes
            )
        return "changed" if changes else "unchanged", next(iter(name.values()))

    return run_lines(rows, act, apply=apply)


def _set_up(
    viewer: Viewer, own: dict[str, Company], row: Row, name: dict[str, str], at: datetime
) -> str:
    prefix = row["prefix"].upper() or companies.suggested_prefix(name)
    if not _PREFIX.fullmatch(prefix):
        raise InputRefused(
            gettext_noop("“%(prefix)s” is no number prefix; write two to eight letters or digits."),
            prefix=prefix,
        )
    parent = own.get(row["parent"].lower()) if row["parent"] else None
    if row["parent"] and parent is None:
        raise InputRefused(
            gettext_noop("There is no company “%(slug)s” of yours."), slug=row["parent"]
        )
    own[row["slug"].lower()] = companies.add_company(
        # Weighed anew for each line: who set up the company above may set up those below it.
        viewer=_as_of(viewer, at), slug=row["slug"].lower(), name=name, prefix=prefix,
        parent=parent, at=at, zone=row["zone"] or "Asia/Tokyo",
    )  # fmt: skip
    return next(iter(name.values()))


def _as_of(viewer: Viewer, at: datetime) -> Viewer:
    if viewer.account is None:
        return viewer
    return viewer_of(viewer.account, at, viewer.token_permissions)


def export_companies(viewer: Viewer) -> str:
    """Write the companies of the viewer as CSV, parents before those below them."""
    slugs = {company.pk: company.slug for company in companies_of(viewer)}
    rows = sorted(companies_of(viewer), key=lambda company: (company.parent_id or 0, company.slug))
    return written(
        COMPANY_COLUMNS,
        (
            {
                "slug": company.slug,
                "parent": slugs.get(company.parent_id or 0),
                "name_ja": company.name.get("ja"),
                "name_en": company.name.get("en"),
                "prefix": company.prefix,
                "zone": company.zone,
            }
            for company in rows
        ),
    )
