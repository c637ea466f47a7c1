"""Render an advisory as CSAF 2.0 JSON, obeying the mandatory tests (section 6.1).

Rules kept here, by the number of the test they answer to:
6.1.1, 6.1.2 every product id is defined once, in the tree; 6.1.4 no groups are written; 6.1.6 a
product has one status; 6.1.7 one score of a CVSS version per product; 6.1.9, 6.1.10 CVSS fields are
computed from the vector; 6.1.14 to 6.1.22 integer versions, history sorted; 6.1.23 a CVE is used
once; 6.1.26 the category is a known profile, chosen by what the document holds; 6.1.27 that
profile's parts are present; 6.1.28 a translation has another language; 6.1.29, 6.1.32 remedies and
flags name products; 6.1.31 no version ranges; 6.1.33 one justification per product.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError

from hikeshi.core.advisory import (
    Advisory,
    Credit,
    Note,
    Product,
    Reference,
    Score,
    State,
    Vulnerability,
)
from hikeshi.core.errors import InputRefused, gettext_noop
from hikeshi.core.tlp import TLP
from hikeshi.core.vex import ProductStatus

# CSAF 2.0 has the labels of TLP 1.0 (section 3.2.1.5.2.1).
_LABELS: Final[Mapping[TLP, str]] = {
    TLP.CLEAR: "WHITE",
    TLP.GREEN: "GREEN",
    TLP.AMBER: "AMBER",
    TLP.AMBER_STRICT: "AMBER",
    TLP.RED: "RED",
}
_FILE_NAME_GAP: Final = re.compile(r"[^+\-a-z0-9]+")

JSON = dict[str, Any]


class NotWritable(InputRefused):
    """The advisory contradicts itself in a way that no valid document can carry."""

    code = "csaf-not-writable"


def file_name(advisory_id: str) -> str:
    """Name the file of a document. Source: CSAF 2.0, section 5.1."""
    return _FILE_NAME_GAP.sub("_", advisory_id.lower()) + ".json"


def write(advisory: Advisory, *, engine_version: str) -> bytes:
    """Render an advisory; the same value gives the same bytes.

    engine_version: of this program, for the document's generator.
    Raises NotWritable when an id is used but not defined, or a product has two statuses.
    """
    _check(advisory)
    document: JSON = {"document": _document(advisory, engine_version)}
    if advisory.products:
        document["product_tree"] = {"branches": _branches(advisory.products)}
    if advisory.vulnerabilities:
        document["vulnerabilities"] = [_vulnerability(one) for one in advisory.vulnerabilities]
    return orjson.dumps(
        document, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    )


def category(advisory: Advisory) -> str:
    """Choose the profile the document can honour (section 4)."""
    with_products = advisory.vulnerabilities and advisory.products
    if with_products and all(one.notes and _advises(one) for one in advisory.vulnerabilities):
        return "csaf_security_advisory"
    return "csaf_base"


def _advises(one: Vulnerability) -> bool:
    """Tell whether anything is known and can be done.

    "Under investigation" alone advises nobody, and who names a fixed release says how to get it;
    readers of the profile expect both, though the text of 6.1.27 asks for a status alone.
    """
    stands = {status for status, products in one.statuses.items() if products}
    if not stands - {ProductStatus.UNDER_INVESTIGATION}:
        return False
    return ProductStatus.FIXED not in stands or any(remedy.product_ids for remedy in one.remedies)


def _check(advisory: Advisory) -> None:
    defined = [product.product_id for product in advisory.products]
    _refuse_doubles(defined, gettext_noop("Product id “%(name)s” stands for two releases."))
    _refuse_doubles(
        [one.cve for one in advisory.vulnerabilities if one.cve],
        gettext_noop("“%(name)s” stands for two vulnerabilities of one advisory."),
    )
    if not advisory.editions:
        raise NotWritable(gettext_noop("An advisory needs at least one edition."))
    if advisory.source_language == advisory.language:
        raise NotWritable(gettext_noop("A translation is in another language than its source."))
    for one in advisory.vulnerabilities:
        _refuse_doubles(
            [product for products in one.statuses.values() for product in products],
            gettext_noop("Release “%(name)s” has two statuses against one vulnerability."),
        )
        _refuse_doubles(
            [product for products in one.justifications.values() for product in products],
            gettext_noop("Release “%(name)s” has two justifications."),
        )
        for product in _used(one):
            if product not in defined:
                raise NotWritable(
                    gettext_noop("Release “%(name)s” is named but not described."), name=product
                )


def _refuse_doubles(names: Sequence[str], sentence: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise NotWritable(sentence, name=name)
        seen.add(name)


def _used(one: Vulnerability) -> Iterable[str]:
    for group in (*one.statuses.values(), *one.justifications.values()):
        yield from group
    for _text, products in one.impacts:
        yield from products
    for remedy in one.remedies:
        yield from remedy.product_ids
    for score in one.scores:
        yield from score.product_ids


def _document(advisory: Advisory, engine_version: str) -> JSON:
    publisher = advisory.publisher
    document: JSON = {
        "category": category(advisory),
        "csaf_version": "2.0",
        "distribution": _distribution(advisory.tlp),
        "lang": advisory.language,
        "publisher": {
            "category": publisher.category,
            "name": publisher.name,
            "namespace": publisher.namespace,
        },
        "title": advisory.title,
        "tracking": _tracking(advisory, engine_version),
    }
    if publisher.contact:
        document["publisher"]["contact_details"] = publisher.contact
    if advisory.source_language:
        document["source_lang"] = advisory.source_language
    if advisory.severity:
        document["aggregate_severity"] = {"text": advisory.severity}
    _put(document, "notes", [_note(note) for note in advisory.notes])
    _put(document, "references", [_reference(one) for one in advisory.references])
    _put(document, "acknowledgments", [_credit(credit) for credit in advisory.credits])
    return document


def _put(target: JSON, name: str, items: Sequence[Any]) -> None:
    """Write a list unless it is empty, which the schema forbids everywhere."""
    if items:
        target[name] = items


def _distribution(tlp: TLP) -> JSON:
    distribution: JSON = {"tlp": {"label": _LABELS[tlp]}}
    if tlp is TLP.AMBER_STRICT:
        distribution["text"] = "TLP:AMBER+STRICT: within your organisation only."
    return distribution


def _moment(at: datetime) -> str:
    if at.tzinfo is None:
        raise NotWritable(gettext_noop("A moment without a time zone cannot be published."))
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _tracking(advisory: Advisory, engine_version: str) -> JSON:
    editions = sorted(advisory.editions, key=lambda edition: edition.number)
    newest = editions[-1]
    tracking: JSON = {
        "current_release_date": _moment(newest.at),
        "generator": {"engine": {"name": "Hikeshi", "version": engine_version}},
        "id": advisory.id,
        "initial_release_date": _moment(editions[0].at),
        "revision_history": [
            {"date": _moment(one.at), "number": str(one.number), "summary": one.summary}
            for one in editions
        ],
        "status": advisory.state.value,
        # A draft's version is 0 (6.1.17), and a released document has no 0 in its history.
        "version": "0" if advisory.state is State.DRAFT else str(newest.number),
    }
    if advisory.state is State.DRAFT:
        tracking["revision_history"] = [
            {"date": _moment(newest.at), "number": "0", "summary": newest.summary}
        ]
        tracking["initial_release_date"] = _moment(newest.at)
    _put(tracking, "aliases", sorted(set(advisory.aliases)))
    return tracking


def _note(note: Note) -> JSON:
    written: JSON = {"category": note.category, "text": note.text}
    if note.title:
        written["title"] = note.title
    return written


def _reference(reference: Reference) -> JSON:
    return {
        "category": "self" if reference.own else "external",
        "summary": reference.summary,
        "url": reference.url,
    }


def _credit(credit: Credit) -> JSON:
    written: JSON = {}
    _put(written, "names", list(credit.names))
    _put(written, "urls", list(credit.urls))
    if credit.organisation:
        written["organization"] = credit.organisation
    if credit.summary:
        written["summary"] = credit.summary
    return written


def _branches(products: Sequence[Product]) -> list[JSON]:
    """Hang releases below vendor and product, each level in order of its names."""
    tree: dict[str, dict[str, list[Product]]] = defaultdict(lambda: defaultdict(list))
    for product in products:
        tree[product.vendor][product.name].append(product)
    return [
        {
            "branches": [
                {
                    "branches": [_release(one) for one in releases],
                    "category": "product_name",
                    "name": name,
                }
                for name, releases in sorted(named.items())
            ],
            "category": "vendor",
            "name": vendor,
        }
        for vendor, named in sorted(tree.items())
    ]


def _release(product: Product) -> JSON:
    full_name: JSON = {
        "name": f"{product.vendor} {product.name} {product.version}",
        "product_id": product.product_id,
    }
    helper: JSON = {}
    if product.cpe:
        helper["cpe"] = product.cpe
    if product.purl:
        helper["purl"] = product.purl
    if helper:
        full_name["product_identification_helper"] = helper
    return {"category": "product_version", "name": product.version, "product": full_name}


def _vulnerability(one: Vulnerability) -> JSON:
    written: JSON = {"title": one.title}
    if one.cve:
        written["cve"] = one.cve
    # Without its exact name an id may not stand here (6.1.11).
    if one.weakness is not None and one.weakness.name:
        written["cwe"] = {"id": one.weakness.id, "name": one.weakness.name}
    if one.discovered_at is not None:
        written["discovery_date"] = _moment(one.discovered_at)
    if one.released_at is not None:
        written["release_date"] = _moment(one.released_at)
    statuses = {
        status.value: sorted(one.statuses[status])
        for status in ProductStatus
        if one.statuses.get(status)
    }
    if statuses:
        written["product_status"] = statuses
    _put(written, "ids", [{"system_name": system, "text": text} for system, text in one.ids])
    _put(written, "notes", [_note(note) for note in (*one.notes, *_cvss4_notes(one.scores))])
    _put(
        written,
        "flags",
        [
            {"label": justification.value, "product_ids": sorted(products)}
            for justification, products in sorted(one.justifications.items())
            if products
        ],
    )
    _put(
        written,
        "threats",
        [
            {"category": "impact", "details": text, "product_ids": sorted(set(products))}
            for text, products in one.impacts
            if products
        ],
    )
    _put(written, "remediations", _remediations(one))
    _put(written, "scores", _scores(one.scores))
    _put(written, "references", [_reference(reference) for reference in one.references])
    _put(written, "acknowledgments", [_credit(credit) for credit in one.credits])
    return written


def _remediations(one: Vulnerability) -> list[JSON]:
    written = []
    for remedy in one.remedies:
        if not remedy.product_ids:
            continue
        item: JSON = {
            "category": remedy.action.value,
            "details": remedy.details,
            "product_ids": sorted(set(remedy.product_ids)),
        }
        if remedy.url:
            item["url"] = remedy.url
        if remedy.at is not None:
            item["date"] = _moment(remedy.at)
        written.append(item)
    return written


def _scores(scores: Iterable[Score]) -> list[JSON]:
    """Write CVSS 2 and 3 scores, computing every field from the vector."""
    written: list[JSON] = []
    scored: set[tuple[str, str]] = set()
    for score in scores:
        if score.vector.startswith("CVSS:4"):
            continue
        field, version, content = _cvss(score.vector)
        products = sorted({one for one in score.product_ids if (version, one) not in scored})
        scored |= {(version, product) for product in products}
        if products:
            written.append({field: content, "products": products})
    return written


def _cvss(vector: str) -> tuple[str, str, JSON]:
    try:
        if vector.startswith("CVSS:3"):
            content = CVSS3(vector).as_json(minimal=True)
            return "cvss_v3", str(content["version"]), _plain(content)
        content = CVSS2(vector).as_json(minimal=True)
        return "cvss_v2", "2.0", _plain(content)
    except CVSSError as error:
        raise NotWritable(
            gettext_noop("“%(vector)s” is not a CVSS vector."), vector=vector
        ) from error


def _plain(content: Mapping[str, Any]) -> JSON:
    """Turn the library's decimals into numbers, and drop metrics nobody set."""
    return {
        name: float(value) if name.endswith("Score") else value
        for name, value in content.items()
        if value != "NOT_DEFINED"
    }


def _cvss4_notes(scores: Iterable[Score]) -> Iterable[Note]:
    # CSAF 2.0 has no place for CVSS 4.0; a reader must still find it.
    for score in scores:
        if score.vector.startswith("CVSS:4"):
            four = CVSS4(score.vector)
            yield Note("other", f"{score.vector} = {four.base_score}", "CVSS 4.0")
