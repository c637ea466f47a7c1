"""What stands in the way of publishing an advisory, and what a reader would miss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hikeshi.core.advisory import Edition
from hikeshi.core.errors import HikeshiError, Term, gettext_noop
from hikeshi.core.tlp import TLP
from hikeshi.core.vex import ProductStatus
from hikeshi.disclosure.composing import Draft, compose, languages_of
from hikeshi.formats.csaf.check import check
from hikeshi.formats.csaf.write import NotWritable, write

LANGUAGES = ("ja", "en")
# As the form of the texts names them.
_NAMES = {
    "description": gettext_noop("Description"),
    "impact": gettext_noop("Impact"),
    "remedy": gettext_noop("Remedy"),
    "workaround": gettext_noop("Workaround"),
}


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing found; ``stops`` when it must be mended before publishing."""

    sentence: HikeshiError
    stops: bool
    place: str = ""


def problems_of(draft: Draft) -> list[Problem]:
    """List what is wrong, what stops first."""
    found = [*_texts(draft), *_products(draft), *_documents(draft)]
    return sorted(found, key=lambda one: not one.stops)


def _stop(sentence: str, place: str = "", **facts: object) -> Problem:
    return Problem(HikeshiError(sentence, **facts), stops=True, place=place)


def _warn(sentence: str, place: str = "", **facts: object) -> Problem:
    return Problem(HikeshiError(sentence, **facts), stops=False, place=place)


def _texts(draft: Draft) -> Iterator[Problem]:
    advisory = draft.advisory
    held = languages_of(advisory)
    if not TLP(advisory.tlp).is_public:
        yield _stop(
            gettext_noop("TLP:%(label)s is not for the public; only TLP:CLEAR is published here."),
            "tlp",
            label=advisory.tlp,
        )
    if advisory.source_language not in held:
        yield _stop(gettext_noop("The title and the summary are missing."), "title")
    for language in advisory.company.languages or LANGUAGES:
        if language in held or not held:
            continue
        yield _warn(
            gettext_noop("Nothing goes out in “%(language)s”: title or summary is missing."),
            "title",
            language=language,
        )
    for name, said in _NAMES.items():
        texts = getattr(advisory, name).value or {}
        written = {one for one in held if str(texts.get(one, "")).strip()}
        for language in sorted(set(held) - written) if written else ():
            yield _warn(
                gettext_noop("“%(field)s” has no text in “%(language)s”."),
                name,
                field=Term(said),
                language=language,
            )
    if advisory.edition and not (advisory.change_note.value or {}):
        yield _stop(gettext_noop("Say in words what this edition changes."), "change_note")


def _products(draft: Draft) -> Iterator[Problem]:
    if not draft.subjects:
        yield _stop(gettext_noop("Choose at least one vulnerability."), "vulnerabilities")
    for subject, matrix in draft.subjects:
        name = subject.cve or subject.name
        if not matrix.total:
            yield _stop(
                gettext_noop("No release has a status against %(name)s."), "matrix", name=name
            )
        for cell in matrix.cells():
            where = f"{cell.release.offering.name.get('en') or ''} {cell.release.version}".strip()
            if cell.status is ProductStatus.KNOWN_AFFECTED and not cell.assessment.action:
                yield _stop(
                    gettext_noop("%(release)s is affected by %(name)s: say what to do."),
                    "matrix",
                    release=where,
                    name=name,
                )
            elif cell.status is ProductStatus.UNDER_INVESTIGATION:
                yield _warn(
                    gettext_noop("%(release)s is still under investigation for %(name)s."),
                    "matrix",
                    release=where,
                    name=name,
                )
            elif (
                cell.status is ProductStatus.KNOWN_NOT_AFFECTED
                and not cell.assessment.justification
            ):
                yield _warn(
                    gettext_noop(
                        "%(release)s is not affected by %(name)s, but readers see no reason."
                    ),
                    "matrix",
                    release=where,
                    name=name,
                )
        if not (subject.vectors and subject.vectors.value):
            yield _warn(gettext_noop("%(name)s has no CVSS vector."), "scores", name=name)
        if not subject.cve and not subject.name.startswith("CVE-"):
            yield _warn(gettext_noop("%(name)s has no CVE id."), "cve", name=name)


def _documents(draft: Draft) -> Iterator[Problem]:
    """Write each document as it would go out, and put it to the mandatory tests of CSAF 2.0."""
    for language in languages_of(draft.advisory):
        trial = (Edition(1, draft.advisory.changed_at, "–"),)
        try:
            content = write(compose(draft, language, trial), engine_version="0")
        except NotWritable as error:
            yield Problem(error, stops=True, place="csaf")
            continue
        for failure in check(content):
            yield _stop(
                gettext_noop("The CSAF document fails test %(test)s of the standard: %(where)s."),
                "csaf",
                test=failure.test,
                where=failure.place,
            )
