"""The acts that a case's page offers: each has a form, a card it belongs to, and a service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hikeshi.core.errors import InputRefused, NotFound, gettext_noop
from hikeshi.core.lifecycle import EmbargoAct, Fact, Phase
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.models import TaskState
from hikeshi.records.tasks import give_task, move_task, task_by_uid
from hikeshi.triage import forms, services
from hikeshi.triage.assessing import assess
from hikeshi.triage.casepage import CasePage
from hikeshi.triage.embargo import take_embargo_step
from hikeshi.triage.filing import add_file
from hikeshi.triage.models import Case, CaseRole, ExitReason
from hikeshi.triage.participants import admit_participant
from hikeshi.triage.talking import write_in_case

Form = Any
_Data = QueryDict | None


@dataclass(frozen=True, slots=True)
class Act:
    """One act. card: the part of the page that shows it and comes back."""

    card: str
    form: Callable[[Viewer, CasePage, str, _Data], Form]
    do: Callable[[Viewer, CasePage, Form, datetime], str]


def blank_forms(viewer: Viewer, page: CasePage, *, language: str) -> dict[str, Form]:
    """Return the forms of all acts that the viewer may do, empty."""
    if not page.may_work:
        return {}
    wanted = set(ACTS) - (set() if page.may_lead else {"people", "embargo"})
    return {name: form_of(name, viewer, page, language, None) for name in sorted(wanted)}


def form_of(
    name: str,
    viewer: Viewer,
    page: CasePage,
    language: str,
    data: _Data,
    files: MultiValueDict[str, Any] | None = None,
) -> Form:
    """Return the form of an act; the ids of its fields start with the act's name."""
    form = ACTS[name].form(viewer, page, language, data)
    form.auto_id = f"{name}_%s"
    if files:
        form.files = files
    return form


def _move_form(_viewer: Viewer, _page: CasePage, _language: str, data: _Data) -> Form:
    return forms.MoveForm(data)


def _move(viewer: Viewer, page: CasePage, form: Form, at: datetime) -> str:
    entered = form.cleaned_data
    if entered["to"] not in {one.value for one in Phase}:
        raise InputRefused(gettext_noop("There is no such phase."))
    reason = entered["exit_reason"]
    services.move_case(
        case=page.case, to=Phase(entered["to"]), by=viewer, at=at, reason=entered["reason"],
        exit_reason=ExitReason(reason) if reason else None,
    )  # fmt: skip
    return ""


def _people_form(viewer: Viewer, page: CasePage, language: str, data: _Data) -> Form:
    return forms.AdmitForm(
        data, viewer=viewer, case=page.case, inside=page.people, language=language
    )


def _admit(viewer: Viewer, page: CasePage, form: Form, at: datetime) -> str:
    entered = form.cleaned_data
    admit_participant(
        case=page.case, role=CaseRole(entered["role"]), by=viewer, at=at,
        reason=entered["reason"], until=entered["until"], **form.chosen(),
    )  # fmt: skip
    return ""


def _fact_form(_viewer: Viewer, _page: CasePage, _language: str, data: _Data) -> Form:
    return forms.FactForm(data)


def _fact(viewer: Viewer, page: CasePage, form: Form, at: datetime) -> str:
    entered = form.cleaned_data
    services.note_fact(
        case=page.case, fact=Fact(entered["fact"]), by=viewer, at=at,
        happened_at=entered["happened_at"], note=entered["note"],
    )  # fmt: skip
    return ""


def _embargo_form(_viewer: Viewer, _page: CasePage, _language: str, data: _Data) -> Form:
    return forms.EmbargoForm(data)


def _embargo(viewer: Viewer, page: CasePage, form: Form, at: datetime) -> str:
    entered = form.cleaned_data
    take_embargo_step(
        case=page.case, act=EmbargoAct(entered["act"]), by=viewer, at=at,
        lifts_at=entered["lifts_at"], reason=entered["reason"],
    )  # fmt: skip
    return ""


def _assess_form(_viewer: Viewer, page: CasePage, language: str, data: _Data) -> Form:
    cells = [cell for one in page.subjects for cell in one.matrix.cells()]
    known = {str(cell.release.uid): cell.release for cell in cells}
    labels = [
        (uid, f"{text_in(one.offering.name, language)} {one.version}") for uid, one in known.items()
    ]
    return forms.AssessForm(data, releases=labels, fixes=labels)


