"""Mandatory tests of CSAF 2.0 about profiles: what a category promises, the document holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from hikeshi.formats.csaf.products import JSON, Found, each, named_by, vulnerabilities

BASE: Final = "csaf_base"
_INFORMATIONAL: Final = "csaf_informational_advisory"
_INCIDENT: Final = "csaf_security_incident_response"
_ADVISORY: Final = "csaf_security_advisory"
_VEX: Final = "csaf_vex"
PROFILES: Final = {BASE, _INFORMATIONAL, _INCIDENT, _ADVISORY, _VEX}
_GAPS: Final = re.compile(r"[\s\-_\u2010-\u2015]+")
_SAYING: Final = {"description", "details", "general", "summary"}
_VEX_STATUSES: Final = {"fixed", "known_affected", "known_not_affected", "under_investigation"}


def _category(document: JSON) -> str:
    return str(document["document"]["category"])


def prohibited_category(document: JSON) -> Found:
    """6.1.26: a category of one's own does not look like a profile."""
    category = _category(document)
    if category in PROFILES:
        return
    plain = _GAPS.sub("", category.lower())
    reserved = {_GAPS.sub("", one) for one in PROFILES}
    reserved |= {one.removeprefix("csaf") for one in reserved} - {"base"}
    if plain in reserved or category.lower().startswith("csaf_"):
        yield f"document/category: {category}"


def document_notes(document: JSON) -> Found:
    """6.1.27.1: what informs has a note that says something."""
    if _category(document) in {_INFORMATIONAL, _INCIDENT}:
        notes = document["document"].get("notes", [])
        if not any(note["category"] in _SAYING for note in notes):
            yield "document/notes"


def document_references(document: JSON) -> Found:
    """6.1.27.2: what informs refers to something outside."""
    if _category(document) in {_INFORMATIONAL, _INCIDENT}:
        held = document["document"].get("references", [])
        # "external" is what a reference is unless it says otherwise (section 3.2.1.11).
        if not any(one.get("category", "external") == "external" for one in held):
            yield "document/references"


def no_vulnerabilities(document: JSON) -> Found:
    """6.1.27.3: an informational advisory speaks of no vulnerability."""
    if _category(document) == _INFORMATIONAL and "vulnerabilities" in document:
        yield "vulnerabilities"


def has_tree(document: JSON) -> Found:
    """6.1.27.4: an advisory has products."""
    if _category(document) in {_ADVISORY, _VEX} and "product_tree" not in document:
        yield "product_tree"


def vulnerability_notes(document: JSON) -> Found:
    """6.1.27.5: an advisory says something of each vulnerability."""
    if _category(document) in {_ADVISORY, _VEX}:
        yield from _without(document, "notes")


def has_status(document: JSON) -> Found:
    """6.1.27.6: a security advisory says of each vulnerability what it affects."""
    if _category(document) == _ADVISORY:
        yield from _without(document, "product_status")


def _without(document: JSON, name: str) -> Iterator[str]:
    for number, one in enumerate(vulnerabilities(document)):
        if name not in one:
            yield f"vulnerabilities[{number}]/{name}"


def vex_status(document: JSON) -> Found:
    """6.1.27.7: a VEX document uses a status of VEX."""
    if _category(document) == _VEX:
        for number, one in enumerate(vulnerabilities(document)):
            if not _VEX_STATUSES & set(one.get("product_status", {})):
                yield f"vulnerabilities[{number}]/product_status"


def vex_id(document: JSON) -> Found:
    """6.1.27.8: a VEX document names the vulnerability."""
    if _category(document) == _VEX:
        for number, one in enumerate(vulnerabilities(document)):
            if "cve" not in one and "ids" not in one:
                yield f"vulnerabilities[{number}]"


def vex_impact(document: JSON) -> Found:
    """6.1.27.9: a VEX document says why a product is not affected."""
    yield from _vex_says(document, "known_not_affected", ("flags", "threats"))


def vex_action(document: JSON) -> Found:
    """6.1.27.10: a VEX document says what to do with a product that is affected."""
    yield from _vex_says(document, "known_affected", ("remediations",))


def _vex_says(document: JSON, status: str, names: tuple[str, ...]) -> Iterator[str]:
    if _category(document) != _VEX:
        return
    for number, one in enumerate(vulnerabilities(document)):
        said: set[str] = set()
        for name in names:
            for _place, item in each(one, name):
                if name != "threats" or item["category"] == "impact":
                    said |= named_by(item, document)
        for product in one.get("product_status", {}).get(status, []):
            if product not in said:
                yield f"vulnerabilities[{number}]/product_status/{status}: {product}"


def has_vulnerabilities(document: JSON) -> Found:
    """6.1.27.11: an advisory speaks of a vulnerability."""
    if _category(document) in {_ADVISORY, _VEX} and "vulnerabilities" not in document:
        yield "vulnerabilities"
