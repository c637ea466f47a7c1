"""Rounds of questions: thirty suppliers asked by link, reminded, rolled up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, NotFound
from hikeshi.ledger.models import OutboxMessage
from hikeshi.organisation import services as organisation
from hikeshi.stakeholders import queries, rounds
from hikeshi.stakeholders.links import link_key
from hikeshi.stakeholders.models import AnswerKind, ChannelKind, Contact, ContactKind, Round
from hikeshi.stakeholders.rounds import Ask
from hikeshi.stakeholders.services import Way, add_contact
from tests.builders import NOW, Firm, firm, person, seen_by

pytestmark = pytest.mark.django_db
QUESTIONS = [
    Ask("影響はありますか。", AnswerKind.CHOICE, ("あり", "なし", "調査中")),
    Ask("修正版の予定日", AnswerKind.DATE, required=False),
    Ask("補足", required=False),
]


def suppliers(kazahaya: Firm, count: int) -> list[Contact]:
    return [
        add_contact(
            company=kazahaya.company,
            kind=ContactKind.SUPPLIER,
            name=f"供給者 {number:02d}",
            channels=[Way(ChannelKind.MAIL, f"s{number}@supplier.example")],
            by=kazahaya.admin,
            at=NOW,
        )
        for number in range(count)
    ]


def open_round(kazahaya: Firm, count: int) -> Round:
    asked = rounds.draft_round(
        company=kazahaya.company,
        title="webd 2.3 の影響",
        letter="ご確認をお願いいたします。",
        questions=QUESTIONS,
        due_at=NOW + timedelta(days=7),
        by=kazahaya.admin,
        at=NOW,
    )
    contacts = suppliers(kazahaya, count)
    rounds.add_parties(asked=asked, contacts=contacts, by=kazahaya.admin, at=NOW)
    rounds.open_round(asked=asked, by=kazahaya.admin, at=NOW)
    return asked


def keys_of(asked: Round) -> list[str]:
    return [link_key(party.uid, 1) for party in asked.parties.order_by("pk")]


@pytest.mark.requirement("R056")
@pytest.mark.requirement("R109")
def test_thirty_suppliers_are_asked_and_the_silent_ones_stay_visible(client: Client) -> None:
    kazahaya = firm()
    asked = open_round(kazahaya, 30)
    assert OutboxMessage.objects.filter(kind="round.letter").count() == 30
    for number, key in enumerate(keys_of(asked)[:22]):
        answer = client.post(
            f"/r/{key}/", {"q1": "あり" if number < 4 else "なし", "q2": "", "q3": ""}
        )
        assert answer.status_code == 302
    later = seen_by(kazahaya.admin, NOW + timedelta(days=8))
    rolled = queries.roll_up(asked, queries.questions_of(asked), later.at)
    assert (rolled.asked, rolled.answered) == (30, 22)
    assert rolled.counts == [("影響はありますか。", [("あり", 4), ("なし", 18), ("調査中", 0)])]
    assert [line.silent_days for line in rolled.lines].count(8) == 8
    (silent,) = queries.silent_parties(later)
    assert (silent.number, silent.many, len(silent.names)) == (asked.number, 8, 3)


def test_the_roll_up_costs_the_same_for_one_party_and_for_many(
    django_assert_num_queries: object,
) -> None:
    kazahaya, other = firm(), firm("other", "OT")
    few, many = open_round(other, 1), open_round(kazahaya, 25)
    for asked in (few, many):
        with django_assert_num_queries(3):  # type: ignore[operator]
            queries.roll_up(asked, queries.questions_of(asked), NOW)


def test_only_the_silent_are_reminded_and_at_most_once_a_day(client: Client) -> None:
    kazahaya = firm()
    asked = open_round(kazahaya, 3)
    client.post(f"/r/{keys_of(asked)[0]}/", {"q1": "なし"})
    tomorrow = NOW + timedelta(days=1)
    assert rounds.remind(asked=asked, by=kazahaya.admin, at=tomorrow) == 2
    assert rounds.remind(asked=asked, by=kazahaya.admin, at=tomorrow) == 0


def test_a_wrong_answer_is_named_and_nothing_of_it_is_stored(client: Client) -> None:
    kazahaya = firm()
    asked = open_round(kazahaya, 1)
    page = client.post(f"/r/{keys_of(asked)[0]}/?lang=en", {"q1": "maybe", "q3": "kept text"})
    assert page.status_code == 422
    assert "Question 1: choose one of the given answers." in page.content.decode()
    assert "kept text" in page.content.decode()
    assert asked.parties.get().answered_at is None


def test_a_later_answer_counts_and_the_earlier_one_stays(client: Client) -> None:
    kazahaya = firm()
    asked = open_round(kazahaya, 1)
    key = keys_of(asked)[0]
    for word in ("調査中", "なし"):
        client.post(f"/r/{key}/", {"q1": word})
    party = asked.parties.get()
    newest = {a.question.position: a.value.value for a in queries.newest_answers([party])}
    assert newest[1] == "なし"
    assert party.answers.count() == 6


def test_a_link_dies_with_its_round_and_with_a_new_link(client: Client) -> None:
    kazahaya = firm()
    asked = open_round(kazahaya, 2)
    first, second = keys_of(asked)
    rounds.renew_link(party=asked.parties.first(), by=kazahaya.admin, at=NOW)
    assert client.get(f"/r/{first}/").status_code == 404
    assert client.get(f"/r/{second}/").status_code == 200
    rounds.close_round(asked=asked, by=kazahaya.admin, at=NOW)
    assert client.get(f"/r/{second}/").status_code == 404
    with pytest.raises(NotFound):
        queries.party_by_key("x" * 43)


def test_the_page_of_a_link_sets_no_cookie_and_is_not_kept(client: Client) -> None:
    kazahaya = firm()
    page = client.get(f"/r/{keys_of(open_round(kazahaya, 1))[0]}/")
    assert not page.cookies
    assert page["Cache-Control"] == "no-store"
    assert page["Referrer-Policy"] == "no-referrer"
    assert page["X-Robots-Tag"] == "noindex"


def test_no_row_holds_the_key_of_a_link() -> None:
    kazahaya = firm()
    asked = open_round(kazahaya, 1)
    key = keys_of(asked)[0]
    for row in (*OutboxMessage.objects.values(), *asked.parties.values()):
        assert key not in str(row)


def test_a_round_behind_a_wall_is_unknown_outside_it(client: Client) -> None:
    kazahaya = firm()
    insider = person("in@kazahaya.example", kazahaya.company)
    wall = organisation.raise_wall(company=kazahaya.company, members=[insider], at=NOW, by=insider)
    asked = rounds.draft_round(
        company=kazahaya.company,
        title="canary-title",
        letter="l",
        questions=QUESTIONS,
        due_at=timezone.now() + timedelta(days=7),
        wall=wall,
        by=insider,
        at=NOW,
    )
    address = f"/directory/rounds/{asked.number}/"
    client.force_login(kazahaya.admin)
    assert client.get(address).status_code == 404
    assert client.post(f"{address}open/").status_code == 404
    assert "canary-title" not in client.get("/directory/rounds/").content.decode()
    client.force_login(insider)
    assert "canary-title" in client.get(address).content.decode()


@pytest.mark.parametrize(
    "questions", [[], [Ask("one choice", AnswerKind.CHOICE, ("only",))]], ids=["none", "one choice"]
)
def test_a_round_that_asks_nothing_is_refused(questions: list[Ask]) -> None:
    kazahaya = firm()
    with pytest.raises(InputRefused):
        rounds.draft_round(
            company=kazahaya.company,
            title="t",
            letter="l",
            questions=questions,
            due_at=NOW + timedelta(days=1),
            by=kazahaya.admin,
            at=NOW,
        )


def test_a_party_is_asked_once_and_a_round_opens_once() -> None:
    kazahaya = firm()
    asked = open_round(kazahaya, 1)
    contact = asked.parties.get().contact
    with pytest.raises(AlreadyDone):
        rounds.add_parties(asked=asked, contacts=[contact], by=kazahaya.admin, at=NOW)
    with pytest.raises(Conflict):
        rounds.open_round(asked=asked, by=kazahaya.admin, at=NOW)


def test_a_list_of_contacts_comes_in_whole_or_not_at_all(client: Client) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    kazahaya = firm()
    client.force_login(kazahaya.admin)

    def send(text: str, encoding: str = "utf-8-sig") -> object:
        file = SimpleUploadedFile("s.csv", text.encode(encoding))
        return client.post(
            "/directory/import/?lang=en", {"company": kazahaya.company.pk, "file": file}
        )

    refused = send("kind,name,mail\nsupplier,A,a@a.example\nsupplier,B,nothing\n")
    assert "Line 3" in refused.content.decode()  # type: ignore[attr-defined]
    assert not Contact.objects.exists()
    send("kind,name,mail\nsupplier,A,a@a.example\nsupplier,B,b@b.example\n")
    assert Contact.objects.count() == 2
    # A quotation mark left open swallows the rest of the file, however long.
    refused = send('name\n"' + "x" * 140_000)
    assert "quotation mark" in refused.content.decode()  # type: ignore[attr-defined]
    send("name,kind\n風早サービス,customer\n", "cp932")
    assert Contact.objects.count() == 3


def test_a_contact_in_confidence_is_asked_behind_its_own_wall_alone() -> None:
    kazahaya = firm()
    wall = organisation.raise_wall(
        company=kazahaya.company, members=[kazahaya.admin], at=NOW, by=kazahaya.admin
    )
    finder = add_contact(
        company=kazahaya.company, kind=ContactKind.FINDER, name="発見者", wall=wall,
        by=kazahaya.admin, at=NOW,
    )  # fmt: skip
    drafts = [
        rounds.draft_round(
            company=kazahaya.company, title="影響", letter="", questions=QUESTIONS, wall=held,
            due_at=NOW + timedelta(days=7), by=kazahaya.admin, at=NOW,
        )
        for held in (None, wall)
    ]  # fmt: skip
    open_to_all, behind = drafts
    with pytest.raises(Conflict, match="in confidence"):
        rounds.add_parties(asked=open_to_all, contacts=[finder], by=kazahaya.admin, at=NOW)
    assert not open_to_all.parties.exists()
    assert rounds.add_parties(asked=behind, contacts=[finder], by=kazahaya.admin, at=NOW) == 1