def _assess(viewer: Viewer, page: CasePage, form: Form, at: datetime) -> str:
    entered = form.cleaned_data
    if entered["vulnerability"] not in {one.vulnerability.name for one in page.subjects}:
        raise NotFound(gettext_noop("There is no such vulnerability."))
    known = {cell.release.uid: cell.release for one in page.subjects for cell in one.matrix.cells()}
    statement = form.statement()
    made = assess(
        vulnerability=entered["vulnerability"], statement=statement, case=page.case, by=viewer,
        at=at, releases=[known[uid] for uid in entered["release"]],
        fixed_in=known.get(entered["fixed_in"]) if entered["fixed_in"] else None,
    )  # fmt: skip
    return ngettext("Decided for %(n)s release.", "Decided for %(n)s releases.", len(made)) % {
        "n": len(made)
    }


def _vulnerability_form(_viewer: Viewer, _page: CasePage, _language: str, data: _Data) -> Form:
    return forms.AddVulnerabilityForm(data)


def _vulnerability(viewer: Viewer, page: CasePage, form: Form, at: datetime) -> str:
    services.add_vulnerability(case=page.case, name=form.cleaned_data["name"], by=viewer, at=at)
    return ""


def _task_form(_viewer: Viewer, page: CasePage, language: str, data: _Data) -> Form:
    return forms.TaskForm(data, people=page.people, language=language)


def _task(viewer: Viewer, page: CasePage, form: Form, at: datetime) -> str:
    give_task(
        subject=page.case, title=form.cleaned_data["title"], by=viewer, at=at,
        due_at=form.cleaned_data["due_at"], **form.party(),
    )  # fmt: skip
    return ""


def move_task_of(viewer: Viewer, case: Case, uid: UUID, state: str, at: datetime) -> None:
    """Move a task of a case to another state.

    Raises NotFound for a task of another record, InputRefused for a state that is none.
    """
    task = task_by_uid(viewer, uid)
    if task.subject_uid != case.uid:
        raise NotFound(gettext_noop("There is no such task."))
    if state not in TaskState.values:
        raise InputRefused(gettext_noop("There is no such state."))
    move_task(task=task, state=TaskState(state), by=viewer, at=at)


def _talk_form(_viewer: Viewer, page: CasePage, language: str, data: _Data) -> Form:
    return forms.TalkForm(data, people=page.people, talks=page.talks, language=language)


def _talk(viewer: Viewer, page: CasePage, form: Form, at: datetime) -> str:
    """Write into a conversation; the one with everybody is started by its first message."""
    entered = form.cleaned_data
    chosen = entered["conversation"]
    held = {str(talk.conversation.uid): talk.conversation for talk in page.talks}
    readers = [form.parties[uid] for uid in entered["readers"]] if chosen == "new" else []
    if chosen == "new" and not readers:
        raise InputRefused(gettext_noop("Choose who reads this."))
    write_in_case(
        case=page.case, body=entered["body"], by=viewer, at=at, conversation=held.get(chosen),
        readers=readers, title=entered["title"],
    )  # fmt: skip
    return ""


def _file_form(_viewer: Viewer, _page: CasePage, _language: str, data: _Data) -> Form:
    return forms.FileForm(data)


def _file(viewer: Viewer, page: CasePage, form: Form, at: datetime) -> str:
    upload = form.cleaned_data["file"]
    blob = add_file(
        case=page.case, name=upload.name or "", content=upload.chunks(), by=viewer, at=at,
        declared=upload.content_type or "",
    )  # fmt: skip
    return _("Kept “%(name)s” with the case.") % {"name": blob.name.value}


ACTS: Final[Mapping[str, Act]] = {
    "move": Act("state", _move_form, _move),
    "people": Act("people", _people_form, _admit),
    "facts": Act("facts", _fact_form, _fact),
    "embargo": Act("embargo", _embargo_form, _embargo),
    "assess": Act("matrix", _assess_form, _assess),
    "vulnerabilities": Act("matrix", _vulnerability_form, _vulnerability),
    "tasks": Act("tasks", _task_form, _task),
    "messages": Act("course", _talk_form, _talk),
    "files": Act("files", _file_form, _file),
}
