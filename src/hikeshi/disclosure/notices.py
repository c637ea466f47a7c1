"""Tell who took part in a case that its advisory is public: written with it, sent after it."""

from __future__ import annotations

from datetime import datetime

from hikeshi.disclosure.models import AdvisoryRevision
from hikeshi.ledger.services import post
from hikeshi.organisation.viewer import Viewer
from hikeshi.triage.queries import running_participants

PUBLISHED = "advisory.published"


def tell_participants(*, revision: AdvisoryRevision, by: Viewer, at: datetime) -> int:
    """Post one message to each person and contact of the case but the publisher; return how many.

    Call it inside the transaction that publishes.
    """
    advisory = revision.advisory
    told = 0
    for one in running_participants(advisory.case, at):
        if one.unit_id is not None or (one.account_id and one.account_id == by.account_id):
            continue
        post(
            PUBLISHED, key=f"advisory/{revision.uid}/{one.uid}", subject=advisory, at=at,
            revision=revision.pk, participant=one.pk,
        )  # fmt: skip
        told += 1
    return told
