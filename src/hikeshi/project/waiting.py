"""What Today lists: the lines of one ordered queue, each with its reason and the one act.

1. Whose: the reader's own, that of their units, or all that they may see. What belongs to nobody is
   on every reader's own list, so that it is on somebody's.
2. A line starts from ``visible_to``: what lies behind a wall is a line for those inside alone.
3. The number of queries does not grow with the number of lines.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from hikeshi.inventory.queries import support_ending
from hikeshi.matching.listing import lines_of, standings_of
from hikeshi.matching.narrowing import Narrowing, State
from hikeshi.matching.reasons import reason
from hikeshi.organisation.models import APIToken, Appointment
from hikeshi.organisation.places import Place
from hikeshi.organisation.queries import running, text_in
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.approvals import open_approvals, step_of
from hikeshi.records.clocks import clock_state, clocks_due
from hikeshi.records.models import Clock, Task
from hikeshi.records.regimes import stage_of
from hikeshi.records.subjects import Subject, not_in_other_hands, owners, subjects
from hikeshi.records.tasks import given_to, tasks_for
from hikeshi.stakeholders.queries import silent_parties
from hikeshi.ui.moments import moment_text

HORIZON: Final = timedelta(days=7)
ENDING: Final = timedelta(days=30)
SUPPORT_ENDING: Final = timedelta(days=90)
MOST: Final = 8


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose matters are asked for. units: ids, with those below; None without such a limit."""

    name: str
    units: frozenset[int] | None = None

    def of(self, viewer: Viewer) -> Q:
        """Return the condition on clocks: the viewer's, their units', or none."""
        if self.name == "mine":
            return not_in_other_hands(viewer)
        return Q() if self.units is None else Q(unit_id__in=self.units)

    def of_tasks(self, viewer: Viewer) -> Q | None:
        """Return the condition on tasks; None for those given to the viewer."""
        if self.name == "mine":
            return None
        if self.units is None:
            return Q()
        return given_to(viewer) | Q(unit_id__in=self.units) | Q(assigned_unit_id__in=self.units)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the queue.

    kind: the word in the badge. why: the reason, a sentence. act: what the button says.
    at: since when it waits or, unless ``is_since``, when it ends. state: late, near or "".
    """

    kind: str
    what: str
    why: str
    act: str
    url: str
    at: datetime | None = None
    is_since: bool = True
    state: str = ""
    walled: bool = False


def _late(due_at: datetime | None, at: datetime) -> str:
    if due_at is None:
        return ""
    if due_at < at:
        return "late"
    return "near" if due_at - at < timedelta(days=1) else ""


def _sentences(*said: str) -> str:
    """Set sentences side by side; Japanese has no space after a full stop."""
    between = "" if (get_language() or "").startswith("ja") else " "
    return between.join(filter(None, said))


def _name(subject: Subject) -> str:
    return f"{subject.number} {subject.title}".strip()


def deadlines(viewer: Viewer, whose: Whose) -> list[Row]:
    """Return clocks that end within a week or were warned of, and tasks; soonest first."""
    clocks = clocks_due(viewer, viewer.at + HORIZON, narrowed=whose.of(viewer))
    tasks = tasks_for(viewer, narrowed=whose.of_tasks(viewer))
    wanted = _keys(clocks) | _keys(tasks)
    named = subjects(viewer, wanted)
    held = owners(viewer, wanted)
    rows = [
        _of_clock(clock, named[clock.subject_uid], held, viewer)
        for clock in clocks
        if clock.subject_uid in named
    ]
    rows += [_of_task(task, named.get(task.subject_uid), viewer) for task in tasks]
    rows.sort(key=lambda row: (row.at is None, row.at or viewer.at, row.what))
    return rows


def _keys(rows: Iterable[Clock | Task]) -> set[tuple[str, UUID]]:
    return {(row.subject_kind, row.subject_uid) for row in rows}


def _of_clock(clock: Clock, subject: Subject, held: dict[UUID, str], viewer: Viewer) -> Row:
    stage = str(stage_of(clock.regime, clock.stage).label)
    owner = held.get(clock.subject_uid)
    is_past = clock_state(clock, viewer.at) == "overdue"
    if is_past:
        said = _("Its time has passed. Meet it, or record why it waits.")
    elif clock.due_at <= viewer.at + HORIZON:
        said = _("This deadline ends within the week.")
    else:
        said = _("%(percent)s%% of its time is gone.") % {"percent": clock.warned_percent}
    if owner is None:
        whose = _("Nobody owns the case yet.") if clock.subject_kind == "triage.case" else ""
    elif viewer.account is not None and owner == viewer.account.name:
        whose = _("You own it.")
    else:
        whose = _("%(name)s owns it.") % {"name": owner}
    return Row(
        kind=stage,
        what=_name(subject),
        why=_sentences(said, whose),
        act=_("Record why") if is_past and clock.pausable else _("Meet the deadline"),
        url=subject.url,
        at=clock.due_at,
        is_since=False,
        state=_late(clock.due_at, viewer.at),
        walled=subject.walled,
    )


def _of_task(task: Task, subject: Subject | None, viewer: Viewer) -> Row:
    if task.assignee_id == viewer.account_id:
        said = _("Given to you.")
    elif task.assignee is not None:
        said = _("Given to %(name)s.") % {"name": task.assignee.name}
    elif task.assigned_unit_id in viewer.teams:
        said = _("Given to your team; nobody has taken it up by name.")
    else:
        said = _("Nobody has taken it up by name.")
    return Row(
        kind=_("Task"),
        what=task.title.value or "",
        why=f"{_name(subject)} · {said}" if subject else said,
        act=_("Open the task"),
        url=subject.url if subject else "",
        at=task.due_at,
        is_since=False,
        state=_late(task.due_at, viewer.at),
        walled=subject.walled if subject else False,
    )


def approvals(viewer: Viewer) -> tuple[list[Row], list[Row]]:
    """Return the decisions asked of the viewer, and those that the viewer waits for."""
    found = open_approvals(viewer)
    named = subjects(viewer, {(one.subject_kind, one.subject_uid) for one in found})
    asked, waiting = [], []
    for one in found:
        subject = named.get(one.subject_uid)
        if subject is None:
            continue
        step = step_of(one, viewer)
        if step is not None:
            by = {"name": one.proposed_by.name}
            said = (
                _("%(name)s asks you to read it before it is decided.") % by
                if step is Permission.REVIEW
                else _("%(name)s asks for your decision.") % by
            )
            act = _("Review") if step is Permission.REVIEW else _("Decide")
            asked.append(
                Row(_("Approval"), _name(subject), said, act, subject.url, one.proposed_at,
                    walled=subject.walled)
            )  # fmt: skip
        elif one.proposed_by_id == viewer.account_id:
            said = (
                _("You asked for a review; nobody has read it yet.")
                if one.needs_review and one.reviewed_by is None
                else _("You asked for a decision; nobody has decided yet.")
            )
            waiting.append(
                Row(_("Approval"), _name(subject), said, _("Look at it"), subject.url,
                    one.proposed_at, walled=subject.walled)
            )  # fmt: skip
    return asked, waiting


def exploited(viewer: Viewer, whose: Whose) -> tuple[list[Row], bool]:
    """Return what is known to be exploited and undecided, most urgent first; and if there is more.

    A finding is nobody's by name: for one person as for a unit, that of the units counts.
    """
    place = None if whose.units is None else Place(units=whose.units)
    asked = Narrowing(exploited=True, state=State.OPEN, place=place)
    found = list(
        standings_of(viewer, asked, figures=["since"]).order_by("-weight", "-score", "-pk")[
            : MOST + 1
        ]
    )
    rows = []
    for line in lines_of(viewer, found[:MOST], asked):
        parts = ", ".join(line.components[:2])
        left = ngettext(
            "Nothing is decided for %(n)s of them.", "Nothing is decided for %(n)s of them.",
            line.undecided,
        ) % {"n": line.undecided}  # fmt: skip
        rows.append(
            Row(
                kind=_("Exploited"),
                what=" ".join(filter(None, (line.vulnerability.name, parts))),
                why=_sentences(reason(line), left),
                act=_("Decide"),
                url=reverse("matching:vulnerability", args=[line.vulnerability.name]),
                at=getattr(line.standing, "since", None),
            )
        )
    return rows, len(found) > MOST


def others(viewer: Viewer, whose: Whose, proposals: list[Row]) -> list[Row]:
    """Return who has not answered, and since when; longest silent first."""
    rows = [*proposals]
    for silent in silent_parties(viewer, units=whose.units if whose.name == "units" else None):
        names = ", ".join(silent.names)
        more = silent.many - len(silent.names)
        if more > 0:
            names += " " + ngettext("and %(n)s other", "and %(n)s others", more) % {"n": more}
        said = _("%(names)s: no answer yet. Silence is never “not affected”.") % {"names": names}
        if silent.reminders:
            said += " " + ngettext(
                "Reminded %(n)s time.", "Reminded %(n)s times.", silent.reminders
            ) % {"n": silent.reminders}
        rows.append(
            Row(
                kind=_("Questions"),
                what=f"{silent.number} {silent.title}".strip(),
                why=said,
                act=_("Remind or call"),
                url=reverse("stakeholders:round", args=[silent.number]),
                at=silent.since,
                state="late" if silent.due_at < viewer.at else "",
                walled=silent.walled,
            )
        )
    mine = Q(given_by_id=viewer.account_id, assignee__isnull=False)
    given = tasks_for(viewer, MOST, narrowed=mine & ~Q(assignee_id=viewer.account_id))
    named = subjects(viewer, _keys(given))
    for task in given if whose.name == "mine" else ():
        subject, assignee = named.get(task.subject_uid), task.assignee
        if subject is not None and assignee is not None:
            said = _("You gave it to %(name)s.") % {"name": assignee.name}
            if task.due_at is not None:
                said = _sentences(
                    said, _("Asked for by %(due)s.") % {"due": moment_text(task.due_at)}
                )
            rows.append(
                Row(_("Task"), task.title.value or "", f"{_name(subject)} · {said}",
                    _("Look at it"), subject.url, task.created_at,
                    state="late" if task.due_at and task.due_at < viewer.at else "",
                    walled=subject.walled)
            )  # fmt: skip
    rows.sort(key=lambda row: row.at or viewer.at)
    return rows


def ending(viewer: Viewer, whose: Whose) -> list[Row]:
    """Return what runs out: support of releases, roles and accounts, the viewer's own tokens."""
    rows: list[Row] = []
    today = timezone.localdate(viewer.at)
    releases = support_ending(viewer, today + SUPPORT_ENDING)
    if whose.units is not None:
        releases = releases.filter(unit_id__in=whose.units)
    for release in releases[:MOST]:
        is_over = release.support_ends_on is not None and release.support_ends_on < today
        rows.append(
            Row(
                kind=_("Support"),
                what=f"{text_in(release.offering.name, get_language() or 'en')} {release.version}",
                why=_("Its support has ended, and it still counts as supported.") if is_over
                else _("Its support ends. Say what follows it, or extend the date."),
                act=_("Set what follows"),
                url=reverse("inventory:release", args=[release.number]),
                at=_midnight(release.support_ends_on),
                state="late" if is_over else "",
            )
        )  # fmt: skip
    rows += _people_ending(viewer)
    rows += _tokens_ending(viewer)
    rows.sort(key=lambda row: row.at or viewer.at)
    return rows


