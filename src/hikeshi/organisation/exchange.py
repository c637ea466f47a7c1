"""Units and people as CSV: written for spreadsheets, read back with a preview, all lines or none.

A preview is the real import taken back at its end, so that what it says is what will happen. Each
line is tried by itself, so that all wrong lines are named at once.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Model, Q
from django.utils.dateparse import parse_date
from django.utils.translation import gettext

from hikeshi.core.errors import (
    HikeshiError,
    InputRefused,
    Malformed,
    NotAllowed,
    TooLarge,
    gettext_noop,
)
from hikeshi.organisation import people, units
from hikeshi.organisation.models import Account, Appointment, Company, DutyType, Unit
from hikeshi.organisation.queries import unit_parents, units_of
from hikeshi.organisation.roles import PERMISSION_WORDS, Permission, Role
from hikeshi.organisation.viewer import Viewer
from hikeshi.ui.errors import explain

MOST_BYTES: Final = 2 * 1024 * 1024
MOST_LINES: Final = 2000
UNIT_COLUMNS: Final = (
    "uid", "parent", "name_ja", "name_en", "kind", "team_type", "protected_asset", "owner",
    "region", "zone",
)  # fmt: skip
PERSON_COLUMNS: Final = (
    "email", "name", "role", "unit", "duty", "load_percent", "since", "until", "language",
)  # fmt: skip
Row = dict[str, str]
_COMPUTED: Final = frozenset("=+-@\t\r")


@dataclass(frozen=True, slots=True)
class Line:
    """What became of one line: its number in the file, what it is about, what was done or wrong.

    action: ``created``, ``changed``, ``unchanged`` or ``refused``.
    """

    number: int
    about: str
    action: str
    error: str = ""


@dataclass(slots=True)
class Report:
    """What an import did, or would do. applied: False for a preview and when a line was refused."""

    lines: list[Line] = field(default_factory=list)
    applied: bool = False

    def count(self, action: str) -> int:
        """Return how many lines had this outcome."""
        return sum(line.action == action for line in self.lines)

    @property
    def refused(self) -> int:
        """Return how many lines are wrong; with one of them nothing is written."""
        return self.count("refused")


def read_rows(content: bytes, columns: tuple[str, ...]) -> list[tuple[int, Row]]:
    """Read a CSV with a header line; returns (line number, column → text).

    UTF-8, with or without a mark, or the Windows-31J of Japanese Excel; comma, semicolon or tab.
    Raises TooLarge, or Malformed for a file that is no such table.
    """
    if len(content) > MOST_BYTES:
        raise TooLarge(gettext_noop("The file is larger than 2 MiB; split it. Nothing was read."))
    text = text_of(content)
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, Row]] = []
    try:
        reader.fieldnames = _header(reader.fieldnames or [], columns)
        for row in reader:
            if None in row:
                raise Malformed(
                    gettext_noop("Line %(line)s has more fields than the first line names."),
                    line=reader.line_num,
                )
            cleaned = {name: _plain(row.get(name) or "") for name in columns}
            if any(cleaned.values()):
                rows.append((reader.line_num, cleaned))
            if len(rows) > MOST_LINES:
                raise TooLarge(gettext_noop("More than 2,000 lines; split the file."))
    except csv.Error as error:
        raise Malformed(
            gettext_noop("Line %(line)s cannot be read as CSV."), line=reader.line_num + 1
        ) from error
    return rows


def _header(names: Iterable[str | None], columns: tuple[str, ...]) -> list[str]:
    read = [(name or "").strip().lower() for name in names]
    unknown = [name for name in read if name not in columns]
    if not read or unknown:
        raise Malformed(
            gettext_noop("The first line names a column “%(name)s”. It may name: %(known)s."),
            name=(unknown or [""])[0][:60],
            known=", ".join(columns),
        )
    return read


def text_of(content: bytes) -> str:
    """Decode a CSV. Raises Malformed for what is neither UTF-8 nor Windows-31J text."""
    for encoding in ("utf-8-sig", "cp932"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Malformed(gettext_noop("The file is neither UTF-8 nor Shift_JIS text. Save it as CSV."))


def _plain(cell: str) -> str:
    """Take back the quote that ``_safe`` put before what a spreadsheet would compute."""
    cell = cell.strip()
    return cell[1:] if len(cell) > 1 and cell[0] == "'" and cell[1] in _COMPUTED else cell


def _safe(cell: object) -> str:
    # Spreadsheets compute cells that start so: a name could then run a formula on a colleague's
    # computer.
    text = "" if cell is None else str(cell)
    return f"'{text}" if text[:1] in _COMPUTED else text


def written(columns: tuple[str, ...], rows: Iterable[Mapping[str, object]]) -> str:
    """Write a CSV that spreadsheets read as text and never compute."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_safe(row.get(name)) for name in columns])
    # The mark makes Excel read UTF-8.
    return "\ufeff" + buffer.getvalue()


