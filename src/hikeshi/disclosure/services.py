"""Write advisories and have them approved. Publishing and withdrawing are in ``publishing``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db import transaction

from hikeshi.core.errors import Conflict, InputRefused, NotAllowed, NotFound, Stale, gettext_noop
from hikeshi.disclosure.checks import problems_of
from hikeshi.disclosure.composing import Draft, content_of, hash_of
from hikeshi.disclosure.models import TEXTS, Advisory, AdvisoryState, AdvisoryVulnerability
from hikeshi.disclosure.queries import SEALED, draft_of
from hikeshi.ledger.services import record
from hikeshi.organisation.roles import PERMISSION_WORDS, Permission
from hikeshi.organisation.sealed import seal, unseal
from hikeshi.organisation.viewer import Viewer
from hikeshi.records import approvals
from hikeshi.records.models import Approval
from hikeshi.records.services import number_for, save_record
from hikeshi.triage import rights
from hikeshi.triage.models import Case, CaseVulnerability

PUBLISH = "advisory.publish"
_LIMIT = 50_000


def draft_advisory(
    *,
    case: Case,
    by: Viewer,
    at: datetime,
    vulnerabilities: Sequence[CaseVulnerability] = (),
    source_language: str = "",
) -> Advisory:
    """Start an advisory from a case, behind its wall, with the case's title and summary.

    vulnerabilities: of the case; all of them unless some are named.
    source_language: the one to be written in first; the case's own when not named.
    """
    rights.require(case, by, Permission.PROPOSE)
    unseal([case], "title", "summary")
    title, summary = case.title.value or {}, case.summary.value or {}
    chosen = list(vulnerabilities) or list(CaseVulnerability.objects.filter(case=case))
    wall = case.wall
    texts = {name: seal({}, wall) for name in TEXTS}
    texts |= {"title": seal(title, wall), "summary": seal(summary, wall)}
    with transaction.atomic():
        advisory = Advisory.objects.create(
            company=case.company, unit=case.unit, wall=wall, realm=case.realm, case=case,
            number=number_for(company=case.company, series="SA", at=at),
            credits=seal([], wall), references=seal([], wall), change_note=seal({}, wall),
            source_language=source_language or next(iter(title), "ja"),
            retention="advisory", created_at=at, changed_at=at, **texts,
        )  # fmt: skip
        AdvisoryVulnerability.objects.bulk_create(
            AdvisoryVulnerability(advisory=advisory, vulnerability=one) for one in chosen
        )
        record("advisory.drafted", subject=advisory, by=by.account, at=at,
               after={"case": case.number})  # fmt: skip
    return advisory


def require_sight(advisory: Advisory, by: Viewer) -> None:
    """Raise NotFound unless the viewer may know of the advisory's working text."""
    if not Advisory.objects.visible_to(by).filter(pk=advisory.pk).exists():
        raise NotFound(gettext_noop("There is no such advisory."))


def require(advisory: Advisory, by: Viewer, permission: Permission) -> None:
    """Raise NotFound or NotAllowed unless the viewer may do this with the advisory."""
    require_sight(advisory, by)
    if not rights.may(advisory.case, by, permission):
        raise NotAllowed(
            gettext_noop("This needs the right “%(right)s”. An administrator can grant it."),
            right=PERMISSION_WORDS[permission],
        )


def edit_advisory(
    *, advisory: Advisory, revision: int, by: Viewer, at: datetime, **changes: Any
) -> Advisory:
    """Change the working text. What was proposed or approved is a draft again afterwards.

    changes: texts of ``TEXTS`` and change_note as ``{language: text}``, credits, references, tlp,
    source_language, publish_at.
    Raises Stale when somebody saved since ``revision``, Conflict for a withdrawn advisory.
    """
    require(advisory, by, Permission.PROPOSE)
    _require_alive(advisory)
    stored = {}
    for name, value in changes.items():
        if name in {*TEXTS, "change_note"}:
            value = _checked_texts(value)
        elif name == "references":
            value = [_checked_reference(one) for one in value]
        elif name == "credits":
            value = [dict(one) for one in value if one.get("names") or one.get("organisation")]
        stored[name] = seal(value, advisory.wall) if name in SEALED else value
    with transaction.atomic():
        saved = save_record(
            advisory, revision=revision, at=at, state=AdvisoryState.DRAFT, content_hash="", **stored
        )
        approvals.void_waiting(subject=saved, purpose=PUBLISH, by=by.account, at=at)
        record("advisory.changed", subject=saved, by=by.account, at=at,
               after={name: changes[name] for name in changes})  # fmt: skip
    unseal([saved], *SEALED)
    return saved


def _require_alive(advisory: Advisory) -> None:
    if advisory.state == AdvisoryState.WITHDRAWN:
        raise Conflict(gettext_noop("A withdrawn advisory is not changed any more."))


def _checked_texts(texts: Mapping[str, str]) -> dict[str, str]:
    kept = {language: str(text).strip() for language, text in texts.items() if str(text).strip()}
    for text in kept.values():
        if len(text) > _LIMIT:
            raise InputRefused(
                gettext_noop("The text has %(length)s characters; the limit is %(limit)s."),
                length=len(text),
                limit=_LIMIT,
            )
    return kept


def _checked_reference(reference: Mapping[str, Any]) -> dict[str, Any]:
    url = str(reference.get("url", "")).strip()
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or any(c.isspace() for c in url):
        raise InputRefused(gettext_noop("“%(url)s” is not a web address."), url=url[:200])
    return {"url": url, "summary": dict(reference.get("summary") or {})}


