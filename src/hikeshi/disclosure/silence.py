"""Not to publish, for a signed reason (R100): who says so, when, why, and about what exactly.

1. A matter of ours is published or carries a reason that somebody else than its writer signed.
2. The signature is an approval of the reason together with what the case says: its vulnerabilities
   and the status of each release. When these change, it no longer holds and says so.
3. A closed case with neither is listed until it has one of the two; nothing is skipped silently.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Exists, OuterRef

from hikeshi.core.errors import Conflict, InputRefused, gettext_noop
from hikeshi.disclosure.models import Advisory
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records import approvals
from hikeshi.records.models import Approval, ApprovalState
from hikeshi.triage.models import Case, CaseKind, CaseVulnerability, ExitReason
from hikeshi.triage.queries import cases_of, matrices_to_publish

PURPOSE: Final = "advisory.not_publish"
_REASON_LIMIT: Final = 20_000
_STANDING: Final = (ApprovalState.PROPOSED, ApprovalState.REVIEWED, ApprovalState.APPROVED)
# What was none of ours, or is told of elsewhere, has nothing to publish.
_NOTHING_TO_TELL: Final = (ExitReason.DUPLICATE, ExitReason.NOT_A_VULNERABILITY)


def matter_of(case: Case, reason: str) -> dict[str, Any]:
    """Return what is signed: the reason, the vulnerabilities and the status of each release."""
    names = sorted(CaseVulnerability.objects.filter(case=case).values_list("name", flat=True))
    matrices = matrices_to_publish(case, names, language="en")
    return {
        "reason": reason,
        "vulnerabilities": {
            name: {
                cell.release.csaf_product_id: cell.status.value for cell in matrices[name].cells()
            }
            for name in names
        },
    }


@dataclass(frozen=True, slots=True)
class Silence:
    """That a case is not to be published. holds: what was signed is what the case still says."""

    approval: Approval
    reason: str
    holds: bool

    @property
    def is_signed(self) -> bool:
        """Tell whether somebody signed it."""
        return self.approval.state == ApprovalState.APPROVED


def silence_of(case: Case, viewer: Viewer) -> Silence | None:
    """Return the standing wish not to publish a case that the caller has read, if there is one."""
    approval = (
        Approval.objects.visible_to(viewer)
        .filter(subject_uid=case.uid, purpose=PURPOSE, state__in=_STANDING)
        .select_related("proposed_by", "decided_by", "company", "wall")
        .order_by("-proposed_at", "-pk")
        .first()
    )
    if approval is None:
        return None
    unseal([approval], "content")
    said = approval.content.value if approval.content is not None else None
    reason = str(said.get("reason", "")) if isinstance(said, Mapping) else ""
    digest = approvals.hash_of(matter_of(case, reason))
    return Silence(approval, reason, bytes(approval.content_hash) == digest)


def propose_silence(*, case: Case, reason: str, by: Viewer, at: datetime) -> Approval:
    """Say why a case is not to be published, and ask for a signature.

    Raises InputRefused without a reason, Conflict when it is public already, AlreadyDone when the
    same waits for a signature.
    """
    reason = reason.strip()
    if not reason:
        raise InputRefused(gettext_noop("Say why it is not to be published."))
    if len(reason) > _REASON_LIMIT:
        raise InputRefused(gettext_noop("The text is too long."))
    if Advisory.objects.visible_to(by).filter(case=case, edition__gt=0).exists():
        raise Conflict(gettext_noop("This case has a public advisory already."))
    return approvals.propose(
        subject=case, purpose=PURPOSE, content=matter_of(case, reason), viewer=by, at=at
    )


def sign_silence(*, case: Case, by: Viewer, at: datetime) -> Approval:
    """Sign that a case is not published, for the reason given.

    Raises Conflict when nothing waits or the case changed since, NotAllowed for who asked for it.
    """
    waiting = _waiting(case, by)
    content = matter_of(case, waiting.reason)
    return approvals.approve(approval=waiting.approval, content=content, viewer=by, at=at)


def refuse_silence(*, case: Case, by: Viewer, at: datetime, reason: str) -> Approval:
    """Refuse to keep silent: it is to be published. Raises Conflict when nothing waits."""
    waiting = _waiting(case, by)
    return approvals.refuse(approval=waiting.approval, viewer=by, at=at, reason=reason)


def _waiting(case: Case, by: Viewer) -> Silence:
    found = silence_of(case, by)
    if found is None or found.is_signed:
        raise Conflict(gettext_noop("Nothing waits for a signature here."))
    return found


def untold(viewer: Viewer, limit: int = 20) -> list[Case]:
    """Return closed vulnerability cases with neither a public advisory nor a signed reason."""
    public = Advisory.objects.visible_to(viewer).filter(case=OuterRef("pk"), edition__gt=0)
    signed = Approval.objects.visible_to(viewer).filter(
        subject_uid=OuterRef("uid"), purpose=PURPOSE, state=ApprovalState.APPROVED
    )
    found = list(
        cases_of(viewer)
        .filter(kind=CaseKind.VULNERABILITY, closed_at__isnull=False)
        .exclude(exit_reason__in=_NOTHING_TO_TELL)
        .filter(~Exists(public), ~Exists(signed))
        .order_by("closed_at", "pk")[:limit]
    )
    unseal(found, "title")
    return found


def steps_of(silence: Silence | None, viewer: Viewer) -> bool:
    """Tell whether the viewer may sign or refuse what waits."""
    if silence is None or silence.is_signed:
        return False
    return approvals.step_of(silence.approval, viewer) is Permission.APPROVE
