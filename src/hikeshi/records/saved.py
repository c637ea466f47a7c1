"""Saved views: a list's filters and sorting under a name, for oneself, a unit or a company.

An area says which lists it has (``keep``); the shell shows their views in the slot ``list.views``.

1. A view is read by whom ``visible_to`` lets read it: see ``SavedList`` for the walls.
2. Only its owner changes it; what is shared can also be changed by who manages the organisation,
   so that views of people who left do not stay for ever.
3. Sharing shows its words to others. Words by which the sharer finds something behind a wall are
   refused, unless the sharer says that others may read them.
4. The audit log tells that a view was saved, for whom and of which list, never its words.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import Promise

from hikeshi.core.errors import Conflict, InputRefused, NotAllowed, NotFound, gettext_noop
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account, Company, Unit, Wall, WallMember
from hikeshi.organisation.queries import companies_of, running, units_of
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import seal, unseal
from hikeshi.organisation.services import admit, raise_wall
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.models import SavedList, StartList
from hikeshi.records.search import recognised, search

NAME_LIMIT: Final = 80
QUERY_LIMIT: Final = 2000
MOST: Final = 50
_WALL_REASON: Final = "saved-view"
# Not part of what is saved: the place in the list, and the word for "without my own start".
PASSING: Final = frozenset({"after", "view"})
_SHORTEST_WORD: Final = 3


class ToldOutside(Conflict):
    """Sharing would show words of something behind a wall to people outside."""

    code = "told-outside"


@dataclass(frozen=True, slots=True)
class Kept:
    """A list that keeps views. key: its name in addresses. route: the name of its page."""

    key: str
    route: str
    label: str | Promise


LISTS: dict[str, Kept] = {}


def keep(key: str, route: str, label: str | Promise) -> None:
    """Let people save views of a list; called at start-up."""
    LISTS[key] = Kept(key, route, label)


def list_named(key: str) -> Kept:
    """Return a list by its key. Raises InputRefused, naming those there are."""
    if key not in LISTS:
        raise InputRefused(
            gettext_noop("There is no list “%(name)s”. There are: %(known)s."),
            name=key[:40], known=", ".join(sorted(LISTS)),
        )  # fmt: skip
    return LISTS[key]


def list_at(route: str) -> Kept | None:
    """Return the list of a page."""
    return next((kept for kept in LISTS.values() if kept.route == route), None)


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads a view: its owner alone, the people of a unit, or those of a company."""

    company: Company
    unit: Unit | None = None
    alone: bool = False

    @property
    def key(self) -> str:
        """Return how forms and programs name these readers."""
        if self.alone:
            return "me"
        return f"unit:{self.unit.uid}" if self.unit else f"company:{self.company.slug}"


@dataclass(frozen=True, slots=True)
class Shown:
    """A saved view as its reader meets it."""

    uid: UUID
    kept: Kept
    name: str
    query: str
    owner: Account
    readers: Readers
    is_own: bool
    may_change: bool
    is_start: bool


def view_rows(viewer: Viewer, kept: Kept | None = None) -> QuerySet[SavedList]:
    """Select the views that the viewer may open; of one list or of all."""
    rows = SavedList.objects.visible_to(viewer).filter(kept__in=[kept.key] if kept else list(LISTS))
    return rows.select_related("owner", "company", "unit", "wall")


def saved_views(viewer: Viewer, kept: Kept | None = None) -> list[Shown]:
    """Return the views that the viewer may open, own ones first, by name; of one list or of all."""
    shown = as_shown(viewer, view_rows(viewer, kept) if viewer.account else [])
    return sorted(shown, key=lambda one: (not one.is_own, one.name.casefold(), one.uid))


def as_shown(viewer: Viewer, rows: Iterable[SavedList]) -> list[Shown]:
    """Open views for their reader, in the order given."""
    found = list(rows)
    if not found:
        return []
    unseal(found, "name", "query")
    starts = StartList.objects.filter(account=viewer.account, saved__in=found)
    started = set(starts.values_list("saved_id", flat=True))
    return [_shown(row, viewer, row.pk in started) for row in found]


def _shown(row: SavedList, viewer: Viewer, is_start: bool) -> Shown:
    readers = Readers(row.company, row.unit, alone=row.wall is not None and row.unit is None)
    is_own = row.owner_id == viewer.account_id
    return Shown(
        uid=row.uid, kept=LISTS[row.kept], name=row.name.value or "", query=row.query.value or "",
        owner=row.owner, readers=readers, is_own=is_own, may_change=_may_change(row, viewer),
        is_start=is_start,
    )  # fmt: skip


