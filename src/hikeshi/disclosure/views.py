"""Inside pages of publications: list, editor with preview and checks, and the steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hikeshi.core.advisory import Edition
from hikeshi.core.errors import HikeshiError, InputRefused, NotFound, gettext_noop
from hikeshi.disclosure import publishing, queries, scheduling, services
from hikeshi.disclosure.checks import problems_of
from hikeshi.disclosure.composing import compose, content_of, hash_of, languages_of
from hikeshi.disclosure.forms import AdvisoryForm, ScheduleForm
from hikeshi.disclosure.models import Advisory, AdvisoryState
from hikeshi.disclosure.rendering import article
from hikeshi.disclosure.silence import (
    propose_silence,
    refuse_silence,
    sign_silence,
    untold,
)
from hikeshi.organisation.access import Request, logged_in
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import unseal
from hikeshi.records.approvals import approvals_about
from hikeshi.triage import rights
from hikeshi.triage.queries import case_by_number
from hikeshi.ui.errors import explain
from hikeshi.ui.paging import page_of


@logged_in
@require_GET
def publications(request: Request) -> HttpResponse:
    """List advisories by their state."""
    state = request.GET.get("state", "")
    found = queries.advisories_of(request.viewer)
    if state in AdvisoryState.values:
        found = found.filter(state=state)
    page = page_of(found, order=("-changed_at", "-pk"), after=request.GET.get("after"))
    unseal(page.rows, "title")
    context = {
        "page": page, "states": AdvisoryState.choices, "state": state,
        "untold": untold(request.viewer),
    }  # fmt: skip
    return render(request, "disclosure/publications.html", context)


@logged_in
@require_POST
def draft(request: Request, number: str) -> HttpResponse:
    """Start an advisory from a case."""
    case = case_by_number(request.viewer, number)
    advisory = services.draft_advisory(case=case, by=request.viewer, at=request.viewer.at)
    return redirect("disclosure:publication", number=advisory.number)


@logged_in
@require_POST
def silence(request: Request, number: str) -> HttpResponse:
    """Say why a case is not published, sign that, or refuse it."""
    viewer, given = request.viewer, request.POST
    case = case_by_number(viewer, number)
    try:
        if given.get("act") == "sign":
            sign_silence(case=case, by=viewer, at=viewer.at)
        elif given.get("act") == "refuse":
            refuse_silence(case=case, by=viewer, at=viewer.at, reason=given.get("reason", ""))
        else:
            propose_silence(case=case, reason=given.get("reason", ""), by=viewer, at=viewer.at)
    except HikeshiError as error:
        if isinstance(error, NotFound):
            raise
        messages.error(request, explain(error))
    return redirect("triage:case", number=number)


@logged_in
@require_http_methods(["GET", "POST"])
def publication(request: Request, number: str) -> HttpResponse:
    """Write an advisory beside its preview and what still stands in the way."""
    viewer = request.viewer
    advisory = queries.advisory_by_number(viewer, number)
    languages = advisory.company.languages or ["ja", "en"]
    form = AdvisoryForm(request.POST or None, advisory=advisory, languages=languages)
    if request.method == "POST" and form.is_valid():
        try:
            services.edit_advisory(
                advisory=advisory, revision=form.cleaned_data["revision"], by=viewer, at=viewer.at,
                **form.changes(),
            )  # fmt: skip
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            return redirect("disclosure:publication", number=number)
    status = 422 if form.is_bound else 200
    return render(
        request, "disclosure/publication.html", _context(request, advisory, form), status=status
    )


def _context(request: Request, advisory: Advisory, form: AdvisoryForm) -> dict[str, object]:
    read = queries.draft_of(advisory)
    held = languages_of(advisory)
    wanted = request.GET.get("preview") or get_language() or "en"
    shown = wanted if wanted in held else next(iter(held), "")
    trial = (Edition(advisory.edition + 1, request.viewer.at, "–"),)
    case = advisory.case
    return {
        "advisory": advisory,
        "case": case,
        "form": form,
        "problems": [(explain(one.sentence), one.stops) for one in problems_of(read)],
        "languages": held,
        "shown": shown,
        # Made by our own template from sanitised texts.
        "preview": mark_safe(article(compose(read, shown, trial))) if shown else "",  # noqa: S308
        "content_hash": hash_of(content_of(read)),
        "problem": gettext(advisory.publish_problem) if advisory.publish_problem else "",
        "schedule": ScheduleForm(zones=_zones(advisory)),
        "still_fits": advisory.publish_hash == advisory.content_hash == hash_of(content_of(read)),
        "approvals": approvals_about(request.viewer, advisory.uid),
        "is_walled": advisory.wall is not None and advisory.wall.ended_at is None,
        **{
            f"may_{name}": rights.may(case, request.viewer, permission)
            for name, permission in (
                ("propose", Permission.PROPOSE), ("review", Permission.REVIEW),
                ("approve", Permission.APPROVE), ("publish", Permission.PUBLISH),
            )
        },
    }  # fmt: skip


Step = Callable[[Request, Advisory], object]


def _propose(request: Request, advisory: Advisory) -> object:
    return services.propose_advisory(advisory=advisory, by=request.viewer, at=request.viewer.at)


def _review(request: Request, advisory: Advisory) -> object:
    return services.review_advisory(
        advisory=advisory, by=request.viewer, at=request.viewer.at,
        content_hash=request.POST.get("content", ""),
    )  # fmt: skip


def _approve(request: Request, advisory: Advisory) -> object:
    return services.approve_advisory(
        advisory=advisory, by=request.viewer, at=request.viewer.at,
        content_hash=request.POST.get("content", ""),
    )  # fmt: skip


def _return(request: Request, advisory: Advisory) -> object:
    return services.return_advisory(
        advisory=advisory, by=request.viewer, at=request.viewer.at,
        reason=request.POST.get("reason", "")[:2_000],
    )  # fmt: skip


def _publish(request: Request, advisory: Advisory) -> object:
    return publishing.publish_advisory(advisory=advisory, by=request.viewer, at=request.viewer.at)


def _schedule(request: Request, advisory: Advisory) -> object:
    form = ScheduleForm(request.POST, zones=_zones(advisory))
    if not form.is_valid():
        said = [str(one) for held in form.errors.values() for one in held]
        raise InputRefused(gettext_noop("The moment cannot be read: %(said)s"), said=" ".join(said))
    return scheduling.schedule_publication(
        advisory=advisory, publish_at=form.cleaned_data["publish_at"], by=request.viewer,
        at=request.viewer.at,
    )  # fmt: skip


def _call_off(request: Request, advisory: Advisory) -> object:
    return scheduling.call_off_publication(
        advisory=advisory, by=request.viewer, at=request.viewer.at,
        reason=request.POST.get("reason", "")[:2_000],
    )  # fmt: skip


def _zones(advisory: Advisory) -> list[str]:
    """Return the zones to offer first: the reader's and the company's."""
    return [timezone.get_current_timezone_name(), advisory.company.zone]


def _withdraw(request: Request, advisory: Advisory) -> object:
    given = {one: request.POST.get(f"reason_{one}", "")[:5_000] for one in ("ja", "en")}
    return publishing.withdraw_advisory(
        advisory=advisory, by=request.viewer, at=request.viewer.at, reason=given
    )


STEPS: Final[Mapping[str, Step]] = {
    "propose": _propose,
    "review": _review,
    "approve": _approve,
    "return": _return,
    "publish": _publish,
    "schedule": _schedule,
    "call-off": _call_off,
    "withdraw": _withdraw,
}


@logged_in
@require_POST
def step(request: Request, number: str, step: str) -> HttpResponse:
    """Take a step with an advisory: propose, review, approve, return, publish, withdraw."""
    advisory = queries.advisory_by_number(request.viewer, number)
    chosen = STEPS.get(step)
    if chosen is None:
        raise NotFound(gettext_noop("There is no such page."))
    try:
        chosen(request, advisory)
    except HikeshiError as error:
        if isinstance(error, NotFound):
            raise
        messages.error(request, explain(error))
    return redirect("disclosure:publication", number=number)
