"""The page that takes in a list of products: choose, say what columns mean, look, take in."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from hikeshi.core.errors import HikeshiError, NotFound, TooLarge, gettext_noop
from hikeshi.formats.table.read import Row, Table, read_table
from hikeshi.inventory import columns
from hikeshi.inventory.choices import NamedChoice
from hikeshi.inventory.importing import LIMITS, import_products, mapping_for
from hikeshi.organisation.access import Request, needs
from hikeshi.organisation.exchange import Report
from hikeshi.organisation.models import Company
from hikeshi.organisation.queries import companies_of
from hikeshi.organisation.roles import Permission
from hikeshi.ui.errors import explain

SALT = "inventory.import"
LINES_SHOWN = 200


class ListForm(forms.Form):
    """A list to look at before it is taken in."""

    file = forms.FileField(
        label=gettext_lazy("CSV or Excel file"),
        help_text=gettext_lazy("The first line names the columns; 2,000 lines at most."),
        widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,.xlsx"}),
    )
    company = NamedChoice(Company.objects.none(), label=gettext_lazy("company"), empty_label=None)

    def __init__(self, *args: Any, request: Request, **kw: Any) -> None:
        super().__init__(*args, **kw)
        editable = request.viewer.company_ids(Permission.INVENTORY_EDIT)
        self.companies = companies_of(request.viewer).filter(pk__in=editable)
        if len(self.companies) == 1:
            del self.fields["company"]
        else:
            field: Any = self.fields["company"]
            field.queryset = self.companies

    def chosen_company(self) -> Company:
        """Return the company that was chosen, or the only one there is to choose."""
        chosen: Company = self.cleaned_data.get("company") or self.companies[0]
        return chosen


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Permission.INVENTORY_EDIT)
def product_import(request: Request) -> HttpResponse:
    """Show what a list would do; the second press does exactly that list."""
    form = ListForm(request.POST or None, request.FILES or None, request=request)
    context: dict[str, Any] = {"form": form}
    try:
        if "kept" in request.POST:
            form = context["form"] = ListForm(request=request)
            company, table = _unpack(request, form)
            mapping = _chosen(request, table)
            context |= _shown(company, table, mapping)
            report = _run(request, company, table, mapping, apply="apply" in request.POST)
            if report.applied:
                messages.success(request, _said(report))
                return redirect("inventory:products")
            context["report"] = report
        elif request.method == "POST" and form.is_valid():
            company, table = form.chosen_company(), _table(form)
            mapping = mapping_for(company, table)
            context |= _shown(company, table, mapping)
            context["report"] = _run(request, company, table, mapping, apply=False)
    except HikeshiError as error:
        context["error"] = explain(error)
    wrong = form.errors or "error" in context or ("report" in context and context["report"].refused)
    if "report" in context:
        lines = sorted(context["report"].lines, key=lambda line: line.action != "refused")
        context |= {"lines": lines[:LINES_SHOWN], "left_out": max(0, len(lines) - LINES_SHOWN)}
    return render(request, "inventory/import.html", context, status=422 if wrong else 200)


def _table(form: ListForm) -> Table:
    file = form.cleaned_data["file"]
    if file.size > LIMITS.size_bytes:
        raise TooLarge(
            gettext_noop("The list has %(size)s MB; at most %(limit)s MB are taken at once."),
            size=f"{file.size / 1024 / 1024:.1f}", limit=LIMITS.size_bytes // (1024 * 1024),
        )  # fmt: skip
    return read_table(file.read(), LIMITS)


def _unpack(request: Request, form: ListForm) -> tuple[Company, Table]:
    """Return the list that was looked at; signed, so that exactly that one is taken in."""
    try:
        kept = signing.loads(request.POST["kept"], salt=SALT)
    except signing.BadSignature as error:
        raise NotFound(gettext_noop("Choose the file once more.")) from error
    company = form.companies.filter(uid=UUID(kept["company"])).first()
    if company is None:
        raise NotFound(gettext_noop("Choose the file once more."))
    rows = tuple(Row(line, tuple(cells)) for line, cells in kept["rows"])
    return company, Table(tuple(kept["header"]), rows)


def _chosen(request: Request, table: Table) -> dict[int, str]:
    chosen = {place: request.POST.get(f"column_{place}", "") for place in range(len(table.header))}
    return {place: field for place, field in chosen.items() if field}


def _shown(company: Company, table: Table, mapping: dict[int, str]) -> dict[str, Any]:
    kept = {
        "company": str(company.uid), "header": table.header,
        "rows": [(row.line, row.cells) for row in table.rows],
    }  # fmt: skip
    heads = [
        {
            "place": place, "heading": heading, "field": mapping.get(place, ""),
            "samples": [row.cells[place] for row in table.rows if row.cells[place]][:3],
        }
        for place, heading in enumerate(table.header)
    ]  # fmt: skip
    return {
        "kept": signing.dumps(kept, salt=SALT, compress=True), "heads": heads,
        "meanings": columns.COLUMNS, "total": len(table.rows),
    }  # fmt: skip


def _run(
    request: Request, company: Company, table: Table, mapping: dict[int, str], *, apply: bool
) -> Report:
    return import_products(
        viewer=request.viewer, company=company, table=table, mapping=mapping, at=timezone.now(),
        apply=apply,
    )  # fmt: skip


def _said(report: Report) -> str:
    return _("%(new)s new, %(changed)s changed, %(same)s unchanged.") % {
        "new": report.count("created"), "changed": report.count("changed"),
        "same": report.count("unchanged"),
    }  # fmt: skip
