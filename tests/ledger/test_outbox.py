"""The outbox: one message per cause, only what is live leaves, mail through all faults."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import transaction
from django.utils import timezone
from django_tasks_db.models import DBTaskResult

from hikeshi.core.errors import Conflict
from hikeshi.ledger import outbox, worker
from hikeshi.ledger.mailing import Mail, mails
from hikeshi.ledger.models import Event, Job, OutboxMessage, OutboxState
from hikeshi.ledger.services import post
from hikeshi.organisation.models import Company
from hikeshi.remote.mail import MailRefused, SMTPSender
from tests.builders import firm

pytestmark = pytest.mark.django_db


@mails("test.letter")
def letter(message: OutboxMessage) -> Mail:
    return Mail(
        to=(("発見者", "finder@lab.example"),),
        subject=f"KZ-2026-{message.ids['case']:04d}",
        text="受け付けました。\n",
        language="ja",
    )


@mails("test.twice")
def letter_with_a_fallback(message: OutboxMessage) -> Mail:
    mail = letter(message)
    return replace(mail, fallbacks=("finder@home.example",))


class Server:
    """A mail server that says what it is told to say."""

    def __init__(self) -> None:
        self.says: list[str] = []
        self.taken: list[EmailMessage] = []
        self.envelopes: list[Any] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        said = self.says.pop(0) if self.says else "250 OK"
        if said == "drop":
            server.transport.abort()
            return "421 gone"
        if said.startswith("2"):
            self.envelopes.append(envelope)
            self.taken.append(message_from_bytes(envelope.content, policy=policy.default))
        return said


@pytest.fixture
def server(settings: Any) -> Iterator[Server]:
    found = Server()
    settings.SMTP_URL = f"smtp+plain://127.0.0.1:{found.port}"
    yield found
    found.controller.stop()


@pytest.fixture
def company() -> Company:
    found = firm().company
    Company.objects.filter(pk=found.pk).update(
        mail_from="psirt@kazahaya.example", mail_bounce="bounce@kazahaya.example"
    )
    found.refresh_from_db()
    return found


def posted(company: Company, key: str = "receipt/1", **more: Any) -> OutboxMessage:
    with transaction.atomic():
        return post("test.letter", key=key, company=company, case=42, **more)


def state_of(message: OutboxMessage) -> OutboxMessage:
    message.refresh_from_db()
    return message


def make_due(message: OutboxMessage) -> None:
    past = timezone.now() - timedelta(seconds=1)
    OutboxMessage.objects.filter(pk=message.pk).update(next_at=past)
    Job.objects.filter(name="ledger.send", state="queued").update(run_at=past)
    DBTaskResult.objects.update(run_after=past)


def test_a_mail_leaves_with_the_companys_name_and_its_own_id(
    server: Server, company: Company
) -> None:
    message = posted(company)
    worker.drain()
    mail = server.taken[0]
    assert mail["From"] == "風早電機 <psirt@kazahaya.example>"
    assert mail["To"] == "発見者 <finder@lab.example>"
    assert mail["Subject"] == "KZ-2026-0042"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.get_content().strip() == "受け付けました。"
    assert server.envelopes[0].mail_from == "bounce@kazahaya.example"
    assert state_of(message).state == OutboxState.SENT
    assert mail["Message-ID"] == message.message_id == f"<{message.uid}@kazahaya.example>"
    assert Event.objects.filter(name="outbox.sent", subject_uid=message.uid).count() == 1


def test_an_answer_comes_back_to_an_address_that_leads_to_the_message(
    server: Server, company: Company
) -> None:
    Company.objects.filter(pk=company.pk).update(mail_reply_token="psirt+{token}@kazahaya.example")
    company.refresh_from_db()
    message = posted(company)
    worker.drain()
    assert server.taken[0]["Reply-To"] == f"psirt+{message.uid.hex}@kazahaya.example"


def test_the_next_address_is_written_to_when_the_first_is_refused_for_good(
    server: Server, company: Company
) -> None:
    server.says = ["550 no such user"]
    with transaction.atomic():
        message = post("test.twice", key="receipt/2", company=company, case=42)
    worker.drain()
    assert [mail["To"] for mail in server.taken] == ["発見者 <finder@home.example>"]
    assert state_of(message).state == OutboxState.SENT
    assert server.taken[0]["Message-ID"] == message.message_id


def test_trouble_on_the_way_is_no_reason_for_the_next_address(
    server: Server, company: Company
) -> None:
    server.says = ["451 try later"]
    with transaction.atomic():
        message = post("test.twice", key="receipt/3", company=company, case=42)
    worker.drain()
    assert not server.taken
    assert state_of(message).state == OutboxState.WAITING


def test_when_every_address_is_refused_it_is_visible(server: Server, company: Company) -> None:
    server.says = ["550 no such user", "550 no such user"]
    with transaction.atomic():
        message = post("test.twice", key="receipt/4", company=company, case=42)
    worker.drain()
    assert state_of(message).state == OutboxState.DEAD


def test_the_same_cause_makes_one_message(server: Server, company: Company) -> None:
    assert posted(company) == posted(company)
    worker.drain()
    assert len(server.taken) == 1


def test_a_message_outside_a_transaction_or_with_words_is_refused(company: Company) -> None:
    with transaction.atomic(), pytest.raises(TypeError, match="is not an id"):
        post("test.letter", key="x", company=company, case="Secret title")


@pytest.mark.django_db(transaction=True)
def test_a_message_needs_the_transaction_of_its_cause() -> None:
    with pytest.raises(RuntimeError, match="outside a transaction"):
        post("test.letter", key="x", case=42)


@pytest.mark.parametrize("realm", ["drill", "demo"])
def test_what_is_not_live_is_held_back(server: Server, company: Company, realm: str) -> None:
    message = posted(company, realm=realm)
    worker.drain()
    assert state_of(message).state == OutboxState.HELD
    assert not server.taken
    assert outbox.deliver(message.pk, message.uid, 1) is None


def test_a_demo_companys_live_message_is_held_back(server: Server, company: Company) -> None:
    Company.objects.filter(pk=company.pk).update(realm="demo")
    company.refresh_from_db()
    assert posted(company, realm="live").state == OutboxState.HELD


@pytest.mark.parametrize("fault", ["451 try later", "drop"])
def test_trouble_on_the_way_is_tried_again_under_the_same_id(
    server: Server, company: Company, fault: str
) -> None:
    server.says = [fault]
    message = posted(company)
    worker.drain()
    assert state_of(message).state == OutboxState.WAITING
    assert message.tries == 1
    assert message.next_at > timezone.now()
    given = message.message_id
    make_due(message)
    worker.drain()
    assert state_of(message).state == OutboxState.SENT
    assert server.taken[0]["Message-ID"] == given


def test_a_refusal_for_good_is_visible_and_can_be_sent_again(
    server: Server, company: Company
) -> None:
    server.says = ["550 no such user finder@lab.example"]
    message = posted(company)
    worker.drain()
    assert state_of(message).state == OutboxState.DEAD
    assert "550" in message.error
    assert "finder" not in message.error
    given = message.message_id
    admin = firm("other", "OT").admin
    outbox.send_again(message=message, by=admin, at=timezone.now())
    with pytest.raises(Conflict):
        outbox.send_again(message=message, by=admin, at=timezone.now())
    worker.drain()
    assert state_of(message).state == OutboxState.SENT
    assert server.taken[0]["Message-ID"] == given


def test_trouble_that_does_not_end_is_given_up(server: Server, company: Company) -> None:
    server.says = ["451 later"] * 99
    message = posted(company)
    for _ in range(len(outbox.WAITS) + 1):
        make_due(message)
        worker.drain()
    assert state_of(message).state == OutboxState.DEAD
    assert Event.objects.filter(name="outbox.given_up").count() == 1


def test_without_a_mail_server_a_message_waits_for_ever(company: Company) -> None:
    message = posted(company)
    worker.drain()
    assert state_of(message).state == OutboxState.WAITING
    assert message.tries == 0
    assert "HIKESHI_SMTP_URL" in message.error


def test_a_server_that_takes_no_login_of_ours_gives_no_message_up(
    server: Server, company: Company, settings: Any
) -> None:
    settings.SMTP_URL = f"smtp+plain://psirt:secret@127.0.0.1:{server.port}"
    message = posted(company)
    worker.drain()
    assert state_of(message).state == OutboxState.WAITING
    assert message.tries == 0
    assert "HIKESHI_SMTP_URL" in message.error
    assert "secret" not in message.error


def test_a_message_claimed_by_a_dead_worker_is_taken_over(server: Server, company: Company) -> None:
    message = posted(company)
    row = Job.objects.get(name="ledger.send")
    OutboxMessage.objects.filter(pk=message.pk).update(
        state=OutboxState.SENDING, claim=f"{row.uid}/1"
    )
    assert outbox.deliver(message.pk, message.uid, 1) is None
    assert outbox.deliver(message.pk, row.uid, 2) == OutboxState.SENT


def test_a_line_break_in_a_subject_never_reaches_a_header(server: Server) -> None:
    from hikeshi.remote.mail import Letter

    bad = Letter(
        sender=("", "a@x.example"), to=(("", "b@x.example"),), subject="x\r\nBcc: c@x.example",
        text="", message_id="<1@x.example>", written_at=timezone.now(),
    )  # fmt: skip
    with pytest.raises(MailRefused):
        SMTPSender(f"smtp+plain://127.0.0.1:{server.port}").send(bad)
    assert not server.taken
