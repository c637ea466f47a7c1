"""Write within a case: to everybody in it, to a chosen few, or on in a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from hikeshi.core.errors import NotAllowed
from hikeshi.core.errors import gettext_noop as noop
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.viewer import Viewer
from hikeshi.stakeholders.models import Conversation, Message
from hikeshi.stakeholders.queries import conversations_about
from hikeshi.stakeholders.services import start_conversation, write_message
from hikeshi.triage import rights
from hikeshi.triage.models import Case, Participant


def write_in_case(
    *,
    case: Case,
    body: str,
    by: Viewer,
    at: datetime,
    conversation: Conversation | None = None,
    readers: Sequence[Participant] = (),
    title: str = "",
) -> Message:
    """Write a message; without a conversation and readers it goes to everybody in the case.

    readers: who reads a conversation that this message starts. title: of that conversation.
    Raises NotFound and NotAllowed as ``rights.require``, else as ``write_message``.
    """
    rights.require(case, by, Permission.CASE_WORK)
    if by.account is None:
        raise NotAllowed(noop("Only a person with an account can write here."))
    with transaction.atomic():
        if conversation is None and not readers:
            held = conversations_about(by, case.uid)
            # The conversation with everybody is started by its first message.
            conversation = next((one for one in held if one.open_to_all), None)
        if conversation is None:
            conversation = start_conversation(
                subject_kind=case._meta.label_lower, subject=case, by=by.account, at=at,
                title=title or ("" if readers else _("Everybody in the case")),
                accounts=[one.account for one in readers if one.account],
                units=[one.unit for one in readers if one.unit],
                contacts=[one.contact for one in readers if one.contact],
                open_to_all=not readers,
            )  # fmt: skip
        return write_message(conversation=conversation, body=body, viewer=by, at=at)
