"""Pages that tie products and releases: who stands behind, what is linked, what is inside."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from hikeshi.core.errors import HikeshiError, InputRefused, gettext_noop
from hikeshi.inventory import queries, related, relations
from hikeshi.inventory.asking import AskForm, ask_about
from hikeshi.inventory.models import ChainRole, Offering
from hikeshi.organisation.access import Request, account_of, needs
from hikeshi.organisation.queries import text_in, units_of
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.stakeholders.queries import contacts_of
from hikeshi.ui.errors import explain

# Rows beyond those that are filled.
_BLANK = 3
_MOST = 40


class LinkForm(forms.Form):
    """One link of a chain; a row without a name is none."""

    role = forms.ChoiceField(label=gettext_lazy("role"), choices=ChainRole.choices, required=False)
    who = forms.ChoiceField(label=gettext_lazy("unit or contact"), required=False)
    model = forms.ChoiceField(label=gettext_lazy("only for the model"), required=False)
    note = forms.CharField(label=gettext_lazy("what for"), max_length=200, required=False)


class ChainRows(forms.BaseFormSet[LinkForm]):
    """The rows of a chain, which share their choices."""

    def __init__(self, *args: Any, viewer: Viewer, offering: Offering, **kw: Any) -> None:
        language = get_language() or "en"
        self._units = {
            f"u{one.pk}": one
            for one in units_of(viewer).filter(company=offering.company, closed_at__isnull=True)
        }
        known = contacts_of(viewer).filter(company=offering.company, wall__isnull=True)
        self._contacts = {f"c{one.pk}": one for one in known.order_by("pk")[:500]}
        unseal(list(self._contacts.values()), "name")
        self._models = {one.code: one for one in queries.models_of(offering)}
        units = [(key, text_in(one.name, language)) for key, one in self._units.items()]
        contacts = [(k, str(one.name.value or one.number)) for k, one in self._contacts.items()]
        self.who = [("", "–"), (_("Units"), units), (_("Contacts"), contacts)]
        self.models = [("", _("all models")), *((code, code) for code in self._models)]
        super().__init__(*args, **kw)

    def add_fields(self, form: LinkForm, index: int | None) -> None:
        """Give a row its choices."""
        super().add_fields(form, index)
        fields: Any = form.fields
        fields["who"].choices = self.who
        fields["model"].choices = self.models
        if not self._models:
            fields["model"].widget = forms.HiddenInput()

    def chain(self) -> list[relations.Behind]:
        """Return the links in the order of the rows."""
        found = []
        for row in self.cleaned_data:
            key = row.get("who")
            if key:
                found.append(
                    relations.Behind(
                        ChainRole(row["role"]), self._units.get(key), self._contacts.get(key),
                        self._models.get(row["model"]), row["note"],
                    )
                )  # fmt: skip
        return found


_Chain: Any = forms.formset_factory(
    LinkForm, formset=ChainRows, extra=_BLANK, max_num=_MOST, absolute_max=_MOST
)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.INVENTORY_EDIT)
def chain(request: Request, number: str) -> HttpResponse:
    """Say who stands behind a product."""
    offering = queries.offering_to_edit(request.viewer, number=number)
    held = related.chain_of(request.viewer, offering)
    initial = [
        {
            "role": one.link.role, "note": one.link.note,
            "who": f"u{one.link.unit_id}" if one.link.unit_id else f"c{one.link.contact_id}",
            "model": one.link.product_model.code if one.link.product_model else "",
        }
        for one in held
    ]  # fmt: skip
    rows = _Chain(request.POST or None, initial=initial, viewer=request.viewer, offering=offering)
    problem = ""
    if request.method == "POST" and rows.is_valid():
        try:
            relations.set_chain(
                offering=offering, chain=rows.chain(), by=account_of(request), at=timezone.now()
            )
        except HikeshiError as error:
            problem = explain(error)
        else:
            messages.success(request, _("The product was saved."))
            return redirect("inventory:product", number=offering.number)
    hidden = any(one.link.unit is None and one.contact is None for one in held)
    context = {"rows": rows, "offering": offering, "problem": problem, "hidden": hidden}
    status = 422 if request.method == "POST" else 200
    return render(request, "inventory/chain_form.html", context, status=status)


@require_POST
@needs(Permission.INVENTORY_EDIT)
def connection(request: Request, number: str) -> HttpResponse:
    """Connect a product with another one, or take that back."""
    offering = queries.offering_to_edit(request.viewer, number=number)
    named = request.POST.get("other", "").strip().partition(" ")[0]
    other = queries.offerings_of(request.viewer).filter(number=named).first()
    if other is None:
        raise InputRefused(gettext_noop("No product has the number “%(name)s”."), name=named[:60])
    by, at = account_of(request), timezone.now()
    if "remove" in request.POST:
        relations.disconnect(offering=offering, other=other, by=by, at=at)
        messages.success(request, _("The connection was taken back."))
    else:
        how = request.POST.get("how", "")
        relations.connect(offering=offering, other=other, by=by, at=at, how=how)
        messages.success(request, _("The products are connected."))
    return redirect("inventory:product", number=offering.number)


@require_POST
@needs(Permission.INVENTORY_EDIT)
def part(request: Request, number: str) -> HttpResponse:
    """Say that a release contains another one, or does not any more."""
    outer = queries.release_to_edit(request.viewer, number=number)
    named = request.POST.get("part", "").strip().partition(" ")[0]
    if not queries.releases_of(request.viewer).filter(number=named).exists():
        raise InputRefused(gettext_noop("No release has the number “%(name)s”."), name=named[:60])
    inner = queries.release_to_edit(request.viewer, number=named)
    by, at = account_of(request), timezone.now()
    if "remove" in request.POST:
        relations.remove_part(outer=outer, inner=inner, by=by, at=at)
        messages.success(request, _("The release is no part any more; what was known stays."))
    else:
        relations.add_part(outer=outer, inner=inner, by=by, at=at)
        messages.success(
            request, _("The release is a part now: what reaches it reaches this one too.")
        )
    return redirect("inventory:release", number=outer.number)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.STAKEHOLDER_EDIT)
def ask(request: Request, number: str) -> HttpResponse:
    """Write a round of questions to those who stand behind a product."""
    offering = queries.offering_by_number(request.viewer, number)
    request.viewer.require(Permission.STAKEHOLDER_EDIT, offering.company_id, offering.unit_id)
    form = AskForm(request.POST or None, viewer=request.viewer, offerings=[offering])
    if request.method == "POST" and form.is_valid():
        contacts, units = form.chosen()
        try:
            drafted = ask_about(
                company=offering.company, unit=offering.unit, title=form.cleaned_data["title"],
                letter=form.cleaned_data["letter"], questions=form.asks(),
                due_at=form.cleaned_data["due_at"], contacts=contacts, units=units,
                by=account_of(request), at=timezone.now(),
                subject=offering if offering.wall_id else None,
            )  # fmt: skip
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            return redirect("stakeholders:round", number=drafted.number)
    context = {"form": form, "offering": offering}
    status = 422 if form.is_bound else 200
    return render(request, "inventory/ask_form.html", context, status=status)
