"""Pages of cases. Each act is a form that works without script; htmx replaces its card alone.

The moment of an act is the viewer's own (``viewer.at``): a row that begins a millisecond after it,
a wall membership for one, would not be seen by the same request.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django import forms as django_forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hikeshi.core.errors import HikeshiError, NotFound, Stale, gettext_noop
from hikeshi.core.scoring.metrics import VERSIONS, metrics_of
from hikeshi.organisation.access import Request, logged_in, needs
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.stale import differences, with_revision
from hikeshi.records.blobs import blob_by_uid
from hikeshi.records.known import read_moment
from hikeshi.triage import acts, filing, queries, scoring, services
from hikeshi.triage.as_known import case_as_known
from hikeshi.triage.casepage import CasePage, read_page
from hikeshi.triage.forms import DescribeForm, EditForm, OpenForm, ScoreForm
from hikeshi.triage.models import Case, CaseKind
from hikeshi.triage.participants import dismiss_participant
from hikeshi.triage.scores import score
from hikeshi.ui.errors import explain, status_of


def _language() -> str:
    return get_language() or "en"


@needs(Permission.CASE_OPEN)
@require_http_methods(["GET", "POST"])
def case_open(request: Request) -> HttpResponse:
    """Open a case; a finding brings its vulnerability and releases in the address."""
    viewer = request.viewer
    given = request.POST if request.method == "POST" else request.GET
    releases = queries.releases_named(viewer, _uids(given.getlist("release")))
    initial = {
        "vulnerabilities": " ".join(request.GET.getlist("vulnerability")),
        "company": releases[0].company_id if releases else None,
        "unit": releases[0].unit_id if releases else None,
        "kind": request.GET.get("kind", CaseKind.VULNERABILITY),
        "walled": True,
    }
    form = OpenForm(request.POST or None, viewer=viewer, initial=initial)
    if request.method == "POST" and form.is_valid():
        entered = form.cleaned_data
        language = _language()
        try:
            case = services.open_case(
                company=entered["company"],
                unit=entered["unit"],
                kind=CaseKind(entered["kind"]),
                title={language: entered["title"]},
                summary={language: entered["summary"]} if entered["summary"] else {},
                vulnerabilities=form.names(),
                releases=releases,
                walled=entered["walled"],
                by=viewer,
                at=request.viewer.at,
            )
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            return redirect("triage:case", number=case.number)
    status = 422 if form.is_bound else 200
    context = {"form": form, "releases": releases}
    return render(request, "triage/case_open.html", context, status=status)


def _uids(given: list[str]) -> list[UUID]:
    found = []
    for one in given:
        try:
            found.append(UUID(one))
        except ValueError:
            continue
    return found


@logged_in
@require_GET
def case_page(request: Request, number: str) -> HttpResponse:
    """Show a case: what to do now, its clocks, matrix, course and people."""
    case = queries.case_by_number(request.viewer, number)
    if moment := request.GET.get("as_of"):
        at = read_moment(moment, request.viewer.at)
        page = case_as_known(request.viewer, case, at, language=_language())
        context = {"page": page, "known": page.known, "case": case}
        return render(request, "triage/case_as_known.html", context)
    return _show(request, case)


def _show(
    request: Request,
    case: Case,
    *,
    failed: Mapping[str, django_forms.Form] | None = None,
    status: int = 200,
) -> HttpResponse:
    """Render the whole page, with a form that was refused in its place."""
    page = read_page(
        request.viewer, case, language=_language(),
        kind=request.GET.get("course", ""), before=request.GET.get("before", ""),
        vulnerability=_subject(request),
    )  # fmt: skip
    context = _context(request, page, failed or {})
    return render(request, "triage/case.html", context, status=status)


def _context(
    request: Request, page: CasePage, failed: Mapping[str, django_forms.Form]
) -> dict[str, Any]:
    forms = acts.blank_forms(request.viewer, page, language=_language())
    return {"page": page, "case": page.case, "forms": {**forms, **failed}}


@logged_in
@require_POST
def act(request: Request, number: str, act: str) -> HttpResponse:
    """Do one act on a case; the card it belongs to comes back, or the page without script."""
    case = queries.case_by_number(request.viewer, number)
    chosen = acts.ACTS.get(act)
    if chosen is None:
        raise NotFound(gettext_noop("There is no such page."))
    language = _language()
    page = read_page(request.viewer, case, language=language)
    form = acts.form_of(act, request.viewer, page, language, request.POST, request.FILES)
    if form.is_valid():
        try:
            said = chosen.do(request.viewer, page, form, request.viewer.at)
        except HikeshiError as error:
            if isinstance(error, NotFound):
                raise
            form.add_error(None, explain(error))
            return _answer(request, case, chosen.card, {act: form}, status_of(error))
        if said:
            messages.success(request, said)
        return _answer(request, case, chosen.card, {}, 200)
    return _answer(request, case, chosen.card, {act: form}, 422)


def _answer(
    request: Request,
    case: Case,
    card: str,
    failed: Mapping[str, django_forms.Form],
    status: int,
) -> HttpResponse:
    if request.htmx:
        fresh = queries.case_by_number(request.viewer, case.number)
        page = read_page(
            request.viewer, fresh, language=_language(), vulnerability=_subject(request)
        )
        # htmx leaves error answers unswapped; the card shows the error itself, so it is shown.
        template = f"triage/case.html#{card}"
        return render(request, template, _context(request, page, failed))
    if failed:
        fresh = queries.case_by_number(request.viewer, case.number)
        return _show(request, fresh, failed=failed, status=status)
    return redirect(reverse("triage:case", args=[case.number]) + f"#{card}")


def _subject(request: Request) -> str:
    """Return the vulnerability whose matrix is asked for."""
    return request.POST.get("vulnerability") or request.GET.get("v", "")


@needs(Permission.CASE_WORK)
@require_http_methods(["GET", "POST"])
def case_edit(request: Request, number: str) -> HttpResponse:
    """Change a case's texts, owner, unit and label."""
    case = queries.case_by_number(request.viewer, number)
    people = queries.participants_of(case, request.viewer)
    languages = case.company.languages or ["ja", "en"]
    form = EditForm(request.POST or None, case=case, people=people, languages=languages)
    if request.method == "POST" and form.is_valid():
        entered = form.cleaned_data
        try:
            services.change_case(
                case=case, revision=entered["revision"], by=request.viewer, at=request.viewer.at,
                title=form.texts("title"), summary=form.texts("summary"),
                owner=entered["owner"], unit=entered["unit"], tlp=entered["tlp"],
            )  # fmt: skip
        except Stale:
            return _edited_meanwhile(request, form, case.number)
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            return redirect("triage:case", number=case.number)
    status = 422 if form.is_bound else 200
    return render(request, "triage/case_edit.html", {"form": form, "case": case}, status=status)


