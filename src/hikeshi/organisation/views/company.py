"""Pages of a company's settings, its keys, and a further company."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods

from hikeshi.core.errors import HikeshiError, Stale
from hikeshi.organisation import companies, company_exchange
from hikeshi.organisation.access import Request, account_of, confirmed, needs
from hikeshi.organisation.chosen import chosen_company
from hikeshi.organisation.exchange import Report, Row
from hikeshi.organisation.forms.company import CompanyForm, NewCompanyForm
from hikeshi.organisation.queries import companies_of
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.stale import differences, with_revision
from hikeshi.organisation.views.lists import csv_answer, import_page
from hikeshi.ui.errors import explain


@needs(Permission.ORGANISATION_MANAGE)
@require_http_methods(["GET", "POST"])
def company(request: Request) -> HttpResponse:
    """Show and change a company's settings."""
    found = chosen_company(request)
    request.viewer.require(Permission.ORGANISATION_MANAGE, found.pk)
    form = CompanyForm(request.POST or None, initial=CompanyForm.initial_of(found))
    differing: list[Any] = []
    if request.method == "POST" and form.is_valid():
        try:
            companies.edit_company(
                viewer=request.viewer,
                company=found,
                revision=form.cleaned_data["revision"] or 0,
                at=timezone.now(),
                **form.changes(),
            )
        except Stale:
            found.refresh_from_db()
            differing = differences(form, CompanyForm.initial_of(found))
            with_revision(form, found.revision)
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            messages.success(request, _("Saved."))
            return redirect(f"{reverse('organisation:company')}?company={found.slug}")
    context = {
        "company": found, "companies": companies_of(request.viewer), "form": form,
        "differing": differing, "keys": companies.keys_of(request.viewer, found),
        "may_rotate": request.viewer.may(Permission.KEYS_MANAGE, found.pk),
    }  # fmt: skip
    return render(request, "organisation/company.html", context)


@needs(Permission.KEYS_MANAGE)
@confirmed
@require_http_methods(["GET", "POST"])
def key_rotate(request: Request) -> HttpResponse:
    """Make a new company key and rewrap the keys of the walls."""
    found = chosen_company(request)
    if request.method == "GET":
        context = {"company": found, "keys": companies.keys_of(request.viewer, found)}
        return render(request, "organisation/key_rotate.html", context)
    count = companies.rotate_key(viewer=request.viewer, company=found, at=timezone.now())
    messages.success(
        request,
        ngettext(
            "A new key is in use; %(count)s wall's key was wrapped anew.",
            "A new key is in use; %(count)s walls' keys were wrapped anew.",
            count,
        )
        % {"count": count},
    )
    return redirect(f"{reverse('organisation:company')}?company={found.slug}")


@needs(Permission.ORGANISATION_MANAGE)
@require_http_methods(["GET", "POST"])
def company_add(request: Request) -> HttpResponse:
    """Set up a further company; who does so becomes its administrator."""
    language = translation.get_language() or "en"
    form = NewCompanyForm(
        request.POST or None, viewer=request.viewer, language=language,
        initial={"zone": account_of(request).zone},
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        entered = form.cleaned_data
        try:
            made = companies.add_company(
                viewer=request.viewer, slug=entered["slug"], name=form.names(),
                prefix=entered["number_prefix"] or companies.suggested_prefix(form.names()),
                parent=entered["parent"], zone=entered["zone"],
                at=timezone.now(),
            )  # fmt: skip
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            messages.success(request, _("The company is set up, and you administer it."))
            return redirect(f"{reverse('organisation:company')}?company={made.slug}")
    return render(request, "organisation/company_add.html", {"form": form})


@needs(Permission.ORGANISATION_MANAGE)
@require_http_methods(["GET", "POST"])
def company_import(request: Request) -> HttpResponse:
    """Take in companies from a CSV: look first, then all lines or none."""

    def run(rows: list[tuple[int, Row]], at: datetime, apply: bool) -> Report:
        return company_exchange.import_companies(
            viewer=request.viewer, rows=rows, at=at, apply=apply
        )

    return import_page(
        request, run, columns=company_exchange.COMPANY_COLUMNS, kind="companies",
        back="organisation:company", company=chosen_company(request),
    )  # fmt: skip


@needs(Permission.VIEW)
@require_GET
def company_export(request: Request) -> HttpResponse:
    """Download one's companies as CSV."""
    return csv_answer("companies", company_exchange.export_companies(request.viewer))
