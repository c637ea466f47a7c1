"""Two at the same moment: each act has one effect, and the other hears what happened.

Threads with connections of their own, started together by a barrier, on SQLite in a file and on
PostgreSQL.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.utils import timezone

from hikeshi.core.deadlines import Term, UnitOfTime
from hikeshi.core.errors import AlreadyDone, Conflict, HikeshiError, InputRefused, Stale
from hikeshi.core.lifecycle import EmbargoAct
from hikeshi.disclosure.models import Advisory, AdvisoryRevision
from hikeshi.disclosure.publishing import publish_advisory
from hikeshi.disclosure.services import approve_advisory, propose_advisory
from hikeshi.ledger import heart, queue
from hikeshi.ledger.jobs import Run, enqueue, job
from hikeshi.ledger.models import Event, Job, JobState
from hikeshi.organisation.links import issue_link, take_link
from hikeshi.organisation.models import Account, OneTimeLink, WallMember
from hikeshi.organisation.roles import Role
from hikeshi.organisation.services import dismiss, next_number
from hikeshi.records import blobs, clocks
from hikeshi.records.models import Blob, Clock, StoredFile
from hikeshi.stakeholders.models import Contact
from hikeshi.triage.embargo import take_embargo_step
from hikeshi.triage.models import Case, EmbargoTerm
from hikeshi.triage.services import change_case
from hikeshi.ui.once import new_key
from tests.builders import NOW, firm, person, seen_by
from tests.disclosure.drafts import approved, decided, drafted, stage
from tests.triage.cases import CANARY, opened

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Run acts in threads that start together; return what each returned or raised."""
    barrier = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            connection.ensure_connection()
            barrier.wait(30)
            results[place] = act()
        except HikeshiError as error:
            results[place] = error
        except BaseException as error:  # noqa: BLE001  # shown by the test that waits for it
            results[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def kinds(results: list[Any]) -> Counter[str]:
    return Counter(
        type(one).__name__ if isinstance(one, BaseException) else "done" for one in results
    )


def logged_in(account: Account) -> Client:
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def test_of_two_saves_of_one_revision_one_wins_and_the_other_is_told() -> None:
    kazahaya = firm()
    case = opened(kazahaya)

    def save(title: str) -> Callable[[], Any]:
        mine = Case.objects.visible_to(seen_by(kazahaya.admin)).get(pk=case.pk)
        return lambda: change_case(
            case=mine, revision=case.revision, by=seen_by(kazahaya.admin), at=NOW,
            title={"en": title, "ja": title},
        )  # fmt: skip

    results = at_once(save("one"), save("two"))
    assert kinds(results) == {"done": 1, Stale.__name__: 1}, results
    assert Case.objects.get(pk=case.pk).revision == case.revision + 1
    assert Event.objects.filter(name="case.changed", subject_uid=case.uid).count() == 1


def test_a_stale_save_on_the_page_shows_the_difference() -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    client = logged_in(kazahaya.admin)
    page = f"/cases/{case.number}/edit/"
    form = client.get(page).context["form"]
    fields = {name: form[name].value() for name in form.fields}
    fields = {name: value for name, value in fields.items() if value is not None}
    results = at_once(
        *(
            lambda word=word: logged_in(kazahaya.admin).post(page, fields | {"title_en": word})
            for word in ("first-words", "second-words")
        )
    )
    assert sorted(answer.status_code for answer in results) == [302, 409], results
    (refused,) = [answer for answer in results if answer.status_code == 409]
    said = refused.content.decode()
    assert "first-words" in said
    assert "second-words" in said


def test_one_key_posted_ten_times_at_once_acts_once_and_answers_alike() -> None:
    kazahaya = firm()
    clients = [logged_in(kazahaya.admin) for _ in range(10)]
    form = {
        "company": kazahaya.company.pk, "kind": "supplier", "name": "Minato Parts",
        "languages": "ja", "way-TOTAL_FORMS": 0, "way-INITIAL_FORMS": 0,
        "form_key": new_key(),
    }  # fmt: skip
    results = at_once(*(lambda c=c: c.post("/directory/add/", form) for c in clients))
    assert {getattr(one, "status_code", one) for one in results} == {302}
    assert len({one["Location"] for one in results}) == 1
    assert Contact.objects.for_system("counted").count() == 1


def test_an_api_key_posted_ten_times_at_once_acts_once() -> None:
    kazahaya = firm()
    clients = [logged_in(kazahaya.admin) for _ in range(10)]
    body = {"name": "KZ-Gate 900", "company": str(kazahaya.company.uid), "kind": "supplier"}
    results = at_once(
        *(
            lambda c=c: c.post(
                "/api/v1/contacts", body, content_type="application/json",
                headers={"Idempotency-Key": "order-1"},
            )
            for c in clients
        )
    )  # fmt: skip
    assert len({(one.status_code, one.content) for one in results}) == 1, results
    assert Contact.objects.for_system("counted").count() <= 1


def test_of_two_approvals_one_counts() -> None:
    one = decided(stage())
    second = person("b@kazahaya.example", one.firm.company, Role.LEAD)
    advisory = drafted(one)
    digest = propose_advisory(advisory=advisory, by=seen_by(one.writer), at=NOW)
    wall = one.case.wall
    assert wall is not None
    WallMember.objects.create(wall=wall, account=second, since=NOW)

    def approve(by: Account) -> Callable[[], Any]:
        mine = Advisory.objects.for_system("raced").get(pk=advisory.pk)
        return lambda: approve_advisory(advisory=mine, by=seen_by(by), at=NOW, content_hash=digest)

    results = at_once(approve(one.approver), approve(second))
    assert kinds(results)["done"] == 1, results
    assert all(isinstance(r, Conflict | AlreadyDone | Advisory) for r in results), results
    assert Event.objects.filter(name="approval.approved").count() == 1


def test_published_twice_at_once_is_published_once() -> None:
    one = decided(stage())
    advisory = approved(one)

    def publish() -> Callable[[], Any]:
        mine = Advisory.objects.for_system("raced").get(pk=advisory.pk)
        return lambda: publish_advisory(advisory=mine, by=seen_by(one.approver), at=NOW)

    results = at_once(publish(), publish(), publish())
    assert kinds(results)["done"] == 1, results
    assert all(isinstance(r, HikeshiError | AdvisoryRevision) for r in results), results
    assert AdvisoryRevision.objects.count() == 1
    assert Event.objects.filter(name="advisory.published").count() == 1


def test_a_one_time_link_taken_twice_at_once_opens_once() -> None:
    kazahaya = firm()
    now = timezone.now()
    _link, secret = issue_link(purpose=OneTimeLink.Purpose.LOGIN, account=kazahaya.admin, at=now)
    results = at_once(*(lambda: take_link(secret, at=now) for _ in range(5)))
    assert kinds(results)["done"] == 1, results
    assert all(isinstance(one, HikeshiError | OneTimeLink) for one in results), results


ran: list[int] = []


@job("races.count")
def count(run: Run) -> None:
    with run.once("count") as first:
        if first:
            ran.append(run.job.pk)


def test_one_job_claimed_by_five_workers_runs_once() -> None:
    ran.clear()
    row = enqueue(count)
    # A heart that does not beat: its thread would outlive the test's database.
    before = heart.use_heart(heart.Heart())
    results = at_once(*(lambda: queue.perform(row.uid) for _ in range(5)))
    heart.use_heart(before)
    done = Job.objects.for_system("counted").get(pk=row.pk)
    assert (done.state, done.attempt, len(ran)) == (JobState.DONE, 1, 1), results


def test_a_number_is_given_once() -> None:
    company = firm().company

    def draw() -> list[int]:
        return [next_number(company=company, series="race") for _ in range(10)]

    results = at_once(*([draw] * 5))
    numbers = [number for one in results for number in one]
    assert len(numbers) == len(set(numbers)) == 50


def storing(case: Case, by: Account, content: bytes) -> Callable[[], Any]:
    mine = Case.objects.for_system("raced").get(pk=case.pk)
    return lambda: blobs.store(
        subject=mine, name="log.txt", content=BytesIO(content), by=by, at=NOW
    )


def test_one_content_stored_twice_at_once_lies_there_once() -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    content = b"the same words\n" * 100
    results = at_once(*(storing(case, kazahaya.admin, content) for _ in range(4)))
    assert kinds(results) == {"done": 4}, results
    assert Blob.objects.for_system("counted").count() == 4
    assert StoredFile.objects.count() == 1
    space = blobs.space_of(kazahaya.company)
    assert space.used_bytes == StoredFile.objects.get().size_bytes
    kept = Blob.objects.for_system("counted").first()
    assert kept is not None
    assert blobs.read(kept) == content


def test_files_that_together_pass_the_quota_are_not_all_kept() -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    blobs.set_quota(company=kazahaya.company, quota_bytes=1000, by=seen_by(kazahaya.admin), at=NOW)
    results = at_once(*(storing(case, kazahaya.admin, bytes([65 + n]) * 600) for n in range(3)))
    assert kinds(results)["done"] == 1, results
    assert all(isinstance(one, InputRefused | Conflict | Blob) for one in results), results
    assert blobs.space_of(kazahaya.company).used_bytes == 600
    assert StoredFile.objects.count() == 1


def test_an_embargo_accepted_twice_at_once_is_accepted_once() -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    until = timezone.now() + timedelta(days=30)
    by = seen_by(kazahaya.admin)
    take_embargo_step(case=case, act=EmbargoAct.PROPOSE, by=by, at=NOW, lifts_at=until)

    def accept() -> Callable[[], Any]:
        mine = Case.objects.for_system("raced").get(pk=case.pk)
        return lambda: take_embargo_step(case=mine, act=EmbargoAct.ACCEPT, by=by, at=NOW)

    results = at_once(accept(), accept())
    assert kinds(results)["done"] == 1, results
    assert all(isinstance(one, Conflict | EmbargoTerm) for one in results), results
    assert EmbargoTerm.objects.filter(case=case, act="accept").count() == 1
    assert Case.objects.get(pk=case.pk).embargo == "active"


def test_a_wall_that_closes_while_somebody_reads_shows_all_or_nothing() -> None:
    kazahaya = firm()
    reader = person("r@kazahaya.example", kazahaya.company, Role.RESPONDER)
    case = opened(kazahaya)
    assert case.wall is not None
    now = timezone.now()
    member = WallMember.objects.create(wall=case.wall, account=reader, since=NOW)
    shut = threading.Event()

    def read() -> list[tuple[bool, int, bool]]:
        client = logged_in(reader)
        found = []
        after = 0
        while after < 3:
            known_shut = shut.is_set()
            answer = client.get(f"/cases/{case.number}/")
            found.append((known_shut, answer.status_code, CANARY in answer.content.decode()))
            after += known_shut
        return found

    def close() -> None:
        dismiss(member=member, by=kazahaya.admin, at=now)
        shut.set()

    said, closed = at_once(read, close)
    assert closed is None
    assert {(status, shown) for _shut, status, shown in said} <= {(200, True), (404, False)}
    assert {status for known, status, _shown in said if known} == {404}


@pytest.mark.parametrize("stands_still", [False, True])
def test_a_clock_that_three_change_at_once_stands_as_the_ledger_says(stands_still: bool) -> None:
    kazahaya = firm()
    by = seen_by(kazahaya.admin)
    hour = timedelta(hours=1)
    made = clocks.start_clock(
        subject=opened(kazahaya), regime="sla", stage="fix", by=kazahaya.admin, at=NOW,
        term=Term(5, UnitOfTime.WORKING_DAYS),
    )  # fmt: skip
    if stands_still:
        clocks.pause_clock(clock=made, reason="waiting", by=by, at=NOW + hour)

    def read() -> Clock:
        return Clock.objects.visible_to(by).get(pk=made.pk)

    def correct(hours: int) -> Callable[[], Any]:
        return partial(
            clocks.correct_clock, clock=read(), by=by, at=NOW, reason="the log of the mail",
            started_at=NOW - hours * hour,
        )  # fmt: skip

    if stands_still:
        other = partial(clocks.resume_clock, clock=read(), by=by, at=NOW + 72 * hour)
    else:
        other = partial(
            clocks.pause_clock, clock=read(), reason="waiting", by=by, at=NOW + hour
        )  # fmt: skip
    results = at_once(correct(24), correct(96), other)
    assert set(kinds(results)) <= {"done", Stale.__name__}, results
    assert kinds(results)["done"] >= 1, results
    corrected = [one for one in results[:2] if isinstance(one, Clock)]
    left, still_open = read(), made.pauses.filter(until=None)
    assert len(corrected) <= 1, "nobody's edit was undone"
    assert left.started_at == (corrected[0].started_at if corrected else NOW)
    assert left.paused_at == (still_open[0].since if still_open else None)
    worked_out = clocks.worked_out(left)
    assert worked_out is not None
    assert left.due_at == worked_out.at
    told = Event.objects.filter(name="clock.corrected", subject_uid=made.uid)
    assert told.count() == len(corrected)
