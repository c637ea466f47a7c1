"""Open, change, move and close cases. People are in ``participants``, statuses in ``assessing``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, Stale, gettext_noop
from hikeshi.core.lifecycle import Fact, Phase, facts_after, move
from hikeshi.core.tlp import TLP
from hikeshi.core.vex import ProductStatus, Statement
from hikeshi.inventory.models import Release
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account, Company, Unit, Wall
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import seal
from hikeshi.organisation.services import raise_wall
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.services import number_for, save_record
from hikeshi.triage import deadlines, rights
from hikeshi.triage.assessing import assess
from hikeshi.triage.models import (
    Case,
    CaseFact,
    CaseKind,
    CaseRole,
    CaseVulnerability,
    ExitReason,
)
from hikeshi.triage.participants import note_founders
from hikeshi.triage.queries import vulnerabilities_of
from hikeshi.triage.scores import headline, score
from hikeshi.triage.scoring import keep_scores, worst_band

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,99}")
_TEXT_LIMIT = 100_000


def open_case(
    *,
    company: Company,
    kind: CaseKind,
    title: Mapping[str, str],
    by: Viewer,
    at: datetime,
    unit: Unit | None = None,
    vulnerabilities: Sequence[str] = (),
    releases: Sequence[Release] = (),
    members: Iterable[tuple[Account, CaseRole]] = (),
    owner: Account | None = None,
    summary: Mapping[str, str] | None = None,
    vectors: Sequence[str] = (),
    tlp: TLP | None = None,
    walled: bool = True,
) -> Case:
    """Open a case, behind a wall of its own unless ``walled`` is False.

    vulnerabilities: names by which findings know them; without one, a case of kind vulnerability
        gets its own number as the name.
    releases: those to be looked into; where no decision stands yet, "under investigation" is put.
    vectors: CVSS vectors of the vulnerabilities.
    members: who is let inside beside the opener, with their role.
    Raises NotAllowed without the right in the unit, Conflict for a unit of another company,
    InputRefused for an empty title, a bad name, or a label that asks for a wall where none is
    wanted.
    """
    if unit is not None and unit.company_id != company.pk:
        raise Conflict(gettext_noop("The unit belongs to another company."))
    by.require(Permission.CASE_OPEN, company.pk, unit.pk if unit else None)
    assert by.account is not None  # noqa: S101  # the right above is held by accounts alone
    title = _checked_title(title)
    names = [checked_name(name) for name in vulnerabilities]
    label = tlp or (TLP.AMBER_STRICT if walled else TLP.GREEN)
    if label.forces_wall and not walled:
        raise InputRefused(gettext_noop("TLP:%(label)s needs a wall."), label=label.value)
    owner = owner or by.account
    inside = {by.account.pk: (by.account, CaseRole.PSIRT)}
    inside |= {account.pk: (account, role) for account, role in members}
    inside[owner.pk] = (owner, CaseRole.OWNER)
    with transaction.atomic():
        wall = None
        if walled:
            people = [account for account, _role in inside.values()]
            wall = raise_wall(company=company, members=people, at=at, by=by.account)
        case = _new_case(
            company, unit, wall, by.account, owner, at, kind=kind, title=title,
            summary=dict(summary or {}), band=_band(vectors), tlp=label,
        )  # fmt: skip
        if not names and kind == CaseKind.VULNERABILITY:
            names = [case.number]
        _name_vulnerabilities(case, names, vectors, by.account, at)
        note_founders(case=case, people=inside.values(), at=at)
        record(
            "case.opened", subject=case, by=by.account, at=at,
            after={"kind": str(kind), "title": title, "vulnerabilities": names},
        )  # fmt: skip
        if kind == CaseKind.VULNERABILITY:
            note_fact(case=case, fact=Fact.VENDOR_AWARE, by=by, at=at, happened_at=at)
        _investigate(case=case, names=names, releases=releases, by=by, at=at)
        deadlines.after_opening(case=case, by=by, at=at)
    return case


def _new_case(
    company: Company,
    unit: Unit | None,
    wall: Wall | None,
    by: Account,
    owner: Account,
    at: datetime,
    *,
    kind: CaseKind,
    title: Mapping[str, str],
    summary: Mapping[str, str],
    band: str,
    tlp: TLP,
) -> Case:
    return Case.objects.create(
        company=company, unit=unit, wall=wall, realm=company.realm, kind=kind,
        number=number_for(company=company, series="", at=at), title=seal(title, wall),
        summary=seal(summary, wall), band=band, tlp=tlp.value, phase_since=at, owner=owner,
        opened_by=by, opened_at=at, created_at=at, changed_at=at,
    )  # fmt: skip


def _name_vulnerabilities(
    case: Case, names: Sequence[str], vectors: Sequence[str], by: Account, at: datetime
) -> None:
    scored = [score(one) for one in vectors]
    for name in dict.fromkeys(names):
        one = CaseVulnerability.objects.create(
            case=case, name=name, added_at=at, vectors=seal([], case.wall)
        )
        if scored:
            keep_scores(vulnerability=one, scored=scored, by=by, at=at)
            one.save(update_fields=["vectors"])


def investigate(
    *,
    case: Case,
    vulnerability: CaseVulnerability,
    releases: Sequence[Release],
    by: Viewer,
    at: datetime,
) -> None:
    """Put releases into the matrix, under investigation; a decision that stands is kept.

    Raises InputRefused when none is named.
    """
    if not releases:
        raise InputRefused(gettext_noop("Choose the releases that this decision is about."))
    with transaction.atomic():
        _investigate(case=case, names=[vulnerability.name], releases=releases, by=by, at=at)


def _investigate(
    *, case: Case, names: Sequence[str], releases: Sequence[Release], by: Viewer, at: datetime
) -> None:
    """Put "under investigation" where nobody has decided; a decision that stands is kept."""
    for name in names if releases else ():
        assess(
            case=case, vulnerability=name, releases=releases, by=by, at=at, only_undecided=True,
            statement=Statement(ProductStatus.UNDER_INVESTIGATION),
        )  # fmt: skip


def _checked_title(title: Mapping[str, str]) -> dict[str, str]:
    kept = {language: text.strip() for language, text in title.items() if text.strip()}
    if not kept:
        raise InputRefused(gettext_noop("A case needs a title."))
    if any(len(text) > 300 for text in kept.values()):
        raise InputRefused(gettext_noop("A title has at most 300 characters."))
    return kept


def checked_name(name: str) -> str:
    """Return a vulnerability's name in its one spelling; CVE and GHSA ids keep their own case.

    Raises InputRefused for what cannot be a name.
    """
    name = name.strip()
    if not _NAME.fullmatch(name):
        raise InputRefused(gettext_noop("“%(name)s” cannot name a vulnerability."), name=name[:120])
    if name[:4].upper() == "CVE-":
        return name.upper()
    if name[:5].upper() == "GHSA-":
        return "GHSA-" + name[5:].lower()
    return name


def _band(vectors: Sequence[str]) -> str:
    found = headline(vectors)
    return found.band.value if found else ""


def change_case(*, case: Case, revision: int, by: Viewer, at: datetime, **changes: Any) -> Case:
    """Change what a case says or who leads it; texts are given bare and sealed here.

    changes: title, summary (``{language: text}``), owner, unit, tlp.
    Raises Stale when somebody saved since ``revision``, Conflict for an owner outside the wall.
    """
    rights.require(case, by, Permission.CASE_WORK)
    before = {field: _plain(getattr(case, field)) for field in changes}
    stored = dict(changes)
    if "title" in stored:
        stored["title"] = seal(_checked_title(stored["title"]), case.wall)
    if "summary" in stored:
        if any(len(text) > _TEXT_LIMIT for text in stored["summary"].values()):
            raise InputRefused(gettext_noop("The summary is too long."))
        stored["summary"] = seal(dict(stored["summary"]), case.wall)
    if "tlp" in stored and TLP(stored["tlp"]).forces_wall and case.wall_id is None:
        raise InputRefused(gettext_noop("TLP:%(label)s needs a wall."), label=stored["tlp"])
    if stored.get("owner") is not None:
        _require_inside(case, stored["owner"])
    with transaction.atomic():
        saved = save_record(case, revision=revision, at=at, **stored)
        record("case.changed", subject=saved, by=by.account, at=at, before=before,
               after={field: _plain(value) for field, value in changes.items()})  # fmt: skip
    return saved


def _require_inside(case: Case, account: Account) -> None:
    """Refuse an owner who could not read the case."""
    if (
        case.wall_id is not None
        and not case.participants.filter(account=account, until__isnull=True).exists()
    ):
        raise Conflict(
            gettext_noop("%(name)s does not take part in this case; invite them first."),
            name=account.name,
        )


def _plain(value: Any) -> Any:
    if hasattr(value, "open_with"):
        return value.value if value.is_opened else None
    return str(value) if value is not None and hasattr(value, "pk") else value


def move_case(
    *,
    case: Case,
    to: Phase,
    by: Viewer,
    at: datetime,
    reason: str = "",
    exit_reason: ExitReason | None = None,
) -> Case:
    """Move a case along its line, or close or reopen it.

    Raises IllegalTransition for a step that is none, InputRefused for closing without a reason,
    Stale when somebody else moved it meanwhile.
    """
    rights.require(case, by, Permission.CASE_WORK)
    here = Phase(case.phase)
    move(here, to)
    if to is Phase.CLOSED:
        rights.require_lead(case, by)
        if exit_reason is None:
            raise InputRefused(gettext_noop("Say why the case is closed."))
    with transaction.atomic():
        moved = (
            Case.objects.visible_to(by)
            .filter(pk=case.pk, phase=here.value)
            .update(
                phase=to.value,
                phase_since=at,
                closed_at=at if to is Phase.CLOSED else None,
                exit_reason=exit_reason or "" if to is Phase.CLOSED else "",
                changed_at=at,
                revision=F("revision") + 1,
            )
        )
        if not moved:
            raise Stale(gettext_noop("Somebody else moved this case meanwhile."))
        record(
            "case.moved", subject=case, by=by.account, at=at, before={"phase": here.value},
            after={"phase": to.value, "reason": reason, "exit_reason": exit_reason or ""},
        )  # fmt: skip
        deadlines.after_moving(case=case, here=here, to=to, by=by, at=at)
    case.refresh_from_db()
    return case


def add_vulnerability(
    *, case: Case, name: str, by: Viewer, at: datetime, releases: Sequence[Release] = ()
) -> CaseVulnerability:
    """Let a case be about one more vulnerability.

    Raises AlreadyDone when it is already.
    """
    rights.require(case, by, Permission.CASE_WORK)
    name = checked_name(name)
    try:
        with transaction.atomic():
            added = CaseVulnerability.objects.create(case=case, name=name, added_at=at)
            record("case.vulnerability_added", subject=case, by=by.account, at=at,
                   after={"name": name})  # fmt: skip
            _investigate(case=case, names=[name], releases=releases, by=by, at=at)
    except IntegrityError as error:
        raise AlreadyDone(
            gettext_noop("This case is about “%(name)s” already."), name=name
        ) from error
    return added


def describe_vulnerability(
    *,
    vulnerability: CaseVulnerability,
    by: Viewer,
    at: datetime,
    title: Mapping[str, str],
    cve: str = "",
    weaknesses: Sequence[str] = (),
    vectors: Sequence[str] = (),
) -> CaseVulnerability:
    """Say what a case's vulnerability is: title, CVE id, weaknesses (``CWE-79`` …), CVSS vectors.

    Raises InputRefused naming what cannot be read.
    """
    case = vulnerability.case
    rights.require(case, by, Permission.CASE_WORK)
    cve = checked_name(cve) if cve.strip() else ""
    if cve and not re.fullmatch(r"CVE-\d{4}-\d{4,19}", cve):
        raise InputRefused(gettext_noop("“%(name)s” is not a CVE id."), name=cve)
    wanted = [one.strip().upper() for one in weaknesses if one.strip()]
    for one in wanted:
        if not re.fullmatch(r"CWE-[1-9]\d{0,5}", one):
            raise InputRefused(gettext_noop("“%(name)s” is not a CWE id."), name=one[:40])
    scored = [score(one) for one in vectors if one.strip()]
    before = {
        "name": vulnerability.name, "cve": vulnerability.cve,
        **{name: value.value if value and value.is_opened else None for name, value in (
            ("title", vulnerability.title), ("cwe", vulnerability.weaknesses),
            ("vectors", vulnerability.vectors),
        )},
    }  # fmt: skip
    with transaction.atomic():
        vulnerability.title = seal(dict(title), case.wall)
        vulnerability.weaknesses = seal(wanted, case.wall)
        keep_scores(vulnerability=vulnerability, scored=scored, by=by.account, at=at)
        vulnerability.cve = cve
        vulnerability.save(update_fields=["title", "weaknesses", "vectors", "cve"])
        case.band = worst_band(vulnerabilities_of(case))
        Case.objects.visible_to(by).filter(pk=case.pk).update(band=case.band, changed_at=at)
        record(
            "case.vulnerability_described", subject=case, by=by.account, at=at, before=before,
            after={"name": vulnerability.name, "cve": cve, "title": dict(title), "cwe": wanted,
                   "vectors": [one.vector for one in scored]},
        )  # fmt: skip
    return vulnerability


def note_fact(
    *, case: Case, fact: Fact, by: Viewer, at: datetime, happened_at: datetime, note: str = ""
) -> list[CaseFact]:
    """Put on record that something became true of the vulnerability, with what follows from it.

    Raises IllegalTransition when what must come before is missing, AlreadyDone when it is on
    record.
    """
    rights.require(case, by, Permission.CASE_WORK)
    with transaction.atomic():
        # Two people may note the same fact; the lock makes the second see the first.
        Case.objects.visible_to(by).select_for_update(of=("self",)).get(pk=case.pk)
        held = {Fact(one) for one in case.facts.values_list("fact", flat=True)}
        if fact in held:
            raise AlreadyDone(gettext_noop("This is on record already."))
        added = sorted(facts_after(held, fact) - held)
        rows = CaseFact.objects.bulk_create(
            CaseFact(
                case=case, fact=one.value, happened_at=happened_at, by=by.account, recorded_at=at,
                note=seal(note, case.wall) if note and one is fact else None,
            )
            for one in added
        )  # fmt: skip
        record(
            "case.fact_noted", subject=case, by=by.account, at=at,
            after={"facts": [one.value for one in added], "happened_at": happened_at, "note": note},
        )  # fmt: skip
    return rows
