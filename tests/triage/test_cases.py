"""Cases: the wall around them, their way along the phases, what is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from hikeshi.core.errors import AlreadyDone, InputRefused, NotAllowed, NotFound, Stale
from hikeshi.core.lifecycle import EmbargoAct, Fact, IllegalTransition, Phase
from hikeshi.ledger.models import Event
from hikeshi.organisation.roles import Role
from hikeshi.organisation.viewer import anonymous
from hikeshi.triage import queries, services
from hikeshi.triage.embargo import take_embargo_step
from hikeshi.triage.models import Case, CaseFact, CaseKind, CaseRole, ExitReason
from hikeshi.triage.participants import admit_participant, dismiss_participant
from tests.builders import NOW, firm, person, seen_by
from tests.triage.cases import CANARY, offering, opened, release

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def test_a_case_is_seen_by_its_participants_alone() -> None:
    kazahaya, other = firm(), firm("other", "OT")
    responder = person("r@kazahaya.example", kazahaya.company, Role.RESPONDER)
    case = opened(kazahaya, by=responder)
    assert (
        queries.case_by_number(seen_by(responder), case.number).title.value["ja"].endswith(CANARY)
    )
    for outsider in (kazahaya.admin, other.admin):
        with pytest.raises(NotFound, match="There is no such case"):
            queries.case_by_number(seen_by(outsider), case.number)
        assert queries.phase_counts(seen_by(outsider)) == {}
        assert not queries.cases_about(seen_by(outsider), ["CVE-2026-10001"]).exists()
    assert not queries.cases_of(anonymous(NOW)).exists()


def test_no_text_of_a_walled_case_lies_in_clear() -> None:
    kazahaya = firm()
    opened(kazahaya, releases=[release(offering(kazahaya), "4.2.1")])
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')
            for row in cursor.fetchall():
                for value in row:
                    held = bytes(value) if isinstance(value, (bytes, memoryview)) else str(value)
                    sought = CANARY.encode() if isinstance(held, bytes) else CANARY
                    assert sought not in held, table  # type: ignore[operator]


def test_opening_is_on_record_with_the_wall_around_it() -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    events = Event.objects.filter(subject_uid=case.uid)
    assert set(events.values_list("name", flat=True)) == {"case.opened", "case.fact_noted"}
    assert all(event.wall_id == case.wall_id for event in events)


def test_a_reader_opens_no_case() -> None:
    kazahaya = firm()
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    with pytest.raises(NotAllowed):
        opened(kazahaya, by=reader)
    assert not Case.objects.exists()


def test_an_own_vulnerability_is_named_after_its_case() -> None:
    kazahaya = firm()
    case = opened(kazahaya, vulnerabilities=())
    assert [one.name for one in queries.vulnerabilities_of(case)] == [case.number]


@pytest.mark.parametrize("name", ["", "a b", "<script>", "x" * 101, "CVE-2026-1\n"])
def test_what_cannot_name_a_vulnerability_is_refused(name: str) -> None:
    kazahaya = firm()
    if name.strip() == "CVE-2026-1":
        assert services.checked_name(name) == "CVE-2026-1"
        return
    with pytest.raises(InputRefused, match="cannot name a vulnerability"):
        opened(kazahaya, vulnerabilities=[name])


def test_names_have_one_spelling() -> None:
    assert services.checked_name("cve-2026-12345") == "CVE-2026-12345"
    assert services.checked_name("ghsa-AbCd-0000-ffff") == "GHSA-abcd-0000-ffff"


def test_a_label_that_needs_a_wall_is_refused_without_one() -> None:
    kazahaya = firm()
    from hikeshi.core.tlp import TLP

    with pytest.raises(InputRefused, match="TLP:RED needs a wall"):
        opened(kazahaya, walled=False, tlp=TLP.RED)
    assert opened(kazahaya, walled=False).wall is None


@pytest.mark.requirement("R069")
def test_a_case_walks_its_phases_and_is_closed_with_a_reason() -> None:
    kazahaya = firm()
    case, by = opened(kazahaya), seen_by(kazahaya.admin)
    for to in (Phase.TRIAGE, Phase.REMEDIATION, Phase.DISCLOSURE):
        services.move_case(case=case, to=to, by=by, at=LATER)
    with pytest.raises(InputRefused, match="Say why"):
        services.move_case(case=case, to=Phase.CLOSED, by=by, at=LATER)
    services.move_case(case=case, to=Phase.CLOSED, by=by, at=LATER, exit_reason=ExitReason.RESOLVED)
    assert (case.phase, case.closed_at, case.exit_reason) == ("closed", LATER, "resolved")
    services.move_case(case=case, to=Phase.TRIAGE, by=by, at=LATER)
    assert (case.phase, case.closed_at, case.exit_reason) == ("triage", None, "")


def test_an_illegal_or_stale_step_changes_nothing() -> None:
    kazahaya = firm()
    case, by = opened(kazahaya), seen_by(kazahaya.admin)
    with pytest.raises(IllegalTransition):
        services.move_case(case=case, to=Phase.DISCLOSURE, by=by, at=LATER)
    same = Case.objects.get(pk=case.pk)
    services.move_case(case=same, to=Phase.TRIAGE, by=by, at=LATER)
    with pytest.raises(Stale):
        services.move_case(case=case, to=Phase.TRIAGE, by=by, at=LATER)
    assert Event.objects.filter(name="case.moved").count() == 1


def test_a_stale_save_of_texts_is_refused() -> None:
    kazahaya = firm()
    case, by = opened(kazahaya), seen_by(kazahaya.admin)
    seen = case.revision
    services.change_case(case=case, revision=seen, by=by, at=LATER, title={"ja": "一つ目"})
    with pytest.raises(Stale):
        services.change_case(case=case, revision=seen, by=by, at=LATER, title={"ja": "二つ目"})
    assert queries.case_by_number(by, case.number).title.value == {"ja": "一つ目"}


def test_vectors_give_the_band_that_lists_sort_by() -> None:
    kazahaya = firm()
    case, by = opened(kazahaya), seen_by(kazahaya.admin)
    one = queries.vulnerabilities_of(case)[0]
    services.describe_vulnerability(
        vulnerability=one, by=by, at=LATER, title={"en": "x"}, weaknesses=["cwe-78"],
        vectors=["CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"],
    )  # fmt: skip
    assert queries.case_by_number(by, case.number).band == "high"
    assert queries.vulnerabilities_of(case)[0].weaknesses.value == ["CWE-78"]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"vectors": ["CVSS:3.1/AV:X"]}, "is not a CVSS vector"),
        ({"weaknesses": ["78"]}, "is not a CWE id"),
        ({"cve": "CVE-26-1"}, "is not a CVE id"),
    ],
)
def test_what_does_not_describe_a_vulnerability_is_refused(
    wrong: dict[str, Any], sentence: str
) -> None:
    kazahaya = firm()
    one = queries.vulnerabilities_of(opened(kazahaya))[0]
    with pytest.raises(InputRefused, match=sentence):
        services.describe_vulnerability(
            vulnerability=one, by=seen_by(kazahaya.admin), at=LATER, title={}, **wrong
        )


@pytest.mark.requirement("R010")
def test_inviting_opens_the_wall_and_dismissing_closes_it() -> None:
    kazahaya = firm()
    quality = person("q@kazahaya.example", kazahaya.company, Role.DEVELOPER, kazahaya.control)
    case, by = opened(kazahaya), seen_by(kazahaya.admin)
    assert not queries.cases_of(seen_by(quality)).exists()
    participant = admit_participant(
        case=case, account=quality, role=CaseRole.QUALITY, by=by, at=NOW, reason="検証"
    )
    assert queries.case_by_number(seen_by(quality), case.number).pk == case.pk
    with pytest.raises(AlreadyDone):
        admit_participant(case=case, account=quality, role=CaseRole.LEGAL, by=by, at=NOW)
    dismiss_participant(participant=participant, by=by, at=LATER)
    assert not queries.cases_of(seen_by(quality, LATER)).exists()
    with pytest.raises(AlreadyDone):
        dismiss_participant(participant=participant, by=by, at=LATER)


@pytest.mark.requirement("R178")
def test_a_guest_is_sent_away_before_the_day_to_leave() -> None:
    kazahaya = firm()
    month = NOW + timedelta(days=30)
    guest = person("g@kazahaya.example", kazahaya.company, Role.GUEST, until=month)
    case, by = opened(kazahaya), seen_by(kazahaya.admin)
    participant = admit_participant(
        case=case, account=guest, role=CaseRole.SUPPLIER, by=by, at=NOW, until=month
    )
    assert queries.cases_of(seen_by(guest)).exists()
    dismiss_participant(participant=participant, by=by, at=LATER)
    assert not queries.cases_of(seen_by(guest, LATER)).exists()
    still = queries.participants_of(case, seen_by(kazahaya.admin, LATER))
    assert guest not in {one.account for one in still}
    with pytest.raises(AlreadyDone):
        dismiss_participant(participant=participant, by=by, at=LATER)


@pytest.mark.requirement("R178")
@pytest.mark.parametrize("walled", [True, False])
def test_a_guest_takes_part_once_until_the_day_and_may_come_back_after_it(walled: bool) -> None:
    kazahaya = firm()
    month = NOW + timedelta(days=30)
    guest = person("g@kazahaya.example", kazahaya.company, Role.GUEST, until=NOW + timedelta(99))
    case = opened(kazahaya, walled=walled)

    def let_in(at: datetime, until: datetime) -> None:
        by = seen_by(kazahaya.admin, at)
        admit_participant(
            case=case, account=guest, role=CaseRole.SUPPLIER, by=by, at=at, until=until
        )

    let_in(NOW, month)
    with pytest.raises(AlreadyDone):
        let_in(LATER, month)
    assert case.participants.filter(account=guest).count() == 1
    let_in(month, month + timedelta(days=30))
    assert case.participants.filter(account=guest).count() == 2


def test_only_who_leads_a_case_invites() -> None:
    kazahaya = firm()
    developer = person("d@kazahaya.example", kazahaya.company, Role.DEVELOPER, kazahaya.network)
    stranger = person("s@kazahaya.example", kazahaya.company, Role.LEAD)
    case = opened(kazahaya, members=[(developer, CaseRole.OWNER_UNIT)])
    with pytest.raises(NotAllowed, match="Only the owner"):
        admit_participant(
            case=case, account=stranger, role=CaseRole.PR, by=seen_by(developer), at=NOW
        )
    with pytest.raises(NotFound):
        admit_participant(
            case=case, account=stranger, role=CaseRole.PR, by=seen_by(stranger), at=NOW
        )


def test_the_owner_hands_over_before_leaving_and_to_somebody_inside() -> None:
    from hikeshi.core.errors import Conflict

    kazahaya = firm()
    other = person("o@kazahaya.example", kazahaya.company, Role.RESPONDER)
    case, by = opened(kazahaya), seen_by(kazahaya.admin)
    owner = queries.participants_of(case, by)[0]
    with pytest.raises(Conflict, match="name another owner first"):
        dismiss_participant(participant=owner, by=by, at=LATER)
    with pytest.raises(Conflict, match="invite them first"):
        services.change_case(case=case, revision=case.revision, by=by, at=LATER, owner=other)


def test_facts_follow_one_another_and_are_noted_once() -> None:
    kazahaya = firm()
    case, by = opened(kazahaya), seen_by(kazahaya.admin)
    with pytest.raises(IllegalTransition, match="needs “fix ready” first"):
        services.note_fact(case=case, fact=Fact.FIX_DEPLOYED, by=by, at=LATER, happened_at=NOW)
    services.note_fact(case=case, fact=Fact.EXPLOIT_PUBLIC, by=by, at=LATER, happened_at=NOW)
    assert set(CaseFact.objects.values_list("fact", flat=True)) == {
        "vendor_aware", "public", "exploit_public",
    }  # fmt: skip
    with pytest.raises(AlreadyDone):
        services.note_fact(case=case, fact=Fact.PUBLIC, by=by, at=LATER, happened_at=NOW)


def test_an_embargo_is_agreed_moved_and_ended_with_every_step_on_record() -> None:
    kazahaya = firm()
    case, by = opened(kazahaya), seen_by(kazahaya.admin)
    first, second = NOW + timedelta(days=30), NOW + timedelta(days=45)
    take_embargo_step(case=case, act=EmbargoAct.PROPOSE, by=by, at=NOW, lifts_at=first)
    assert (case.embargo, case.embargo_lifts_at) == ("proposed", None)
    take_embargo_step(case=case, act=EmbargoAct.ACCEPT, by=by, at=NOW)
    assert (case.embargo, case.embargo_lifts_at) == ("active", first)
    take_embargo_step(
        case=case, act=EmbargoAct.PROPOSE, by=by, at=NOW, lifts_at=second, reason="3.8.7 を待つ"
    )
    assert (case.embargo, case.embargo_lifts_at) == ("revised", first)
    take_embargo_step(case=case, act=EmbargoAct.REJECT, by=by, at=NOW)
    assert (case.embargo, case.embargo_lifts_at) == ("active", first)
    take_embargo_step(case=case, act=EmbargoAct.TERMINATE, by=by, at=LATER)
    assert case.embargo == "exited"
    assert [term.act for term in queries.embargo_terms_of(case)] == [
        "propose", "accept", "propose", "reject", "terminate",
    ]  # fmt: skip


def test_nothing_public_comes_under_embargo_and_no_date_in_the_past() -> None:
    from hikeshi.core.errors import Conflict

    kazahaya = firm()
    case, by = opened(kazahaya), seen_by(kazahaya.admin)
    with pytest.raises(InputRefused, match="moment in the future"):
        take_embargo_step(case=case, act=EmbargoAct.PROPOSE, by=by, at=NOW, lifts_at=NOW)
    services.note_fact(case=case, fact=Fact.ATTACKED, by=by, at=NOW, happened_at=NOW)
    with pytest.raises(Conflict, match="nothing is left to hold back"):
        take_embargo_step(case=case, act=EmbargoAct.PROPOSE, by=by, at=NOW, lifts_at=LATER)


@pytest.mark.parametrize("kind", list(CaseKind))
def test_every_kind_of_case_can_be_opened(kind: CaseKind) -> None:
    kazahaya = firm()
    case = services.open_case(
        company=kazahaya.company, kind=kind, title={"en": "x"}, by=seen_by(kazahaya.admin), at=NOW
    )
    assert case.kind == kind


@pytest.mark.requirement("R070")
def test_clocks_run_with_the_phases() -> None:
    from hikeshi.records.faces import clocks_about

    kazahaya = firm()
    case, by = opened(kazahaya), seen_by(kazahaya.admin)

    def states() -> dict[str, str]:
        return {line.clock.stage: line.state for line in clocks_about(by, case.uid)}

    assert states() == {"assess": "running"}
    services.move_case(case=case, to=Phase.TRIAGE, by=by, at=LATER)
    services.move_case(case=case, to=Phase.REMEDIATION, by=by, at=LATER)
    assert states() == {"assess": "met", "fix": "running"}
    services.move_case(case=case, to=Phase.TRIAGE, by=by, at=LATER)
    services.move_case(case=case, to=Phase.REMEDIATION, by=by, at=LATER)
    services.move_case(case=case, to=Phase.DISCLOSURE, by=by, at=LATER)
    assert states() == {"assess": "met", "fix": "met"}


def test_the_clock_of_publication_follows_the_agreement() -> None:
    from hikeshi.records.faces import clocks_about

    kazahaya = firm()
    case, by = opened(kazahaya), seen_by(kazahaya.admin)

    def lifts() -> list[Any]:
        found = clocks_about(by, case.uid)
        return [line.clock.due_at for line in found if line.clock.regime == "embargo"]

    for days in (30, 45):
        moment = NOW + timedelta(days=days)
        take_embargo_step(
            case=case, act=EmbargoAct.PROPOSE, by=by, at=NOW, lifts_at=moment, reason="x"
        )
        take_embargo_step(case=case, act=EmbargoAct.ACCEPT, by=by, at=NOW)
        assert lifts() == [moment]
