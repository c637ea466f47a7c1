"""People steer jobs and messages: on the page, by command and over the API, each time on record."""

from __future__ import annotations

import json

import pytest
from django.db import transaction

from hikeshi.ledger.models import Event, Job, JobState, OutboxMessage, OutboxState
from hikeshi.ledger.outbox import post
from hikeshi.ledger.queue import enqueue
from hikeshi.organisation.roles import Role
from hikeshi.organisation.services import raise_wall
from hikeshi.project.cli import run
from tests.builders import NOW, Firm, firm, person
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db
ADMIN = "admin@kazahaya.example"


def job_of(kazahaya: Firm, state: JobState = JobState.QUEUED, **more: object) -> Job:
    with transaction.atomic():
        job = enqueue("ledger.send", company=kazahaya.company, message=1, **more)  # type: ignore[arg-type]
    Job.objects.all().filter(pk=job.pk).update(state=state, error="OSError at x.py:1")
    job.refresh_from_db()
    return job


def message_of(kazahaya: Firm, key: str, state: OutboxState) -> OutboxMessage:
    with transaction.atomic():
        message = post("account.welcome", key=key, company=kazahaya.company)
    OutboxMessage.objects.all().filter(pk=message.pk).update(state=state)
    return message


def test_a_job_is_cancelled_and_resumed_on_the_page_and_both_are_on_record() -> None:
    kazahaya = firm()
    job = job_of(kazahaya)
    client = logged_in(kazahaya.admin)
    assert "ledger.send" in client.get("/settings/jobs/").content.decode()
    client.post(f"/settings/jobs/{job.uid}/cancel/")
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    client.post(f"/settings/jobs/{job.uid}/resume/")
    job.refresh_from_db()
    assert job.state == JobState.QUEUED
    said = Event.objects.all().filter(name__startswith="job.").order_by("pk")
    assert [(one.name, one.by) for one in said] == [
        ("job.cancelled", kazahaya.admin), ("job.resumed", kazahaya.admin),
    ]  # fmt: skip


def test_routine_work_that_ended_well_shows_only_when_asked_for() -> None:
    kazahaya = firm()
    with transaction.atomic():
        tick, broken = enqueue("ledger.seal", key="a"), enqueue("ledger.verify", key="b")
    Job.objects.all().filter(pk=tick.pk).update(state=JobState.DONE)
    Job.objects.all().filter(pk=broken.pk).update(state=JobState.FAILED)
    client = logged_in(kazahaya.admin)
    usual = client.get("/settings/jobs/").content.decode()
    assert ("ledger.seal" in usual, "ledger.verify" in usual) == (False, True)
    everything = client.get("/settings/jobs/?state=all").content.decode()
    assert "ledger.seal" in everything


def test_what_has_ended_cannot_be_cancelled() -> None:
    kazahaya = firm()
    job = job_of(kazahaya, JobState.DONE)
    client = logged_in(kazahaya.admin)
    answer = client.post(f"/settings/jobs/{job.uid}/cancel/", follow=True)
    assert "This job has ended already." in answer.content.decode()
    assert client.post(f"/api/v1/jobs/{job.uid}/cancel").status_code == 409
    assert not Event.objects.all().filter(name="job.cancelled").exists()


def test_a_dead_message_is_sent_again_or_dropped_for_a_reason() -> None:
    kazahaya = firm()
    client = logged_in(kazahaya.admin)
    first = message_of(kazahaya, "a", OutboxState.DEAD)
    second = message_of(kazahaya, "b", OutboxState.DEAD)
    client.post(f"/settings/outbox/{first.uid}/retry/")
    answer = client.post(f"/settings/outbox/{second.uid}/drop/", {"reason": " "}, follow=True)
    assert "Say why the message is dropped." in answer.content.decode()
    client.post(f"/settings/outbox/{second.uid}/drop/", {"reason": "address is wrong"})
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (OutboxState.WAITING, OutboxState.STOPPED)
    event = Event.objects.select_related("payload").get(name="outbox.stopped")
    assert event.payload.content.value["after"]["reason"] == "address is wrong"


def test_work_behind_a_wall_shows_to_nobody_outside_of_it() -> None:
    kazahaya = firm()
    inside = person("in@kazahaya.example", kazahaya.company, Role.ADMIN)
    wall = raise_wall(company=kazahaya.company, members=[inside], at=NOW, by=inside)
    job = job_of(kazahaya, wall=wall)
    outside = logged_in(kazahaya.admin)
    assert outside.get("/api/v1/jobs").json()["count"] == 0
    assert outside.post(f"/settings/jobs/{job.uid}/cancel/").status_code == 404
    assert outside.get(f"/api/v1/jobs/{job.uid}").status_code == 404
    assert logged_in(inside).get("/api/v1/jobs").json()["count"] == 1


def test_the_command_line_does_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    kazahaya = firm()
    job = job_of(kazahaya)
    message = message_of(kazahaya, "a", OutboxState.WAITING)
    as_admin = ["--as", ADMIN, "--format", "json"]
    assert run(["job", "cancel", str(job.uid), *as_admin]) == 0
    assert json.loads(capsys.readouterr().out)[0]["state"] == "cancelled"
    assert run(["job", "resume", str(job.uid), *as_admin]) == 0
    capsys.readouterr()
    assert run(["job", "list", "--state", "queued", *as_admin]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert str(job.uid) in {row["uid"] for row in listed}
    assert run(["outbox", "drop", str(message.uid), "--reason", "no more", *as_admin]) == 0
    assert json.loads(capsys.readouterr().out)[0]["state"] == "stopped"
    assert run(["outbox", "retry", str(message.uid), *as_admin]) == 0
    assert json.loads(capsys.readouterr().out)[0]["state"] == "waiting"
    person("dev@kazahaya.example", kazahaya.company, Role.DEVELOPER)
    assert run(["job", "cancel", str(job.uid), "--as", "dev@kazahaya.example"]) == 4


def test_help_speaks_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    said = {}
    for language in ("en", "ja"):
        with pytest.raises(SystemExit):
            run(["--language", language, "job", "--help"])
        said[language] = capsys.readouterr().out
    assert "let a failed or cancelled job go on" in said["en"]
    assert "失敗または取り消したジョブを続ける" in said["ja"]
