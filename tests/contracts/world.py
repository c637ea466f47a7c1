"""A company with public matter, and the same company with a walled record of every kind.

Each text of the walled matter holds a canary: ``CANARY-<place>``, beside the word SOUGHT, so that a
search can ask for it without saying the canary itself. Some columns are clear on purpose; their
canaries begin with ``CLEAR`` (THREAT_MODEL.md says which they are, and why).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.utils import timezone

from hikeshi.core.lifecycle import EmbargoAct, Fact, Phase
from hikeshi.core.vex import Justification, ProductStatus, Statement
from hikeshi.disclosure.publishing import publish_advisory
from hikeshi.disclosure.services import (
    approve_advisory,
    draft_advisory,
    edit_advisory,
    propose_advisory,
    return_advisory,
)
from hikeshi.inventory.services import create_model, create_offering, create_release
from hikeshi.inventory.uploads import upload_sbom
from hikeshi.organisation import services as organisation
from hikeshi.organisation.models import Account, Company, OneTimeLink
from hikeshi.organisation.roles import Role
from hikeshi.records import approvals, blobs, clocks, saved
from hikeshi.records.tasks import TaskState, give_task, move_task
from hikeshi.stakeholders.models import AnswerKind, ChannelKind, Contact, ContactKind
from hikeshi.stakeholders.rounds import Ask, add_parties, answer, draft_round, open_round
from hikeshi.stakeholders.services import Way, add_contact, start_conversation, write_message
from hikeshi.triage.assessing import assess
from hikeshi.triage.embargo import take_embargo_step
from hikeshi.triage.models import Case, CaseRole
from hikeshi.triage.participants import admit_participant, dismiss_participant
from hikeshi.triage.queries import vulnerabilities_of
from hikeshi.triage.services import (
    change_case,
    describe_vulnerability,
    move_case,
    note_fact,
)
from tests.builders import NOW, firm, person, seen_by
from tests.disclosure.drafts import Stage, approved, decided, stage
from tests.inventory.stock import cyclonedx, npm
from tests.triage.cases import opened

CANARY = "kanariya9q"
CLEAR = "helltext9q"
SOUGHT = "zebrafink"
CVE = "CVE-2026-20002"


def c(place: str) -> str:
    return f"{CANARY}-{place} {SOUGHT}"


def both(place: str) -> dict[str, str]:
    return {"ja": f"{c(place)} 金糸雀", "en": c(place)}


@dataclass
class World:
    stage: Stage
    lead: Account
    quiet: Account
    outside: dict[str, Account | None]
    case: Case | None = None
    paths: list[str] = field(default_factory=list)

    @property
    def company(self) -> Company:
        return self.stage.firm.company


def public_world() -> World:
    """Everything that is no secret, and everybody who will look for what is."""
    one = stage()
    kazahaya = one.firm
    publish_advisory(advisory=approved(decided(one)), by=seen_by(one.approver), at=NOW)
    other = firm("other", "OT")
    lead = person("lead@kazahaya.example", kazahaya.company, Role.LEAD)
    quiet = person("quiet@kazahaya.example", kazahaya.company, Role.LEAD)
    ended = person("ended@kazahaya.example", kazahaya.company, Role.RESPONDER)
    expired = person("guest@lab.example", kazahaya.company, Role.GUEST, until=NOW + timedelta(1))
    expired.expires_at = NOW - timedelta(days=1)
    expired.save(update_fields=["expires_at"])
    opened(kazahaya, by=lead, releases=[one.affected], vulnerabilities=["CVE-2026-30003"],
           walled=False)  # fmt: skip
    contact = add_contact(
        company=kazahaya.company, kind=ContactKind.SUPPLIER, name="Minato Parts", by=lead, at=NOW,
        channels=[Way(ChannelKind.MAIL, "psirt@minato.example")],
    )  # fmt: skip
    asked = draft_round(
        company=kazahaya.company, title="A public round", letter="Please tell us.", by=lead,
        at=NOW, due_at=timezone.now() + timedelta(days=9),
        questions=[Ask("Do you ship it?", AnswerKind.CHOICE, ("yes", "no"))],
    )  # fmt: skip
    add_parties(asked=asked, by=lead, at=NOW, contacts=[contact])
    open_round(asked=asked, by=lead, at=NOW)
    upload_sbom(release=one.affected, content=cyclonedx(npm("lodash", "4.17.20")), by=lead, at=NOW)
    outside = {
        "anonymous": None,
        "outsider": organisation.create_account(
            email="nobody@elsewhere.example", name="Nobody", at=NOW
        ),
        "other company": other.admin,
        "other unit": person("c@kazahaya.example", kazahaya.company, Role.LEAD, kazahaya.control),
        "administrator": kazahaya.admin,
        "expired guest": expired,
        "ended participant": ended,
    }
    return World(one, lead, quiet, outside)


def hide(world: World) -> None:
    """Add walled matter of every kind; only ``lead`` and ``quiet`` are inside."""
    ended = world.outside["ended participant"]
    assert ended is not None
    by = seen_by(world.lead)
    case = opened(
        world.stage.firm, by=world.lead, releases=[world.stage.affected], vulnerabilities=[CVE],
        members=[(world.quiet, CaseRole.QUALITY), (ended, CaseRole.DIAGNOSIS)],
    )  # fmt: skip
    world.case = case = change_case(
        case=case, revision=case.revision, by=by, at=NOW, title=both("case-title"),
        summary=both("case-summary"),
    )  # fmt: skip
    vulnerability = vulnerabilities_of(case)[0]
    describe_vulnerability(
        vulnerability=vulnerability, by=by, at=NOW, title=both("vulnerability-title"),
        weaknesses=["CWE-78"], vectors=["CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"],
    )  # fmt: skip
    note_fact(case=case, fact=Fact.FIX_READY, by=by, at=NOW, happened_at=NOW, note=c("fact"))
    take_embargo_step(
        case=case, act=EmbargoAct.PROPOSE, by=by, at=NOW, reason=c("embargo"),
        lifts_at=timezone.now() + timedelta(days=30),
    )  # fmt: skip
    case.refresh_from_db()
    move_case(case=case, to=Phase.TRIAGE, by=by, at=NOW, reason=c("phase-reason"))
    case.refresh_from_db()
    _work(world, case, ended)
    _contacts(world, case)
    _products(world, case)
    _advisory(world, case)
    (row,) = [p for p in case.participants.all() if p.account_id == ended.pk]
    dismiss_participant(participant=row, by=by, at=NOW, reason=c("dismissed"))


def _work(world: World, case: Case, ended: Account) -> None:
    by = seen_by(world.lead)
    task = give_task(
        subject=case, title=c("task-title"), note=c("task-note"), by=by, at=NOW, assignee=ended
    )
    move_task(task=task, state=TaskState.DONE, by=by, at=NOW, outcome=c("task-outcome"))
    give_task(subject=case, title=c("open-task"), by=by, at=NOW, assignee=world.lead)
    saved.save_view(
        kept=saved.list_named("cases"), name=c("view-name"), query=f"q={c('view-query')}", by=by,
        readers=saved.readers_named(by, "me"), at=NOW,
    )  # fmt: skip
    talk = start_conversation(
        subject_kind="triage.case", subject=case, title=c("conversation-title"), by=world.lead,
        at=NOW, open_to_all=True,
    )  # fmt: skip
    write_message(conversation=talk, body=c("message"), viewer=by, at=NOW)
    private = start_conversation(
        subject_kind="triage.case", subject=case, title=c("private-title"), by=world.lead, at=NOW
    )
    write_message(conversation=private, body=c("private-message"), viewer=by, at=NOW)
    content = f"{c('file-content')}\n".encode()
    blobs.store(subject=case, name=f"{c('file-name')}.txt", content=BytesIO(content),
                by=world.lead, at=NOW)  # fmt: skip
    for clock in clocks.Clock.objects.visible_to(by).filter(subject_uid=case.uid, pausable=True):
        clocks.pause_clock(clock=clock, reason=c("clock-pause"), by=by, at=NOW)
    approval = approvals.propose(
        subject=case, purpose="test", content={"text": c("approval")}, viewer=by, at=NOW
    )
    approvals.refuse(
        approval=approval, viewer=seen_by(world.quiet), at=NOW, reason=c("approval-reason")
    )


def _contacts(world: World, case: Case) -> None:
    by, company = seen_by(world.lead), world.company
    finder = add_contact(
        company=company, kind=ContactKind.FINDER, name=c("contact-name"), by=world.lead, at=NOW,
        channels=[Way(ChannelKind.MAIL, f"{CANARY}-channel@lab.example")], wall=case.wall,
        rules=c("contact-rules"),
    )  # fmt: skip
    admit_participant(
        case=case, role=CaseRole.FINDER, by=by, at=NOW, contact=finder, reason=c("admitted")
    )
    asked = draft_round(
        company=company, title=c("round-title"), letter=c("round-letter"), by=world.lead, at=NOW,
        due_at=timezone.now() + timedelta(days=9), wall=case.wall, subject=case,
        questions=[Ask(c("question"), AnswerKind.TEXT)],
    )  # fmt: skip
    silent = Contact.objects.for_system("asked too, and silent").get(wall__isnull=True)
    add_parties(asked=asked, by=world.lead, at=NOW, contacts=[finder, silent])
    open_round(asked=asked, by=world.lead, at=NOW)
    party = asked.parties.get(contact=finder)
    answer(party=party, values={q.position: c("answer") for q in asked.questions.all()}, at=NOW)


def _products(world: World, case: Case) -> None:
    name = {"ja": f"{CLEAR}-product", "en": f"{CLEAR}-product"}
    offering = create_offering(
        company=world.company, name=name, code=f"{CLEAR}-code", by=world.lead, at=NOW,
        unit=case.unit, wall=case.wall,
    )  # fmt: skip
    create_model(offering=offering, code=f"{CLEAR}-model", by=world.lead, at=NOW)
    release = create_release(
        offering=offering, version=f"{CLEAR}-version", by=world.lead, at=NOW,
        purl=f"pkg:npm/{CLEAR}-own@1",
    )  # fmt: skip
    upload_sbom(
        release=release, content=cyclonedx(npm(f"{CLEAR}-component", "6.6.6")), by=world.lead,
        at=NOW, file_name=f"{CLEAR}-sbom.json", slot=f"{CLEAR}-slot",
    )  # fmt: skip
    assess(
        vulnerability=CVE, by=seen_by(world.lead), at=NOW, releases=[world.stage.affected],
        case=case, statement=Statement(
            ProductStatus.KNOWN_NOT_AFFECTED, Justification.COMPONENT_NOT_PRESENT,
            grounds=c("grounds"),
        ),
    )  # fmt: skip


def _advisory(world: World, case: Case) -> None:
    by = seen_by(world.lead)
    advisory = draft_advisory(case=case, by=by, at=NOW)
    changes: dict[str, Any] = {
        field: both(f"advisory-{field}")
        for field in ("title", "summary", "description", "impact", "remedy", "workaround")
    }
    changes["credits"] = [
        {"names": [c("credit")], "organisation": "", "summary": both("credit-text")}
    ]
    advisory = edit_advisory(
        advisory=advisory, revision=advisory.revision, by=by, at=NOW, **changes
    )
    digest = propose_advisory(advisory=advisory, by=by, at=NOW)
    advisory = return_advisory(
        advisory=advisory, by=seen_by(world.quiet), at=NOW, reason=c("returned")
    )
    digest = propose_advisory(advisory=advisory, by=by, at=NOW)
    approve_advisory(advisory=advisory, by=seen_by(world.quiet), at=NOW, content_hash=digest)


def rows_behind(wall: Any) -> Iterator[models.Model]:
    """Every row of every table that carries the wall, and what hangs on such a row."""
    for model in apps.get_models():
        names = {field.name for field in model._meta.concrete_fields}
        if "wall" in names and model.__module__.startswith("hikeshi."):
            yield from model._base_manager.filter(wall=wall)


def names_behind(wall: Any) -> tuple[set[str], set[str]]:
    """Return the numbers and the uids by which walled rows could be asked for."""
    numbers: set[str] = set()
    uids: set[str] = set()
    rows = list(rows_behind(wall))
    for row in list(rows):
        for relation in row._meta.related_objects:
            accessor = relation.get_accessor_name()
            if accessor and not accessor.endswith("+") and relation.one_to_many:
                rows += list(getattr(row, accessor).all())
    for row in rows:
        number, uid = getattr(row, "number", None), getattr(row, "uid", None)
        if isinstance(number, str):
            numbers.add(number)
        if isinstance(uid, UUID) and not isinstance(row, Account | Company | OneTimeLink):
            uids.add(str(uid))
    return numbers, uids
