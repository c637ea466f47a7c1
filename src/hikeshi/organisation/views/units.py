"""Pages of the tree of units: see, create, change, move, close, import, export, choose."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hikeshi.core.errors import HikeshiError, Stale
from hikeshi.organisation import exchange, units
from hikeshi.organisation.access import Request, logged_in, needs
from hikeshi.organisation.chosen import choose, chosen_company, chosen_place, chosen_unit
from hikeshi.organisation.forms.fields import unit_choices
from hikeshi.organisation.forms.units import TEAM_TYPES, UNIT_KINDS, ParentForm, UnitForm
from hikeshi.organisation.models import Unit
from hikeshi.organisation.people import appointments_seen_by, people_ever_of
from hikeshi.organisation.queries import companies_of, running, text_in
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.stale import differences, with_revision
from hikeshi.organisation.views.lists import csv_answer, import_page
from hikeshi.ui.errors import explain


def _language() -> str:
    return translation.get_language() or "en"


def _unit_form(request: Request, unit: Unit | None) -> UnitForm:
    return UnitForm(
        request.POST or None,
        viewer=request.viewer,
        people=people_ever_of(request.viewer).order_by("name", "pk"),
        language=_language(),
        initial=UnitForm.initial_of(unit) if unit else {"kind": _("department")},
    )


_LISTS: dict[str, Any] = {"team_types": TEAM_TYPES, "unit_kinds": UNIT_KINDS}


@needs(Permission.VIEW)
@require_GET
def unit_list(request: Request) -> HttpResponse:
    """Show a company's tree of units."""
    company = chosen_company(request)
    with_closed = request.GET.get("closed") == "1"
    tree = units.unit_tree(request.viewer, company, language=_language(), with_closed=with_closed)
    return render(
        request,
        "organisation/units.html",
        {
            "company": company,
            "companies": companies_of(request.viewer),
            "nodes": tree,
            "with_closed": with_closed,
            "may_manage": request.viewer.may_somewhere(Permission.ORGANISATION_MANAGE),
        },
    )


@needs(Permission.ORGANISATION_MANAGE)
@require_http_methods(["GET", "POST"])
def unit_add(request: Request) -> HttpResponse:
    """Create a unit below another, or at the top."""
    company = chosen_company(request)
    parent = units.unit_by_uid(request.viewer, request.GET["under"]) if _under(request) else None
    if parent is not None:
        company = parent.company
    form = _unit_form(request, None)
    if request.method == "POST" and form.is_valid():
        changes = form.changes()
        try:
            unit = units.add_unit(
                viewer=request.viewer, company=company, name=changes.pop("name"), parent=parent,
                at=timezone.now(), **changes,
            )  # fmt: skip
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            return redirect("organisation:unit", uid=unit.uid)
    context = {"form": form, "company": company, "parent": parent, **_LISTS}
    return render(request, "organisation/unit_add.html", context)


def _under(request: Request) -> bool:
    try:
        UUID(request.GET.get("under", ""))
    except ValueError:
        return False
    return True


@needs(Permission.VIEW)
@require_http_methods(["GET", "POST"])
def unit(request: Request, uid: UUID) -> HttpResponse:
    """Show one unit, and change its own fields."""
    found = units.unit_by_uid(request.viewer, uid)
    form = _unit_form(request, found)
    differing: list[Any] = []
    if request.method == "POST" and form.is_valid():
        try:
            units.edit_unit(
                viewer=request.viewer,
                unit=found,
                revision=form.cleaned_data["revision"] or 0,
                at=timezone.now(),
                **form.changes(),
            )
        except Stale:
            found.refresh_from_db()
            differing = differences(form, UnitForm.initial_of(found))
            with_revision(form, found.revision)
        else:
            messages.success(request, _("Saved."))
            return redirect("organisation:unit", uid=uid)
    return render(request, "organisation/unit.html", _unit_page(request, found, form, differing))


