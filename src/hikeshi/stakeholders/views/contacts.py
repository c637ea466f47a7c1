"""Pages of contacts: the list, one contact, its ways and keys, and lists from files."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hikeshi.core.errors import HikeshiError, Stale
from hikeshi.formats.publickey import grouped
from hikeshi.organisation.access import Request, account_of, needs
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.stale import differences, with_revision
from hikeshi.records.search import holds
from hikeshi.stakeholders import keys, queries, services
from hikeshi.stakeholders.contact_forms import (
    ContactFilter,
    ContactForm,
    ContactListForm,
    KeyForm,
    Ways,
    ways_form,
)
from hikeshi.stakeholders.models import Contact, ContactKind
from hikeshi.ui.errors import explain
from hikeshi.ui.lists import Column, Empty, SavedView, listing, render_list

COLUMNS: Final = (
    Column("name", _("Name")),
    Column("kind", _("Kind"), ("kind", "pk")),
    Column("ways", _("Tried first")),
    Column("languages", _("Languages"), css="tight"),
    Column("nda", _("NDA"), ("has_nda", "pk"), css="tight"),
    Column("added", _("Number"), ("pk",), css="hide-s"),
    Column("changed", _("Last change"), ("changed_at", "pk"), css="hide-s"),
)


@needs(Permission.VIEW)
@require_GET
def contact_list(request: Request) -> HttpResponse:
    """List contacts, those added last first."""
    viewer = request.viewer
    form = ContactFilter(request.GET, viewer=viewer)
    may_edit = viewer.may_somewhere(Permission.STAKEHOLDER_EDIT)
    found = listing(
        request,
        form.rows().prefetch_related("channels"),
        columns=COLUMNS,
        default="-added",
        row="stakeholders/contact_row.html",
        caption=_("Directory"),
        filters=form,
        views=[
            SavedView(_("All"), ""),
            *(SavedView(label, f"kind={kind}") for kind, label in ContactKind.choices),
        ],
        empty=Empty(
            _("No contacts yet"),
            _("Add finders, suppliers, coordinators and authorities. A round of questions asks many"
              " of them at once, by a link and without an account."),
            reverse("stakeholders:contact_add") if may_edit else "",
            _("Add a contact") if may_edit else "",
            "dir",
        ),
    )  # fmt: skip
    found.page = replace(found.page, rows=_opened(found.page.rows, request.GET.get("q", "")))
    return render_list(request, "stakeholders/contact_list.html", found, {"may_edit": may_edit})


def _opened(rows: list[Contact], text: str) -> list[Contact]:
    unseal(rows, "name")
    unseal([way for row in rows for way in row.channels.all()], "address")
    # The index may take one row too many; what is shown really holds the words.
    return [
        row for row in rows
        if holds(text, row.number, row.name, *(way.address for way in row.channels.all()))
    ]  # fmt: skip


@needs(Permission.STAKEHOLDER_EDIT)
@require_http_methods(["GET", "POST"])
def contact_add(request: Request) -> HttpResponse:
    """Add one contact."""
    form = ContactForm(request.POST or None, viewer=request.viewer)
    ways = ways_form(request.POST or None)
    if request.method == "POST" and _both_valid(form, ways):
        entered = form.cleaned_data
        company, unit = entered["company"], entered["unit"]
        request.viewer.require(Permission.STAKEHOLDER_EDIT, company.pk, unit and unit.pk)
        contact = services.add_contact(
            company=company,
            by=request.viewer.account,
            at=timezone.now(),
            channels=ways.in_order(),
            **form.changes(),
        )
        return redirect("stakeholders:contact", uid=contact.uid)
    return _form(request, form, ways)


@needs(Permission.STAKEHOLDER_EDIT)
@require_http_methods(["GET", "POST"])
def contact_edit(request: Request, uid: UUID) -> HttpResponse:
    """Change one contact and the order in which its ways are tried."""
    contact = queries.contact_to_edit(request.viewer, uid)
    form = ContactForm(request.POST or None, viewer=request.viewer, contact=contact)
    ways = ways_form(request.POST or None, contact)
    differing: list[Any] = []
    if request.method == "POST" and _both_valid(form, ways):
        unit = form.cleaned_data["unit"]
        request.viewer.require(
            Permission.STAKEHOLDER_EDIT, contact.company_id, unit.pk if unit else None
        )
        try:
            services.change_contact(
                contact=contact,
                revision=form.cleaned_data["revision"] or 0,
                by=account_of(request),
                at=timezone.now(),
                channels=ways.in_order(),
                **form.changes(),
            )
        except Stale:
            now = queries.contact_to_edit(request.viewer, uid)
            differing = differences(form, ContactForm.initial_of(now))
            with_revision(form, now.revision)
        else:
            messages.success(request, _("Saved."))
            return redirect("stakeholders:contact", uid=uid)
    return _form(request, form, ways, contact=contact, differing=differing)


def _both_valid(form: ContactForm, ways: Ways) -> bool:
    # Both are asked, so that all that is wrong is marked at once.
    return all([form.is_valid(), ways.is_valid()])


def _form(request: Request, form: ContactForm, ways: Ways, **more: Any) -> HttpResponse:
    wrong = bool(form.is_bound and (form.errors or ways.total_error_count()))
    status = 409 if more.get("differing") else 422 if wrong else 200
    context = {"form": form, "ways": ways, **more}
    return render(request, "stakeholders/contact_form.html", context, status=status)


@needs(Permission.VIEW)
@require_GET
def contact(request: Request, uid: UUID) -> HttpResponse:
    """Show one contact."""
    return _page(request, queries.contact_by_uid(request.viewer, uid), KeyForm())


def _page(request: Request, found: Contact, form: KeyForm) -> HttpResponse:
    viewer = request.viewer
    may_edit = viewer.may(Permission.STAKEHOLDER_EDIT, found.company_id, found.unit_id)
    context = {
        "contact": found,
        "organisation": queries.organisation_of(viewer, found),
        "members": [] if found.is_person else queries.members_of(viewer, found),
        "keys": [(key, grouped(key.fingerprint.value or "")) for key in found.keys.all()],
        "asked": queries.asked_of(viewer, found),
        "key_form": form,
        "may_edit": may_edit,
        "today": viewer.at.date(),
    }
    status = 422 if form.is_bound else 200
    return render(request, "stakeholders/contact.html", context, status=status)


@needs(Permission.STAKEHOLDER_EDIT)
@require_POST
def contact_act(request: Request, uid: UUID, act: str) -> HttpResponse:
    """Put a contact out of use, or into use again."""
    found = queries.contact_to_edit(request.viewer, uid)
    does = services.retire_contact if act == "retire" else services.return_contact
    revision = request.POST.get("revision", "")
    does(
        contact=found,
        revision=int(revision) if revision.isdecimal() and len(revision) < 10 else 0,
        by=account_of(request),
        at=timezone.now(),
    )
    return redirect("stakeholders:contact", uid=uid)


@needs(Permission.STAKEHOLDER_EDIT)
@require_POST
def key_add(request: Request, uid: UUID) -> HttpResponse:
    """Take in a public key, pasted or as a file."""
    found = queries.contact_to_edit(request.viewer, uid)
    form = KeyForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            keys.add_key(
                contact=found, content=form.content(), by=account_of(request), at=timezone.now()
            )
        except HikeshiError as error:
            form.add_error("material", explain(error))
        else:
            messages.success(
                request, _("The key was added. Compare its fingerprint with its owner by phone.")
            )
            return redirect("stakeholders:contact", uid=uid)
    return _page(request, found, form)


@needs(Permission.STAKEHOLDER_EDIT)
@require_POST
def key_act(request: Request, uid: UUID, key: UUID, act: str) -> HttpResponse:
    """Note that a fingerprint was compared, or take a key away."""
    held = queries.key_to_edit(request.viewer, uid, key)
    does = keys.verify_key if act == "verify" else keys.remove_key
    does(key=held, by=account_of(request), at=timezone.now())
    return redirect("stakeholders:contact", uid=uid)


@needs(Permission.STAKEHOLDER_EDIT)
@require_http_methods(["GET", "POST"])
def contact_import(request: Request) -> HttpResponse:
    """Import a list of contacts; a wrong line stops all of it."""
    form = ContactListForm(request.POST or None, request.FILES or None, viewer=request.viewer)
    if request.method == "POST" and form.is_valid():
        company, unit = form.cleaned_data["company"], form.cleaned_data["unit"]
        request.viewer.require(Permission.STAKEHOLDER_EDIT, company.pk, unit and unit.pk)
        try:
            lines = form.lines()
        except HikeshiError as error:
            form.add_error("file", explain(error))
        else:
            with transaction.atomic():
                for line in lines:
                    services.add_contact(
                        company=company,
                        unit=unit,
                        by=request.viewer.account,
                        at=timezone.now(),
                        **line,
                    )
            count = len(lines)
            said = ngettext("%(count)s contact imported.", "%(count)s contacts imported.", count)
            messages.success(request, said % {"count": count})
            return redirect("stakeholders:contacts")
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "stakeholders/contact_import.html", {"form": form}, status=status)
