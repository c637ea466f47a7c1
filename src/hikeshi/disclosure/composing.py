"""From rows to the value of core that every format is rendered from.

One value per language. The sentences that the program adds (an update to which version, no fix is
planned) are written in that language. Internal grounds of decisions never enter it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from hikeshi.core.advisory import (
    Advisory as Value,
)
from hikeshi.core.advisory import (
    Credit,
    Edition,
    Note,
    Product,
    Publisher,
    Reference,
    Remedy,
    Score,
    Vulnerability,
    Weakness,
)
from hikeshi.core.tlp import TLP
from hikeshi.core.vex import Action, Justification, ProductStatus
from hikeshi.disclosure.models import TEXTS, Advisory
from hikeshi.formats.csaf.write import file_name
from hikeshi.inventory.models import Release
from hikeshi.organisation.models import Company
from hikeshi.organisation.queries import text_in
from hikeshi.records import approvals
from hikeshi.triage.matrix import Cell, Matrix
from hikeshi.triage.models import Band, CaseVulnerability
from hikeshi.triage.scoring import worst_band


@dataclass(frozen=True, slots=True)
class Draft:
    """All rows that an advisory is made from, read once, texts opened."""

    advisory: Advisory
    subjects: Sequence[tuple[CaseVulnerability, Matrix]]
    found_on: datetime | None = None


@dataclass(slots=True)
class _Tree:
    """The products named so far, by id."""

    vendor: str
    language: str
    products: dict[str, Product] = field(default_factory=dict)

    def add(self, release: Release) -> str:
        """Put a release into the tree and return its id."""
        offering = release.offering
        name = text_in(offering.name, self.language)
        if release.product_model is not None:
            name = f"{name} {release.product_model.code}"
        self.products[release.csaf_product_id] = Product(
            product_id=release.csaf_product_id,
            vendor=self.vendor,
            name=name,
            version=release.version,
            cpe=release.cpe,
            purl=release.purl,
        )
        return release.csaf_product_id


def languages_of(advisory: Advisory) -> list[str]:
    """Return the languages in which an advisory has a title and a summary, its own first."""
    title, summary = advisory.title.value or {}, advisory.summary.value or {}
    held = [one for one in title if title[one].strip() and summary.get(one, "").strip()]
    return sorted(held, key=lambda one: (one != advisory.source_language, one))


def public_base(company: Company) -> str:
    """Return the address that the company's public pages start with, without a slash."""
    return f"https://{company.host}" if company.host else str(settings.BASE_URL)


def document_id(number: str, language: str, source_language: str) -> str:
    """Return the tracking id: the number, and for a translation its language behind it."""
    return number if language == source_language else f"{number}-{language}"


def compose(draft: Draft, language: str, editions: Sequence[Edition] = ()) -> Value:
    """Make the value of an advisory in one language.

    editions: those published before and the one being published; empty while it is a draft.
    """
    advisory = draft.advisory
    with translation.override(language):
        tree = _Tree(text_in(advisory.company.name, language), language)
        vulnerabilities = tuple(
            _vulnerability(draft, subject, matrix, tree, language)
            for subject, matrix in draft.subjects
        )
        own = document_id(advisory.number, language, advisory.source_language)
        translated = language != advisory.source_language
        return Value(
            id=own,
            title=_text(advisory, "title", language),
            language=language,
            source_language=advisory.source_language if translated else "",
            publisher=publisher_of(advisory.company, language),
            editions=tuple(editions),
            tlp=TLP(advisory.tlp),
            severity=_severity(draft),
            notes=_notes(advisory, language),
            references=_references(advisory, language, own),
            credits=_credits(advisory, language),
            products=tuple(tree.products[one] for one in sorted(tree.products)),
            vulnerabilities=vulnerabilities,
        )


def publisher_of(company: Company, language: str) -> Publisher:
    """Return who speaks for a company's advisories."""
    return Publisher(
        name=text_in(company.name, language),
        namespace=public_base(company),
        contact=company.mail_from,
    )


def band_of(draft: Draft) -> str:
    """Return the severity band of the worst vulnerability that the advisory speaks of, "" of none.

    Not the case's: what else the case is about may still be a secret.
    """
    return worst_band([one for one, _matrix in draft.subjects])


def _severity(draft: Draft) -> str:
    band = band_of(draft)
    return str(Band(band).label) if band else ""


def _text(advisory: Advisory, name: str, language: str) -> str:
    value = getattr(advisory, name).value or {}
    return str(value.get(language, "")).strip()


def _notes(advisory: Advisory, language: str) -> tuple[Note, ...]:
    headings = {
        "summary": ("summary", _("Summary")),
        "description": ("description", _("Description")),
        "impact": ("general", _("Impact")),
        "remedy": ("general", _("Remedy")),
        "workaround": ("general", _("Workaround")),
    }
    return tuple(
        Note(category, text, heading)
        for name, (category, heading) in headings.items()
        if (text := _text(advisory, name, language))
    )


def _references(advisory: Advisory, language: str, own: str) -> tuple[Reference, ...]:
    base = f"{public_base(advisory.company)}/advisories"
    given = tuple(
        Reference(str(one["url"]), text_in(one.get("summary"), language) or str(one["url"]))
        for one in advisory.references.value or ()
    )
    return (
        Reference(f"{base}/{file_name(own)}", _("This advisory, machine-readable"), own=True),
        Reference(f"{base}/{advisory.number}/", _("This advisory as a page"), own=True),
        *given,
    )