def run_lines(
    rows: list[tuple[int, Row]], act: Callable[[Row], tuple[str, str]], *, apply: bool
) -> Report:
    """Try each line by itself, and keep what they did when all went well and ``apply`` says so."""
    report = Report()
    with transaction.atomic():
        for number, row in rows:
            about = row.get("name_ja") or row.get("name_en") or row.get("email") or ""
            try:
                with transaction.atomic():
                    action, about = act(row)
            except HikeshiError as error:
                report.lines.append(Line(number, about, "refused", explain(error)))
            else:
                report.lines.append(Line(number, about, action))
        report.applied = apply and not report.refused
        if not report.applied:
            transaction.set_rollback(True)
    return report


class _UnitNames:
    """Find units by uid or name, the ones made by earlier lines too."""

    def __init__(self, viewer: Viewer, company: Company) -> None:
        self.units = list(units_of(viewer).filter(company=company, closed_at__isnull=True))

    def find(self, key: str) -> Unit:
        """Return the one unit meant. Raises InputRefused for none or several."""
        found = [unit for unit in self.units if key == str(unit.uid) or key in unit.name.values()]
        if len(found) != 1:
            raise InputRefused(
                gettext_noop("“%(key)s” names %(count)s open units; write the uid of one."),
                key=key,
                count=len(found),
            )
        return found[0]


def import_units(
    *, viewer: Viewer, company: Company, rows: list[tuple[int, Row]], at: datetime, apply: bool
) -> Report:
    """Create and change units; a line with a uid changes that unit, one without makes a new one."""
    names = _UnitNames(viewer, company)

    def act(row: Row) -> tuple[str, str]:
        name = {lang: row[f"name_{lang}"] for lang in ("ja", "en") if row[f"name_{lang}"]}
        if not name:
            raise InputRefused(gettext_noop("The unit needs a name in one language at least."))
        settings = {
            "kind": row["kind"] or "department",
            "team_type": row["team_type"],
            "protected_asset": row["protected_asset"],
            "region": row["region"],
            "zone": zone_name(row["zone"]),
            "owner": _owner(viewer, row["owner"]),
        }
        _fit(Unit, row, "kind", "team_type", "protected_asset", "region")
        parent = names.find(row["parent"]) if row["parent"] else None
        if not row["uid"]:
            made = units.add_unit(
                viewer=viewer, company=company, name=name, parent=parent, at=at, **settings
            )
            names.units.append(made)
            return "created", next(iter(name.values()))
        unit = names.find(row["uid"])
        wanted = {"name": name, **settings}
        changes = {key: value for key, value in wanted.items() if getattr(unit, key) != value}
        if changes:
            units.edit_unit(viewer=viewer, unit=unit, revision=unit.revision, at=at, **changes)
        moved = units.parent_of(unit, at) != parent
        if moved:
            units.rehang_unit(viewer=viewer, unit=unit, parent=parent, at=at)
        return "changed" if changes or moved else "unchanged", next(iter(name.values()))

    return run_lines(rows, act, apply=apply)


def import_people(
    *, viewer: Viewer, company: Company, rows: list[tuple[int, Row]], at: datetime, apply: bool
) -> Report:
    """Give roles, inviting who has no account yet; a role that runs already gets its new load."""
    names = _UnitNames(viewer, company)

    def act(row: Row) -> tuple[str, str]:
        role = _role(row["role"])
        _fit(Account, row, "name")
        unit = names.find(row["unit"]) if row["unit"] else None
        details = {"duty": _duty(row["duty"]), "load_percent": _load(row["load_percent"])}
        since, until = _day(row["since"], company), _day(row["until"], company)
        # One that starts later counts as given; a start that is past says nothing about a new one.
        held = Appointment.objects.filter(
            Q(until__isnull=True) | Q(until__gt=at), account__email=row["email"].lower(),
            company=company, unit=unit, role=role.value, delegate_of__isnull=True,
        ).first()  # fmt: skip
        if held is None:
            people.invite_person(
                viewer=viewer, email=people.clean_email(row["email"]),
                name=row["name"] or row["email"].partition("@")[0], company=company, role=role,
                unit=unit, since=since if since and since > at else None, until=until,
                language=_language(row["language"]), at=at, **details,
            )  # fmt: skip
            return "created", row["email"]
        wanted = {**details, "until": until}
        changes = {key: value for key, value in wanted.items() if getattr(held, key) != value}
        if not changes:
            return "unchanged", row["email"]
        people.change_role(viewer=viewer, appointment=held, at=at, **changes)
        return "changed", row["email"]

    return run_lines(rows, act, apply=apply)


