"""What import and export pages of units and people do alike."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from hikeshi.core.errors import HikeshiError
from hikeshi.organisation.access import Request
from hikeshi.organisation.exchange import Report, Row, read_rows, text_of
from hikeshi.organisation.forms.units import FileForm
from hikeshi.organisation.models import Company
from hikeshi.ui.errors import explain

SALT = "organisation.import"


def csv_answer(name: str, text: str) -> HttpResponse:
    """Send a CSV as a file to keep."""
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def import_page(
    request: Request,
    run: Callable[[list[tuple[int, Row]], datetime, bool], Report],
    *,
    columns: tuple[str, ...],
    kind: str,
    back: str,
    company: Company,
) -> HttpResponse:
    """Show what an uploaded file would do; the second press does exactly that file.

    run: the import, given the rows, the moment, and whether to keep what it did.
    """
    report, kept = None, ""
    form = FileForm(request.POST or None, request.FILES or None)
    try:
        if "kept" in request.POST:
            # Signed: what is taken in is what was looked at.
            content = signing.loads(request.POST["kept"], salt=SALT)["text"].encode()
            report = run(read_rows(content, columns), timezone.now(), True)
            if report.applied:
                messages.success(
                    request,
                    _("%(new)s new, %(changed)s changed, %(same)s unchanged.")
                    % {
                        "new": report.count("created"),
                        "changed": report.count("changed"),
                        "same": report.count("unchanged"),
                    },
                )
                return redirect(back)
        elif request.method == "POST" and form.is_valid():
            content = form.cleaned_data["file"]
            report = run(read_rows(content, columns), timezone.now(), False)
            kept = signing.dumps({"text": text_of(content)}, salt=SALT)
    except signing.BadSignature:
        form = FileForm()
    except HikeshiError as error:
        form.add_error("file", explain(error))
    context = {
        "form": form, "report": report, "kept": kept if report and not report.refused else "",
        "columns": columns, "kind": kind, "back": back, "company": company,
    }  # fmt: skip
    return render(request, "organisation/import.html", context)
