"""The company and unit in which somebody works now: chosen in the switcher, kept in the session.

The menu then leads to lists narrowed to it, and new things are put there. It grants nothing: rights
are weighed by the viewer.
"""

from __future__ import annotations

from django.http import HttpRequest

from hikeshi.core.errors import NotFound, gettext_noop
from hikeshi.organisation.access import Request
from hikeshi.organisation.models import Company, Unit
from hikeshi.organisation.queries import companies_of, unit_parents, units_below, units_of

COMPANY = "chosen_company"
UNIT = "chosen_unit"


def chosen_company(request: Request) -> Company:
    """Return the company of ``?company=``, else the chosen one, else the viewer's first.

    Raises NotFound for somebody who belongs to none, or for one that is not theirs.
    """
    own = list(companies_of(request.viewer))
    asked = request.GET.get("company", "")
    if asked:
        own = [company for company in own if company.slug == asked]
    else:
        kept = request.session.get(COMPANY)
        own.sort(key=lambda company: company.pk != kept)
    if not own:
        raise NotFound(gettext_noop("There is no such company, or none that you belong to."))
    return own[0]


def chosen_unit(request: Request) -> Unit | None:
    """Return the chosen unit; None when the whole company is chosen."""
    kept = request.session.get(UNIT)
    if kept is None:
        return None
    return units_of(request.viewer).filter(pk=kept, closed_at__isnull=True).first()


def chosen_unit_ids(request: Request) -> set[int] | None:
    """Return the chosen unit and all below it, to narrow a list by; None for no narrowing."""
    unit = chosen_unit(request)
    if unit is None:
        return None
    return units_below(unit_parents([unit.company_id], request.viewer.at), unit.pk)


def chosen_place(request: Request) -> str:
    """Return what the chosen unit or company is called in addresses; "" when all is shown."""
    unit = chosen_unit(request)
    if unit is not None:
        return str(unit.uid)
    kept = request.session.get(COMPANY)
    if kept is None or len(request.viewer.scopes) < 2:
        return ""
    return next((one.slug for one in companies_of(request.viewer) if one.pk == kept), "")


def choose(request: HttpRequest, company: Company | None, unit: Unit | None) -> None:
    """Keep a choice for this session; no company chooses all of them."""
    request.session[COMPANY] = company.pk if company else None
    request.session[UNIT] = unit.pk if unit else None