def _may_change(row: SavedList, viewer: Viewer) -> bool:
    return row.owner_id == viewer.account_id or viewer.may(
        Permission.ORGANISATION_MANAGE, row.company_id, row.unit_id
    )


def view_by_uid(viewer: Viewer, uid: UUID) -> Shown:
    """Return one view. Raises NotFound for one that the viewer may not know of."""
    found = next((one for one in saved_views(viewer) if one.uid == uid), None)
    if found is None:
        raise NotFound(gettext_noop("There is nothing at this address."))
    return found


def readers_for(viewer: Viewer) -> list[Readers]:
    """Return to whom the viewer may give a view: self, the units they see, their companies.

    A person who is the whole team has nobody to share with.
    """
    companies = list(companies_of(viewer))
    if not companies:
        return []
    found = [Readers(companies[0], alone=True)]
    for company in companies:
        if company.single_person or not viewer.may(Permission.VIEW, company.pk):
            continue
        found.append(Readers(company))
        found += [
            Readers(company, unit)
            for unit in units_of(viewer).filter(company=company, closed_at__isnull=True)
            if unit.pk in viewer.teams or viewer.may(Permission.VIEW, company.pk, unit.pk)
        ]
    return found


def readers_named(viewer: Viewer, key: str) -> Readers:
    """Return readers by their key. Raises InputRefused for readers that cannot be given a view."""
    for one in readers_for(viewer):
        if one.key == key:
            return one
    raise InputRefused(gettext_noop("You cannot share a view with these readers."))


def tidy(query: str) -> str:
    """Return what of an address is worth keeping: set filters and the order."""
    given = QueryDict(query.removeprefix("?"), mutable=True)
    for name in list(given):
        values = [value for value in given.getlist(name) if value]
        if name in PASSING or not values:
            del given[name]
        else:
            given.setlist(name, values)
    return given.urlencode(safe=",")


def save_view(
    *,
    kept: Kept,
    name: str,
    query: str,
    readers: Readers,
    by: Viewer,
    at: datetime,
    confirmed: bool = False,
    is_start: bool = False,
) -> UUID:
    """Save a list's filters under a name; the same name for the same readers replaces the filters.

    confirmed: the words may be read by others although they find something behind a wall.
    is_start: the list opens with it from now on.
    Raises InputRefused for an empty or too long name, ToldOutside, Conflict beyond MOST views.
    """
    account, name, query = _checked(by, name, query, readers, confirmed)
    with transaction.atomic():
        own = [one for one in saved_views(by, kept) if one.is_own]
        same = [one for one in own if one.name == name and one.readers.key == readers.key]
        if same:
            row = _row(by, same[0].uid)
            row.query = seal(query, row.wall)
            row.save(update_fields=["query"])
        else:
            if len(own) >= MOST:
                raise Conflict(
                    gettext_noop("You keep %(n)s views of this list. Delete one first."), n=MOST
                )
            wall = _wall_for(readers, account, at)
            row = SavedList.objects.create(
                kept=kept.key, owner=account, company=readers.company, unit=readers.unit,
                wall=wall, name=seal(name, wall), query=seal(query, wall), created_at=at,
            )  # fmt: skip
        _told("view.changed" if same else "view.saved", row, readers, account, at)
        if is_start:
            _start(account, row)
    return row.uid


def change_view(
    *,
    uid: UUID,
    name: str,
    readers: Readers,
    by: Viewer,
    at: datetime,
    query: str | None = None,
    confirmed: bool = False,
) -> None:
    """Give a view another name, other readers or other filters.

    query: None leaves the filters. Raises NotFound, NotAllowed for a view of somebody else, and as
    ``save_view``.
    """
    view = _changeable(by, uid)
    kept_query = view.query if query is None else query
    account, name, kept_query = _checked(by, name, kept_query, readers, confirmed)
    with transaction.atomic():
        row = _row(by, uid)
        if readers.key != view.readers.key:
            row.company, row.unit = readers.company, readers.unit
            row.wall = _wall_for(readers, row.owner, at)
        row.name, row.query = seal(name, row.wall), seal(kept_query, row.wall)
        row.save()
        _told("view.changed", row, readers, account, at)