def export_units(viewer: Viewer, company: Company) -> str:
    """Write a company's open units as CSV, in an order in which they can be read back.

    Raises NotAllowed without the right to export anywhere in the company.
    """
    _require_export(viewer, company)
    uids = dict(units_of(viewer).filter(company=company).values_list("pk", "uid"))
    parents = unit_parents([company.pk], viewer.at)
    nodes = units.unit_tree(viewer, company, language="en")

    def rows() -> Iterator[dict[str, object]]:
        for node in nodes:
            unit = node.unit
            yield {
                "uid": unit.uid,
                "parent": uids.get(parents.get(unit.pk) or 0),
                "name_ja": unit.name.get("ja"),
                "name_en": unit.name.get("en"),
                "kind": unit.kind,
                "team_type": unit.team_type,
                "protected_asset": unit.protected_asset,
                "owner": unit.owner.email if unit.owner else None,
                "region": unit.region,
                "zone": unit.zone,
            }

    return written(UNIT_COLUMNS, rows())


def export_people(viewer: Viewer, company: Company) -> str:
    """Write who holds which role in a company now or later as CSV. Raises NotAllowed as above."""
    _require_export(viewer, company)
    held = (
        people.appointments_seen_by(viewer)
        .filter(Q(until__isnull=True) | Q(until__gt=viewer.at), company=company)
        .filter(delegate_of__isnull=True)
        .select_related("account", "unit")
        .order_by("account__email", "pk")
    )
    zone = ZoneInfo(company.zone)
    rows = (
        {
            "email": row.account.email,
            "name": row.account.name,
            "role": row.role,
            "unit": row.unit.uid if row.unit else None,
            "duty": row.duty,
            "load_percent": row.load_percent,
            "since": row.since.astimezone(zone).date(),
            "until": row.until.astimezone(zone).date() if row.until else None,
            "language": row.account.language,
        }
        for row in held
    )
    return written(PERSON_COLUMNS, rows)


def _require_export(viewer: Viewer, company: Company) -> None:
    if company.pk not in viewer.company_ids(Permission.EXPORT):
        raise NotAllowed(
            gettext_noop("This needs the right “%(right)s”. An administrator can grant it."),
            right=PERMISSION_WORDS[Permission.EXPORT],
        )


def _owner(viewer: Viewer, email: str) -> Account | None:
    if not email:
        return None
    known = people.people_ever_of(viewer).filter(email=email.lower()).first()
    if known is None:
        raise InputRefused(
            gettext_noop("No person with the address %(email)s is known here."), email=email
        )
    return known


def zone_name(name: str) -> str:
    """Return the name of a time zone, "" as it is. Raises InputRefused for what is none."""
    if name:
        try:
            ZoneInfo(name)
        except (ValueError, OSError, LookupError) as error:
            raise InputRefused(
                gettext_noop("“%(name)s” is no time zone; write one such as Asia/Tokyo."), name=name
            ) from error
    return name


def _fit(model: type[Model], row: Row, *columns: str) -> None:
    """Raise InputRefused for a cell that is longer than what its column of the model holds."""
    for name in columns:
        limit = getattr(model._meta.get_field(name), "max_length", None)
        if limit is not None and len(row[name]) > limit:
            raise InputRefused(
                gettext_noop("“%(text)s…” in %(name)s is longer than %(limit)s characters."),
                text=row[name][:20],
                name=name,
                limit=limit,
            )


def _language(name: str) -> str:
    known = [code for code, _name in settings.LANGUAGES]
    if name and name not in known:
        raise InputRefused(
            gettext_noop("“%(name)s” is no language of these pages. They speak: %(known)s."),
            name=name[:20],
            known=", ".join(known),
        )
    return name


def _role(name: str) -> Role:
    try:
        return Role(name.lower())
    except ValueError as error:
        raise InputRefused(
            gettext_noop("“%(name)s” is no role. The roles are: %(known)s."),
            name=name,
            known=", ".join(Role),
        ) from error


def _duty(name: str) -> str:
    if name and name not in DutyType.values:
        raise InputRefused(
            gettext_noop("“%(name)s” is no duty; write full_time or concurrent."), name=name
        )
    return name or DutyType.CONCURRENT.value


def _load(text: str) -> int | None:
    if not text:
        return None
    # Its length first: of very many digits Python makes no number.
    if not text.isascii() or not text.isdigit() or len(text) > 3 or int(text) > 100:
        raise InputRefused(gettext_noop("The load is a whole number from 0 to 100."))
    return int(text)


def _day(text: str, company: Company) -> datetime | None:
    """Read a day as the company's midnight on which a role starts or ends."""
    if not text:
        return None
    try:
        day = parse_date(text.replace("/", "-"))
    except ValueError:
        day = None
    if day is None:
        raise InputRefused(gettext_noop("“%(text)s” is no day; write 2026-11-24."), text=text)
    return datetime.combine(day, time.min, ZoneInfo(company.zone))


def outcome(action: str) -> str:
    """Return the word for what became of a line."""
    return {
        "created": gettext("new"),
        "changed": gettext("changed"),
        "unchanged": gettext("unchanged"),
        "refused": gettext("refused"),
    }[action]
