"""Who may come to a view at all: every view says so with one of three decorators.

``@needs(Permission.X)``: logged in, and the right is held somewhere. Whether it is held for the row
in question is decided by the query (``visible_to``) or by ``viewer.require``.
``@logged_in``: any account, for pages about oneself.
``@public``: anybody.

Each puts ``permission`` on the view (a Permission, ``"login"``, or None for public), so that a test
can walk all addresses and ask as the wrong person.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, Final, ParamSpec, TypeVar, cast
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.reauthentication import did_recently_reauthenticate
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone
from django_htmx.http import HttpResponseClientRedirect
from django_htmx.middleware import HtmxDetails

from hikeshi.core.errors import NotAllowed, gettext_noop
from hikeshi.organisation.models import Account
from hikeshi.organisation.queries import viewer_of
from hikeshi.organisation.roles import PERMISSION_WORDS, Permission
from hikeshi.organisation.viewer import Viewer, anonymous

LOGIN: Final = "login"


class Request(HttpRequest):
    """A request as views see it: the middleware has put the viewer on it."""

    viewer: Viewer
    htmx: HtmxDetails


P = ParamSpec("P")
_V = TypeVar("_V", bound=Callable[..., HttpResponseBase])
View = Callable[Concatenate[Request, P], HttpResponseBase]
Guarded = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def needs(permission: Permission) -> Callable[[View[P]], Guarded[P]]:
    """Let in who is logged in and holds the right somewhere.

    Others are sent to the login, or get NotAllowed when they are logged in.
    """

    def decorate(view: View[P]) -> Guarded[P]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            seen = _seen(request)
            refusal = _unless_known(seen)
            if refusal is not None:
                return refusal
            if not seen.viewer.may_somewhere(permission):
                raise NotAllowed(
                    gettext_noop(
                        "This needs the right “%(right)s”. An administrator can grant it."
                    ),
                    right=PERMISSION_WORDS[permission],
                )
            return view(seen, *args, **kwargs)

        return _marked(guarded, permission)

    return decorate


def logged_in(view: View[P]) -> Guarded[P]:
    """Let in whoever has a running account."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        seen = _seen(request)
        return _unless_known(seen) or view(seen, *args, **kwargs)

    return _marked(guarded, LOGIN)


def public(view: View[P]) -> Guarded[P]:
    """Let anybody in; the view itself shows nothing that is not public."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return view(_seen(request), *args, **kwargs)

    return _marked(guarded, None)


def confirmed(view: View[P]) -> View[P]:
    """Ask who is logged in to show once more that it is them, unless they did minutes ago.

    The view must answer GET: whoever comes back from confirming comes by GET.
    """

    @wraps(view)
    def asking(request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if did_recently_reauthenticate(request):
            return view(request, *args, **kwargs)
        methods = get_adapter().get_reauthentication_methods(request.user)
        where = urlencode({"next": request.get_full_path()})
        return HttpResponseRedirect(f"{methods[0]['url']}?{where}")

    return asking


def account_of(request: Request) -> Account:
    """Return the account of a view behind ``needs`` or ``logged_in``."""
    account = request.viewer.account
    if account is None:
        raise RuntimeError("account_of() called in a public view")
    return account


def _seen(request: HttpRequest) -> Request:
    """Return the request with its viewer, also one that allauth rebuilt after confirming."""
    if not hasattr(request, "viewer"):
        now = timezone.now()
        account = request.user
        known = isinstance(account, Account) and account.is_authenticated
        found = viewer_of(account, now) if known else anonymous(now)  # type: ignore[arg-type]
        request.viewer = found  # type: ignore[attr-defined]
        request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    return cast(Request, request)


def _marked(view: _V, permission: Permission | str | None) -> _V:
    view.permission = permission  # type: ignore[attr-defined]  # functions take attributes
    return view


def _unless_known(request: Request) -> HttpResponseBase | None:
    if request.viewer.account is not None:
        return None
    if request.user.is_authenticated:
        # Logged in before the account ended: the login page would only send them back here.
        raise NotAllowed(gettext_noop("This account has ended. An administrator can extend it."))
    login = redirect_to_login(request.get_full_path())
    if getattr(request, "htmx", False):
        # A redirect would put the login form where the part should stand.
        return HttpResponseClientRedirect(login.url)
    return login
