"""How pages look to one reader: light or dark, dense or roomy.

Kept in the account of a person, in a cookie for everybody else. The language is kept the same way
(``ui.language``).
"""

from __future__ import annotations

from typing import Final

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse

THEMES: Final = ("auto", "light", "dark")
DENSITIES: Final = ("compact", "comfortable")
CHOICES: Final[dict[str, tuple[str, ...]]] = {"theme": THEMES, "density": DENSITIES}
_YEAR_SECONDS: Final = 365 * 86400


def appearance_of(request: HttpRequest) -> dict[str, str]:
    """Return theme and density as this reader wants them."""
    account = getattr(request, "user", None)
    found = {}
    for name, choices in CHOICES.items():
        kept = getattr(account, name, None) or request.COOKIES.get(f"hikeshi_{name}", "")
        found[name] = kept if kept in choices else choices[0]
    return found


def save_appearance(request: HttpRequest, response: HttpResponse, name: str, chosen: str) -> None:
    """Keep a choice where the reader's next request finds it; what is unknown is left out."""
    if chosen not in CHOICES.get(name, ()):
        return
    account = request.user
    if account.is_authenticated and hasattr(account, name):
        get_user_model().objects.filter(pk=account.pk).update(**{name: chosen})
        return
    response.set_cookie(
        f"hikeshi_{name}", chosen, max_age=_YEAR_SECONDS, samesite="Lax", httponly=True
    )
