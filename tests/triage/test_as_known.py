"""A case as it was known at a moment: on its page and over the API, by today's rights."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from hikeshi.core.lifecycle import Phase
from hikeshi.core.vex import ProductStatus, Statement
from hikeshi.ledger.erasing import erase_payloads
from hikeshi.organisation.roles import Role
from hikeshi.organisation.sealed import unseal
from hikeshi.triage import services
from hikeshi.triage.assessing import assess
from hikeshi.triage.models import Case
from hikeshi.triage.participants import dismiss_participant
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.triage.cases import offering, opened, release
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
MIDDLE = (NOW + 3 * HOUR).isoformat()


def lived(kazahaya: Firm, **more: Any) -> Case:
    """A case that changed at 1, 2, 4 and 5 o'clock; the middle is 3 o'clock."""
    gate = release(offering(kazahaya), "4.2.1")
    case = opened(kazahaya, releases=[gate], **more)
    admin = kazahaya.admin
    for hours, title in ((1, "first title"), (4, "second title")):
        at = NOW + hours * HOUR
        case = services.change_case(
            case=case, revision=case.revision, by=seen_by(admin, at), at=at, title={"en": title}
        )
        unseal([case], "title", "summary")
    for hours, phase in ((2, Phase.TRIAGE), (5, Phase.REMEDIATION)):
        at = NOW + hours * HOUR
        case = services.move_case(case=case, to=phase, by=seen_by(admin, at), at=at)
    assess(
        vulnerability="CVE-2026-10001", releases=[gate], case=case,
        statement=Statement(ProductStatus.FIXED, grounds="later knowledge"),
        by=seen_by(admin, NOW + 5 * HOUR), at=NOW + 5 * HOUR,
    )  # fmt: skip
    return case


def page(client: Client, case: Case, moment: str) -> str:
    answer = client.get(f"/cases/{case.number}/", {"as_of": moment})
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def test_a_case_reads_as_it_stood_between_two_changes() -> None:
    kazahaya = firm()
    case = lived(kazahaya)
    client = logged_in(kazahaya.admin)
    then = page(client, case, MIDDLE)
    assert "first title" in then
    assert "second title" not in then
    assert "later knowledge" not in then
    assert "Under investigation" in then
    assert "As known on" in then
    # Nothing can be changed from here.
    assert 'method="post" action="/cases/' not in then
    assert f'href="/cases/{case.number}/"' in then


def test_the_api_says_the_same() -> None:
    kazahaya = firm()
    case = lived(kazahaya)
    client = logged_in(kazahaya.admin)
    said = client.get(f"/api/v1/cases/{case.number}", {"as_of": MIDDLE}).json()
    assert said["fields"]["title"] == {"value": {"en": "first title"}, "certainty": "told"}
    assert said["fields"]["phase"]["value"] == "Triage"
    (vulnerability,) = said["parts"]["vulnerabilities"]
    assert [one["status"] for one in vulnerability["releases"]] == ["under_investigation"]
    now = client.get(f"/api/v1/cases/{case.number}").json()
    assert now["title"] == {"en": "second title"}


def test_an_erased_payload_is_said_to_be_erased() -> None:
    kazahaya = firm()
    case = lived(kazahaya)
    erase_payloads(subject_uid=case.uid, by=kazahaya.admin, at=NOW + 6 * HOUR)
    client = logged_in(kazahaya.admin)
    said = client.get(f"/api/v1/cases/{case.number}", {"as_of": MIDDLE}).json()
    assert said["fields"]["title"] == {"value": None, "certainty": "erased"}
    assert "what it said then was erased" in page(client, case, MIDDLE)


def test_a_wall_that_closed_later_hides_the_past_too() -> None:
    kazahaya = firm()
    other = person("other@kazahaya.example", kazahaya.company, Role.RESPONDER)
    case = lived(kazahaya, members=[(other, "psirt")])
    client = logged_in(other)
    assert "first title" in page(client, case, MIDDLE)
    party = case.participants.get(account=other)
    later = NOW + 7 * HOUR
    dismiss_participant(participant=party, by=seen_by(kazahaya.admin, later), at=later, reason="")
    answer = client.get(f"/cases/{case.number}/", {"as_of": MIDDLE})
    assert answer.status_code == 404
    assert "first title" not in answer.content.decode()


@pytest.mark.parametrize(
    ("moment", "status"),
    [("soon", 422), ("2999-01-01T00:00Z", 422), ((NOW - HOUR).isoformat(), 422)],
)
def test_a_moment_that_cannot_be_read_is_refused(moment: str, status: int) -> None:
    kazahaya = firm()
    case = lived(kazahaya)
    client = logged_in(kazahaya.admin)
    assert client.get(f"/cases/{case.number}/", {"as_of": moment}).status_code == status
    answer = client.get(f"/api/v1/cases/{case.number}", {"as_of": moment})
    assert answer.status_code in {400, 422}
