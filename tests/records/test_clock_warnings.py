"""Warnings of deadlines reach whoever is to know, once, and say no secret."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from hikeshi.ledger.mailing import MAKERS, Mail
from hikeshi.ledger.models import Event, OutboxMessage, OutboxState
from hikeshi.ledger.outbox import NothingToSend
from hikeshi.organisation.models import Account, Realm
from hikeshi.organisation.roles import Role
from hikeshi.records import clocks
from hikeshi.records.models import Clock
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.records.things import a_record
from tests.triage.cases import CANARY, opened

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def posted() -> list[OutboxMessage]:
    rows = OutboxMessage.objects.for_system("a test looks").filter(kind="clock.warning")
    return list(rows.order_by("pk"))


def told() -> list[tuple[str, int]]:
    names = dict(Account.objects.values_list("pk", "name"))
    return [(names[one.ids["account"]], one.ids["percent"]) for one in posted()]


def mail_of(message: OutboxMessage) -> Mail:
    return MAKERS["clock.warning"](message)


def a_clock(kazahaya: Firm, subject: Any, days: float = 10) -> Clock:
    return clocks.start_clock(
        subject=subject, regime="embargo", stage="lift", by=kazahaya.admin, at=NOW,
        due_at=NOW + timedelta(days=days),
    )  # fmt: skip


@pytest.mark.requirement("R070")
def test_the_owner_of_a_case_is_told_of_each_warning_once_and_no_secret() -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    clock = Clock.objects.for_system("a test looks").get(subject_uid=case.uid)
    whole = clock.due_at - clock.started_at
    for share in (0.5, 0.76, 0.77, 0.91, 0.95, 1.1, 1.2):
        clocks.take_warnings(at=NOW + whole * share)
    assert told() == [("admin", 75), ("admin", 90), ("admin", 100)]
    kazahaya.admin.language, kazahaya.admin.zone = "en", "Europe/Berlin"
    kazahaya.admin.save()
    letter = mail_of(posted()[-1])
    assert letter.to == (("admin", "admin@kazahaya.example"),)
    assert case.number in letter.subject
    assert "CET" in letter.text
    assert f"/cases/{case.number}/" in letter.text
    for secret in (CANARY, "CVE-2026", "Assessment", "Command"):
        assert secret not in letter.subject + letter.text


def test_the_mail_speaks_the_language_and_the_zone_of_its_reader() -> None:
    kazahaya = firm()
    a_clock(kazahaya, a_record(kazahaya, name="部品商事"), days=1)
    clocks.take_warnings(at=NOW + 19 * HOUR)
    letter = mail_of(posted()[0])
    assert letter.language == "ja"
    assert "期限" in letter.subject
    assert "JST" in letter.text
    # No wall: the reader may know at once what it is about.
    assert "部品商事" in letter.text


def test_a_matter_without_an_owner_is_told_to_those_inside_its_wall() -> None:
    kazahaya = firm()
    insider = person("in@kazahaya.example", kazahaya.company, Role.RESPONDER)
    a_clock(kazahaya, a_record(kazahaya, inside=(insider,)))
    clocks.take_warnings(at=NOW + timedelta(days=8))
    assert told() == [("in", 75)]


def test_a_matter_without_owner_and_wall_is_told_to_who_leads_there() -> None:
    kazahaya = firm()
    person("reader@kazahaya.example", kazahaya.company, Role.READER)
    person("lead@kazahaya.example", kazahaya.company, Role.LEAD, unit=kazahaya.network)
    person("other@kazahaya.example", kazahaya.company, Role.LEAD, unit=kazahaya.control)
    a_clock(kazahaya, a_record(kazahaya, unit=kazahaya.network))
    clocks.take_warnings(at=NOW + timedelta(days=8))
    assert told() == [("admin", 75), ("lead", 75)]


def _meet(clock: Clock, kazahaya: Firm) -> None:
    clocks.meet_clock(clock=clock, by=kazahaya.admin, at=NOW + 200 * HOUR)


def _pause(clock: Clock, kazahaya: Firm) -> None:
    Clock.objects.for_system("a test acts").filter(pk=clock.pk).update(paused_at=NOW)


def _move(clock: Clock, kazahaya: Firm) -> None:
    by = seen_by(kazahaya.admin)
    later = clock.due_at + timedelta(days=90)
    clocks.correct_clock(clock=clock, by=by, at=NOW + 200 * HOUR, reason="agreed", due_at=later)


def _leave(_clock: Clock, kazahaya: Firm) -> None:
    Account.objects.filter(pk=kazahaya.admin.pk).update(is_active=False)


@pytest.mark.parametrize("meanwhile", [_meet, _pause, _move, _leave])
def test_a_warning_that_is_over_before_it_is_sent_is_not_sent(
    meanwhile: Callable[[Clock, Firm], None],
) -> None:
    kazahaya = firm()
    clock = a_clock(kazahaya, a_record(kazahaya))
    clocks.take_warnings(at=NOW + timedelta(days=8))
    (message,) = posted()
    meanwhile(clock, kazahaya)
    with pytest.raises(NothingToSend):
        mail_of(message)


def test_a_drill_warns_on_the_page_and_holds_its_mail_back() -> None:
    kazahaya = firm()
    record = a_record(kazahaya)
    record.realm = Realm.DRILL
    a_clock(kazahaya, record)
    clocks.take_warnings(at=NOW + timedelta(days=8))
    assert [one.state for one in posted()] == [OutboxState.HELD]


class Cut(Exception):
    """A worker that is gone."""


def test_a_worker_lost_at_any_statement_warns_neither_twice_nor_never() -> None:
    kazahaya = firm()
    clock = a_clock(kazahaya, a_record(kazahaya))
    at = NOW + timedelta(days=8)
    last = 0
    while True:
        last += 1
        seen = 0

        def cut(execute: Any, *rest: Any, last: int = last) -> Any:
            nonlocal seen
            seen += 1
            if seen == last:
                raise Cut
            return execute(*rest)

        try:
            with connection.execute_wrapper(cut):
                clocks.take_warnings(at=at)
            break
        except Cut:
            assert last < 100
        state = Clock.objects.for_system("a test looks").get(pk=clock.pk)
        counts = (len(posted()), Event.objects.filter(name="clock.warned").count())
        assert counts == ((1, 1) if state.warned_percent else (0, 0))
    assert last > 5
    assert told() == [("admin", 75)]
    assert Event.objects.filter(name="clock.warned").count() == 1
