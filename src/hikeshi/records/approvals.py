"""Approvals: propose, review, approve; each binds to the exact content (R012).

1. An approval is of the SHA-256 of content as canonical JSON. Content that changed has none.
2. Who proposed may neither review nor approve, and with a review three people are needed.
3. In a company whose PSIRT is one person that person may do all, and the record says that it was
   decided alone; the step is never skipped silently.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from hikeshi.core.errors import AlreadyDone, Conflict, InputRefused, NotAllowed, gettext_noop
from hikeshi.ledger.services import record
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import seal, unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records import rights
from hikeshi.records.models import Approval, ApprovalState, Record

OPEN: Final = (ApprovalState.PROPOSED, ApprovalState.REVIEWED)
DECIDED_ALONE: Final = _("decided alone, single-person team")


def canonical(content: Any) -> bytes:
    """Return content as canonical JSON: sorted keys, no spaces, UTF-8."""
    return orjson.dumps(content, default=str, option=orjson.OPT_SORT_KEYS)


def hash_of(content: Any) -> bytes:
    """Return the SHA-256 of content as canonical JSON."""
    return hashlib.sha256(canonical(content)).digest()


def propose(
    *,
    subject: Record,
    purpose: str,
    content: Any,
    viewer: Viewer,
    at: datetime,
    needs_review: bool = False,
) -> Approval:
    """Propose content for approval. A proposal of other content for the same purpose is void then.

    needs_review: somebody between proposer and approver must have read it.
    Raises AlreadyDone when the same content waits already, NotAllowed without the right.
    """
    by = rights.require(subject, viewer, Permission.PROPOSE)
    try:
        with transaction.atomic():
            void_changed(subject=subject, purpose=purpose, content=content, by=by, at=at)
            approval = Approval.objects.create(
                company=subject.company, unit=subject.unit, wall=subject.wall,
                subject_kind=subject._meta.label_lower, subject_uid=subject.uid, purpose=purpose,
                content_hash=hash_of(content), needs_review=needs_review, proposed_by=by,
                content=seal(orjson.loads(canonical(content)), subject.wall), proposed_at=at,
            )  # fmt: skip
            record("approval.proposed", subject=approval, by=by, at=at, after={
                "for": purpose, "sha256": approval.content_hash.hex(),
            })  # fmt: skip
    except IntegrityError as error:
        raise AlreadyDone(gettext_noop("This waits for a decision already.")) from error
    return approval


def review(
    *, approval: Approval, content: Any, viewer: Viewer, at: datetime, reason: str = ""
) -> Approval:
    """Say that the content was read and is right; the decision is another's.

    Raises NotAllowed for the proposer, Conflict when the content is not the proposed one any more:
    the approval is void then.
    """
    by = rights.require(approval, viewer, Permission.REVIEW)
    _same_content(approval, content, by, at)
    if by.pk == approval.proposed_by_id and not approval.company.single_person:
        raise NotAllowed(gettext_noop("Who proposed it cannot review it."))
    return _move(
        approval, [ApprovalState.PROPOSED], ApprovalState.REVIEWED, "approval.reviewed", by, at,
        reason, reviewed_by=by, reviewed_at=at,
    )  # fmt: skip


def approve(
    *, approval: Approval, content: Any, viewer: Viewer, at: datetime, reason: str = ""
) -> Approval:
    """Approve exactly this content.

    Raises NotAllowed for the proposer, and for the reviewer where a review is needed, in a team of
    several; Conflict for content that changed or was not reviewed.
    """
    by = rights.require(approval, viewer, Permission.APPROVE)
    _same_content(approval, content, by, at)
    alone = by.pk == approval.proposed_by_id
    from_states = list(OPEN)
    if not approval.company.single_person:
        if alone:
            raise NotAllowed(gettext_noop("Who proposed it cannot approve it; ask somebody else."))
        if approval.needs_review:
            if approval.reviewed_by_id is None:
                raise Conflict(gettext_noop("Somebody must review it first."))
            if approval.reviewed_by_id == by.pk:
                raise NotAllowed(
                    gettext_noop("Who reviewed it cannot approve it; ask somebody else.")
                )
            from_states = [ApprovalState.REVIEWED]
    return _move(
        approval, from_states, ApprovalState.APPROVED, "approval.approved", by, at, reason,
        decided_by=by, decided_at=at, decided_alone=alone,
    )  # fmt: skip


def refuse(*, approval: Approval, viewer: Viewer, at: datetime, reason: str) -> Approval:
    """Refuse with a reason; the proposer may propose anew. Reviewers and approvers may.

    Raises InputRefused without a reason.
    """
    by = rights.require_sight(approval, viewer)
    if not rights.may(approval, viewer, Permission.REVIEW):
        rights.require(approval, viewer, Permission.APPROVE)
    if not reason.strip():
        raise InputRefused(gettext_noop("A refusal needs a reason."))
    return _move(
        approval, list(OPEN), ApprovalState.REFUSED, "approval.refused", by, at, reason,
        decided_by=by, decided_at=at,
    )  # fmt: skip


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
        .select_related("company", "decided_by")
        .order_by("-decided_at")
        .first()
    )


def waiting_approval(subject: Record, purpose: str) -> Approval | None:
    """Return what waits for a decision on a record that the caller has read, if anything does."""
    return (
        Approval.objects.for_system("a record the caller has read")
        .filter(subject_uid=subject.uid, purpose=purpose, state__in=OPEN)
        .select_related("company", "wall")
        .first()
    )


def open_approvals(viewer: Viewer, limit: int = 100) -> list[Approval]:
    """Return what waits for a decision and the viewer may see, longest waiting first."""
    return list(
        Approval.objects.visible_to(viewer)
        .filter(state__in=OPEN)
        .select_related("company", "wall", "proposed_by", "reviewed_by")
        .defer("content")
        .order_by("proposed_at", "pk")[:limit]
    )


def step_of(approval: Approval, viewer: Viewer) -> Permission | None:
    """Return the step the viewer may take on an approval they see; None when it is not theirs."""
    alone = approval.company.single_person
    if approval.proposed_by_id == viewer.account_id and not alone:
        return None
    to_review = approval.needs_review and approval.state == ApprovalState.PROPOSED and not alone
    if to_review:
        may = rights.may(approval, viewer, Permission.REVIEW)
        return Permission.REVIEW if may else None
    if approval.reviewed_by_id == viewer.account_id and not alone:
        return None
    return Permission.APPROVE if rights.may(approval, viewer, Permission.APPROVE) else None


def require_approval(subject: Record, purpose: str, content: Any) -> Approval:
    """Return the approval of exactly this content. Raises Conflict when there is none."""
    found = approval_for(subject, purpose, content)
    if found is None:
        raise Conflict(gettext_noop("This content was not approved."))
    return found


def void_changed(
    *, subject: Record, purpose: str, content: Any, by: Account | None, at: datetime
) -> int:
    """Void what was proposed or approved of other content; return how many.

    Services call it inside their transaction when they save the content.
    """
    return _void(_alive(subject, purpose).exclude(content_hash=hash_of(content)), by, at)


def void_waiting(*, subject: Record, purpose: str, by: Account | None, at: datetime) -> int:
    """Void all that was proposed or approved because its content is being changed."""
    return _void(_alive(subject, purpose), by, at)


def _alive(subject: Record, purpose: str) -> QuerySet[Approval]:
    return Approval.objects.for_system("voiding what no longer fits its content").filter(
        subject_uid=subject.uid, purpose=purpose, state__in=[*OPEN, ApprovalState.APPROVED]
    )


def _void(alive: QuerySet[Approval], by: Account | None, at: datetime) -> int:
    voided = 0
    with transaction.atomic():
        for approval in alive.defer("content"):
            # A decision keeps its moment; what waited for one is over now.
            ended = approval.decided_at or at
            if alive.filter(pk=approval.pk).update(state=ApprovalState.VOID, decided_at=ended):
                record("approval.voided", subject=approval, by=by, at=at)
                voided += 1
    return voided


def _same_content(approval: Approval, content: Any, by: Account, at: datetime) -> None:
    if bytes(approval.content_hash) == hash_of(content):
        return
    _void(
        Approval.objects.for_system("voiding what no longer fits its content").filter(
            pk=approval.pk, state__in=OPEN
        ),
        by,
        at,
    )
    raise Conflict(
        gettext_noop("The content changed after it was proposed. Propose the new content.")
    )


def _move(
    approval: Approval,
    states: list[ApprovalState],
    to: ApprovalState,
    event: str,
    by: Account,
    at: datetime,
    reason: str,
    **fields: Any,
) -> Approval:
    if reason.strip():
        fields["reason"] = seal(reason.strip(), approval.wall)
    with transaction.atomic():
        moved = (
            Approval.objects.for_system("an approval the caller has read")
            .filter(pk=approval.pk, state__in=states)
            .update(state=to, **fields)
        )
        if not moved:
            raise AlreadyDone(gettext_noop("This was decided already."))
        record(event, subject=approval, by=by, at=at, after={
            "sha256": bytes(approval.content_hash).hex(), "reason": reason.strip(),
            "alone": bool(fields.get("decided_alone")),
        })  # fmt: skip
    approval.refresh_from_db()
    return approval


def approvals_about(viewer: Viewer, subject_uid: UUID) -> list[Approval]:
    """Return a record's approvals, newest first, their reasons opened."""
    found = list(
        Approval.objects.visible_to(viewer)
        .filter(subject_uid=subject_uid)
        .select_related("proposed_by", "reviewed_by", "decided_by", "company", "wall")
        .defer("content")
        .order_by("-proposed_at", "-pk")
    )
    unseal(found, "reason")
    return found


def how_decided(approval: Approval) -> str | Promise:
    """Say in words how a decision came about, "" where nothing is odd about it."""
    return DECIDED_ALONE if approval.decided_alone else ""
