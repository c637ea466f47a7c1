"""Rows of each kind that a list shows, for benchmarks; texts are as short as texts can be.

Each function adds ``count`` rows, numbered from ``start``.
"""

from __future__ import annotations

from bench.world import NOW, company


def contacts(count: int, start: int) -> None:
    from hikeshi.organisation.sealed import seal
    from hikeshi.stakeholders.models import Contact, ContactKind

    ours, _admin = company()
    Contact.objects.bulk_create(
        (
            Contact(
                company=ours,
                number=f"B-P-{n}",
                kind=ContactKind.SUPPLIER,
                name=seal(f"supplier {n}", None),
                created_at=NOW,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )


def rounds(count: int, start: int) -> None:
    from hikeshi.organisation.sealed import seal
    from hikeshi.stakeholders.models import Round

    ours, _admin = company()
    Round.objects.bulk_create(
        (
            Round(
                company=ours,
                number=f"B-Q-{n}",
                title=seal(f"round {n}", None),
                letter=seal("", None),
                due_at=NOW,
                created_at=NOW,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )


def tasks(count: int, start: int) -> None:
    from hikeshi.organisation.sealed import seal
    from hikeshi.records.models import Task

    ours, admin = company()
    Task.objects.bulk_create(
        (
            Task(
                company=ours,
                subject_kind="stakeholders.contact",
                subject_uid=ours.uid,
                title=seal(f"task {n}", None),
                assignee=admin if n < 200 else None,
                due_at=NOW,
                created_at=NOW,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )


def events(count: int, start: int) -> None:
    from hikeshi.ledger.models import Event

    ours, _admin = company()
    Event.objects.bulk_create(
        (
            Event(
                company=ours,
                name="contact.changed",
                at=NOW,
                subject_kind="stakeholders.contact",
                subject_uid=ours.uid,
                payload_hash=b"0" * 32,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )


def news(count: int, start: int) -> None:
    """Add tasks and, for each, that somebody else moved it; the first 200 are the reader's."""
    from hikeshi.ledger.models import Event
    from hikeshi.organisation.sealed import seal
    from hikeshi.records.models import Task

    ours, admin = company()
    made = Task.objects.bulk_create(
        (
            Task(
                company=ours, subject_kind="stakeholders.contact", subject_uid=ours.uid,
                title=seal(f"moved task {n}", None), given_by=admin if n < 200 else None,
                created_at=NOW,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )  # fmt: skip
    Event.objects.bulk_create(
        (
            Event(
                company=ours, name="task.moved", at=NOW, subject_kind="records.task",
                subject_uid=task.uid, payload_hash=b"0" * 32,
            )
            for task in made
        ),
        batch_size=2000,
    )  # fmt: skip


def products(count: int, start: int) -> None:
    from hikeshi.inventory.models import Offering, Release

    ours, _admin = company()
    made = Offering.objects.bulk_create(
        (
            Offering(
                company=ours, number=f"B-O-{n}", name={"en": f"Product {n:06}"}, code=f"O{n}",
                search_key=f"o{n} product {n:06}", created_at=NOW,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )  # fmt: skip
    Release.objects.bulk_create(
        (
            Release(
                company=ours, offering=one, number=f"{one.number}-1", version="1.0",
                csaf_product_id=f"{one.number}-1", created_at=NOW,
            )
            for one in made
        ),
        batch_size=2000,
    )  # fmt: skip


def cases(count: int, start: int) -> None:
    from hikeshi.core.lifecycle import Phase
    from hikeshi.organisation.sealed import seal
    from hikeshi.triage.models import Case, CaseKind

    ours, admin = company()
    Case.objects.bulk_create(
        (
            Case(
                company=ours, number=f"B-C-{n}", kind=CaseKind.VULNERABILITY, phase=Phase.TRIAGE,
                title=seal({"en": f"Case {n}"}, None), summary=seal({}, None), phase_since=NOW,
                owner=admin if n < 200 else None, opened_at=NOW, created_at=NOW,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )  # fmt: skip


def people(count: int, start: int) -> None:
    """Add accounts, each with a role in the company."""
    from hikeshi.organisation.models import Account, Appointment
    from hikeshi.organisation.roles import Role

    ours, _admin = company()
    made = Account.objects.bulk_create(
        (
            Account(email=f"p{n}@bench.example", name=f"Person {n:06}", created_at=NOW)
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )
    Appointment.objects.bulk_create(
        (
            Appointment(account=one, company=ours, role=Role.RESPONDER, since=NOW)
            for one in made
        ),
        batch_size=2000,
    )  # fmt: skip


def jobs(count: int, start: int) -> None:
    """Add work that failed, which the page shows without being asked."""
    from hikeshi.ledger.models import Job, JobState

    ours, _admin = company()
    Job.objects.bulk_create(
        (
            Job(
                name="stakeholders.remind", company=ours, state=JobState.FAILED, key=f"bench/{n}",
                created_at=NOW, run_at=NOW, woken_at=NOW, finished_at=NOW,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )  # fmt: skip


def messages(count: int, start: int) -> None:
    """Add messages that were given up."""
    from hikeshi.ledger.models import OutboxMessage, OutboxState
    from hikeshi.organisation.models import Realm

    ours, _admin = company()
    OutboxMessage.objects.bulk_create(
        (
            OutboxMessage(
                kind="round.letter", key=f"bench/{n}", company=ours, realm=Realm.LIVE,
                state=OutboxState.DEAD, error="550", created_at=NOW, next_at=NOW,
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )  # fmt: skip


def advisories(count: int, start: int) -> None:
    """Add published advisories with one edition each, all of one case."""
    from hikeshi.disclosure.models import (
        Advisory,
        AdvisoryRevision,
        AdvisoryState,
        RevisionKind,
    )
    from hikeshi.organisation.sealed import seal
    from hikeshi.triage.models import Case

    ours, admin = company()
    if not Case.objects.filter(number="B-C-0").exists():
        cases(1, 0)
    case = Case.objects.get(number="B-C-0")
    made = Advisory.objects.bulk_create(
        (
            Advisory(
                company=ours, number=f"B-A-{n}", case=case,
                title=seal({"en": f"Advisory {n}"}, None),
                state=AdvisoryState.PUBLISHED, edition=1, published_at=NOW, created_at=NOW,
                **{name: seal({}, None) for name in _TEXTS},
                credits=seal([], None), references=seal([], None),
            )
            for n in range(start, start + count)
        ),
        batch_size=2000,
    )  # fmt: skip
    AdvisoryRevision.objects.bulk_create(
        (
            AdvisoryRevision(
                advisory=one, company=ours, number=one.number, edition=1,
                kind=RevisionKind.PUBLICATION,
                at=NOW, first_at=NOW, by=admin, title={"en": one.number}, content={},
                content_hash="0" * 64,
            )
            for one in made
        ),
        batch_size=2000,
    )  # fmt: skip


_TEXTS = ("summary", "description", "impact", "remedy", "workaround", "change_note")
