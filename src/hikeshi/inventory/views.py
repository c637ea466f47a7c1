"""Pages of products, their models and releases. SBOM pages are in ``sbom_views``."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from hikeshi.core.errors import AlreadyDone, InputRefused, Stale, gettext_noop
from hikeshi.core.purl import UnreadableName
from hikeshi.inventory import queries, related, services
from hikeshi.inventory.filters import OfferingFilter
from hikeshi.inventory.forms import ModelForm, OfferingForm, ReleaseForm, RevisionForm
from hikeshi.inventory.models import Offering
from hikeshi.organisation.access import Request, account_of, needs
from hikeshi.organisation.roles import Permission
from hikeshi.ui.errors import explain
from hikeshi.ui.paging import page_of

require_form = require_http_methods(["GET", "HEAD", "POST"])


@require_GET
@needs(Permission.VIEW)
def products(request: Request) -> HttpResponse:
    """List what the viewer may know of, page by page."""
    asked = OfferingFilter(request.GET, viewer=request.viewer)
    if not asked.is_valid():
        raise InputRefused(
            gettext_noop("This address asks for a filter that the list does not have.")
        )
    rows = asked.apply(queries.with_figures(queries.offerings_of(request.viewer)))
    page = page_of(rows, order=asked.order(), after=request.GET.get("after"))
    context = {
        "filter": asked,
        "chips": asked.chips(),
        "page": page,
        "may_add": request.viewer.may_somewhere(Permission.INVENTORY_EDIT),
        "today": timezone.localdate(request.viewer.at),
    }
    part = "#list" if request.htmx else ""
    return render(request, f"inventory/products.html{part}", context)


@require_GET
@needs(Permission.VIEW)
def product(request: Request, number: str) -> HttpResponse:
    """Show one offering with its models and releases."""
    offering = queries.offering_by_number(request.viewer, number)
    releases = queries.release_list(request.viewer, offering)
    beside = related.connected_with(request.viewer, offering)
    may_edit = _may_edit(request, offering)
    context = {
        "chain": related.chain_of(request.viewer, offering),
        "beside": beside,
        "raised_by": related.raised_by(offering, beside),
        "connectable": related.connectable(request.viewer, offering) if may_edit else [],
        "may_ask": request.viewer.may(
            Permission.STAKEHOLDER_EDIT, offering.company_id, offering.unit_id
        ),
        "offering": offering,
        "models": queries.models_of(offering),
        "releases": releases,
        "first_without_sbom": queries.first_without_sbom(releases),
        "may_edit": may_edit,
        "today": timezone.localdate(request.viewer.at),
    }
    return render(request, "inventory/product.html", context)


@require_form
@needs(Permission.INVENTORY_EDIT)
def product_new(request: Request) -> HttpResponse:
    """Add an offering."""
    form = OfferingForm(request.POST or None, viewer=request.viewer)
    if request.method == "POST" and form.is_valid():
        values = form.service_values()
        company = form.chosen_company()
        try:
            offering = services.create_offering(
                company=company, by=account_of(request), at=timezone.now(), **values
            )
        except AlreadyDone as error:
            form.add_error("code", explain(error))
        else:
            messages.success(request, _("The product was added. Its first release comes next."))
            return redirect("inventory:release_new", number=offering.number)
    return _form(request, form, "inventory/product_form.html")


@require_form
@needs(Permission.INVENTORY_EDIT)
def product_edit(request: Request, number: str) -> HttpResponse:
    """Change an offering."""
    offering = queries.offering_to_edit(request.viewer, number=number)
    form = OfferingForm(request.POST or None, viewer=request.viewer, offering=offering)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_offering(
                offering=offering, revision=_revision(form), by=account_of(request),
                at=timezone.now(), **form.service_values(),
            )  # fmt: skip
        except AlreadyDone as error:
            form.add_error("code", explain(error))
        except Stale as error:
            offering.refresh_from_db()
            form = _changed_meanwhile(
                form, error, OfferingForm(viewer=request.viewer, offering=offering)
            )
        else:
            messages.success(request, _("The product was saved."))
            return redirect("inventory:product", number=offering.number)
    return _form(request, form, "inventory/product_form.html", offering=offering)


@require_form
@needs(Permission.INVENTORY_EDIT)
def model_new(request: Request, number: str) -> HttpResponse:
    """Add a model to an offering."""
    offering = queries.offering_to_edit(request.viewer, number=number)
    form = ModelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            services.create_model(
                offering=offering, by=account_of(request), at=timezone.now(),
                **form.service_values(),
            )  # fmt: skip
        except AlreadyDone as error:
            form.add_error("code", explain(error))
        else:
            messages.success(request, _("The model was added."))
            return redirect("inventory:product", number=offering.number)
    return _form(request, form, "inventory/model_form.html", offering=offering)


@require_form
@needs(Permission.INVENTORY_EDIT)
def release_new(request: Request, number: str) -> HttpResponse:
    """Add a release to an offering."""
    offering = queries.offering_to_edit(request.viewer, number=number)
    form = ReleaseForm(request.POST or None, offering=offering)
    if request.method == "POST" and form.is_valid():
        try:
            release = services.create_release(
                offering=offering, by=account_of(request), at=timezone.now(),
                **form.service_values(),
            )  # fmt: skip
        except UnreadableName as error:
            form.add_error("purl", explain(error))
        except AlreadyDone as error:
            form.add_error("version", explain(error))
        else:
            messages.success(request, _("The release was added. Upload its SBOM next."))
            return redirect("inventory:release", number=release.number)
    return _form(request, form, "inventory/release_form.html", offering=offering)


@require_form
@needs(Permission.INVENTORY_EDIT)
def release_edit(request: Request, number: str) -> HttpResponse:
    """Change a release."""
    release = queries.release_to_edit(request.viewer, number=number)
    offering = release.offering
    form = ReleaseForm(request.POST or None, offering=offering, release=release)
    if request.method == "POST" and form.is_valid():
        try:
            services.change_release(
                release=release, revision=_revision(form), by=account_of(request),
                at=timezone.now(), **form.service_values(),
            )  # fmt: skip
        except UnreadableName as error:
            form.add_error("purl", explain(error))
        except AlreadyDone as error:
            form.add_error("version", explain(error))
        except Stale as error:
            release.refresh_from_db()
            form = _changed_meanwhile(form, error, ReleaseForm(offering=offering, release=release))
        else:
            messages.success(request, _("The release was saved."))
            return redirect("inventory:release", number=release.number)
    return _form(request, form, "inventory/release_form.html", offering=offering, release=release)


def _form(request: Request, form: Any, template: str, **context: Any) -> HttpResponse:
    status = 422 if form.is_bound and form.errors else 200
    return render(request, template, {"form": form, **context}, status=status)


def _revision(form: RevisionForm) -> int:
    return form.cleaned_data.get("revision") or 0


def _changed_meanwhile(form: Any, error: Stale, now: Any) -> Any:
    """Return the form with what the person typed, beside what is stored now.

    It carries the revision of now: saving again overwrites knowingly.
    """
    typed = form.data.copy()
    revision = now.initial["revision"]
    typed[form.add_prefix("revision")] = str(revision)
    differing = []
    for name, field in form.fields.items():
        stored, wanted = now.initial.get(name), form.cleaned_data.get(name)
        if name != "revision" and (stored or "") != (wanted or ""):
            differing.append({"label": field.label, "stored": stored, "typed": wanted})
    form.data = typed
    form.add_error(None, explain(error))
    form.differing = differing
    return form


def _may_edit(request: Request, offering: Offering) -> bool:
    return request.viewer.may(Permission.INVENTORY_EDIT, offering.company_id, offering.unit_id)
