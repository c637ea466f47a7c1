"""Ask those who stand behind the products of a case, in a round behind the case's wall."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from hikeshi.core.errors import HikeshiError
from hikeshi.inventory.asking import AskForm, ask_about
from hikeshi.organisation.access import Request, needs
from hikeshi.organisation.roles import Permission
from hikeshi.records import rights
from hikeshi.triage import queries
from hikeshi.ui.errors import explain


@needs(Permission.STAKEHOLDER_EDIT)
@require_http_methods(["GET", "HEAD", "POST"])
def ask(request: Request, number: str) -> HttpResponse:
    """Write a round to the chains of the products that the case is about."""
    case = queries.case_by_number(request.viewer, number)
    by = rights.require(case, request.viewer, Permission.STAKEHOLDER_EDIT)
    offerings = queries.offerings_of(request.viewer, case)
    form = AskForm(request.POST or None, viewer=request.viewer, offerings=offerings)
    if request.method == "POST" and form.is_valid():
        contacts, units = form.chosen()
        try:
            drafted = ask_about(
                company=case.company, unit=case.unit, title=form.cleaned_data["title"],
                letter=form.cleaned_data["letter"], questions=form.asks(),
                due_at=form.cleaned_data["due_at"], contacts=contacts, units=units, by=by,
                at=request.viewer.at, subject=case,
            )  # fmt: skip
        except HikeshiError as error:
            form.add_error(None, explain(error))
        else:
            return redirect("stakeholders:round", number=drafted.number)
    context = {"form": form, "case": case, "offerings": offerings}
    status = 422 if form.is_bound else 200
    return render(request, "triage/ask.html", context, status=status)
