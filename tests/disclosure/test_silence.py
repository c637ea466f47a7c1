"""What is not published carries a reason that another signed, bound to what the case says."""

from __future__ import annotations

import pytest
from django.test import Client

from hikeshi.core.errors import Conflict, InputRefused, NotAllowed
from hikeshi.core.lifecycle import Phase
from hikeshi.core.vex import ProductStatus, Statement
from hikeshi.disclosure.silence import propose_silence, sign_silence, silence_of, untold
from hikeshi.records.models import ApprovalState
from hikeshi.triage.assessing import assess
from hikeshi.triage.models import ExitReason
from hikeshi.triage.services import move_case
from tests.builders import NOW, person, seen_by
from tests.disclosure.drafts import CVE, Stage, decided, stage
from tests.disclosure.test_pages import published
from tests.triage.cases import CANARY

pytestmark = pytest.mark.django_db
WHY = f"Found by our own test before the first delivery. {CANARY}"


def asked(one: Stage) -> None:
    propose_silence(case=one.case, reason=WHY, by=seen_by(one.writer), at=NOW)


@pytest.mark.requirement("R100")
def test_another_signs_the_reason_and_who_when_why_are_kept() -> None:
    one = decided(stage())
    with pytest.raises(InputRefused):
        propose_silence(case=one.case, reason="  ", by=seen_by(one.writer), at=NOW)
    asked(one)
    with pytest.raises(NotAllowed):
        sign_silence(case=one.case, by=seen_by(one.writer), at=NOW)
    sign_silence(case=one.case, by=seen_by(one.approver), at=NOW)
    found = silence_of(one.case, seen_by(one.writer))
    assert found is not None
    assert (found.reason, found.is_signed, found.holds) == (WHY, True, True)
    assert (found.approval.decided_by, found.approval.decided_at) == (one.approver, NOW)


@pytest.mark.requirement("R100")
def test_the_signature_no_longer_holds_when_a_status_changes() -> None:
    one = decided(stage())
    asked(one)
    sign_silence(case=one.case, by=seen_by(one.approver), at=NOW)
    assess(
        case=one.case, vulnerability=CVE, releases=[one.other],
        statement=Statement(ProductStatus.UNDER_INVESTIGATION), by=seen_by(one.writer), at=NOW,
    )  # fmt: skip
    found = silence_of(one.case, seen_by(one.writer))
    assert found is not None
    assert (found.is_signed, found.holds) == (True, False)


def test_nothing_is_signed_about_content_that_changed_meanwhile() -> None:
    one = decided(stage())
    asked(one)
    assess(
        case=one.case, vulnerability=CVE, releases=[one.other],
        statement=Statement(ProductStatus.UNDER_INVESTIGATION), by=seen_by(one.writer), at=NOW,
    )  # fmt: skip
    with pytest.raises(Conflict, match="changed"):
        sign_silence(case=one.case, by=seen_by(one.approver), at=NOW)


def test_what_is_public_is_not_to_be_kept_silent() -> None:
    one = decided(stage())
    published(one)
    with pytest.raises(Conflict, match="public"):
        asked(one)


@pytest.mark.requirement("R100")
def test_a_closed_case_is_listed_until_it_is_published_or_signed() -> None:
    one = decided(stage())
    viewer = seen_by(one.approver)
    assert untold(viewer) == []
    move_case(case=one.case, to=Phase.CLOSED, by=viewer, at=NOW, exit_reason=ExitReason.RESOLVED)
    assert untold(viewer) == [one.case]
    outsider = person("out@kazahaya.example", one.firm.company)
    assert untold(seen_by(outsider)) == []
    asked(one)
    sign_silence(case=one.case, by=viewer, at=NOW)
    assert untold(viewer) == []


def test_the_case_page_asks_signs_and_says_it(client: Client) -> None:
    one = decided(stage())
    client.force_login(one.writer)
    path = f"/publications/silence/{one.case.number}/"
    client.post(path, {"reason": WHY})
    client.force_login(one.approver)
    assert (
        "Sign: do not publish" in client.get(f"/cases/{one.case.number}/?lang=en").content.decode()
    )
    client.post(path, {"act": "sign"})
    body = client.get(f"/cases/{one.case.number}/?lang=en").content.decode()
    assert "Not published, for a signed reason" in body
    found = silence_of(one.case, seen_by(one.approver))
    assert found is not None
    assert found.approval.state == ApprovalState.APPROVED
    outsider = person("out@kazahaya.example", one.firm.company)
    client.force_login(outsider)
    assert client.post(path, {"act": "sign"}).status_code == 404
