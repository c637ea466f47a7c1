"""Jobs: enqueued with their cause, run once to their end, tried again, stopped and resumed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from hikeshi.core.errors import Conflict, InputRefused, NotFound
from hikeshi.ledger import heart, queue, schedule, worker
from hikeshi.ledger.jobs import GiveUp, Run, cancel, enqueue, job, resume
from hikeshi.ledger.models import Job, JobEffect, JobState, Schedule, Worker
from hikeshi.organisation import services
from tests.builders import NOW, firm, person, seen_by

pytestmark = pytest.mark.django_db

SEEN: list[Any] = []


@pytest.fixture(autouse=True)
def _own_heart(db: None) -> Iterator[None]:
    SEEN.clear()
    heart.use_heart(heart.Heart())
    yield
    heart.use_heart(None)
    queue.stopping.clear()


@job("test.note")
def note(run: Run, *, case: int) -> None:
    SEEN.append(case)


@job("test.fail", max_tries=3, backoff=timedelta(seconds=60))
def fail(run: Run) -> None:
    SEEN.append("tried")
    raise ValueError("the secret title of a case")


@job("test.refuse")
def refuse(run: Run, *, how: str) -> None:
    if how == "giveup":
        raise GiveUp("nothing to be done")
    raise InputRefused("The file “%(name)s” is broken.", name="secret.bin")


@job("test.effects")
def effects(run: Run, *, until: int) -> None:
    for step in range(5):
        with run.once(f"step/{step}") as first:
            if first:
                SEEN.append(step)
        if step == until and run.job.tries == 0:
            raise ValueError


@job("test.tick")
def recurring(run: Run) -> None:
    SEEN.append("tick")


def state_of(row: Job) -> Job:
    row.refresh_from_db()
    return row


def make_due(row: Job) -> None:
    past = timezone.now() - timedelta(seconds=1)
    Job.objects.filter(pk=row.pk).update(run_at=past)
    DBTaskResult.objects.filter(args_kwargs__args__0=str(row.uid)).update(run_after=past)


def test_a_job_runs_with_its_ids_and_is_done() -> None:
    row = enqueue(note, case=7)
    assert worker.drain() == 1
    assert SEEN == [7]
    assert state_of(row).state == JobState.DONE
    assert not DBTaskResult.objects.exists()


def test_a_job_can_be_named_by_services_that_lie_below_it() -> None:
    enqueue("test.note", case=8)
    worker.drain()
    assert SEEN == [8]


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_cause_is_rolled_back_does_not_exist() -> None:
    def act() -> None:
        with transaction.atomic():
            enqueue(note, case=7)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert not Job.objects.exists()
    assert worker.drain() == 0


@pytest.mark.parametrize(
    "ids",
    [{"case": "The secret title"}, {"case": "CVE-2026-1234"}, {"case": 1.5}, {"case": ["a"]}],
)
def test_arguments_that_are_not_ids_are_refused_without_repeating_them(ids: Any) -> None:
    with pytest.raises(TypeError) as caught:
        enqueue(note, **ids)
    assert str(caught.value) == "test.note: case is not an id"


def test_arguments_that_the_job_does_not_take_are_refused() -> None:
    with pytest.raises(TypeError, match="takes"):
        enqueue(note, cases=7)
    with pytest.raises(KeyError):
        enqueue("test.unknown")


def test_an_error_is_kept_without_its_words_and_tried_again_later_each_time() -> None:
    row = enqueue(fail)
    waits = []
    for _ in range(3):
        make_due(row)
        worker.drain()
        waits.append(state_of(row).run_at - timezone.now())
    assert SEEN == ["tried"] * 3
    assert row.state == JobState.FAILED
    assert timedelta(seconds=50) < waits[0] < timedelta(seconds=70)
    assert timedelta(seconds=100) < waits[1] < timedelta(seconds=140)
    assert row.error.startswith("ValueError at test_jobs.py:")
    assert "secret" not in row.error


@pytest.mark.parametrize("how", ["giveup", "input"])
def test_what_cannot_succeed_is_not_tried_again(how: str) -> None:
    row = enqueue(refuse, how=how)
    worker.drain()
    assert state_of(row).state == JobState.FAILED
    assert row.tries == 1
    assert "secret" not in row.error


def test_what_one_attempt_has_done_the_next_does_not_repeat() -> None:
    row = enqueue(effects, until=2)
    worker.drain()
    make_due(row)
    worker.drain()
    assert SEEN == [0, 1, 2, 3, 4]
    assert state_of(row).state == JobState.DONE
    assert JobEffect.objects.filter(job=row).count() == 5


def test_of_the_jobs_with_one_key_one_waits() -> None:
    first = enqueue(note, key="case/7", case=7)
    assert enqueue(note, key="case/7", case=7) == first
    assert enqueue(note, key="case/8", case=8) != first
    worker.drain()
    assert enqueue(note, key="case/7", case=7) != first


def test_of_the_jobs_with_one_key_one_runs() -> None:
    first = enqueue(note, key="case/7", case=7)
    Job.objects.filter(pk=first.pk).update(state=JobState.RUNNING)
    second = enqueue(note, key="case/7", case=7)
    worker.drain()
    assert state_of(second).state == JobState.QUEUED
    assert SEEN == []
    Job.objects.filter(pk=first.pk).update(state=JobState.DONE)
    make_due(second)
    worker.drain()
    assert SEEN == [7]


def test_a_waiting_job_is_cancelled_at_once_and_can_be_resumed() -> None:
    row = enqueue(note, case=7)
    assert cancel(row) is True
    worker.drain()
    assert SEEN == []
    assert state_of(row).state == JobState.CANCELLED
    resume(row)
    worker.drain()
    assert SEEN == [7]
    assert cancel(row) is False
    with pytest.raises(Conflict):
        resume(row)


def test_a_running_job_stops_where_it_reports_progress() -> None:
    @job("test.slow")
    def slow(run: Run) -> None:
        for step in range(10):
            if step == 4:
                cancel(run.job)
            run.progress(step, 10)
            run.check()
            SEEN.append(step)

    row = enqueue(slow)
    worker.drain()
    assert SEEN == [0, 1, 2, 3]
    assert state_of(row).state == JobState.CANCELLED


def test_a_job_whose_worker_stops_waits_for_another() -> None:
    @job("test.interrupted")
    def interrupted(run: Run) -> None:
        SEEN.append("begun")
        if run.job.attempt == 1:
            queue.stopping.set()
        run.check()
        SEEN.append("ended")

    row = enqueue(interrupted)
    worker.drain(limit=1)
    assert state_of(row).state == JobState.QUEUED
    assert row.tries == 0
    queue.stopping.clear()
    worker.drain()
    assert SEEN == ["begun", "begun", "ended"]
    assert state_of(row).state == JobState.DONE


def lost(row: Job, beat: timedelta) -> None:
    """Leave a job as a killed worker leaves it."""
    dead = heart.Heart()
    Worker.objects.filter(uid=dead.uid).update(beat_at=timezone.now() - beat)
    DBTaskResult.objects.update(status="RUNNING", started_at=timezone.now())
    Job.objects.filter(pk=row.pk).update(
        state=JobState.RUNNING, owner_uid=dead.uid, attempt=1, started_at=timezone.now() - beat
    )


def test_a_job_of_a_dead_worker_comes_back_and_one_of_a_living_worker_does_not() -> None:
    row = enqueue(note, case=7)
    lost(row, beat=timedelta(seconds=30))
    assert worker.reap(timezone.now()) == 0
    lost(row, beat=timedelta(seconds=61))
    assert worker.reap(timezone.now()) == 1
    worker.drain()
    assert SEEN == [7]
    assert state_of(row).losses == 1


def test_an_attempt_that_was_taken_for_dead_changes_nothing_more() -> None:
    row = enqueue(note, case=7)
    lost(row, beat=timedelta(seconds=90))
    old = Run(state_of(row), row.owner_uid)  # type: ignore[arg-type]
    worker.reap(timezone.now())
    with pytest.raises(queue.Lost), old.once("step"):
        SEEN.append("ghost")
    with pytest.raises(queue.Lost):
        old.check()
    assert queue._end(old, JobState.DONE) == JobState.QUEUED
    assert SEEN == []


def test_a_job_that_takes_its_workers_down_fails_in_the_end() -> None:
    row = enqueue(note, case=7)
    for _ in range(queue.MAX_LOSSES):
        lost(row, beat=timedelta(seconds=90))
        worker.reap(timezone.now())
    assert state_of(row).state == JobState.FAILED
    assert row.error == "its worker was lost 5 times"


def test_a_wake_up_call_that_got_lost_is_given_again() -> None:
    row = enqueue(note, case=7)
    DBTaskResult.objects.all().delete()
    assert worker.reap(timezone.now()) == 0
    past = timezone.now() - timedelta(seconds=61)
    Job.objects.filter(pk=row.pk).update(run_at=past, woken_at=past)
    assert worker.reap(timezone.now()) == 1
    worker.drain()
    assert SEEN == [7]
    assert state_of(row).state == JobState.DONE


def test_a_call_too_many_does_nothing() -> None:
    row = enqueue(note, case=7)
    queue.wake_again(row)
    assert worker.drain() == 2
    assert SEEN == [7]


def test_the_timetable_enqueues_once_and_makes_up_for_a_pause_once() -> None:
    schedule.every(recurring, minutes=15)
    try:
        now = timezone.now()
        schedule.post_timetable(now)
        Schedule.objects.filter(name="test.tick").update(next_at=now - timedelta(days=3))
        assert "test.tick" in schedule.tick(now)
        assert "test.tick" not in schedule.tick(now)
        worker.drain()
        assert SEEN == ["tick"]
        assert Schedule.objects.get(name="test.tick").next_at > now
    finally:
        del schedule.TIMETABLE["test.tick"]


def test_a_timetable_entry_is_due_at_even_times() -> None:
    entry = schedule.Entry(recurring, timedelta(days=1), timedelta(hours=18))
    assert entry.after(NOW).isoformat() == "2026-11-24T18:00:00+00:00"
    assert entry.after(entry.after(NOW)).isoformat() == "2026-11-25T18:00:00+00:00"


def test_a_job_is_seen_by_those_who_see_its_subject() -> None:
    kazahaya = firm()
    insider = person("in@kazahaya.example", kazahaya.company)
    wall = services.raise_wall(
        company=kazahaya.company, members=[insider], at=NOW, by=kazahaya.admin
    )
    row = enqueue(note, company=kazahaya.company, wall=wall, case=7)
    assert list(Job.objects.visible_to(seen_by(insider))) == [row]
    assert not Job.objects.visible_to(seen_by(kazahaya.admin)).exists()


def test_an_error_of_ours_keeps_its_sentence_and_not_its_facts() -> None:
    error = NotFound("There is no case “%(title)s”.", title="secret")
    assert queue.redacted(error).endswith("NotFound: There is no case “%(title)s”.")


def test_a_worker_outlives_a_call_that_it_cannot_read() -> None:
    enqueue(note, case=7)
    DBTaskResult.objects.update(task_path="gone.from.this.version")
    queue.stopping.set()
    with worker._patience("work"):
        worker.take_one(worker.ALL_LANES)
        pytest.fail("the call was read")
    enqueue(note, case=8)
    assert worker.drain() == 1
    assert SEEN == [8]