def delete_view(*, uid: UUID, by: Viewer, at: datetime) -> None:
    """Delete a view; a list that opened with it opens as it is. Raises NotFound, NotAllowed."""
    view = _changeable(by, uid)
    account = _account(by)
    with transaction.atomic():
        row = _row(by, uid)
        _told("view.removed", row, view.readers, account, at)
        row.delete()


def start_with(*, kept: Kept, uid: UUID | None, by: Viewer) -> None:
    """Let a list open with a view for the viewer; None: as it is. Raises NotFound."""
    account = _account(by)
    with transaction.atomic():
        if uid is None:
            StartList.objects.filter(account=account, kept=kept.key).delete()
            return
        if view_by_uid(by, uid).kept is not kept:
            raise NotFound(gettext_noop("There is nothing at this address."))
        _start(account, _row(by, uid))


def _start(account: Account, row: SavedList) -> None:
    StartList.objects.update_or_create(account=account, kept=row.kept, defaults={"saved": row})


def _checked(
    by: Viewer, name: str, query: str, readers: Readers, confirmed: bool
) -> tuple[Account, str, str]:
    """Return who acts, and name and filters as they are stored."""
    account, name, query = _account(by), " ".join(name.split()), tidy(query)
    if not name:
        raise InputRefused(gettext_noop("Give the view a name."))
    if len(name) > NAME_LIMIT:
        raise InputRefused(
            gettext_noop("A view's name has at most %(n)s characters."), n=NAME_LIMIT
        )
    if len(query) > QUERY_LIMIT:
        raise InputRefused(gettext_noop("These filters are too long to be saved."))
    if not readers.alone and not confirmed:
        _refuse_telling(by, name, query)
    return account, name, query


def _refuse_telling(by: Viewer, name: str, query: str) -> None:
    """Raise ToldOutside when a word of the view finds something behind a wall."""
    words = {name, *(v for k, vs in QueryDict(query).lists() if k != "sort" for v in vs)}
    # A number or id tells by itself, whatever stands around it.
    words |= {part for text in words for part in text.split() if recognised(part)}
    for word in sorted(words):
        if len(word) < _SHORTEST_WORD and word.isascii():
            continue
        walled = [hit.subject.number for hit in search(by, word).hits if hit.subject.walled]
        if walled:
            raise ToldOutside(
                gettext_noop(
                    "“%(word)s” is said in %(number)s, which lies behind a wall. Whoever the view "
                    "is shared with reads this word. Say that they may, or keep the view to "
                    "yourself."
                ),
                word=word, number=walled[0],
            )  # fmt: skip


def _wall_for(readers: Readers, account: Account, at: datetime) -> Wall | None:
    """Return the wall behind which views for these readers lie, raising it for the first one."""
    if not readers.alone and readers.unit is None:
        return None
    who = {"unit": readers.unit} if readers.unit else {"account": account}
    member = (
        WallMember.objects.filter(
            running(at), wall__company=readers.company, wall__reason=_WALL_REASON,
            wall__ended_at__isnull=True, **who,
        )
        .select_related("wall")
        .order_by("pk")
        .first()
    )  # fmt: skip
    if member is not None:
        return member.wall
    alone = [] if readers.unit else [account]
    wall = raise_wall(
        company=readers.company, members=alone, at=at, by=account, reason=_WALL_REASON
    )
    if readers.unit:
        admit(wall=wall, at=at, by=account, unit=readers.unit)
    return wall


def _changeable(by: Viewer, uid: UUID) -> Shown:
    view = view_by_uid(by, uid)
    if not view.may_change:
        raise NotAllowed(gettext_noop("This view is shared by another; only they change it."))
    return view


def _row(by: Viewer, uid: UUID) -> SavedList:
    return (
        SavedList.objects.visible_to(by).select_related("owner", "company", "unit", "wall")
    ).get(uid=uid)


def _account(by: Viewer) -> Account:
    scopes = by.token_permissions
    if by.account is None or (scopes is not None and Permission.VIEW not in scopes):
        raise NotAllowed(gettext_noop("Log in to keep views of lists."))
    return by.account


def _told(name: str, row: SavedList, readers: Readers, by: Account, at: datetime) -> None:
    said = {"list": row.kept, "readers": readers.key}
    record(name, subject=row, by=by, at=at, after=said)
