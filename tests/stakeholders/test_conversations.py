"""Conversations: who reads them, and that nothing is rewritten."""

from __future__ import annotations

import pytest

from hikeshi.core.errors import InputRefused, NotAllowed
from hikeshi.organisation.models import Account
from hikeshi.stakeholders import queries, services
from hikeshi.stakeholders.models import Contact, ContactKind, Conversation
from tests.builders import NOW, Firm, firm, person, seen_by

pytestmark = pytest.mark.django_db


def about(kazahaya: Firm, *readers: Account) -> tuple[Contact, Conversation]:
    subject = services.add_contact(
        company=kazahaya.company, kind=ContactKind.SUPPLIER, name="S", by=kazahaya.admin, at=NOW
    )
    conversation = services.start_conversation(
        subject_kind="stakeholders.contact",
        subject=subject,
        title="webd 2.3",
        by=kazahaya.admin,
        at=NOW,
        accounts=readers,
    )
    return subject, conversation


def test_only_its_members_read_a_conversation() -> None:
    kazahaya = firm()
    member, colleague = (
        person("m@kazahaya.example", kazahaya.company),
        person("c@kazahaya.example", kazahaya.company),
    )
    subject, conversation = about(kazahaya, member)
    services.write_message(
        conversation=conversation, body="影響はありますか。", viewer=seen_by(member), at=NOW
    )
    read = queries.conversations_about(seen_by(member), subject.uid)
    assert [m.body.value for m in queries.messages_in(read)] == ["影響はありますか。"]
    assert queries.conversations_about(seen_by(colleague), subject.uid) == []
    with pytest.raises(NotAllowed):
        services.write_message(
            conversation=conversation, body="x", viewer=seen_by(colleague), at=NOW
        )


def test_a_unit_that_is_a_member_reads_by_its_people() -> None:
    kazahaya = firm()
    engineer = person("e@kazahaya.example", kazahaya.company, unit=kazahaya.network)
    subject, _ = about(kazahaya)
    services.start_conversation(
        subject_kind="stakeholders.contact",
        subject=subject,
        title="for the unit",
        by=kazahaya.admin,
        at=NOW,
        units=[kazahaya.network],
    )
    read = queries.conversations_about(seen_by(engineer), subject.uid)
    assert [c.title.value for c in read] == ["for the unit"]


@pytest.mark.parametrize("body", ["", "   ", "x" * 100_001])
def test_an_empty_or_overlong_message_is_refused(body: str) -> None:
    kazahaya = firm()
    _subject, conversation = about(kazahaya)
    with pytest.raises(InputRefused):
        services.write_message(
            conversation=conversation, body=body, viewer=seen_by(kazahaya.admin), at=NOW
        )
