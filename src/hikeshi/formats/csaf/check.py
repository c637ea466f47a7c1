"""All mandatory tests of CSAF 2.0 (section 6.1) on a document, by number.

CSAF 2.0 with Errata 01, section 6.1.1 to 6.1.33. The document obeys the schema already: what the
schema forbids is not looked for here, but for the CVSS objects, whose schemas are FIRST's (6.1.8).
6.1.11 needs the list of CWE, which the caller brings: without it no weakness passes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from cvss import CVSS2, CVSS3
from cvss.exceptions import CVSSError

from hikeshi.formats.csaf import products, profiles, tracking
from hikeshi.formats.csaf.languages import is_language
from hikeshi.formats.csaf.products import JSON, Found, doubles, each, vulnerabilities

_REQUIRED: Final = {
    "cvss_v2": ("version", "vectorString", "baseScore"),
    "cvss_v3": ("version", "vectorString", "baseScore", "baseSeverity"),
}
_VERSIONS: Final = {"cvss_v2": {"2.0"}, "cvss_v3": {"3.0", "3.1"}}
_COMPUTED: Final = re.compile(r"(Score|Severity)$")


@dataclass(frozen=True, slots=True)
class Failure:
    """A test that a document fails: its number in section 6.1, and where."""

    test: str
    place: str


def check(content: bytes, *, weaknesses: Mapping[str, str] | None = None) -> list[Failure]:
    """Return every mandatory test that a document fails, in order; none when it is sound.

    content: the JSON, valid by the schema. weaknesses: {CWE id: its name}.
    """
    document: JSON = orjson.loads(content)
    found = [Failure(number, place) for number, test in TESTS.items() for place in test(document)]
    found += [Failure("6.1.11", place) for place in weakness(document, weaknesses or {})]
    return sorted(found, key=lambda one: [int(part) for part in one.test.split(".")])


def _scores(document: JSON) -> Iterator[tuple[str, str, JSON, list[str]]]:
    """Yield (place, field, CVSS object, products) of every score."""
    for number, one in enumerate(vulnerabilities(document)):
        for place, item in each(one, "scores"):
            for field in _REQUIRED:
                if field in item:
                    where = f"vulnerabilities[{number}]/{place}/{field}"
                    yield where, field, item[field], item.get("products", [])


def multiple_scores(document: JSON) -> Found:
    """6.1.7: a product has one score of a CVSS version against a vulnerability."""
    held = [
        (place.partition("/")[0], str(score.get("version", field)), product)
        for place, field, score, named in _scores(document)
        for product in named
    ]
    yield from (f"{place}: {product}, CVSS {of}" for place, of, product in doubles(held))


def invalid_score(document: JSON) -> Found:
    """6.1.8: a CVSS object is one by its own schema."""
    for place, field, score, _named in _scores(document):
        missing = [name for name in _REQUIRED[field] if name not in score]
        if missing or score["version"] not in _VERSIONS[field] or _worked_out(score) is None:
            yield f"{place}: {', '.join(missing) or score.get('vectorString', '')}"


def miscomputed_score(document: JSON) -> Found:
    """6.1.9: scores and severities are those of the vector."""
    yield from _differing(document, computed=True)


def inconsistent_score(document: JSON) -> Found:
    """6.1.10: a metric that is spelled out is as the vector has it."""
    yield from _differing(document, computed=False)


def _differing(document: JSON, *, computed: bool) -> Found:
    for place, _field, score, _named in _scores(document):
        right = _worked_out(score)
        for name, value in score.items() if right is not None else ():
            if name in {"version", "vectorString"} or bool(_COMPUTED.search(name)) != computed:
                continue
            if right is not None and _same(right.get(name, "NOT_DEFINED")) != _same(value):
                yield f"{place}/{name}: {value}"


def _same(value: Any) -> Any:
    return value.upper() if isinstance(value, str) else float(value)


def _worked_out(score: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the CVSS object that a vector stands for; None when it is no vector."""
    vector = str(score.get("vectorString", ""))
    try:
        made = CVSS3(vector) if vector.startswith("CVSS:3") else CVSS2(vector)
    except CVSSError:
        return None
    return dict(made.as_json())