def _credits(advisory: Advisory, language: str) -> tuple[Credit, ...]:
    return tuple(
        Credit(
            names=tuple(one.get("names") or ()),
            organisation=str(one.get("organisation") or ""),
            summary=text_in(one.get("summary"), language),
        )
        for one in advisory.credits.value or ()
    )


def _vulnerability(
    draft: Draft, subject: CaseVulnerability, matrix: Matrix, tree: _Tree, language: str
) -> Vulnerability:
    advisory = draft.advisory
    statuses: dict[ProductStatus, list[str]] = {status: [] for status in ProductStatus}
    justified: dict[Justification, list[str]] = {}
    for cell in matrix.cells():
        product = tree.add(cell.release)
        statuses[cell.status].append(product)
        if cell.assessment.justification:
            reason = Justification(cell.assessment.justification)
            justified.setdefault(reason, []).append(product)
    _add_fixes(matrix, statuses, tree)
    title = text_in(subject.title.value if subject.title else None, language)
    weaknesses = (subject.weaknesses.value if subject.weaknesses else None) or []
    open_ids = (
        *statuses[ProductStatus.KNOWN_AFFECTED],
        *statuses[ProductStatus.UNDER_INVESTIGATION],
    )
    vectors = (subject.vectors.value if subject.vectors else None) or []
    name = subject.cve or (subject.name if subject.name.startswith("CVE-") else "")
    own_name = subject.name if subject.name != advisory.case.number else advisory.number
    note = _text(advisory, "description", language) or _text(advisory, "summary", language)
    return Vulnerability(
        title=title or _text(advisory, "title", language),
        cve=name,
        ids=((text_in(advisory.company.name, "en"), own_name),) if not name else (),
        weakness=Weakness(weaknesses[0]) if weaknesses else None,
        notes=(Note("description", note, _("Description")),) if note else (),
        statuses={status: tuple(ids) for status, ids in statuses.items() if ids},
        justifications={reason: tuple(ids) for reason, ids in justified.items()},
        remedies=_remedies(advisory, matrix, language),
        scores=tuple(Score(vector, open_ids) for vector in vectors) if open_ids else (),
        discovered_at=None,
    )


def _add_fixes(matrix: Matrix, statuses: Mapping[ProductStatus, list[str]], tree: _Tree) -> None:
    """Name releases that bring a fix as fixed, where nobody said anything else of them."""
    spoken_of = {one for ids in statuses.values() for one in ids}
    for cell in matrix.cells():
        fix = cell.assessment.fixed_in
        if fix is not None and fix.state != "planned" and fix.csaf_product_id not in spoken_of:
            spoken_of.add(fix.csaf_product_id)
            statuses[ProductStatus.FIXED].append(tree.add(fix))


def _remedies(advisory: Advisory, matrix: Matrix, language: str) -> tuple[Remedy, ...]:
    """Say what to do, once per action and fixing release, in order of versions."""
    grouped: dict[tuple[Action, Release | None], list[str]] = {}
    for cell in matrix.cells():
        if cell.status is ProductStatus.KNOWN_AFFECTED and cell.assessment.action:
            key = (Action(cell.assessment.action), cell.assessment.fixed_in)
            grouped.setdefault(key, []).append(cell.release.csaf_product_id)
    return tuple(
        Remedy(
            action=action,
            details=_remedy_text(advisory, action, fix, language),
            product_ids=tuple(products),
            at=_noon(fix.shipped_on, advisory.company) if fix and fix.shipped_on else None,
            fixed_in=fix.csaf_product_id if fix else "",
        )
        for (action, fix), products in grouped.items()
    )


def _noon(day: date, company: Company) -> datetime:
    """Turn a day into a moment: noon at the company, which is that day nearly everywhere."""
    return datetime.combine(day, time(12), ZoneInfo(company.zone)).astimezone(UTC)


def _remedy_text(advisory: Advisory, action: Action, fix: Release | None, language: str) -> str:
    workaround = _text(advisory, "workaround", language)
    if action is Action.VENDOR_FIX:
        if fix is None:
            return _("An update is being prepared.")
        return _("Update to version %(version)s.") % {"version": fix.version}
    if action is Action.NO_FIX_PLANNED:
        return _("No fix is planned for this version.")
    if action is Action.NONE_AVAILABLE:
        return _("No fix is available yet.")
    return workaround or _("See the description of the workaround.")


def content_of(draft: Draft) -> dict[str, Any]:
    """Return all that would be published, in every language, as JSON; dates of editions left out.

    An approval binds to the hash of this: one letter or one status changed, and it is another.
    """
    advisory = draft.advisory
    return {
        "number": advisory.number,
        "change_note": advisory.change_note.value or {},
        "languages": {one: as_json(compose(draft, one)) for one in languages_of(advisory)},
    }


def as_json(value: Value) -> dict[str, Any]:
    """Return a value of core as plain JSON."""
    encoded = orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)
    decoded: dict[str, Any] = orjson.loads(encoded)
    return decoded


def hash_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of content as approvals make it, hexadecimal."""
    return approvals.hash_of(content).hex()


def with_editions(value: Value, editions: Iterable[Edition]) -> Value:
    """Return the value with its history, ready to be rendered."""
    return replace(value, editions=tuple(editions))


def public_texts(advisory: Advisory) -> dict[str, dict[str, str]]:
    """Return the texts by name, opened."""
    return {name: dict(getattr(advisory, name).value or {}) for name in TEXTS}


__all__ = ["Cell", "Draft", "as_json", "compose", "content_of", "hash_of", "languages_of"]
