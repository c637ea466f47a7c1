"""What retention says is due: found by a job, held for a court, erased by a person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, NotAllowed, NotFound
from hikeshi.ledger import chain
from hikeshi.ledger.models import Event, EventPayload
from hikeshi.organisation.models import Account, WallKey
from hikeshi.organisation.roles import Role
from hikeshi.organisation.viewer import Viewer
from hikeshi.project.cli import run
from hikeshi.records import blobs, retention, search, tasks
from hikeshi.records.models import Blob, Retention, SearchToken, StoredFile
from hikeshi.triage.models import Case
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.triage.cases import CANARY, opened
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db(transaction=True)
LATER = retention.years_after(NOW, 10) + timedelta(days=2)


def closed(kazahaya: Firm, by: Account | None = None) -> Case:
    """A case that was closed, with a file and a task, in whose texts the canary stands."""
    case = opened(kazahaya, by=by)
    worker = by or kazahaya.admin
    blobs.store(
        subject=case, name=f"{CANARY}.txt", content=[CANARY.encode()], declared="text/plain",
        by=worker, at=NOW,
    )  # fmt: skip
    tasks.give_task(
        subject=case, title=f"Ask {CANARY}", by=seen_by(worker), at=NOW, assignee=worker
    )
    Case.objects.filter(pk=case.pk).update(phase="closed", closed_at=NOW, exit_reason="resolved")
    case.refresh_from_db()
    return case


def later(account: Account) -> Viewer:
    return seen_by(account, LATER)


def stored_texts() -> bytes:
    """Everything that any table of ours holds, as text."""
    said = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')  # names of our own tables
            for row in cursor.fetchall():
                said += [bytes(c) if isinstance(c, memoryview) else c for c in row]
    return b"\n".join(c if isinstance(c, bytes) else str(c).encode() for c in said)


def unwalled(case: Case) -> None:
    """Rewrite the case as if it never had a wall, so that its texts lie in clear."""
    from hikeshi.organisation.sealed import seal

    for model, rows in retention.parts_of(case).items():
        for row in model._base_manager.filter(pk__in=list(rows)):
            for field in retention._sealed(model):
                held = getattr(row, field.name)
                if held is not None:
                    setattr(row, field.name, seal(f"clear {CANARY}", None))
            if hasattr(row, "wall_id") and model is not Blob:
                row.wall = None  # type: ignore[attr-defined]
            row.save()


def test_a_case_is_due_when_its_years_are_over_and_not_before() -> None:
    case = closed(firm())
    assert retention.find_due(at=retention.years_after(NOW, 10) - timedelta(seconds=1)) == 0
    assert retention.find_due(at=LATER) == retention.find_due(at=LATER) == 1
    assert Retention.objects.get().subject_uid == case.uid
    # Opened again, it leaves the list.
    Case.objects.update(phase="triage", closed_at=None)
    assert retention.find_due(at=LATER) == 0
    assert not Retention.objects.exists()


def test_a_leap_day_ends_on_the_28th() -> None:
    leap = NOW.replace(year=2028, month=2, day=29)
    assert retention.years_after(leap, 10).date().isoformat() == "2038-02-28"


def test_a_held_case_is_never_erased_nor_is_a_file_of_it() -> None:
    kazahaya = firm()
    case, admin = closed(kazahaya), kazahaya.admin
    retention.find_due(at=LATER)
    retention.hold(row=case, by=later(admin), at=LATER, reason="a lawsuit")
    with pytest.raises(AlreadyDone):
        retention.hold(row=case, by=later(admin), at=LATER, reason="again")
    with pytest.raises(Conflict, match="legal hold"):
        retention.erase(row=case, by=later(admin), at=LATER, reason="due")
    with pytest.raises(Conflict, match="legal hold"):
        blobs.erase(blob=Blob.objects.get(), by=later(admin), at=LATER, reason="tidy")
    assert not EventPayload.objects.filter(erased_at__isnull=False).exists()
    assert blobs.read(blobs.blob_by_uid(later(admin), Blob.objects.get().uid)) == CANARY.encode()
    retention.release(row=case, by=later(admin), at=LATER, reason="the suit ended")
    retention.erase(row=case, by=later(admin), at=LATER, reason="due")
    names = Event.objects.filter(subject_uid=case.uid, name__startswith="retention.")
    assert list(names.order_by("pk").values_list("name", flat=True)) == [
        "retention.held", "retention.released", "retention.erased",
    ]  # fmt: skip
    with pytest.raises(AlreadyDone):
        retention.erase(row=case, by=later(admin), at=LATER, reason="once more")
    with pytest.raises(Conflict, match="erased before"):
        retention.hold(row=case, by=later(admin), at=LATER, reason="too late")


def test_erasing_takes_rows_files_and_search_and_the_chain_still_verifies() -> None:
    kazahaya = firm()
    case = closed(kazahaya)
    other = opened(kazahaya, vulnerabilities=("CVE-2026-10002",))
    chain.seal_next(NOW)
    path = blobs.path_of(StoredFile.objects.get().uid)
    assert Path(path).exists()
    admin = later(kazahaya.admin)
    assert len(search.search(admin, CANARY).hits) >= 2
    wall = case.wall
    went = retention.erase(row=case, by=admin, at=LATER, reason="its ten years are over")
    assert went.files == 1
    assert went.events > 3
    assert went.wall
    assert not Path(path).exists()
    assert WallKey.objects.get(wall=wall).wrapped is None
    assert {hit.subject.number for hit in search.search(admin, CANARY).hits} == {other.number}
    about = EventPayload.objects.filter(event__subject_uid=case.uid, event__at__lt=LATER)
    assert about.exists()
    assert not about.filter(content__isnull=False).exists()
    chain.seal_next(LATER)
    assert chain.check(LATER).why == ""
    # The other case lies behind its own wall and is whole.
    assert other.number in logged_in(kazahaya.admin).get(f"/cases/{other.number}/").content.decode()
    assert logged_in(kazahaya.admin).get(f"/cases/{case.number}/").status_code == 200


def test_no_table_holds_a_word_of_an_erased_case_that_had_no_wall() -> None:
    kazahaya = firm()
    case = closed(kazahaya)
    unwalled(case)
    case.refresh_from_db()
    search.note([case])
    EventPayload.objects.filter(event__subject_uid=case.uid).delete()
    assert CANARY.encode() in stored_texts()
    before = SearchToken.objects.count()
    went = retention.erase(row=case, by=later(kazahaya.admin), at=LATER, reason="due")
    assert not went.wall
    assert CANARY.encode() not in stored_texts()
    assert SearchToken.objects.count() < before


def test_it_needs_a_reason_the_right_and_the_day() -> None:
    kazahaya = firm()
    inside = person("in@kazahaya.example", kazahaya.company, Role.LEAD)
    case = closed(kazahaya, by=inside)
    with pytest.raises(InputRefused):
        retention.erase(row=case, by=later(inside), at=LATER, reason=" ")
    with pytest.raises(Conflict, match="not due"):
        retention.erase(row=case, by=seen_by(inside), at=NOW, reason="early")
    # An administrator outside the wall knows nothing of it.
    with pytest.raises(NotFound):
        retention.erase(row=case, by=later(kazahaya.admin), at=LATER, reason="due")
    reader = person("reader@kazahaya.example", kazahaya.company, Role.READER)
    Case.objects.update(wall=None)
    case.refresh_from_db()
    with pytest.raises(NotAllowed):
        retention.hold(row=case, by=later(reader), at=LATER, reason="mine")


def test_the_page_lists_asks_and_erases_and_outsiders_see_nothing() -> None:
    kazahaya = firm()
    inside = person("in@kazahaya.example", kazahaya.company, Role.LEAD)
    case = closed(kazahaya, by=inside)
    Case.objects.update(closed_at=NOW - timedelta(days=3660))
    retention.find_due(at=NOW)
    mark = Retention.objects.get()
    page = f"/settings/retention/{mark.uid}/"
    outside = logged_in(kazahaya.admin)
    assert case.number not in outside.get("/settings/retention/").content.decode()
    assert outside.get(page).status_code == 404
    assert outside.post(f"{page}erase/", {"reason": "x"}).status_code == 404
    client = logged_in(inside)
    assert case.number in client.get("/settings/retention/").content.decode()
    assert "What would go" in client.get(page).content.decode()
    client.post("/settings/retention/hold/", {"number": case.number, "reason": "a lawsuit"})
    assert "a lawsuit" in client.get("/settings/retention/?state=held").content.decode()
    client.post(f"{page}release/", {"reason": "over"})
    client.post(f"{page}erase/", {"reason": "its ten years are over"})
    assert "its ten years are over" in client.get(page).content.decode()
    assert case.number in client.get("/settings/retention/?state=erased").content.decode()
    assert client.post(f"{page}burn/", {"reason": "x"}).status_code == 404


def test_the_command_lists_holds_releases_and_erases(capsys: pytest.CaptureFixture[str]) -> None:
    kazahaya = firm()
    case = closed(kazahaya)

    def retain(*words: str) -> int:
        return run(["retention", *words, "--as", kazahaya.admin.email])

    assert retain("due") == 1
    Case.objects.update(closed_at=NOW - timedelta(days=3660))
    assert retain("hold", case.number, "--reason", "a lawsuit") == 0
    assert retain("due") == 0
    assert f"{case.number}\t" in capsys.readouterr().out
    assert retain("erase", case.number, "--reason", "due") != 0
    assert retain("release", case.number, "--reason", "over") == 0
    assert retain("erase", case.number, "--reason", "due") == 0
    assert Retention.objects.get().erased_at is not None
