"""Publishing at a moment: who may, what it is of, what stops it, and who is told."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from hikeshi.core.errors import Conflict, InputRefused, NotAllowed, NotFound
from hikeshi.core.vex import ProductStatus, Statement
from hikeshi.disclosure import jobs, queries, services
from hikeshi.disclosure.models import Advisory
from hikeshi.disclosure.scheduling import (
    call_off_publication,
    publish_due,
    schedule_publication,
)
from hikeshi.ledger.models import Job, OutboxMessage, OutboxState
from hikeshi.ledger.schedule import TIMETABLE
from hikeshi.organisation.models import Appointment
from hikeshi.triage.assessing import assess
from tests.builders import NOW, seen_by
from tests.disclosure.drafts import Stage, approved, decided, stage
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db
SOON, LATER = NOW + timedelta(hours=1), NOW + timedelta(days=1)


@pytest.fixture
def one() -> Stage:
    return decided(stage())


def scheduled(one: Stage) -> Advisory:
    return schedule_publication(
        advisory=approved(one), publish_at=SOON, by=seen_by(one.approver), at=NOW
    )


def test_it_is_public_at_its_moment_and_not_before(one: Stage) -> None:
    advisory = scheduled(one)
    [job] = Job.objects.for_system("a test looks").filter(name="disclosure.publish_due")
    assert (job.run_at, job.wall_id) == (SOON, advisory.wall_id)
    assert publish_due(at=SOON - timedelta(seconds=1)) == 0
    assert not queries.published().exists()
    assert publish_due(at=SOON) == 1
    assert publish_due(at=LATER) == 0
    advisory.refresh_from_db()
    assert (advisory.state, advisory.publish_at, queries.published().get().at) == (
        "published",
        None,
        SOON,
    )


def test_the_timetable_finds_what_a_lost_wake_up_left() -> None:
    assert TIMETABLE["disclosure.publish_due"].period == timedelta(minutes=1)


def test_nothing_goes_out_when_the_content_is_not_the_approved_one_any_more(one: Stage) -> None:
    advisory = scheduled(one)
    assess(
        vulnerability="CVE-2026-10001", statement=Statement(ProductStatus.FIXED),
        releases=[one.other], case=one.case, by=seen_by(one.writer), at=NOW,
    )  # fmt: skip
    assert publish_due(at=SOON) == 0
    advisory.refresh_from_db()
    assert "changed since" in advisory.publish_problem
    assert (advisory.publish_at, advisory.edition) == (None, 0)
    page = logged_in(one.approver).get(reverse("disclosure:publication", args=[advisory.number]))
    assert "did not take place" in page.content.decode()
    today = logged_in(one.approver, "ja").get("/").content.decode()
    assert "公表されず" in today


def test_another_approval_is_not_what_was_scheduled(one: Stage) -> None:
    advisory = scheduled(one)
    services.edit_advisory(
        advisory=advisory, revision=advisory.revision, by=seen_by(one.writer), at=NOW,
        impact={"ja": "停止します。", "en": "It stops."},
    )  # fmt: skip
    digest = services.propose_advisory(advisory=advisory, by=seen_by(one.writer), at=NOW)
    services.approve_advisory(
        advisory=advisory, by=seen_by(one.approver), at=NOW, content_hash=digest
    )
    assert publish_due(at=SOON) == 0
    advisory.refresh_from_db()
    assert "schedule it anew" in advisory.publish_problem


def test_who_lost_the_right_publishes_nothing(one: Stage) -> None:
    advisory = scheduled(one)
    Appointment.objects.filter(account=one.approver).update(until=NOW + timedelta(minutes=1))
    assert publish_due(at=SOON) == 0
    advisory.refresh_from_db()
    assert advisory.publish_problem == "Who scheduled it may not publish it any more."


def test_it_can_be_called_off_and_set_to_another_moment(one: Stage) -> None:
    by = seen_by(one.approver)
    advisory = scheduled(one)
    schedule_publication(advisory=advisory, publish_at=LATER, by=by, at=NOW)
    assert publish_due(at=SOON) == 0
    call_off_publication(advisory=advisory, by=by, at=NOW)
    assert publish_due(at=LATER) == 0
    with pytest.raises(Conflict, match="No publication is scheduled"):
        call_off_publication(advisory=advisory, by=by, at=NOW)


def test_only_what_is_approved_by_who_may_and_to_come_is_scheduled(one: Stage) -> None:
    advisory = approved(one)
    with pytest.raises(InputRefused, match="in the future"):
        schedule_publication(advisory=advisory, publish_at=NOW, by=seen_by(one.approver), at=NOW)
    with pytest.raises(NotAllowed):
        schedule_publication(advisory=advisory, publish_at=SOON, by=seen_by(one.writer), at=NOW)
    with pytest.raises(NotFound):
        schedule_publication(advisory=advisory, publish_at=SOON, by=seen_by(one.firm.admin), at=NOW)
    services.return_advisory(advisory=advisory, by=seen_by(one.approver), at=NOW, reason="x")
    with pytest.raises(Conflict, match="Only what was approved"):
        schedule_publication(advisory=advisory, publish_at=SOON, by=seen_by(one.approver), at=NOW)


def test_the_page_reads_the_moment_in_the_zone_that_was_chosen(one: Stage) -> None:
    advisory = approved(one)
    client = logged_in(one.approver)
    day = (timezone.now() + timedelta(days=40)).date()
    address = reverse("disclosure:step", args=[advisory.number, "schedule"])
    client.post(address, {"publish_on": f"{day}T09:30", "zone": "Europe/Brussels"})
    advisory.refresh_from_db()
    assert advisory.publish_at is not None
    brussels = advisory.publish_at.astimezone(ZoneInfo("Europe/Brussels"))
    assert brussels.strftime("%Y-%m-%d %H:%M") == f"{day} 09:30"
    assert "Publications to come" in client.get("/").content.decode()
    assert "Publications to come" not in logged_in(one.firm.admin).get("/").content.decode()
    client.post(reverse("disclosure:step", args=[advisory.number, "call-off"]))
    advisory.refresh_from_db()
    assert advisory.publish_at is None


def test_a_clock_time_that_is_skipped_in_its_zone_is_refused(one: Stage) -> None:
    advisory = approved(one)
    client = logged_in(one.approver)
    address = reverse("disclosure:step", args=[advisory.number, "schedule"])
    answer = client.post(
        address, {"publish_on": "2027-03-28T02:30", "zone": "Europe/Brussels"}, follow=True
    )
    assert "does not exist in that zone" in answer.content.decode()


def test_who_took_part_is_told_once_and_after_it_is_public(one: Stage) -> None:
    advisory = scheduled(one)
    assert not OutboxMessage.objects.for_system("a test looks").exists()
    publish_due(at=SOON)
    rows = OutboxMessage.objects.for_system("a test looks").filter(kind="advisory.published")
    [message] = rows
    assert message.state == OutboxState.WAITING
    mail = jobs.published(message)
    assert mail.to == ((one.writer.name, one.writer.email),)
    assert advisory.number in mail.subject
    assert f"/advisories/{advisory.number}/" in mail.text


def test_an_advisory_of_the_demo_tells_nobody(one: Stage) -> None:
    one.firm.company.realm = "demo"
    one.firm.company.save(update_fields=["realm"])
    scheduled(one)
    publish_due(at=SOON)
    states = set(OutboxMessage.objects.for_system("a test looks").values_list("state", flat=True))
    assert states <= {OutboxState.HELD}
