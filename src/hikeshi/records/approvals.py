"""Approvals: propose, review, approve; each binds to the exact content (R012).

Who proposed may not approve. In a company whose PSIRT is one person they may, and the record says
that it was decided alone; the step is never skipped silently.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction

from hikeshi.core.errors import AlreadyDone, Conflict, NotAllowed, gettext_noop
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import seal, unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.models import Approval, ApprovalState, Record


def hash_of(content: Any) -> bytes:
    """Return the SHA-256 of content as canonical JSON: sorted keys, no spaces."""
    encoded = orjson.dumps(content, default=str, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(encoded).digest()


def propose(
    *, subject: Record, purpose: str, content: Any, viewer: Viewer, at: datetime
) -> Approval:
    """Propose content for approval.

    Raises AlreadyDone when the same purpose waits already, NotAllowed without the right.
    """
    by = _acting(viewer, Permission.PROPOSE, subject)
    try:
        with transaction.atomic():
            approval = Approval.objects.create(
                company=subject.company,
                unit=subject.unit,
                wall=subject.wall,
                subject_kind=subject._meta.label_lower,
                subject_uid=subject.uid,
                purpose=purpose,
                content_hash=hash_of(content),
                proposed_by=by,
                proposed_at=at,
            )
            record("approval.proposed", subject=approval, by=by, at=at, after={"for": purpose})
    except IntegrityError as error:
        raise AlreadyDone(gettext_noop("This waits for a decision already.")) from error
    return approval


def review(*, approval: Approval, content: Any, viewer: Viewer, at: datetime) -> Approval:
    """Say that the content was read and is right; the decision is another's.

    Raises Conflict when the content is not the proposed one any more: the approval is void then.
    """
    by = _acting(viewer, Permission.REVIEW, approval)
    _same_content(approval, content, by, at)
    if by.pk == approval.proposed_by_id and not approval.company.single_person:
        raise NotAllowed(gettext_noop("Who proposed it cannot review it."))
    return _move(
        approval, {ApprovalState.PROPOSED}, ApprovalState.REVIEWED, "approval.reviewed", by, at,
        reviewed_by=by, reviewed_at=at,
    )  # fmt: skip


def approve(
    *, approval: Approval, content: Any, viewer: Viewer, at: datetime, reason: str = ""
) -> Approval:
    """Approve exactly this content.

    Raises NotAllowed for the proposer in a team of several, Conflict for changed content.
    """
    by = _acting(viewer, Permission.APPROVE, approval)
    _same_content(approval, content, by, at)
    alone = by.pk == approval.proposed_by_id
    if alone and not approval.company.single_person:
        raise NotAllowed(gettext_noop("Who proposed it cannot approve it; ask somebody else."))
    return _move(
        approval, {ApprovalState.PROPOSED, ApprovalState.REVIEWED}, ApprovalState.APPROVED,
        "approval.approved", by, at, decided_by=by, decided_at=at, decided_alone=alone,
        reason=seal(reason, approval.wall),
    )  # fmt: skip


def refuse(*, approval: Approval, viewer: Viewer, at: datetime, reason: str) -> Approval:
    """Refuse with a reason; the proposer may propose anew.

    Raises Conflict without a reason.
    """
    by = _acting(viewer, Permission.APPROVE, approval)
    if not reason.strip():
        raise Conflict(gettext_noop("A refusal needs a reason."))
    return _move(
        approval, {ApprovalState.PROPOSED, ApprovalState.REVIEWED}, ApprovalState.REFUSED,
        "approval.refused", by, at, decided_by=by, decided_at=at,
        reason=seal(reason, approval.wall),
    )  # fmt: skip


def void_waiting(*, subject: Record, purpose: str, by: Account | None, at: datetime) -> int:
    """Void what waits for a decision because its content is being changed; return how many."""
    waiting = Approval.objects.for_system("voiding what no longer fits its content").filter(
        subject_uid=subject.uid,
        purpose=purpose,
        state__in=[ApprovalState.PROPOSED, ApprovalState.REVIEWED],
    )
    with transaction.atomic():
        voided = 0
        for approval in waiting:
            voided += waiting.filter(pk=approval.pk).update(state=ApprovalState.VOID, decided_at=at)
            record("approval.voided", subject=approval, by=by, at=at)
    return voided


def waiting_approval(subject: Record, purpose: str) -> Approval | None:
    """Return what waits for a decision on a record that the caller has read, if anything does."""
    return (
        Approval.objects.for_system("a record the caller has read")
        .filter(
            subject_uid=subject.uid,
            purpose=purpose,
            state__in=[ApprovalState.PROPOSED, ApprovalState.REVIEWED],
        )
        .select_related("company", "wall")
        .first()
    )


def approval_for(subject: Record, purpose: str, content: Any) -> Approval | None:
    """Return the approval that holds for exactly this content, if there is one."""
    return (
        Approval.objects.for_system("whether a step the caller may take is approved")
        .filter(
            subject_uid=subject.uid,
            purpose=purpose,
            state=ApprovalState.APPROVED,
            content_hash=hash_of(content),
        )
        .order_by("-decided_at")
        .first()
    )


def approvals_about(viewer: Viewer, subject_uid: UUID) -> list[Approval]:
    """Return a record's approvals, newest first, opened."""
    found = list(
        Approval.objects.visible_to(viewer)
        .filter(subject_uid=subject_uid)
        .select_related("proposed_by", "reviewed_by", "decided_by", "company", "wall")
        .order_by("-proposed_at", "-pk")
    )
    unseal([row for row in found if row.reason is not None], "reason")
    return found


def _acting(viewer: Viewer, permission: Permission, row: Record | Approval) -> Account:
    viewer.require(permission, row.company_id, row.unit_id)
    if viewer.account is None:
        raise NotAllowed(gettext_noop("Only a person with an account can decide."))
    return viewer.account


def _same_content(approval: Approval, content: Any, by: Account, at: datetime) -> None:
    if bytes(approval.content_hash) == hash_of(content):
        return
    with transaction.atomic():
        Approval.objects.for_system("voiding what no longer fits its content").filter(
            pk=approval.pk, state__in=[ApprovalState.PROPOSED, ApprovalState.REVIEWED]
        ).update(state=ApprovalState.VOID, decided_at=at)
        record("approval.voided", subject=approval, by=by, at=at)
    raise Conflict(
        gettext_noop("The content changed after it was proposed. Propose the new content.")
    )


def _move(
    approval: Approval,
    states: set[ApprovalState],
    to: ApprovalState,
    event: str,
    by: Account,
    at: datetime,
    **fields: Any,
) -> Approval:
    with transaction.atomic():
        moved = (
            Approval.objects.for_system("an approval the caller has read")
            .filter(pk=approval.pk, state__in=states)
            .update(state=to, **fields)
        )
        if not moved:
            raise Conflict(gettext_noop("This was decided already."))
        record(event, subject=approval, by=by, at=at, after={"alone": fields.get("decided_alone")})
    approval.refresh_from_db()
    return approval
