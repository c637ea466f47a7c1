"""The list of people with their roles, in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from hikeshi.organisation.models import Account, Appointment, Company
from hikeshi.organisation.people import appointments_seen_by
from hikeshi.organisation.queries import running
from hikeshi.organisation.roles import Role
from hikeshi.organisation.viewer import Viewer
from hikeshi.ui.paging import page_of

STATES = ("now", "invited", "guest", "disabled", "former")


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """What a list of people is narrowed by; state is one of STATES, "" for all."""

    text: str = ""
    role: str = ""
    state: str = "now"

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> PeopleFilter:
        """Read it from an address; what is unknown there is left out."""
        state = asked.get("state", "now")
        role = asked.get("role", "")
        return cls(
            # PostgreSQL takes no NUL in a text, and no name holds one.
            text=asked.get("q", "").replace("\x00", "").strip()[:100],
            role=role if role in set(Role) else "",
            state=state if state in STATES or state == "" else "now",
        )


@dataclass(frozen=True, slots=True)
class Person:
    """One line: an account, its roles here now, the load they add up to."""

    account: Account
    held: list[Appointment]
    load_percent: int
    is_ended: bool


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of people; the other fields as ``ui.paging.Page``."""

    rows: list[Person]
    next_cursor: str
    count: int
    about: bool


def listed_people(
    viewer: Viewer, company: Company, wanted: PeopleFilter, *, after: str | None, size: int = 50
) -> PeoplePage:
    """Return a page of a company's people by name."""
    here = appointments_seen_by(viewer).filter(company=company)
    runs = here.filter(running(viewer.at), account=OuterRef("pk"))
    # Asked of each account in the order of names: one page ends after as many as it shows.
    found = Account.objects.filter(Exists(here.filter(account=OuterRef("pk"))))
    if wanted.text:
        found = found.filter(Q(name__icontains=wanted.text) | Q(email__icontains=wanted.text))
    if wanted.role:
        found = found.filter(Exists(runs.filter(role=wanted.role)))
    if wanted.state == "former":
        found = found.exclude(Exists(runs))
    elif wanted.state:
        found = found.filter(Exists(runs))
    if wanted.state == "invited":
        found = found.filter(last_login__isnull=True)
    elif wanted.state == "disabled":
        found = found.filter(is_active=False)
    elif wanted.state == "guest":
        found = found.filter(Exists(runs.filter(role=Role.GUEST.value)))
    page = page_of(found, order=("name", "pk"), after=after, size=size)
    held: dict[int, list[Appointment]] = defaultdict(list)
    for row in (
        here.filter(running(viewer.at), account__in=[account.pk for account in page.rows])
        .select_related("unit")
        .order_by("pk")
    ):
        held[row.account_id].append(row)
    rows = [_line(account, held[account.pk], viewer.at) for account in page.rows]
    return PeoplePage(rows, page.next_cursor, page.count, page.about)


def _line(account: Account, held: list[Appointment], at: datetime) -> Person:
    return Person(
        account=account,
        held=held,
        load_percent=sum(row.load_percent or 0 for row in held),
        is_ended=account.expires_at is not None and account.expires_at <= at,
    )