def _midnight(day: Any) -> datetime | None:
    if day is None:
        return None
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


def _people_ending(viewer: Viewer) -> list[Row]:
    """Return the roles that end within 30 days, for who appoints people and for oneself."""
    manages = viewer.company_ids(Permission.PEOPLE_MANAGE)
    held = Appointment.objects.filter(
        running(viewer.at),
        Q(company_id__in=manages) | Q(account=viewer.account_id),
        until__lte=viewer.at + ENDING,
        account__is_active=True,
    ).select_related("account")
    rows = []
    for one in held.order_by("until", "pk")[:MOST]:
        mine = one.account_id == viewer.account_id and one.company_id not in manages
        rows.append(
            Row(
                kind=_("Role"),
                what=one.account.name,
                why=_("Your role ends. Ask an administrator if you still need it.") if mine
                else _("This role ends by itself. Renew it if the person still needs it."),
                act=_("Look at my roles") if mine else _("Renew or let go"),
                url=reverse("organisation:me") if mine
                else reverse("organisation:person", args=[one.account.uid]),
                at=one.until,
            )
        )  # fmt: skip
    return rows


def _tokens_ending(viewer: Viewer) -> list[Row]:
    held = APIToken.objects.filter(
        account=viewer.account_id, revoked_at__isnull=True,
        expires_at__gt=viewer.at, expires_at__lte=viewer.at + ENDING,
    )  # fmt: skip
    return [
        Row(
            kind=_("API token"),
            what=token.name,
            why=_("Programs that use it stop working then. Make a new one first."),
            act=_("Make a new token"),
            url=reverse("organisation:tokens"),
            at=token.expires_at,
        )
        for token in held.order_by("expires_at", "pk")[:MOST]
    ]
