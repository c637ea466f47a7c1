"""The public site: list, page, machine-readable document, feed. No login, no cookie, no script."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.utils.feedgenerator import Atom1Feed
from django.utils.safestring import mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.disclosure import queries
from hikeshi.disclosure.composing import public_base
from hikeshi.disclosure.differences import differences
from hikeshi.disclosure.models import AdvisoryRevision, DocumentKind, RevisionKind
from hikeshi.disclosure.versions import answer_for
from hikeshi.organisation.access import Request, public
from hikeshi.organisation.models import Company
from hikeshi.organisation.queries import text_in
from hikeshi.triage.scores import Scored, score
from hikeshi.ui.paging import page_of

_FEED_SIZE = 50
# A correction is seen within a minute, and a rush of readers is carried by whatever stands between.
_kept = cache_control(public=True, max_age=60)


def _language() -> str:
    return get_language() or "en"


def _company(request: HttpRequest) -> Company | None:
    """Return whose site this is: by host, else by name, else the only one that published."""
    held = queries.company_of_host(request.get_host().partition(":")[0])
    if held is not None:
        return held
    companies = queries.companies_that_published()
    named = request.GET.get("company", "")
    if named:
        found = next((one for one in companies if one.slug == named), None)
        if found is None:
            raise NotFound(gettext_noop("There is no such company."))
        return found
    return companies[0] if len(companies) == 1 else None


@contextmanager
def _zone_of(company: Company | None) -> Iterator[None]:
    """Write moments in the company's zone for everybody: the page is the same for all readers."""
    with timezone.override(ZoneInfo(company.zone) if company is not None else None):
        yield


@public
@require_safe
@_kept
def advisory_list(request: Request) -> HttpResponse:
    """List the newest revision of each advisory, newest first."""
    company = _company(request)
    page = page_of(queries.published(company), order=("-at", "-pk"), after=request.GET.get("after"))
    context = {"company": company, "page": page, "withdrawal": RevisionKind.WITHDRAWAL}
    with _zone_of(company):
        return render(request, "disclosure/public_list.html", context)


@public
@require_safe
@_kept
def advisory_page(request: Request, number: str) -> HttpResponse:
    """Show an advisory in the reader's language, the newest edition unless one is asked for."""
    host = queries.company_of_host(request.get_host().partition(":")[0])
    asked = request.GET.get("edition", "")
    edition = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 6 else None
    revision = queries.revision_by_number(number, company=host, edition=edition)
    html = queries.document_of(revision, DocumentKind.HTML, _language())
    machine = queries.document_of(revision, DocumentKind.CSAF, html.language)
    content = revision.content["languages"][html.language]
    version = request.GET.get("version", "").strip()[:120]
    context = {
        "company": revision.company,
        "revision": revision,
        "revisions": queries.revisions_of(revision),
        "title": text_in(revision.title, html.language),
        "language": html.language,
        # Written by our own template from sanitised texts, and frozen then.
        "article": mark_safe(bytes(html.content).decode()),  # noqa: S308
        "machine": machine,
        "scores": _scores(content),
        "changed": _changed(revision, html.language),
        "version": version,
        "answers": answer_for(content, version) if version else [],
    }
    with _zone_of(revision.company):
        return render(request, "disclosure/public_page.html", context)


def _changed(revision: AdvisoryRevision, language: str) -> list[str]:
    """Say what this edition changed; nothing of the first one, nor of a withdrawal."""
    before = queries.edition_before(revision)
    if before is None or revision.kind == RevisionKind.WITHDRAWAL:
        return []
    old = before.content["languages"].get(language)
    return differences(old, revision.content["languages"][language]) if old else []


def _scores(content: dict[str, Any]) -> list[Scored]:
    found = [s["vector"] for one in content["vulnerabilities"] for s in one["scores"]]
    return [score(vector) for vector in dict.fromkeys(found)]


@public
@require_safe
@_kept
def advisory_document(request: Request, name: str) -> HttpResponse:
    """Serve the CSAF document of a file name, byte for byte as it was published."""
    host = queries.company_of_host(request.get_host().partition(":")[0])
    document = queries.document_by_name(f"{name}.json", company=host)
    etag = f'"{document.sha256}"'
    answer = HttpResponse(bytes(document.content), content_type="application/json")
    answer["ETag"] = etag
    kept: HttpResponse | None = get_conditional_response(request, etag=etag, response=answer)
    answer = kept or answer
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


@public
@require_safe
@_kept
def advisory_feed(request: Request) -> HttpResponse:
    """Serve the newest revisions as an Atom feed."""
    company = _company(request)
    name = text_in(company.name, _language()) if company else ""
    feed = Atom1Feed(
        title=_("%(name)s security advisories") % {"name": name},
        link=request.build_absolute_uri(reverse("disclosure:public_list")),
        feed_url=request.build_absolute_uri(),
        description="",
        language=_language(),
    )
    for revision in queries.published(company)[:_FEED_SIZE]:
        link = f"{public_base(revision.company)}/advisories/{revision.number}/"
        feed.add_item(
            title=f"{revision.number} {text_in(revision.title, _language())}",
            link=link,
            description=_note(revision),
            unique_id=f"urn:uuid:{revision.uid}",
            pubdate=revision.first_at,
            updateddate=revision.at,
        )
    return HttpResponse(feed.writeString("utf-8"), content_type=feed.content_type)


def _note(revision: AdvisoryRevision) -> str:
    note = text_in(revision.change_note, _language())
    return note or str(RevisionKind(revision.kind).label)