def _edited_meanwhile(request: Request, form: EditForm, number: str) -> HttpResponse:
    """Show what is saved now beside what was entered; the next save counts from there."""
    saved = queries.case_by_number(request.viewer, number)
    differing = differences(form, EditForm.initial_of(saved, form.languages))
    with_revision(form, saved.revision)
    context = {"form": form, "case": saved, "differing": differing}
    return render(request, "triage/case_edit.html", context, status=409)


@logged_in
@require_GET
def course(request: Request, number: str) -> HttpResponse:
    """Show an older part of a case's course, or one kind of it; the part alone to htmx."""
    case = queries.case_by_number(request.viewer, number)
    page = read_page(
        request.viewer, case, language=_language(), kind=request.GET.get("course", ""),
        before=request.GET.get("before", ""),
    )  # fmt: skip
    template = "triage/case.html#course" if request.htmx else "triage/case.html"
    return render(request, template, _context(request, page, {}))


@needs(Permission.ASSESS)
@require_http_methods(["GET", "POST"])
def releases(request: Request, number: str) -> HttpResponse:
    """Find releases that a case should decide about, and add those that are ticked."""
    viewer = request.viewer
    case = queries.case_by_number(viewer, number)
    name = request.POST.get("vulnerability") or request.GET.get("vulnerability", "")
    subjects = queries.vulnerabilities_of(case)
    subject = next((one for one in subjects if one.name == name), subjects[0] if subjects else None)
    if request.method == "POST" and subject is not None:
        chosen = queries.releases_named(viewer, _uids(request.POST.getlist("release")))
        services.investigate(
            case=case, vulnerability=subject, releases=chosen, by=viewer, at=request.viewer.at
        )
        return redirect(reverse("triage:case", args=[case.number]) + "#matrix")
    text = request.GET.get("q", "").strip()
    return render(
        request,
        "triage/releases.html",
        {
            "case": case,
            "subject": subject,
            "subjects": subjects,
            "text": text,
            "found": queries.releases_to_add(viewer, case, subject, text) if subject else [],
        },
    )


