"""The works that ``test_kill`` has killed, and what the database must hold when all are done.

Each is a job (or ends in one of the product's own), so that a killed worker's successor takes it
up by itself. ``order`` prepares one more of a work, ``report`` counts what all have left behind.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

# Of so many packages that each pair of SBOMs in the places' five turns brings new ones.
STEPS, RECORDS, PACKAGES = 4, 25, 2


def declare() -> None:
    from django.conf import settings
    from django.db.models import F
    from django.utils import timezone

    from hikeshi.intelligence import services as intelligence
    from hikeshi.inventory.models import Release
    from hikeshi.inventory.uploads import upload_sbom
    from hikeshi.ledger.jobs import Run, job
    from hikeshi.ledger.models import OutboxMessage
    from hikeshi.ledger.outbox import post, sends
    from hikeshi.ledger.services import record
    from hikeshi.organisation.models import Company, NumberSeries
    from hikeshi.records import blobs

    # A slow hash would only lengthen the test.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    often: dict[str, Any] = {"max_tries": 50, "backoff": timedelta(milliseconds=10)}
    # So that a few records make several batches.
    intelligence.BATCH_RECORDS = 10  # type: ignore[misc]

    @job("kill.count", **often)
    def count(run: Run, *, number: int) -> None:
        company = Company.objects.get(slug="kazahaya")
        for step in range(STEPS):
            with run.once(f"step/{step}") as first:
                if first:
                    # None of these is idempotent by itself.
                    NumberSeries.objects.filter(series="kill").update(last=F("last") + 1)
                    record("company.changed", subject=company, by=None, at=timezone.now())
                    post("kill.letter", key=f"{number}/{step}", company=company, number=number)
            run.progress(step + 1, STEPS)

    @sends("kill.letter")
    def letter(message: OutboxMessage) -> str:
        with Path(os.environ["KILL_LETTERS"]).open("a") as file:
            file.write(message.key + "\n")
        return "kept"

    @job("kill.keep", **often)
    def keep(run: Run, *, number: int) -> None:
        with run.once("file") as first:
            if first:
                blobs.store(
                    subject=_release().offering, name=f"{number}.txt", content=_pieces(number),
                    by=None, at=timezone.now(), declared="text/plain",
                )  # fmt: skip

    @job("kill.again", **often)
    def again(run: Run, *, number: int) -> None:
        """Keep what is kept already, under another name."""
        with run.once("file") as first:
            if first:
                blobs.store(
                    subject=_release().offering, name=f"again{number}.txt", content=_pieces(-1),
                    by=None, at=timezone.now(), declared="text/plain",
                )  # fmt: skip

    @job("kill.feed", **often)
    def feed(run: Run) -> None:
        folder = Path(os.environ["KILL_FEED"])
        intelligence.sync_osv(directory=folder, by=None, now=timezone.now, take_over=True)

    @job("kill.sbom", **often)
    def sbom(run: Run, *, number: int) -> None:
        from tests.inventory.stock import cyclonedx, npm

        # By pairs of the same packages, so that versions are there already, too.
        parts = [npm(f"p{(number // 2 * PACKAGES + n) % RECORDS}", "1.0.0")
                 for n in range(PACKAGES)]  # fmt: skip
        upload_sbom(
            release=_release(), content=cyclonedx(*parts), by=None, at=timezone.now(),
            slot=f"s{number}",
        )  # fmt: skip

    def _release() -> Release:
        return Release.objects.for_system("test").select_related("offering").get(version="kill")


def _pieces(number: int) -> Iterator[bytes]:
    """Yield a file of two pieces, another for each number."""
    from tests.ledger import victims

    for piece in range(2):
        victims.at_piece()
        yield f"{number}/{piece} ".encode() * 9000


def prepare() -> None:
    from django.conf import settings
    from django.core.management import call_command

    from hikeshi.organisation.keys import make_key_file
    from hikeshi.organisation.models import NumberSeries
    from tests.builders import firm
    from tests.inventory.stock import release

    make_key_file(Path(settings.KEY_FILE))
    call_command("migrate", verbosity=0)
    kazahaya = firm()
    NumberSeries.objects.create(company=kazahaya.company, series="kill", last=0)
    release(kazahaya, version="kill")


def order(work: str, number: int) -> None:
    """Have one more of a work done. number: how many there were of it."""
    from hikeshi.ledger.jobs import enqueue

    if work == "publish":
        _schedule(number)
    elif work == "warn":
        _set_a_clock(number)
        enqueue("records.warn")
    elif work == "seal":
        _do_something_to_seal()
        enqueue("ledger.seal")
    elif work == "feed":
        from tests.intelligence.osv import npm, record

        total = RECORDS * (number + 1)
        npm(Path(os.environ["KILL_FEED"]), *(
            record(f"GHSA-0000-0000-{n:04d}", f"p{n % RECORDS}") for n in range(total)
        ))  # fmt: skip
        enqueue("kill.feed", key="feed")
    else:
        enqueue(f"kill.{work}", number=number)


def _schedule(number: int) -> None:
    from hikeshi.disclosure.scheduling import schedule_publication
    from tests.builders import NOW, seen_by
    from tests.disclosure.drafts import approved, decided, stage

    one = decided(stage(f"p{number}", f"P{number}"))
    # A moment that has come long since: the job is due at once.
    schedule_publication(
        advisory=approved(one), publish_at=NOW + timedelta(minutes=1), by=seen_by(one.approver),
        at=NOW,
    )  # fmt: skip


def _set_a_clock(number: int) -> None:
    from hikeshi.organisation.models import Account, Company, Unit
    from hikeshi.records.clocks import start_clock
    from tests.builders import NOW, Firm
    from tests.records.things import a_record

    company = Company.objects.get(slug="kazahaya")
    network, control = Unit.objects.filter(company=company).order_by("pk")[:2]
    admin = Account.objects.order_by("pk")[0]
    subject = a_record(Firm(company, admin, network, control), name=f"S{number}")
    # A moment that has come long since: it is warned of at once, and once.
    start_clock(
        subject=subject, regime="embargo", stage="lift", due_at=NOW + timedelta(minutes=1),
        by=admin, at=NOW,
    )  # fmt: skip


def _do_something_to_seal() -> None:
    """Write an event: the timetable's seal of this minute may just have sealed all others."""
    from django.db import transaction
    from django.utils import timezone

    from hikeshi.ledger.services import record
    from hikeshi.organisation.models import Unit

    with transaction.atomic():
        record("unit.changed", subject=Unit.objects.order_by("pk")[0], by=None, at=timezone.now())


