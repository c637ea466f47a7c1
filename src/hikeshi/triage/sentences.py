"""What an event of a case says to a reader, in the page's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hikeshi.core.errors import gettext_noop
from hikeshi.ledger.names import EVENTS
from hikeshi.records.regimes import stage_of
from hikeshi.triage.models import (
    CaseRole,
    ExitReason,
    FactChoice,
    JustificationChoice,
    PhaseChoice,
    StatusChoice,
)
from hikeshi.ui.moments import moment_text

Payload = Mapping[str, Any]
Names = Mapping[str, str]


def word(choices: type[TextChoices], value: object) -> str:
    """Return the word of a stored code; the code itself when it is not known any more."""
    return str(dict(choices.choices).get(str(value), value))


def _moment(value: object) -> str:
    return moment_text(datetime.fromisoformat(str(value))) if value else "–"


def _opened(_before: Payload, after: Payload, _names: Names) -> str:
    names = ", ".join(after.get("vulnerabilities") or ())
    return (
        _("opened the case about %(names)s") % {"names": names} if names else _("opened the case")
    )


def _changed(_before: Payload, after: Payload, _names: Names) -> str:
    fields = {
        "title": _("title"),
        "summary": _("summary"),
        "owner": _("case owner"),
        "unit": _("unit in the lead"),
        "tlp": _("TLP label"),
    }
    changed = [fields.get(name, name) for name in after]
    return _("changed: %(fields)s") % {"fields": ", ".join(changed)}


def _moved(before: Payload, after: Payload, _names: Names) -> str:
    here, to = (word(PhaseChoice, one.get("phase")) for one in (before, after))
    if after.get("exit_reason"):
        why = word(ExitReason, after["exit_reason"])
        return _("closed the case: %(why)s") % {"why": why}
    return _("moved the case from “%(here)s” to “%(to)s”") % {"here": here, "to": to}


def _admitted(_before: Payload, after: Payload, names: Names) -> str:
    return _("invited %(party)s as %(role)s") % {
        "party": names.get(str(after.get("uid")), "?"),
        "role": word(CaseRole, after.get("role")),
    }


def _dismissed(before: Payload, _after: Payload, names: Names) -> str:
    party = names.get(str(before.get("uid")), "?")
    return _("ended the part of %(party)s") % {"party": party}


def _noted(_before: Payload, after: Payload, _names: Names) -> str:
    facts = [word(FactChoice, one) for one in after.get("facts") or ()]
    return _("noted: %(facts)s, since %(moment)s") % {
        "facts": ", ".join(facts),
        "moment": _moment(after.get("happened_at")),
    }


def _assessed(_before: Payload, after: Payload, _names: Names) -> str:
    count = len(after.get("releases") or ())
    said = word(StatusChoice, after.get("status"))
    if after.get("justification"):
        said = f"{said} ({word(JustificationChoice, after['justification'])})"
    return ngettext(
        "decided %(name)s for %(count)s release: %(said)s",
        "decided %(name)s for %(count)s releases: %(said)s",
        count,
    ) % {"name": after.get("vulnerability"), "count": count, "said": said}


def _proposed(before: Payload, after: Payload, _names: Names) -> str:
    new = _moment(after.get("lifts_at"))
    if before.get("lifts_at"):
        old = _moment(before["lifts_at"])
        return _("proposed to move publication from %(old)s to %(new)s") % {"old": old, "new": new}
    return _("proposed to publish on %(new)s") % {"new": new}


def _accepted(_before: Payload, after: Payload, _names: Names) -> str:
    return _("agreed to publish on %(new)s") % {"new": _moment(after.get("lifts_at"))}


def _scheduled(_before: Payload, after: Payload, _names: Names) -> str:
    return _("scheduled the publication for %(new)s") % {"new": _moment(after.get("publish_at"))}


def _scored(_before: Payload, after: Payload, _names: Names) -> str:
    return _("scored %(name)s by CVSS %(version)s: %(score)s") % {
        "name": after.get("name", ""),
        "version": after.get("version", ""),
        "score": after.get("score", ""),
    }


def _given(_before: Payload, after: Payload, _names: Names) -> str:
    title = after.get("title")
    return _("gave the task “%(title)s”") % {"title": title} if title else _("gave a task")


def _started(_before: Payload, after: Payload, _names: Names) -> str:
    if not after.get("stage"):
        return _("started a clock")
    label = stage_of(str(after.get("regime")), str(after["stage"])).label
    return _("started the clock “%(label)s”, due %(due)s") % {
        "label": label,
        "due": _moment(after.get("due_at")),
    }


def _named(sentence: str) -> Callable[[Payload, Payload, Names], str]:
    return lambda _before, after, _names: _(sentence) % {"name": after.get("name", "")}


def _plain(sentence: str) -> Callable[[Payload, Payload, Names], str]:
    return lambda _before, _after, _names: _(sentence)


_SENTENCES: Final[Mapping[str, Callable[[Payload, Payload, Names], str]]] = {
    "case.opened": _opened,
    "case.changed": _changed,
    "case.moved": _moved,
    "case.vulnerability_added": _named(gettext_noop("added the vulnerability %(name)s")),
    "case.vulnerability_described": _named(gettext_noop("described the vulnerability %(name)s")),
    "case.vulnerability_scored": _scored,
    "case.participant_admitted": _admitted,
    "case.participant_dismissed": _dismissed,
    "case.fact_noted": _noted,
    "assessment.made": _assessed,
    "embargo.proposed": _proposed,
    "embargo.accepted": _accepted,
    "embargo.rejected": _plain(gettext_noop("declined the proposed date")),
    "embargo.terminated": _plain(gettext_noop("ended the embargo")),
    "task.given": _given,
    "task.moved": _plain(gettext_noop("moved a task on")),
    "clock.started": _started,
    "clock.paused": _plain(gettext_noop("paused a clock")),
    "clock.resumed": _plain(gettext_noop("let a clock run on")),
    "clock.stopped": _plain(gettext_noop("called a clock off")),
    "clock.corrected": _plain(gettext_noop("corrected a clock")),
    "clock.warned": _plain(gettext_noop("warned of a deadline")),
    "task.changed": _plain(gettext_noop("changed a task")),
    "clock.met": _plain(gettext_noop("met a deadline")),
    "approval.proposed": _plain(gettext_noop("asked for an approval")),
    "approval.reviewed": _plain(gettext_noop("reviewed what waits for approval")),
    "approval.approved": _plain(gettext_noop("approved")),
    "approval.refused": _plain(gettext_noop("refused an approval")),
    "approval.voided": _plain(gettext_noop("changed what was to be approved")),
    "file.added": _named(gettext_noop("added the file “%(name)s”")),
    "file.erased": _plain(gettext_noop("removed a file")),
    "advisory.drafted": _plain(gettext_noop("started an advisory")),
    "advisory.changed": _plain(gettext_noop("changed the advisory's text")),
    "advisory.proposed": _plain(gettext_noop("proposed the advisory for approval")),
    "advisory.approved": _plain(gettext_noop("approved the advisory")),
    "advisory.returned": _plain(gettext_noop("gave the advisory back to its writers")),
    "advisory.scheduled": _scheduled,
    "advisory.unscheduled": _plain(gettext_noop("called the scheduled publication off")),
    "advisory.publish_refused": _plain(
        gettext_noop("did not publish: the content was not approved as it is")
    ),
    "advisory.published": _plain(gettext_noop("published the advisory")),
    "advisory.withdrawn": _plain(gettext_noop("withdrew the advisory")),
}


def tell(name: str, payload: Payload, names: Names) -> tuple[str, str]:
    """Return what an event says, and the reason or note given with it.

    payload: ``{"before": …, "after": …}``, empty when it was erased. names: of parties, by uid.
    """
    before, after = payload.get("before") or {}, payload.get("after") or {}
    sentence = _SENTENCES.get(name)
    text = sentence(before, after, names) if sentence else _(EVENTS.get(name, name))
    note = after.get("reason") or after.get("note") or after.get("grounds") or ""
    return text, str(note or before.get("reason") or "")
