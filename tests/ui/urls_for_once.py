"""Addresses that the tests of ``ui.once`` send forms to."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path

from hikeshi.core.errors import InputRefused, gettext_noop
from hikeshi.organisation.models import Account
from hikeshi.project.urls import urlpatterns as real


def make(request: HttpRequest) -> HttpResponse:
    name = request.POST["name"]
    account = Account.objects.create(email=f"{name}-{Account.objects.count()}@x.example", name=name)
    if name == "refused":
        raise InputRefused(gettext_noop("No."))
    if name == "missing":
        raise Http404
    if name == "broken":
        raise RuntimeError("a bug")
    if name == "again":
        return HttpResponse("form", status=422)
    if name == "part":
        return HttpResponse(f"<p>made {account.pk}</p>")
    messages.success(request, f"Made {name}.")
    return redirect(f"/made/{account.pk}/")


urlpatterns = [path("make/", make), *real]
