"""What the columns of a product list can mean, and how their cells are read.

A column is recognised by its heading, in English or Japanese; a person may say otherwise, and what
they said is remembered for lists with the same headings (``ColumnMapping``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, Final

from django.db.models import TextChoices
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hikeshi.core.errors import InputRefused, gettext_noop
from hikeshi.inventory.models import ComponentClass, OfferingKind, Rank, ReleaseState
from hikeshi.inventory.queries import fold

OFFERING, RELEASE, MODEL, REFERENCE = "offering", "release", "model", "reference"
# What a product or a release is tied to: those behind it, products beside it, releases inside it.
CHAIN, LINKED, INSIDE = "chain", "linked", "inside"


@dataclass(frozen=True, slots=True)
class Column:
    """A meaning that a column can have.

    of: what it is told of. aliases: further headings by which it is recognised, beside its label.
    """

    field: str
    of: str
    label: str | Promise
    read: Callable[[str], Any]
    aliases: tuple[str, ...] = ()


def _text(limit: int) -> Callable[[str], str]:
    def read(cell: str) -> str:
        if len(cell) > limit:
            raise InputRefused(
                gettext_noop("“%(text)s…” is longer than %(limit)s characters."),
                text=cell[:30], limit=limit,
            )  # fmt: skip
        return cell

    return read


def _choice(choices: type[TextChoices]) -> Callable[[str], str]:
    def read(cell: str) -> str:
        value = _words(choices).get(fold(cell))
        if value is None:
            raise InputRefused(
                gettext_noop("“%(text)s” is not one of: %(known)s."),
                text=cell[:60], known=", ".join(choices.values),
            )  # fmt: skip
        return value

    return read


@lru_cache(maxsize=16)
def _words(choices: type[TextChoices]) -> Mapping[str, str]:
    """Return the values of choices by themselves and by their labels in both languages."""
    words = {fold(value): value for value in choices.values}
    for language in ("ja", "en"):
        with translation.override(language):
            words |= {fold(str(label)): value for value, label in choices.choices if value}
    return words


def _list(cell: str) -> list[str]:
    """Read several names of one cell: between semicolons or on lines of their own."""
    return [name for name in map(str.strip, re.split(r"[;；\n]", cell)) if name]


_YES: Final = frozenset({"1", "yes", "y", "true", "x", "はい", "有", "あり", "○", "〇", "該当"})
_NO: Final = frozenset({"0", "no", "n", "false", "-", "いいえ", "無", "なし", "×", "非該当"})


def _flag(cell: str) -> bool:
    word = fold(cell)
    if word in _YES or word in _NO:
        return word in _YES
    raise InputRefused(gettext_noop("“%(text)s” is neither yes nor no."), text=cell[:60])


def _day(cell: str) -> date:
    try:
        year, month, day = cell.replace("/", "-").replace(".", "-").split("-")
        return date(int(year), int(month), int(day))
    except ValueError as error:
        raise InputRefused(
            gettext_noop("“%(text)s” is no day; write 2026-11-24."), text=cell[:60]
        ) from error


def _count(cell: str) -> int:
    plain = fold(cell).replace(",", "")
    if not (plain.isascii() and plain.isdigit() and len(plain) < 10):
        raise InputRefused(gettext_noop("“%(text)s” is no whole number."), text=cell[:60])
    return int(plain)


COLUMNS: Final = (
    Column("code", OFFERING, _("product code"), _text(80), ("code", "型番", "品番", "製品番号")),
    Column("name_ja", OFFERING, _("name (Japanese)"), _text(200),
           ("name_ja", "name", "product", "製品名", "名称", "品名")),
    Column("name_en", OFFERING, _("name (English)"), _text(200), ("name_en", "英語名")),
    Column("kind", OFFERING, _("kind"), _choice(OfferingKind), ("製品種別", "区分")),
    Column("rank", OFFERING, _("rank"), _choice(Rank), ("重要度",)),
    Column("component_class", OFFERING, _("part of a system"), _choice(ComponentClass),
           ("component_class", "class", "構成要素")),
    Column("is_safety", OFFERING, _("a failure can hurt people"), _flag,
           ("is_safety", "safety", "安全")),
    Column("maker", OFFERING, _("made by"), _text(200), ("maker", "manufacturer", "製造元")),
    Column("unit", REFERENCE, _("owner unit"), _text(200),
           ("unit", "department", "部門", "事業部")),
    Column("owner", REFERENCE, _("person in charge"), _text(254),
           ("owner", "email", "担当者", "メール", "責任者")),
    Column("chain_department", CHAIN, _("departments behind it"), _list, ("関係部門",)),
    Column("oem", CHAIN, _("OEM"), _list, ("OEM先", "OEM元")),
    Column("contractor", CHAIN, _("contractor"), _list, ("委託先", "外注先")),
    Column("supplier", CHAIN, _("supplier"), _list, ("仕入先", "供給元", "サプライヤー")),
    Column("connected", LINKED, _("connected products"), _list, ("接続先", "接続製品")),
    Column("model", MODEL, _("model"), _text(80), ("model_code", "variant", "機種", "形式")),
    Column("version", RELEASE, _("version"), _text(120),
           ("release", "firmware", "バージョン", "版", "リリース", "ファームウェア")),
    Column("state", RELEASE, _("state"), _choice(ReleaseState), ("status", "ライフサイクル")),
    Column("shipped_on", RELEASE, _("shipped on"), _day,
           ("shipped_on", "ship date", "発売日", "リリース日")),
    Column("last_shipped_on", RELEASE, _("last shipped on"), _day,
           ("last ship date", "最終出荷日", "出荷終了日")),
    Column("disposed_on", RELEASE, _("disposed of on"), _day, ("廃棄日", "撤去日")),
    Column("support_ends_on", RELEASE, _("support ends on"), _day,
           ("support_ends_on", "support end", "eol", "eos", "サポート終了日", "保守終了日")),
    Column("units_in_use", RELEASE, _("units in use"), _count,
           ("units_in_use", "quantity", "台数", "出荷台数")),
    Column("contains", INSIDE, _("contained releases"), _list, ("内蔵製品", "組込み製品")),
    Column("purl", RELEASE, _("package URL"), _text(400), ("purl",)),
    Column("cpe", RELEASE, _("CPE name"), _text(400), ("cpe",)),
)  # fmt: skip
BY_FIELD: Final = {column.field: column for column in COLUMNS}


@lru_cache(maxsize=1)
def _headings() -> Mapping[str, str]:
    known: dict[str, str] = {}
    for column in COLUMNS:
        known |= {fold(alias): column.field for alias in (column.field, *column.aliases)}
        for language in ("ja", "en"):
            with translation.override(language):
                known.setdefault(fold(str(column.label)), column.field)
    return known


def guess(header: Iterable[str]) -> dict[int, str]:
    """Say what columns mean by their headings: place → field; of two alike the first counts."""
    meant: dict[int, str] = {}
    for place, heading in enumerate(header):
        field = _headings().get(fold(heading))
        if field is not None and field not in meant.values():
            meant[place] = field
    return meant


def digest_of(header: Iterable[str]) -> str:
    """Return what names a list by its headings: SHA-256 in hexadecimal."""
    text = "\x1f".join(fold(heading) for heading in header)
    return hashlib.sha256(text.encode()).hexdigest()


def check(mapping: Mapping[int, str], columns: int) -> None:
    """Raise InputRefused for a mapping that cannot name a product, or that says a thing twice."""
    fields = list(mapping.values())
    for field in fields:
        if field not in BY_FIELD:
            raise InputRefused(
                gettext_noop("“%(name)s” is nothing that a column can mean. It may be: %(known)s."),
                name=field[:60], known=", ".join(BY_FIELD),
            )  # fmt: skip
        if fields.count(field) > 1:
            raise InputRefused(gettext_noop("Two columns mean “%(name)s”. Keep one."), name=field)
    if any(not 0 <= place < columns for place in mapping):
        raise InputRefused(gettext_noop("A column is named that the list does not have."))
    if not {"code", "name_ja", "name_en"} & set(fields):
        raise InputRefused(
            gettext_noop("Say which column holds the product code or the name of the product.")
        )


def read_cells(mapping: Mapping[int, str], cells: tuple[str, ...]) -> dict[str, Any]:
    """Return what a line tells: field → value; empty cells tell nothing.

    Raises InputRefused for a cell that cannot be read; the message names the column.
    """
    told: dict[str, Any] = {}
    for place, field in mapping.items():
        cell = cells[place]
        if cell:
            told[field] = BY_FIELD[field].read(cell)
    return told