def choose_vulnerabilities(
    *, advisory: Advisory, chosen: Sequence[CaseVulnerability], by: Viewer, at: datetime
) -> None:
    """Say which vulnerabilities of its case an advisory speaks of.

    Raises Conflict for one of another case, and for a withdrawn advisory.
    """
    require(advisory, by, Permission.PROPOSE)
    _require_alive(advisory)
    if any(one.case_id != advisory.case_id for one in chosen):
        raise Conflict(gettext_noop("An advisory speaks of vulnerabilities of its own case."))
    with transaction.atomic():
        AdvisoryVulnerability.objects.filter(advisory=advisory).delete()
        AdvisoryVulnerability.objects.bulk_create(
            AdvisoryVulnerability(advisory=advisory, vulnerability=one) for one in chosen
        )
        approvals.void_waiting(subject=advisory, purpose=PUBLISH, by=by.account, at=at)
        _step(advisory, by, AdvisoryState(advisory.state), state=AdvisoryState.DRAFT,
              content_hash="")  # fmt: skip
        record("advisory.changed", subject=advisory, by=by.account, at=at,
               after={"vulnerabilities": [one.name for one in chosen]})  # fmt: skip


def _step(advisory: Advisory, by: Viewer, here: AdvisoryState, **changes: Any) -> None:
    """Move an advisory from a state by a conditional update; the second of two comes too late."""
    moved = Advisory.objects.visible_to(by).filter(pk=advisory.pk, state=here).update(**changes)
    if not moved:
        raise Stale(gettext_noop("Somebody else moved this advisory meanwhile."))
    advisory.refresh_from_db()


def propose_advisory(*, advisory: Advisory, by: Viewer, at: datetime) -> str:
    """Put the text as it now is before the approvers; return the hash of its content.

    Raises Conflict while a check stops it, or when it is not a draft.
    """
    require(advisory, by, Permission.PROPOSE)
    if advisory.state != AdvisoryState.DRAFT:
        raise Conflict(gettext_noop("Only a draft can be proposed."))
    draft = draft_of(advisory)
    for problem in problems_of(draft):
        if problem.stops:
            raise Conflict(problem.sentence.sentence, **problem.sentence.facts)
    content = content_of(draft)
    digest = hash_of(content)
    with transaction.atomic():
        _step(advisory, by, AdvisoryState.DRAFT, state=AdvisoryState.PROPOSED, content_hash=digest)
        approvals.propose(subject=advisory, purpose=PUBLISH, content=content, viewer=by, at=at)
        record("advisory.proposed", subject=advisory, by=by.account, at=at,
               after={"content": digest})  # fmt: skip
    return digest


def review_advisory(*, advisory: Advisory, by: Viewer, at: datetime, content_hash: str) -> Approval:
    """Say that what was read is right; the decision is another's.

    Raises as ``approve_advisory``.
    """
    require(advisory, by, Permission.REVIEW)
    content = _as_read(draft_of(advisory), content_hash)
    return approvals.review(approval=_waiting(advisory), content=content, viewer=by, at=at)


def approve_advisory(
    *, advisory: Advisory, by: Viewer, at: datetime, content_hash: str
) -> Advisory:
    """Approve just what was read: the content whose hash the approver saw.

    Raises Conflict when the content is another by now, NotAllowed for one's own proposal, unless
    one person runs the PSIRT; then the record says so.
    """
    require(advisory, by, Permission.APPROVE)
    content = _as_read(draft_of(advisory), content_hash)
    with transaction.atomic():
        approval = approvals.approve(approval=_waiting(advisory), content=content, viewer=by, at=at)
        _step(advisory, by, AdvisoryState.PROPOSED, state=AdvisoryState.APPROVED)
        record("advisory.approved", subject=advisory, by=by.account, at=at,
               after={"content": content_hash, "alone": approval.decided_alone})  # fmt: skip
    return advisory


def return_advisory(*, advisory: Advisory, by: Viewer, at: datetime, reason: str) -> Advisory:
    """Give a proposed or approved text back to its writers, with the reason.

    Raises InputRefused without one, Conflict for what was not proposed.
    """
    require(advisory, by, Permission.APPROVE)
    if not reason.strip():
        raise InputRefused(gettext_noop("Say what is to be changed."))
    here = AdvisoryState(advisory.state)
    if here not in {AdvisoryState.PROPOSED, AdvisoryState.APPROVED}:
        raise Conflict(gettext_noop("Only what was proposed can be given back."))
    with transaction.atomic():
        if here is AdvisoryState.PROPOSED:
            approvals.refuse(approval=_waiting(advisory), viewer=by, at=at, reason=reason)
        _step(advisory, by, here, state=AdvisoryState.DRAFT, content_hash="")
        record("advisory.returned", subject=advisory, by=by.account, at=at,
               after={"reason": reason})  # fmt: skip
    return advisory


def _waiting(advisory: Advisory) -> Approval:
    approval = approvals.waiting_approval(advisory, PUBLISH)
    if approval is None:
        raise Conflict(gettext_noop("Nothing waits for a decision here."))
    return approval


def _as_read(draft: Draft, content_hash: str) -> dict[str, Any]:
    """Return the content as it now is; raise Conflict unless it is what was proposed and read."""
    content = content_of(draft)
    if not (hash_of(content) == content_hash == draft.advisory.content_hash):
        raise Conflict(
            gettext_noop(
                "The text, or the status of a product, changed since it was proposed. "
                "Read it again and propose it anew."
            )
        )
    return content


def require_approved(advisory: Advisory) -> Draft:
    """Return the advisory as it now is. Raise Conflict unless just that was approved.

    Who publishes takes what is returned: read once more, it might be something else by then.
    """
    draft = draft_of(advisory)
    content = _as_read(draft, advisory.content_hash)
    if approvals.approval_for(advisory, PUBLISH, content) is None:
        raise Conflict(gettext_noop("Only what was approved is published."))
    return draft
