"""Product statuses: which decision counts, who may decide, what survives."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hikeshi.core.errors import Conflict, InputRefused, NotAllowed, NotFound
from hikeshi.core.vex import Action, Justification, ProductStatus, Statement
from hikeshi.ledger.models import Event
from hikeshi.organisation.roles import Role
from hikeshi.organisation.services import end_wall
from hikeshi.triage import queries
from hikeshi.triage.assessing import assess
from hikeshi.triage.matrix import line_of
from hikeshi.triage.models import Assessment, CaseRole
from tests.builders import NOW, firm, person, seen_by
from tests.triage.cases import offering, opened, release

pytestmark = pytest.mark.django_db
CVE = "CVE-2026-10001"
LATER = NOW + timedelta(hours=1)
AFFECTED = Statement(ProductStatus.KNOWN_AFFECTED, action=Action.VENDOR_FIX)
FIXED = Statement(ProductStatus.FIXED)
NOT = Statement(
    ProductStatus.KNOWN_NOT_AFFECTED, Justification.COMPONENT_NOT_PRESENT, grounds="SBOM 4.1.0"
)


def test_opening_puts_releases_under_investigation() -> None:
    kazahaya = firm()
    gate = offering(kazahaya)
    case = opened(kazahaya, releases=[release(gate, "4.2.1"), release(gate, "3.8.6")])
    matrix = queries.matrices_of(seen_by(kazahaya.admin), case, [CVE], language="ja")[CVE]
    assert matrix.lines == ("3.8", "4.2")
    assert [cell.status for cell in matrix.cells()] == [ProductStatus.UNDER_INVESTIGATION] * 2
    assert matrix.total == 2


def test_the_newest_decision_counts_and_the_older_stays() -> None:
    kazahaya = firm()
    by = seen_by(kazahaya.admin)
    gate = release(offering(kazahaya), "4.2.1")
    case = opened(kazahaya, releases=[gate])
    assess(vulnerability=CVE, statement=AFFECTED, releases=[gate], case=case, by=by, at=NOW)
    assess(vulnerability=CVE, statement=NOT, releases=[gate], case=case, by=by, at=LATER)
    assert queries.standing(by, [CVE], [gate])[(CVE, gate.pk)].status == "known_not_affected"
    history = queries.decisions_about(by, CVE, gate)
    assert [one.status for one in history] == [
        "known_not_affected", "known_affected", "under_investigation",
    ]  # fmt: skip
    assert [one.superseded_at for one in history] == [None, LATER, NOW]
    assert history[0].grounds.value == "SBOM 4.1.0"


def test_a_release_outweighs_its_offering_and_that_the_company() -> None:
    kazahaya = firm()
    by = seen_by(kazahaya.admin)
    product = offering(kazahaya)
    old, new = release(product, "3.8.6"), release(product, "4.2.2")
    panel = release(offering(kazahaya, "KZ-Panel 10"), "1.0")
    assess(vulnerability=CVE, statement=FIXED, releases=[new], by=by, at=NOW)
    assess(vulnerability=CVE, statement=AFFECTED, offering=product, by=by, at=LATER)
    assess(vulnerability=CVE, statement=NOT, company=kazahaya.company, by=by, at=LATER)
    found = queries.standing(by, [CVE], [old, new, panel])
    assert {pk: row.status for (_name, pk), row in found.items()} == {
        old.pk: "known_affected",
        new.pk: "fixed",
        panel.pk: "known_not_affected",
    }


@pytest.mark.requirement("R071")
def test_one_decision_over_many_releases_is_one_act() -> None:
    kazahaya = firm()
    by = seen_by(kazahaya.admin)
    product = offering(kazahaya)
    many = [release(product, f"1.{n}") for n in range(12)]
    made = assess(vulnerability=CVE, statement=NOT, releases=[*many, many[0]], by=by, at=NOW)
    assert len(made) == 12
    assert Event.objects.filter(name="assessment.made").count() == 1


def test_a_decision_behind_a_wall_is_seen_inside_and_afterwards_by_the_unit() -> None:
    kazahaya = firm()
    insider = person("in@kazahaya.example", kazahaya.company, Role.RESPONDER)
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER, kazahaya.network)
    gate = release(offering(kazahaya), "4.2.1")
    assess(vulnerability=CVE, statement=FIXED, releases=[gate], by=seen_by(kazahaya.admin), at=NOW)
    case = opened(kazahaya, by=insider, releases=[gate])
    assess(
        vulnerability=CVE, statement=AFFECTED, releases=[gate], case=case, by=seen_by(insider),
        at=LATER,
    )  # fmt: skip

    def status(account: object, at: object = LATER) -> str:
        return queries.standing(seen_by(account, at), [CVE], [gate])[(CVE, gate.pk)].status  # type: ignore[arg-type]

    assert status(insider) == "known_affected"
    assert status(reader) == "fixed"
    assert case.wall is not None
    end_wall(wall=case.wall, by=insider, at=LATER)
    assert status(reader) == "known_affected"


def test_an_earlier_decision_is_kept_when_a_case_is_opened() -> None:
    kazahaya = firm()
    by = seen_by(kazahaya.admin)
    gate = release(offering(kazahaya), "4.2.1")
    case = opened(kazahaya, releases=[gate], walled=False)
    assess(vulnerability=CVE, statement=NOT, releases=[gate], by=by, at=NOW, case=case)
    opened(kazahaya, releases=[gate], walled=False)
    assert queries.standing(by, [CVE], [gate])[(CVE, gate.pk)].status == "known_not_affected"


def test_who_may_not_decide_does_not() -> None:
    kazahaya = firm()
    reader = person("r@kazahaya.example", kazahaya.company, Role.READER)
    developer = person("d@kazahaya.example", kazahaya.company, Role.DEVELOPER, kazahaya.control)
    gate = release(offering(kazahaya), "4.2.1")
    for account in (reader, developer):
        with pytest.raises(NotAllowed):
            assess(vulnerability=CVE, statement=FIXED, releases=[gate], by=seen_by(account), at=NOW)
    case = opened(kazahaya, releases=[gate])
    with pytest.raises(NotFound):
        assess(
            vulnerability=CVE, statement=FIXED, releases=[gate], case=case, by=seen_by(developer),
            at=NOW,
        )  # fmt: skip
    assert not Assessment.objects.exclude(by=kazahaya.admin).exists()


def test_an_invited_developer_of_another_unit_decides() -> None:
    kazahaya = firm()
    developer = person("d@kazahaya.example", kazahaya.company, Role.DEVELOPER, kazahaya.control)
    gate = release(offering(kazahaya), "4.2.1")
    case = opened(kazahaya, releases=[gate], members=[(developer, CaseRole.OWNER_UNIT)])
    made = assess(
        vulnerability=CVE, statement=FIXED, releases=[gate], case=case, by=seen_by(developer),
        at=NOW,
    )  # fmt: skip
    assert made[0].by == developer


def test_releases_of_another_company_are_refused() -> None:
    kazahaya, other = firm(), firm("other", "OT")
    theirs = release(offering(other), "1.0")
    case = opened(kazahaya)
    with pytest.raises(Conflict, match="of its own company"):
        assess(
            vulnerability=CVE, statement=FIXED, releases=[theirs], case=case,
            by=seen_by(kazahaya.admin), at=NOW,
        )  # fmt: skip


def test_a_decision_without_subject_or_reason_is_refused() -> None:
    kazahaya = firm()
    by = seen_by(kazahaya.admin)
    with pytest.raises(InputRefused, match="Choose the releases"):
        assess(vulnerability=CVE, statement=FIXED, by=by, at=NOW)
    with pytest.raises(InputRefused, match="needs a justification"):
        assess(
            vulnerability=CVE, statement=Statement(ProductStatus.KNOWN_NOT_AFFECTED), by=by, at=NOW,
            releases=[release(offering(kazahaya), "1.0")],
        )  # fmt: skip


@pytest.mark.parametrize(
    ("version", "line"),
    [("4.2.2", "4.2"), ("v1.6.3-S1", "1.6"), ("3", "3"), ("R12B", "R12B"), ("", "")],
)
def test_release_lines_are_the_first_two_parts(version: str, line: str) -> None:
    assert line_of(version) == line


def test_the_matrix_asks_a_fixed_number_of_questions(django_assert_num_queries: object) -> None:
    kazahaya = firm()
    by = seen_by(kazahaya.admin)
    product = offering(kazahaya)
    case = opened(kazahaya, releases=[release(product, f"{n}.0") for n in range(3)])
    few = _queries(lambda: queries.matrices_of(by, case, [CVE], language="ja"))
    more = [release(product, f"9.{n}") for n in range(20)]
    assess(vulnerability=CVE, statement=FIXED, releases=more, case=case, by=by, at=LATER)
    assert _queries(lambda: queries.matrices_of(by, case, [CVE], language="ja")) == few <= 4


def _queries(act: object) -> int:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as captured:
        act()  # type: ignore[operator]
    return len(captured)


def test_a_fix_is_a_release_of_the_same_product() -> None:
    kazahaya = firm()
    gate = release(offering(kazahaya), "4.2.1")
    panel = release(offering(kazahaya, "KZ-Panel 10"), "1.0")
    with pytest.raises(Conflict, match="release of another product"):
        assess(
            vulnerability=CVE, statement=AFFECTED, releases=[gate], fixed_in=panel,
            by=seen_by(kazahaya.admin), at=NOW,
        )  # fmt: skip
