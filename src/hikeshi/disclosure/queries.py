"""Read advisories: the working text from the viewer, what is published for everybody."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.disclosure.composing import Draft
from hikeshi.disclosure.models import (
    TEXTS,
    Advisory,
    AdvisoryRevision,
    AdvisoryVulnerability,
    DocumentKind,
    PublishedDocument,
)
from hikeshi.organisation.models import Company
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.triage.models import Case, CaseVulnerability
from hikeshi.triage.queries import matrices_to_publish

SEALED = (*TEXTS, "credits", "references", "change_note")


def advisories_of(viewer: Viewer) -> QuerySet[Advisory]:
    """Select the advisories whose working text the viewer may know of."""
    # Case and company apart: joined, SQLite would begin with them and sort every advisory.
    found = Advisory.objects.visible_to(viewer).select_related("unit", "wall")
    return found.prefetch_related("case", "company")


def advisory_by_number(viewer: Viewer, number: str) -> Advisory:
    """Return one advisory with its working text opened.

    Raises NotFound alike for no such advisory and for one behind a wall.
    """
    advisory = advisories_of(viewer).filter(number=number).order_by("pk").first()
    if advisory is None:
        raise NotFound(gettext_noop("There is no such advisory."))
    unseal([advisory], *SEALED)
    return advisory


def advisories_about(viewer: Viewer, case: Case) -> list[Advisory]:
    """Return the advisories made from a case, newest first, with titles opened."""
    found = list(advisories_of(viewer).filter(case=case).order_by("-pk"))
    unseal(found, "title")
    return found


def draft_of(advisory: Advisory) -> Draft:
    """Read everything that an advisory is made from; the same whoever asks.

    The caller has read the advisory as its viewer.
    """
    unseal([advisory], *SEALED)
    items = list(
        AdvisoryVulnerability.objects.filter(advisory=advisory).select_related(
            "vulnerability__case"
        )
    )
    vulnerabilities = [item.vulnerability for item in items]
    unseal(vulnerabilities, "title", "weaknesses", "vectors")
    matrices = matrices_to_publish(
        advisory.case, [one.name for one in vulnerabilities], language=advisory.source_language
    )
    return Draft(advisory=advisory, subjects=[(one, matrices[one.name]) for one in vulnerabilities])


def scheduled_for(viewer: Viewer) -> list[Advisory]:
    """Return what is to be published at a moment, and what was not when it came; soonest first."""
    waiting = Q(publish_at__isnull=False) | ~Q(publish_problem="")
    found = list(
        advisories_of(viewer).filter(waiting).order_by(F("publish_at").asc(nulls_first=True), "pk")
    )
    unseal(found, "title")
    return found


def due_advisories(at: datetime) -> list[Advisory]:
    """Return what is to be published by now, for the job that does it."""
    rows = Advisory.objects.for_system("what is due is published for whoever scheduled it")
    return list(
        rows.filter(publish_at__lte=at)
        .select_related("case", "company", "unit", "wall", "publish_by")
        .order_by("publish_at", "pk")
    )


# What is public has no viewer: these rows exist only because everybody may read them.


def published(company: Company | None = None) -> QuerySet[AdvisoryRevision]:
    """Select the newest revision of each published advisory, newest first."""
    # The company apart: joined, SQLite would begin with it and sort every revision.
    found = AdvisoryRevision.objects.filter(is_current=True).prefetch_related("company")
    if company is not None:
        found = found.filter(company=company)
    return found.order_by("-at", "-pk")


def revision_by_number(
    number: str, *, company: Company | None, edition: int | None = None
) -> AdvisoryRevision:
    """Return a published revision, the newest unless an edition is named.

    company: whose host was asked; None when the host is nobody's.
    Raises NotFound when there is none.
    """
    found = AdvisoryRevision.objects.filter(number__iexact=number).select_related("company")
    if company is not None:
        found = found.filter(company=company)
    found = found.filter(is_current=True) if edition is None else found.filter(edition=edition)
    revision = found.order_by("pk").first()
    if revision is None:
        raise NotFound(gettext_noop("There is no such advisory."))
    return revision


def revisions_of(revision: AdvisoryRevision) -> list[AdvisoryRevision]:
    """Return all revisions of the same advisory, newest first, without their content."""
    return list(AdvisoryRevision.objects.filter(advisory_id=revision.advisory_id).defer("content"))


def editions_of(advisory: Advisory) -> list[AdvisoryRevision]:
    """Return what was published of an advisory, newest first, without its content."""
    return list(AdvisoryRevision.objects.filter(advisory=advisory).defer("content"))


def edition_before(revision: AdvisoryRevision) -> AdvisoryRevision | None:
    """Return the edition that came before, None of the first."""
    return AdvisoryRevision.objects.filter(
        advisory_id=revision.advisory_id, edition=revision.edition - 1
    ).first()


def published_about(names: Iterable[str]) -> list[AdvisoryRevision]:
    """Return the newest public revisions that speak of any of these vulnerabilities.

    What the working text has taken up since is not public: the names in print decide.
    """
    wanted = set(names)
    about = _with_case().filter(
        Q(vulnerability__name__in=wanted) | Q(vulnerability__cve__in=wanted)
    )
    items: dict[int, list[AdvisoryVulnerability]] = {}
    for item in about:
        items.setdefault(item.advisory_id, []).append(item)
    if not items:
        return []
    found = published().filter(advisory_id__in=list(items)).defer("content")
    return [
        one for one in found
        if wanted & set(one.names)
        or any(
            item.vulnerability.name in wanted and _is_in_print(item, one)
            for item in items[one.advisory_id]
        )
    ]  # fmt: skip


def _with_case() -> QuerySet[AdvisoryVulnerability]:
    return AdvisoryVulnerability.objects.select_related("vulnerability__case")


def _is_in_print(item: AdvisoryVulnerability, revision: AdvisoryRevision) -> bool:
    """Tell whether a revision of the item's advisory names its vulnerability."""
    one = item.vulnerability
    # Our own name of it is the case's number inside, and the advisory's in print.
    own = revision.number if one.name == one.case.number else one.name
    return own in revision.names or one.cve in revision.names


