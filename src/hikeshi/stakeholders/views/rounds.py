"""Pages of rounds of questions, for those who ask and for those who answer."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hikeshi.core.errors import HikeshiError
from hikeshi.organisation.access import Request, needs, public
from hikeshi.organisation.queries import units_of
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import unseal
from hikeshi.stakeholders import queries, rounds
from hikeshi.stakeholders.forms import RoundForm
from hikeshi.stakeholders.models import RoundParty, RoundState
from hikeshi.ui.errors import explain
from hikeshi.ui.paging import page_of


@needs(Permission.VIEW)
@require_GET
def round_list(request: Request) -> HttpResponse:
    """List rounds with how many have answered."""
    page = page_of(
        queries.rounds_of(request.viewer),
        order=("-pk",),
        after=request.GET.get("after"),
    )
    unseal(page.rows, "title")
    return render(request, "stakeholders/round_list.html", {"page": page})


@needs(Permission.STAKEHOLDER_EDIT)
@require_http_methods(["GET", "POST"])
def round_add(request: Request) -> HttpResponse:
    """Write a round down."""
    form = RoundForm(request.POST or None, viewer=request.viewer)
    by = request.viewer.account
    if request.method == "POST" and form.is_valid() and by is not None:
        entered = form.cleaned_data
        company, unit = entered["company"], entered["unit"]
        request.viewer.require(Permission.STAKEHOLDER_EDIT, company.pk, unit and unit.pk)
        try:
            drafted = rounds.draft_round(
                company=company,
                unit=unit,
                title=entered["title"],
                letter=entered["letter"],
                questions=form.asks(),
                due_at=entered["due_at"],
                by=by,
                at=timezone.now(),
            )
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            return redirect("stakeholders:round", number=drafted.number)
    return render(request, "stakeholders/round_form.html", {"form": form})


@needs(Permission.VIEW)
@require_GET
def round_page(request: Request, number: str) -> HttpResponse:
    """Show a round: who was asked, who is silent, what was said."""
    asked = queries.round_by_number(request.viewer, number)
    questions = queries.questions_of(asked)
    rolled = queries.roll_up(asked, questions, request.viewer.at)
    may_edit = request.viewer.may(Permission.STAKEHOLDER_EDIT, asked.company_id, asked.unit_id)
    choices = []
    if may_edit and asked.state != RoundState.CLOSED:
        present = RoundParty.objects.filter(round=asked)
        choices = list(
            queries.contacts_of(request.viewer)
            .filter(queries.askable_in(asked, request.viewer.at), company=asked.company)
            .exclude(pk__in=present.values("contact_id").exclude(contact__isnull=True))[:500]
        )
        unseal(choices, "name")
    return render(
        request,
        "stakeholders/round.html",
        {
            "round": asked,
            "questions": questions,
            "rolled": rolled,
            "may_edit": may_edit,
            "contacts": choices,
        },
    )


@needs(Permission.STAKEHOLDER_EDIT)
@require_POST
def round_act(request: Request, number: str, act: str) -> HttpResponse:
    """Add parties, send, remind or close."""
    asked = queries.round_by_number(request.viewer, number)
    request.viewer.require(Permission.STAKEHOLDER_EDIT, asked.company_id, asked.unit_id)
    now, by = timezone.now(), request.viewer.account
    assert by is not None  # noqa: S101  # needs() lets accounts through only
    if act == "parties":
        contacts = queries.contacts_of(request.viewer).filter(
            company=asked.company, uid__in=_uids(request.POST.getlist("contact"))
        )
        units = units_of(request.viewer).filter(
            company=asked.company, uid__in=_uids(request.POST.getlist("unit"))
        )
        rounds.add_parties(asked=asked, contacts=list(contacts), units=list(units), by=by, at=now)
    elif act == "open":
        sent = rounds.open_round(asked=asked, by=by, at=now)
        messages.success(request, _("Sent to %(count)s parties.") % {"count": sent})
    elif act == "remind":
        sent = rounds.remind(asked=asked, by=by, at=now)
        messages.success(request, _("%(count)s reminders were queued.") % {"count": sent})
    else:
        rounds.close_round(asked=asked, by=by, at=now)
    return redirect("stakeholders:round", number=number)


def _uids(given: list[str]) -> list[UUID]:
    """Return those that are uids; any other names nobody, as an unknown uid does."""
    found = []
    for one in given:
        try:
            found.append(UUID(one))
        except ValueError:
            continue
    return found


@public
# The key in the address is the right itself; no cookie is set that another site could misuse.
@csrf_exempt
@require_http_methods(["GET", "POST"])
def round_answer(request: Request, key: str) -> HttpResponse:
    """Let a party answer by its link, without an account or a cookie of ours."""
    party = queries.party_by_key(key)
    now = timezone.now()
    questions = queries.questions_of(party.round)
    problem, values = "", {}
    if request.method == "POST":
        values = {q.position: request.POST.get(f"q{q.position}", "") for q in questions}
        try:
            rounds.answer(party=party, values=values, at=now)
        except HikeshiError as error:
            problem = explain(error)
        else:
            return redirect("stakeholders:answered", key=key)
    else:
        rounds.mark_seen(party=party, at=now)
        values = {a.question.position: a.value.value for a in queries.newest_answers([party])}
    lines = [(question, values.get(question.position, "")) for question in questions]
    response = render(
        request,
        "stakeholders/round_answer.html",
        {
            "party": party,
            "round": party.round,
            "company": party.round.company,
            "lines": lines,
            "problem": problem,
        },
        status=422 if problem else 200,
    )
    return _hide(response)


@public
@require_GET
def round_answered(request: Request, key: str) -> HttpResponse:
    """Thank a party; the same link may correct the answers until the round closes."""
    party = queries.party_by_key(key)
    return _hide(
        render(
            request,
            "stakeholders/round_answered.html",
            {"round": party.round, "company": party.round.company},
        )
    )


def _hide(response: HttpResponse) -> HttpResponse:
    """Keep a page with a secret in its address out of caches, indexes and referrers."""
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