@logged_in
@require_GET
def decisions(request: Request, number: str, release: UUID) -> HttpResponse:
    """Show who decided what about one release, on what grounds, and when."""
    case = queries.case_by_number(request.viewer, number)
    name = request.GET.get("vulnerability", "")
    found = queries.decisions_in_case(request.viewer, case, name, release)
    return render(
        request,
        "triage/decisions.html",
        {"case": case, "vulnerability": name, "release": found[0].release, "rows": found},
    )


@needs(Permission.CASE_WORK)
@require_http_methods(["GET", "POST"])
def describe(request: Request, number: str, uid: UUID) -> HttpResponse:
    """Say what a vulnerability is."""
    case = queries.case_by_number(request.viewer, number)
    one = queries.vulnerability_by_uid(case, uid)
    languages = case.company.languages or ["ja", "en"]
    titles = (one.title and one.title.value) or {}
    initial = {
        "cve": one.cve,
        "weaknesses": " ".join((one.weaknesses and one.weaknesses.value) or ()),
        "vectors": "\n".join((one.vectors and one.vectors.value) or ()),
        **{f"title_{language}": titles.get(language, "") for language in languages},
    }
    form = DescribeForm(request.POST or None, languages=languages, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            services.describe_vulnerability(
                vulnerability=one, by=request.viewer, at=request.viewer.at, **form.details()
            )
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            return redirect("triage:case", number=case.number)
    status = 422 if form.is_bound else 200
    context = {"form": form, "case": case, "subject": one}
    return render(request, "triage/describe.html", context, status=status)


@needs(Permission.CASE_WORK)
@require_http_methods(["GET", "POST"])
def rate(request: Request, number: str, uid: UUID) -> HttpResponse:
    """Score a vulnerability: choose metrics, see what they come to, keep it."""
    case = queries.case_by_number(request.viewer, number)
    one = queries.vulnerability_by_uid(case, uid)
    held = queries.scores_of([one]).get(one.pk, [])
    wanted = request.GET.get("version", "")
    version = wanted if wanted in VERSIONS else (held[0].version if held else VERSIONS[0])
    if version not in VERSIONS:
        version = VERSIONS[0]
    now = next((row.vector.value for row in held if row.version == version), "") or ""
    posted = request.POST if request.method == "POST" else None
    form = ScoreForm(posted, version=version, initial=metrics_of(now)[1])
    made = None
    if posted is not None and form.is_valid():
        try:
            made = score(form.entered())
            if posted.get("do") == "save":
                scoring.rate_vulnerability(
                    vulnerability=one, vector=made.vector, by=request.viewer, at=request.viewer.at
                )
                return redirect(reverse("triage:case", args=[number]) + "#matrix")
        except HikeshiError as error:
            made = None
            form.add_error(None, explain(error))
    context = {
        "case": case, "subject": one, "form": form, "version": version, "versions": VERSIONS,
        "scores": held, "made": made,
    }  # fmt: skip
    template = "triage/score.html#result" if request.htmx else "triage/score.html"
    status = 422 if form.errors and not request.htmx else 200
    return render(request, template, context, status=status)


@logged_in
@require_POST
def dismiss(request: Request, number: str, uid: UUID) -> HttpResponse:
    """End somebody's part in a case."""
    case = queries.case_by_number(request.viewer, number)

    def end() -> None:
        dismiss_participant(
            participant=queries.participant_by_uid(case, uid), by=request.viewer,
            at=request.viewer.at, reason=request.POST.get("reason", "")[:2_000],
        )  # fmt: skip

    return _small(request, case, "people", end)


@logged_in
@require_POST
def file_remove(request: Request, number: str, uid: UUID) -> HttpResponse:
    """Take a file away from a case, with the reason."""
    case = queries.case_by_number(request.viewer, number)

    def remove() -> None:
        filing.remove_file(
            case=case, blob=blob_by_uid(request.viewer, uid), by=request.viewer,
            at=request.viewer.at, reason=request.POST.get("reason", "")[:2_000],
        )  # fmt: skip

    return _small(request, case, "files", remove)


@logged_in
@require_POST
def task_move(request: Request, number: str, uid: UUID) -> HttpResponse:
    """Take up, finish, cancel or reopen a task."""
    case = queries.case_by_number(request.viewer, number)

    def move() -> None:
        acts.move_task_of(
            request.viewer, case, uid, request.POST.get("state", ""), request.viewer.at
        )

    return _small(request, case, "tasks", move)


def _small(request: Request, case: Case, card: str, do: Callable[[], None]) -> HttpResponse:
    """Run an act that has no form of its own to show a refusal in."""
    try:
        do()
    except HikeshiError as error:
        if isinstance(error, NotFound) or request.htmx:
            raise
        messages.error(request, explain(error))
    return _answer(request, case, card, {}, 200)