def weakness(document: JSON, names: Mapping[str, str]) -> Found:
    """6.1.11: a CWE has the name that the list gives it."""
    for number, one in enumerate(vulnerabilities(document)):
        cwe = one.get("cwe")
        if cwe is not None and names.get(cwe["id"]) != cwe["name"]:
            yield f"vulnerabilities[{number}]/cwe: {cwe['id']}"


def language(document: JSON) -> Found:
    """6.1.12: a language is one."""
    for name in ("lang", "source_lang"):
        value = document["document"].get(name)
        if value is not None and not is_language(value):
            yield f"document/{name}: {value}"


def translator(document: JSON) -> Found:
    """6.1.15: who translates says from which language."""
    of = document["document"]
    if of["publisher"]["category"] == "translator" and "source_lang" not in of:
        yield "document/source_lang"


def double_cve(document: JSON) -> Found:
    """6.1.23: a CVE id names one vulnerability."""
    yield from doubles([one["cve"] for one in vulnerabilities(document) if "cve" in one])


def double_involvement(document: JSON) -> Found:
    """6.1.24: a party is involved once at a moment."""
    for number, one in enumerate(vulnerabilities(document)):
        held = [(item["party"], item.get("date")) for _p, item in each(one, "involvements")]
        yield from (f"vulnerabilities[{number}]/involvements: {p}" for p, _at in doubles(held))


def double_hash(document: JSON) -> Found:
    """6.1.25: a file has one hash of an algorithm."""
    for place, item in products.full_names(document):
        for held in item.get("product_identification_helper", {}).get("hashes", []):
            kinds = [one["algorithm"] for one in held.get("file_hashes", [])]
            yield from (f"{place}/hashes: {kind}" for kind in doubles(kinds))


def translation(document: JSON) -> Found:
    """6.1.28: a translation is in another language than its source."""
    of = document["document"]
    if "lang" in of and of["lang"].lower() == str(of.get("source_lang", "")).lower():
        yield "document/source_lang"


TESTS: Final[dict[str, Callable[[JSON], Found]]] = {
    "6.1.1": products.missing_definition,
    "6.1.2": products.multiple_definition,
    "6.1.3": products.circular_definition,
    "6.1.4": products.missing_group,
    "6.1.5": products.multiple_groups,
    "6.1.6": products.contradicting_status,
    "6.1.7": multiple_scores,
    "6.1.8": invalid_score,
    "6.1.9": miscomputed_score,
    "6.1.10": inconsistent_score,
    "6.1.12": language,
    "6.1.13": products.package_url,
    "6.1.14": tracking.unsorted_history,
    "6.1.15": translator,
    "6.1.16": tracking.latest_version,
    "6.1.17": tracking.undeclared_draft,
    "6.1.18": tracking.released_zero,
    "6.1.19": tracking.marked_revisions,
    "6.1.20": tracking.released_marked,
    "6.1.21": tracking.missing_revisions,
    "6.1.22": tracking.double_revisions,
    "6.1.23": double_cve,
    "6.1.24": double_involvement,
    "6.1.25": double_hash,
    "6.1.26": profiles.prohibited_category,
    "6.1.27.1": profiles.document_notes,
    "6.1.27.2": profiles.document_references,
    "6.1.27.3": profiles.no_vulnerabilities,
    "6.1.27.4": profiles.has_tree,
    "6.1.27.5": profiles.vulnerability_notes,
    "6.1.27.6": profiles.has_status,
    "6.1.27.7": profiles.vex_status,
    "6.1.27.8": profiles.vex_id,
    "6.1.27.9": profiles.vex_impact,
    "6.1.27.10": profiles.vex_action,
    "6.1.27.11": profiles.has_vulnerabilities,
    "6.1.28": translation,
    "6.1.29": products.remedy_for_nothing,
    "6.1.30": tracking.mixed_versions,
    "6.1.31": products.range_as_version,
    "6.1.32": products.flag_for_nothing,
    "6.1.33": products.two_justifications,
}
