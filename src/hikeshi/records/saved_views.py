"""Saved views on pages: above each list, and on a page of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from hikeshi.core.errors import Conflict, InputRefused
from hikeshi.organisation.access import Request, logged_in
from hikeshi.organisation.queries import text_in
from hikeshi.records import saved
from hikeshi.records.saved import Kept, Readers, Shown, ToldOutside
from hikeshi.ui.errors import explain
from hikeshi.ui.lists import STANDARD, is_same_view

_OWN_VIEWS = "hikeshi_views"


class StartMiddleware:
    """Open a list with the view that its reader chose, when the address asks for nothing."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """Read the list's views once for page and start; lead on where one is the start."""
        match = request.resolver_match
        kept = saved.list_at(match.view_name) if match and request.method == "GET" else None
        if kept is None:
            return None
        seen = cast(Request, request)
        views = saved.saved_views(seen.viewer, kept)
        setattr(request, _OWN_VIEWS, views)
        start = next((one for one in views if one.is_start), None)
        if start is None:
            return None
        # From here on a bare address would lead back to the start: the list says what it means.
        request.bare_list = STANDARD  # type: ignore[attr-defined]
        if request.GET or not start.query:
            return None
        return redirect(f"{request.path}?{start.query}")


def views_of_list(request: HttpRequest, _list: object) -> SafeString | None:
    """Show the views of the list that a page is, and offer to save what is set now."""
    match = request.resolver_match
    kept = saved.list_at(match.view_name) if match else None
    seen = cast(Request, request)
    if kept is None or seen.viewer.account is None:
        return None
    views: list[Shown] = getattr(request, _OWN_VIEWS, [])
    query = saved.tidy(request.GET.urlencode())
    current = next((one for one in views if is_same_view(one.query, query)), None)
    if not views and not query:
        return None
    context = {
        "views": views, "kept": kept, "query": query, "current": current,
        "has_start": any(one.is_start for one in views),
        "standard": f"{request.path}?{STANDARD}", "path": request.path,
    }  # fmt: skip
    return render_to_string("records/list_views.html", context, request)


class ViewForm(forms.Form):
    """Name and readers of a view."""

    name = forms.CharField(label=gettext_lazy("Name of the view"), max_length=saved.NAME_LIMIT)
    readers = forms.ChoiceField(
        label=gettext_lazy("Who sees it"), required=False,
        help_text=gettext_lazy(
            "Whoever sees it reads its name and its filters, and finds what they may see "
            "themselves. Others cannot change it."
        ),
    )  # fmt: skip
    start = forms.BooleanField(label=gettext_lazy("Open the list with this view"), required=False)
    confirmed = forms.BooleanField(label=gettext_lazy("They may read these words"), required=False)

    def __init__(self, *args: Any, request: Request, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language = str(getattr(request, "LANGUAGE_CODE", "en"))
        offered = saved.readers_for(request.viewer)
        choices = [(one.key, _said(one, language)) for one in offered]
        cast(forms.ChoiceField, self.fields["readers"]).choices = choices
        if len(choices) < 2:
            del self.fields["readers"]

    def readers_key(self) -> str:
        """Return who is to see it; oneself where nothing was chosen."""
        return self.cleaned_data.get("readers") or "me"


def _said(readers: Readers, language: str) -> str:
    if readers.alone:
        return _("only I")
    if readers.unit is not None:
        return _("the people of %(unit)s") % {"unit": text_in(readers.unit.name, language)}
    return _("everybody of %(company)s") % {"company": text_in(readers.company.name, language)}


@logged_in
@require_GET
def views_page(request: Request) -> HttpResponse:
    """List the views the reader may open, under their lists."""
    found = saved.saved_views(request.viewer)
    groups = [
        (kept, reverse(kept.route), [one for one in found if one.kept is kept])
        for kept in saved.LISTS.values()
    ]
    context = {"groups": [group for group in groups if group[2]], "lists": saved.LISTS.values()}
    return render(request, "records/views.html", context)


@logged_in
@require_http_methods(["GET", "POST"])
def view_new(request: Request) -> HttpResponse:
    """Save the filters of a list as a view."""
    given = request.POST if request.method == "POST" else request.GET
    kept, query = saved.list_named(given.get("list", "")), saved.tidy(given.get("query", ""))
    form = ViewForm(request.POST or None, request=request)
    if request.method == "POST" and form.is_valid():

        def act() -> None:
            saved.save_view(
                kept=kept, name=form.cleaned_data["name"], query=query,
                readers=saved.readers_named(request.viewer, form.readers_key()),
                confirmed=form.cleaned_data["confirmed"], is_start=form.cleaned_data["start"],
                by=request.viewer, at=request.viewer.at,
            )  # fmt: skip

        if _done(form, act):
            messages.success(request, _("The view was saved. It stands above the list."))
            return redirect(f"{reverse(kept.route)}?{query or STANDARD}")
    return _form_page(request, form, kept, query, None)


@logged_in
@require_http_methods(["GET", "POST"])
def view_edit(request: Request, uid: UUID) -> HttpResponse:
    """Give a view another name or other readers."""
    view = saved.view_by_uid(request.viewer, uid)
    first = {"name": view.name, "readers": view.readers.key, "start": view.is_start}
    form = ViewForm(request.POST or None, initial=first, request=request)
    if request.method == "POST" and form.is_valid():

        def act() -> None:
            saved.change_view(
                uid=uid, name=form.cleaned_data["name"],
                readers=saved.readers_named(request.viewer, form.readers_key())
                if "readers" in form.fields else view.readers,
                confirmed=form.cleaned_data["confirmed"], by=request.viewer, at=request.viewer.at,
            )  # fmt: skip
            if form.cleaned_data["start"] != view.is_start:
                start = uid if form.cleaned_data["start"] else None
                saved.start_with(kept=view.kept, uid=start, by=request.viewer)

        if _done(form, act):
            messages.success(request, _("The view was changed."))
            return redirect("records:views")
    return _form_page(request, form, view.kept, view.query, view)


def _done(form: forms.Form, act: Callable[[], None]) -> bool:
    """Do it; a refusal goes to the form. Telling outside asks for a yes."""
    try:
        act()
    except (InputRefused, Conflict) as error:
        form.add_error("confirmed" if isinstance(error, ToldOutside) else None, explain(error))
        return False
    return True


def _form_page(
    request: Request, form: ViewForm, kept: Kept, query: str, view: Shown | None
) -> HttpResponse:
    asks = "confirmed" in form.errors
    context = {"form": form, "kept": kept, "query": query, "view": view, "asks": asks,
               "opens": f"{reverse(kept.route)}?{query}"}  # fmt: skip
    return render(request, "records/view_form.html", context, status=422 if form.errors else 200)


@logged_in
@require_POST
def view_delete(request: Request, uid: UUID) -> HttpResponse:
    """Delete a view."""
    saved.delete_view(uid=uid, by=request.viewer, at=request.viewer.at)
    messages.success(request, _("The view was deleted. The list itself stays as it is."))
    return redirect("records:views")


@logged_in
@require_POST
def view_start(request: Request, uid: UUID) -> HttpResponse:
    """Let the list open with a view, or as it is."""
    view = saved.view_by_uid(request.viewer, uid)
    chosen = None if view.is_start else uid
    saved.start_with(kept=view.kept, uid=chosen, by=request.viewer)
    messages.success(
        request,
        _("The list opens with this view from now on.")
        if chosen
        else _("The list opens as it is from now on."),
    )
    return redirect("records:views")