def report(numbers: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Return (is, should be) by what is counted."""
    from django.db.models import Q

    from hikeshi.ledger.models import Event, Job, JobState, OutboxMessage
    from hikeshi.organisation.models import NumberSeries

    steps = numbers["count"] * STEPS
    messages = OutboxMessage.objects.for_system("test")
    events = Event.objects.for_system("test")
    jobs = Job.objects.for_system("test")
    # Of two that wait under one key, one is enough; and the timetable may have put one there since.
    enough = Q(state=JobState.CANCELLED, error="another waiting job does the same work")
    soon = Q(state=JobState.QUEUED, key="timetable")
    undone = jobs.exclude(state=JobState.DONE).exclude(enough | soon)
    return {
        "jobs that did not end well": (undone.count(), 0),
        "steps": (NumberSeries.objects.get(series="kill").last, steps),
        "events of steps": (events.filter(name="company.changed").count(), steps),
        "messages": (messages.filter(kind="kill.letter").count(), steps),
        "messages not sent": (messages.exclude(state="sent").count(), 0),
        "messages noted once": (events.filter(name="outbox.sent").count(), messages.count()),
        **_files(numbers),
        **_matter(numbers),
        **_publications(numbers),
        **_warnings(numbers),
        **_seals(),
    }


def _files(numbers: dict[str, int]) -> dict[str, tuple[int, int]]:
    from django.db.models import Sum
    from django.utils import timezone

    from hikeshi.ledger.models import Event
    from hikeshi.records import blobs
    from hikeshi.records.models import Blob, FileSpace, StoredFile

    rows = Blob.objects.for_system("test").select_related("file", "file__company_key", "file__wall")
    kept = rows.filter(subject_kind="inventory.offering")
    swept = blobs.sweep(at=timezone.now() + timedelta(days=2))
    on_disk = sum(1 for _path in blobs.blob_root().glob("??/*"))
    whole = sum(len(b"".join(blobs.pieces_of(blob))) == blob.size_bytes for blob in rows)
    files = StoredFile.objects.all()
    stored = numbers["keep"] + numbers["again"]
    return {
        "files": (kept.count(), stored),
        # All that was kept again is one file.
        "contents": (
            kept.values("file").distinct().count(), numbers["keep"] + (numbers["again"] > 0),
        ),
        "files read whole": (whole, stored + numbers["sbom"]),
        "events of files": (
            Event.objects.for_system("test").filter(name="file.added").count(), rows.count(),
        ),
        "files missing on disk": (len(swept.missing), 0),
        "files on disk": (on_disk, files.count()),
        "space taken": (
            FileSpace.objects.aggregate(n=Sum("used_bytes"))["n"] or 0,
            files.aggregate(n=Sum("size_bytes"))["n"] or 0,
        ),
    }  # fmt: skip


def _matter(numbers: dict[str, int]) -> dict[str, tuple[int, int]]:
    from hikeshi.intelligence.models import AffectedRange, Claim, ClaimRevision, Run, Stage
    from hikeshi.inventory.models import SBOM, Batch, Occurrence
    from hikeshi.ledger.models import Event
    from hikeshi.matching.models import Match, Reach

    claims = RECORDS * numbers["feed"]
    shipped = {
        (number // 2 * PACKAGES + n) % RECORDS for number in range(numbers["sbom"])
        for n in range(PACKAGES)
    }  # fmt: skip
    events = Event.objects.for_system("test")
    matches = len(shipped) * numbers["feed"]
    return {
        "claims": (Claim.objects.count(), claims),
        "revisions of claims": (ClaimRevision.objects.count(), claims),
        "ranges": (AffectedRange.objects.filter(closed_in__isnull=True).count(), claims),
        "feeds under way": (Stage.objects.filter(running__isnull=False).count(), 0),
        "runs closed": (
            events.filter(name="feed.read").count(), Run.objects.filter(state="closed").count(),
        ),
        "SBOMs": (SBOM.objects.for_system("test").count(), numbers["sbom"]),
        "batches": (Batch.objects.count(), numbers["sbom"]),
        "events of SBOMs": (events.filter(name="sbom.uploaded").count(), numbers["sbom"]),
        "occurrences": (Occurrence.objects.count(), numbers["sbom"] * PACKAGES),
        "matches": (Match.objects.filter(closed_in__isnull=True).count(), matches),
        "vulnerabilities counted": (
            Reach.objects.filter(offering__number__contains="KZ", releases=1).count(), matches,
        ),
    }  # fmt: skip


def _publications(numbers: dict[str, int]) -> dict[str, tuple[int, int]]:
    from hikeshi.disclosure.models import Advisory, AdvisoryRevision, AdvisoryState
    from hikeshi.disclosure.notices import PUBLISHED
    from hikeshi.disclosure.queries import published
    from hikeshi.ledger.models import Event, OutboxMessage
    from hikeshi.organisation.models import Wall

    events = Event.objects.for_system("test").filter(name="advisory.published")
    told = OutboxMessage.objects.for_system("test").filter(kind=PUBLISHED)
    total = numbers["publish"]
    advisories = Advisory.objects.for_system("test").filter(state=AdvisoryState.PUBLISHED)
    return {
        "advisories published": (advisories.count(), total),
        "advisories that the public finds": (published().count(), total),
        "editions": (AdvisoryRevision.objects.count(), total),
        "events of publications": (events.count(), total),
        # The writer of each; the publisher knows.
        "people told": (told.count(), total),
        "walls that still stand": (Wall.objects.filter(ended_at__isnull=True).count(), 0),
    }


def _warnings(numbers: dict[str, int]) -> dict[str, tuple[int, int]]:
    from hikeshi.ledger.models import Event
    from hikeshi.records.models import Clock

    warned = Clock.objects.for_system("test").filter(warned_percent=100, warn_at__isnull=True)
    events = Event.objects.for_system("test").filter(name="clock.warned")
    return {
        "clocks warned of": (warned.count(), numbers["warn"]),
        "events of warnings": (events.count(), numbers["warn"]),
    }


def _seals() -> dict[str, tuple[int, int]]:
    from hikeshi.ledger.chain import verify
    from hikeshi.ledger.models import Event

    verdict = verify()
    return {
        "breaks of the audit chain": (int(verdict.broken is not None), 0),
        "events in the chain or waiting for it": (
            verdict.events + verdict.unsealed, Event.objects.for_system("test").count(),
        ),
    }  # fmt: skip