def _unit_page(
    request: Request, found: Unit, form: UnitForm, differing: list[Any]
) -> dict[str, Any]:
    may = request.viewer.may(Permission.ORGANISATION_MANAGE, found.company_id, found.pk)
    parent = units.parent_of(found, request.viewer.at)
    choices = unit_choices(
        request.viewer, found.company, _language(), top=text_in(found.company.name, _language())
    )
    held = (
        appointments_seen_by(request.viewer)
        .filter(running(request.viewer.at), unit=found)
        .select_related("account")
        .order_by("account__name", "pk")
    )
    return {
        "unit": found,
        "parent": parent,
        "moves": units.moves_of(found),
        "held": held,
        "form": form,
        "differing": differing,
        "move_form": ParentForm(
            choices=choices, initial={"parent": str(parent.uid) if parent else ""}
        ),
        "may_manage": may and found.closed_at is None,
        "may_appoint": request.viewer.may(Permission.PEOPLE_MANAGE, found.company_id, found.pk),
        **_LISTS,
    }


@needs(Permission.ORGANISATION_MANAGE)
@require_POST
def unit_move(request: Request, uid: UUID) -> HttpResponse:
    """Hang a unit elsewhere from now on."""
    found = units.unit_by_uid(request.viewer, uid)
    choices = unit_choices(request.viewer, found.company, _language(), top="")
    form = ParentForm(request.POST, choices=choices)
    if form.is_valid():
        chosen = form.cleaned_data["parent"]
        units.rehang_unit(
            viewer=request.viewer,
            unit=found,
            parent=units.unit_by_uid(request.viewer, chosen) if chosen else None,
            at=timezone.now(),
        )
        messages.success(request, _("The unit is moved; where it hung before stays on record."))
    return redirect("organisation:unit", uid=uid)


@needs(Permission.ORGANISATION_MANAGE)
@require_POST
def unit_close(request: Request, uid: UUID) -> HttpResponse:
    """Close a unit."""
    found = units.unit_by_uid(request.viewer, uid)
    revision = request.POST.get("revision", "")
    units.close_unit(
        viewer=request.viewer,
        unit=found,
        revision=int(revision) if revision.isdecimal() and len(revision) < 9 else 0,
        at=timezone.now(),
    )
    messages.success(request, _("The unit is closed. What it owns stays on record."))
    return redirect("organisation:units")


@needs(Permission.EXPORT)
@require_GET
def unit_export(request: Request) -> HttpResponse:
    """Download the open units as CSV."""
    company = chosen_company(request)
    return csv_answer(f"{company.slug}-units", exchange.export_units(request.viewer, company))


@needs(Permission.ORGANISATION_MANAGE)
@require_http_methods(["GET", "POST"])
def unit_import(request: Request) -> HttpResponse:
    """Take in units from a CSV: look first, then all lines or none."""
    company = chosen_company(request)

    def run(rows: list[tuple[int, exchange.Row]], at: datetime, apply: bool) -> exchange.Report:
        return exchange.import_units(
            viewer=request.viewer, company=company, rows=rows, at=at, apply=apply
        )

    return import_page(
        request, run, columns=exchange.UNIT_COLUMNS, kind="units", back="organisation:units",
        company=company,
    )  # fmt: skip


@logged_in
@require_http_methods(["GET", "POST"])
def unit_choose(request: Request) -> HttpResponse:
    """Choose the company and unit in which one works now."""
    if request.method == "POST":
        uid = request.POST.get("unit", "")
        if uid:
            unit = units.unit_by_uid(request.viewer, uid)
            choose(request, unit.company, unit)
        else:
            slug = request.POST.get("company", "")
            choose(request, companies_of(request.viewer).filter(slug=slug).first(), None)
        return redirect("/")
    trees = [
        (company, units.unit_tree(request.viewer, company, language=_language()))
        for company in companies_of(request.viewer)
    ]
    context = {
        "trees": trees, "company": chosen_company(request), "unit": chosen_unit(request),
        "everywhere": len(trees) > 1 and not chosen_place(request),
    }  # fmt: skip
    return render(request, "organisation/choose.html", context)
