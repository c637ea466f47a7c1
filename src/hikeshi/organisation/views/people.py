"""Pages of people: the list, one person, appoint, delegate, end, invite, disable."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hikeshi.core.errors import HikeshiError
from hikeshi.organisation import exchange, people, units
from hikeshi.organisation.access import Request, needs
from hikeshi.organisation.chosen import chosen_company
from hikeshi.organisation.forms.fields import midnight
from hikeshi.organisation.forms.people import DelegateForm, EndForm, InviteForm, RoleForm
from hikeshi.organisation.links import INVITATION, link_path
from hikeshi.organisation.models import Account, Company, Unit
from hikeshi.organisation.people_list import PeopleFilter, listed_people
from hikeshi.organisation.queries import companies_of, people_of
from hikeshi.organisation.roles import ROLE_WORDS, Permission, Role
from hikeshi.organisation.views.lists import csv_answer, import_page
from hikeshi.ui.errors import explain


def _language() -> str:
    return translation.get_language() or "en"


@needs(Permission.VIEW)
@require_GET
def person_list(request: Request) -> HttpResponse:
    """List the people of a company with their roles."""
    company = chosen_company(request)
    wanted = PeopleFilter.read(request.GET)
    page = listed_people(request.viewer, company, wanted, after=request.GET.get("after"))
    return render(
        request,
        "organisation/people.html",
        {
            "company": company,
            "companies": companies_of(request.viewer),
            "page": page,
            "wanted": wanted,
            "roles": [(role.value, word) for role, word in ROLE_WORDS.items()],
            "may_manage": request.viewer.may_somewhere(Permission.PEOPLE_MANAGE),
        },
    )


@needs(Permission.VIEW)
@require_GET
def person(request: Request, uid: UUID) -> HttpResponse:
    """Show one person: roles now and before, and what may be done."""
    account = people.person_by_uid(request.viewer, uid)
    return render(request, "organisation/person.html", _person_page(request, account))


def _person_page(request: Request, account: Account, **forms: Any) -> dict[str, Any]:
    viewer = request.viewer
    held = list(
        people.appointments_seen_by(viewer)
        .filter(account=account)
        .select_related("company", "unit", "delegate_of__account", "appointed_by")
        .order_by("-since", "-pk")
    )
    rows: list[dict[str, Any]] = [
        {
            "held": row,
            "runs": row.until is None or row.until > viewer.at,
            "may_end": people.may_give(viewer, Role(row.role), row.company_id, row.unit_id),
            "may_delegate": row.account_id == viewer.account_id
            or people.may_give(viewer, Role(row.role), row.company_id, row.unit_id),
        }
        for row in held
    ]
    coming = [row for row in rows if row["runs"] and row["held"].since > viewer.at]
    running = [row for row in rows if row["runs"] and row not in coming]
    company = _company_for(request, held)
    return {
        "person": account,
        "running": running,
        "coming": coming,
        "past": [row for row in rows if not row["runs"]],
        "load": sum(row["held"].load_percent or 0 for row in running),
        "company": company,
        "role_form": forms.get("role_form")
        or RoleForm(viewer=viewer, company=company, language=_language()),
        "end_form": EndForm(initial={"expires_on": account.expires_at}),
        "may_appoint": bool(viewer.company_ids(Permission.PEOPLE_MANAGE)),
        "may_change": people.may_change(viewer, account, viewer.at),
        "is_oneself": account.pk == viewer.account_id,
        "delegates": people_of(viewer).exclude(pk=account.pk),
    }


def _company_for(request: Request, held: list[Any]) -> Company:
    """Return the company in which the next role of a person is most likely given."""
    own = request.viewer.company_ids(Permission.PEOPLE_MANAGE)
    for row in held:
        if row.company_id in own:
            company: Company = row.company
            return company
    return chosen_company(request)


def _place(request: Request, uid: str) -> Unit | None:
    return units.unit_by_uid(request.viewer, uid) if uid else None


@needs(Permission.PEOPLE_MANAGE)
@require_POST
def person_appoint(request: Request, uid: UUID) -> HttpResponse:
    """Give a person a role."""
    account = people.person_by_uid(request.viewer, uid)
    company = _company_for(
        request,
        list(people.appointments_seen_by(request.viewer).filter(account=account)
             .select_related("company").order_by("-since", "-pk")),
    )  # fmt: skip
    form = RoleForm(request.POST, viewer=request.viewer, company=company, language=_language())
    if form.is_valid():
        try:
            people.appoint_person(
                viewer=request.viewer, account=account, company=company,
                role=Role(form.cleaned_data["role"]),
                unit=_place(request, form.cleaned_data["unit"]), at=timezone.now(),
                **form.details(),
            )  # fmt: skip
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            messages.success(request, _("The role is given."))
            return redirect("organisation:person", uid=uid)
    context = _person_page(request, account, role_form=form)
    return render(request, "organisation/person.html", context)


@needs(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def role_delegate(request: Request, uid: UUID) -> HttpResponse:
    """Let somebody stand in for a role until a day; its holder may do so too."""
    appointment = people.appointment_by_uid(request.viewer, uid)
    own = people_of(request.viewer).exclude(pk=appointment.account_id)
    form = DelegateForm(request.POST or None, people=own)
    if request.method == "POST" and form.is_valid():
        until = midnight(form.cleaned_data["until"], appointment.company.zone)
        try:
            made = people.delegate_role(
                viewer=request.viewer, appointment=appointment, to=form.cleaned_data["to"],
                until=until or timezone.now(), at=timezone.now(),
            )  # fmt: skip
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            messages.success(
                request,
                _("They stand in once the role begins.")
                if made.since > timezone.now()
                else _("They stand in from now on."),
            )
            return redirect("organisation:person", uid=appointment.account.uid)
    context = {"form": form, "appointment": appointment}
    return render(request, "organisation/delegate.html", context)


@needs(Permission.PEOPLE_MANAGE)
@require_POST
def role_end(request: Request, uid: UUID) -> HttpResponse:
    """End a role now."""
    appointment = people.appointment_by_uid(request.viewer, uid)
    people.end_role(viewer=request.viewer, appointment=appointment, at=timezone.now())
    messages.success(request, _("The role has ended; it stays on record."))
    return redirect("organisation:person", uid=appointment.account.uid)


@needs(Permission.PEOPLE_MANAGE)
@never_cache
@require_http_methods(["GET", "POST"])
def person_invite(request: Request) -> HttpResponse:
    """Invite a person into a role."""
    company = chosen_company(request)
    form = InviteForm(
        request.POST or None, viewer=request.viewer, company=company, language=_language(),
        initial={"language": (company.languages or ["en"])[0]},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        entered = form.cleaned_data
        try:
            account, secret = people.invite_person(
                viewer=request.viewer, email=entered["email"], name=entered["name"],
                language=entered["language"], company=company, role=Role(entered["role"]),
                unit=_place(request, entered["unit"]), at=timezone.now(), **form.details(),
            )  # fmt: skip
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            return _invited(request, account, secret)
    return render(request, "organisation/invite.html", {"form": form, "company": company})


@needs(Permission.PEOPLE_MANAGE)
@never_cache
@require_POST
def person_invite_again(request: Request, uid: UUID) -> HttpResponse:
    """Send a new invitation to somebody who has not come yet."""
    account = people.person_by_uid(request.viewer, uid)
    secret = people.invite_again(viewer=request.viewer, account=account, at=timezone.now())
    return _invited(request, account, secret)


def _invited(request: Request, account: Account, secret: str | None) -> HttpResponse:
    link = request.build_absolute_uri(link_path(INVITATION, secret)) if secret else ""
    return render(request, "organisation/invited.html", {"person": account, "link": link})


@needs(Permission.PEOPLE_MANAGE)
@require_POST
def person_change(request: Request, uid: UUID) -> HttpResponse:
    """Disable or enable an account, change its last day, or remove lost second factors."""
    account = people.person_by_uid(request.viewer, uid)
    now = timezone.now()
    act = request.POST.get("act", "")
    if act in ("disable", "enable"):
        people.set_enabled(viewer=request.viewer, account=account, enabled=act == "enable", at=now)
        messages.success(
            request,
            _("The account is open again.") if act == "enable" else _("The account is disabled."),
        )
    elif act == "factors":
        people.reset_factors(viewer=request.viewer, account=account, at=now)
        messages.success(request, _("Their passkeys, app and recovery codes are removed."))
    elif act == "end":
        form = EndForm(request.POST)
        if form.is_valid():
            end: datetime | None = midnight(form.cleaned_data["expires_on"], account.zone)
            people.set_end(viewer=request.viewer, account=account, expires_at=end, at=now)
            messages.success(request, _("Saved."))
    return redirect("organisation:person", uid=uid)


@needs(Permission.EXPORT)
@require_GET
def person_export(request: Request) -> HttpResponse:
    """Download who holds which role now as CSV."""
    company = chosen_company(request)
    return csv_answer(f"{company.slug}-people", exchange.export_people(request.viewer, company))


@needs(Permission.PEOPLE_MANAGE)
@require_http_methods(["GET", "POST"])
def person_import(request: Request) -> HttpResponse:
    """Take in people from a CSV: look first, then all lines or none."""
    company = chosen_company(request)

    def run(rows: list[tuple[int, exchange.Row]], at: datetime, apply: bool) -> exchange.Report:
        return exchange.import_people(
            viewer=request.viewer, company=company, rows=rows, at=at, apply=apply
        )

    return import_page(
        request, run, columns=exchange.PERSON_COLUMNS, kind="people",
        back="organisation:people", company=company,
    )  # fmt: skip