def unpublished_in(case: Case) -> list[CaseVulnerability]:
    """Return the vulnerabilities of a case that no published advisory speaks of."""
    revisions = published().filter(advisory__case=case).defer("content")
    printed = {one.advisory_id: one for one in revisions}
    spoken_of = {
        item.vulnerability_id
        for item in _with_case().filter(advisory__in=list(printed))
        if _is_in_print(item, printed[item.advisory_id])
    }
    return list(CaseVulnerability.objects.filter(case=case).exclude(pk__in=spoken_of))


def document_of(revision: AdvisoryRevision, kind: DocumentKind, language: str) -> PublishedDocument:
    """Return a revision's document in a language, else in the one it was written in first.

    Raises NotFound when it was not published in that form.
    """
    # Kept in the order of ``languages_of``: the advisory's own language is the first.
    kept = PublishedDocument.objects.filter(revision=revision, kind=kind).order_by("pk")
    held = {one.language: one for one in kept}
    found = held.get(language) or held.get(next(iter(held), ""))
    if found is None:
        raise NotFound(gettext_noop("The advisory was not published in this form."))
    return found


def document_by_name(
    name: str, *, company: Company | None, edition: int | None = None
) -> PublishedDocument:
    """Return the machine-readable document of a file name, of the newest edition by default.

    Raises NotFound when there is none.
    """
    found = PublishedDocument.objects.filter(name=name, kind=DocumentKind.CSAF).select_related(
        "revision"
    )
    if company is not None:
        found = found.filter(revision__company=company)
    if edition is None:
        found = found.filter(revision__is_current=True)
    else:
        found = found.filter(revision__edition=edition)
    document = found.order_by("pk").first()
    if document is None:
        raise NotFound(gettext_noop("There is no such document."))
    return document


def company_of_host(host: str) -> Company | None:
    """Return the company whose public pages live on a host; None when the host is nobody's."""
    return Company.objects.filter(host=host.lower()).first()


def companies_that_published() -> list[Company]:
    """Return the companies that have anything public, by name."""
    current = AdvisoryRevision.objects.filter(is_current=True, company=OuterRef("pk"))
    return list(Company.objects.filter(Exists(current)).order_by("slug"))
