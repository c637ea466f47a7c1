"""The letters of rounds: in the party's language, with its link, and nothing from behind a wall."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hikeshi.ledger.models import OutboxMessage
from hikeshi.ledger.outbox import NothingToSend
from hikeshi.organisation import services as organisation
from hikeshi.stakeholders import rounds
from hikeshi.stakeholders.jobs import round_letter
from hikeshi.stakeholders.links import link_key
from hikeshi.stakeholders.models import ChannelKind, ContactKind, Round
from hikeshi.stakeholders.rounds import Ask
from hikeshi.stakeholders.services import Way, add_contact
from tests.builders import NOW, firm

pytestmark = pytest.mark.django_db


def sent_round(walled: bool = False, languages: tuple[str, ...] = ("ja",)) -> Round:
    kazahaya = firm()
    wall = None
    if walled:
        wall = organisation.raise_wall(
            company=kazahaya.company, members=[kazahaya.admin], at=NOW, by=kazahaya.admin
        )
    contact = add_contact(
        company=kazahaya.company,
        kind=ContactKind.SUPPLIER,
        name="Nordvik",
        channels=[
            Way(ChannelKind.MAIL, "psirt@nordvik.example"),
            Way(ChannelKind.PHONE, "+47 22 00 00 00"),
            Way(ChannelKind.MAIL, "sales@nordvik.example"),
        ],
        languages=list(languages),
        by=kazahaya.admin,
        at=NOW,
    )
    return rounds.write_and_send(
        company=kazahaya.company,
        title="canary-title",
        letter="canary-letter",
        questions=[Ask("q")],
        due_at=NOW + timedelta(days=7),
        wall=wall,
        contacts=[contact],
        send=True,
        by=kazahaya.admin,
        at=NOW,
    )


def test_a_letter_has_the_partys_language_and_its_link() -> None:
    asked = sent_round(languages=("ja", "en"))
    mail = round_letter(OutboxMessage.objects.get())
    assert mail.to == (("Nordvik", "psirt@nordvik.example"),)
    assert mail.fallbacks == ("sales@nordvik.example",)
    assert mail.language == "ja"
    assert asked.number in mail.subject
    assert f"/r/{link_key(asked.parties.get().uid, 1)}/" in mail.text
    assert "canary-letter" in mail.text
    assert "ご回答" in mail.text


def test_a_letter_about_walled_matter_says_where_to_read_and_no_more() -> None:
    asked = sent_round(walled=True, languages=("en",))
    mail = round_letter(OutboxMessage.objects.get())
    assert "canary" not in mail.subject + mail.text
    assert "/r/" in mail.text
    assert mail.subject == f"[{asked.number}] Please answer our questions"


def test_a_party_that_answered_meanwhile_gets_no_letter() -> None:
    asked = sent_round()
    rounds.answer(party=asked.parties.get(), values={1: "no"}, at=NOW)
    with pytest.raises(NothingToSend):
        round_letter(OutboxMessage.objects.get())
