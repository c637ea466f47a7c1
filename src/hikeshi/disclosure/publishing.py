"""Publish and withdraw: the one place where matter leaves its wall.

1. What is published is what was approved: the content is made anew and must have the approved hash.
2. Revision, documents, end of the wall, facts and outbox are one transaction.
3. A revision never changes; an update and a withdrawal are revisions of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from hikeshi.core.advisory import Advisory as Value
from hikeshi.core.advisory import Edition, Note
from hikeshi.core.errors import Conflict, InputRefused, Stale, gettext_noop
from hikeshi.core.lifecycle import EmbargoAct, EmbargoState, Fact
from hikeshi.core.tlp import TLP
from hikeshi.disclosure import notices
from hikeshi.disclosure.composing import (
    as_json,
    band_of,
    compose,
    content_of,
    document_id,
    hash_of,
    languages_of,
    publisher_of,
    with_editions,
)
from hikeshi.disclosure.models import (
    Advisory,
    AdvisoryRevision,
    AdvisoryState,
    PublishedDocument,
    RevisionKind,
)
from hikeshi.disclosure.queries import SEALED, unpublished_in
from hikeshi.disclosure.rendering import Rendered, render
from hikeshi.disclosure.services import PUBLISH, require, require_approved
from hikeshi.ledger.services import record
from hikeshi.organisation.queries import text_in
from hikeshi.organisation.roles import Permission
from hikeshi.organisation.sealed import seal, unseal
from hikeshi.organisation.services import end_wall
from hikeshi.organisation.viewer import Viewer
from hikeshi.records import approvals
from hikeshi.triage.embargo import take_embargo_step
from hikeshi.triage.models import Case
from hikeshi.triage.services import note_fact


def publish_advisory(*, advisory: Advisory, by: Viewer, at: datetime) -> AdvisoryRevision:
    """Publish what was approved, now; it is public when this returns.

    The wall of its case ends, unless matter of the case is still unpublished: another advisory, or
    a vulnerability that no published advisory speaks of.
    Raises NotAllowed without the right, Conflict when nothing is approved or it changed since,
    Stale when somebody else published meanwhile.
    """
    require(advisory, by, Permission.PUBLISH)
    if advisory.state != AdvisoryState.APPROVED:
        raise Conflict(gettext_noop("Only what was approved is published."))
    if not TLP(advisory.tlp).is_public:
        raise Conflict(gettext_noop("Only TLP:CLEAR is published."))
    draft = require_approved(advisory)
    kind = RevisionKind.UPDATE if advisory.edition else RevisionKind.PUBLICATION
    values = {one: compose(draft, one) for one in languages_of(advisory)}
    with transaction.atomic():
        revision = _freeze(advisory, values, kind=kind, band=band_of(draft), by=by, at=at)
        _open(advisory, by=by, at=at)
        notices.tell_participants(revision=revision, by=by, at=at)
        record(
            "advisory.published", subject=advisory, by=by.account, at=at,
            after={"edition": revision.edition, "content": revision.content_hash},
        )  # fmt: skip
    advisory.refresh_from_db()
    return revision


def withdraw_advisory(
    *, advisory: Advisory, by: Viewer, at: datetime, reason: Mapping[str, str]
) -> AdvisoryRevision:
    """Withdraw a published advisory by a revision that says why; what was said stays readable.

    reason: ``{language: text}``, in each language it was published in.
    Raises Conflict for what is not public or withdrawn already.
    """
    require(advisory, by, Permission.PUBLISH)
    if not advisory.edition or advisory.state == AdvisoryState.WITHDRAWN:
        raise Conflict(gettext_noop("Only what is public can be withdrawn."))
    last = AdvisoryRevision.objects.get(advisory=advisory, is_current=True)
    said = {one: str(reason.get(one, "")).strip() for one in last.content["languages"]}
    if not all(said.values()):
        raise InputRefused(gettext_noop("Give the reason in every language it was published in."))
    unseal([advisory], *SEALED)
    values = {one: _withdrawn(advisory, last, one, text) for one, text in said.items()}
    with transaction.atomic():
        advisory.change_note = seal(said, advisory.wall)
        revision = _freeze(advisory, values, kind=RevisionKind.WITHDRAWAL, band="", by=by, at=at)
        # An update that waits for approval has nothing to update any more.
        approvals.void_waiting(subject=advisory, purpose=PUBLISH, by=by.account, at=at)
        record("advisory.withdrawn", subject=advisory, by=by.account, at=at,
               after={"edition": revision.edition, "reason": said})  # fmt: skip
    advisory.refresh_from_db()
    return revision


def _withdrawn(advisory: Advisory, last: AdvisoryRevision, language: str, reason: str) -> Value:
    """Make the value of a withdrawal: the title, and why; no product is spoken of any more."""
    own = advisory.source_language
    with translation.override(language):
        return Value(
            id=document_id(advisory.number, language, own),
            title=text_in(last.title, language),
            language=language,
            source_language=own if language != own else "",
            publisher=publisher_of(advisory.company, language),
            editions=(),
            notes=(Note("summary", reason, _("Reason for the withdrawal")),),
        )


def _freeze(
    advisory: Advisory,
    values: Mapping[str, Value],
    *,
    kind: RevisionKind,
    band: str,
    by: Viewer,
    at: datetime,
) -> AdvisoryRevision:
    """Write the next revision and its documents. Call it inside a transaction."""
    edition = advisory.edition + 1
    note = advisory.change_note.value or {}
    before = list(AdvisoryRevision.objects.filter(advisory=advisory).order_by("edition"))
    _claim(advisory, edition=edition, kind=kind, by=by, at=at)
    AdvisoryRevision.objects.filter(advisory=advisory, is_current=True).update(is_current=False)
    content = _content(advisory, values, note)
    withdrawn = kind is RevisionKind.WITHDRAWAL
    revision = AdvisoryRevision.objects.create(
        advisory=advisory, company=advisory.company, realm=advisory.realm, number=advisory.number,
        edition=edition, kind=kind, at=at, first_at=before[0].at if before else at, by=by.account,
        title={one: value.title for one, value in values.items()}, change_note=note,
        band=band,
        names=before[-1].names if withdrawn and before else _names(values),
        content=content, content_hash=hash_of(content),
    )  # fmt: skip
    documents = []
    for language, value in values.items():
        editions = [_edition(one, language) for one in (*before, revision)]
        documents += [_document(revision, one) for one in render(with_editions(value, editions))]
    PublishedDocument.objects.bulk_create(documents)
    return revision


def _content(
    advisory: Advisory, values: Mapping[str, Value], note: Mapping[str, str]
) -> dict[str, Any]:
    """Return the content as ``content_of`` does, so that its hash is the approved one."""
    return {
        "number": advisory.number,
        "change_note": dict(note),
        "languages": {one: as_json(value) for one, value in values.items()},
    }


def _claim(
    advisory: Advisory, *, edition: int, kind: RevisionKind, by: Viewer, at: datetime
) -> None:
    """Take the next edition number; of two who publish at once, one gets it."""
    withdrawn = kind is RevisionKind.WITHDRAWAL
    claimed = (
        Advisory.objects.visible_to(by)
        .filter(pk=advisory.pk, edition=edition - 1, state=advisory.state)
        .update(
            edition=edition,
            state=AdvisoryState.WITHDRAWN if withdrawn else AdvisoryState.PUBLISHED,
            published_at=advisory.published_at or at,
            changed_at=at,
            revision=advisory.revision + 1,
            publish_at=None,
            publish_by=None,
            publish_hash="",
            publish_problem="",
            change_note=seal({}, advisory.wall),
        )
    )
    if not claimed:
        raise Stale(gettext_noop("Somebody else moved this advisory meanwhile."))


def _names(values: Mapping[str, Value]) -> list[str]:
    """Return the ids under which the vulnerabilities are found."""
    some = next(iter(values.values()))
    return [one.cve or (one.ids[0][1] if one.ids else one.title) for one in some.vulnerabilities]


def _edition(revision: AdvisoryRevision, language: str) -> Edition:
    with translation.override(language):
        usual = {
            RevisionKind.PUBLICATION: _("Published."),
            RevisionKind.UPDATE: _("Updated."),
            RevisionKind.WITHDRAWAL: _("Withdrawn."),
        }[RevisionKind(revision.kind)]
    return Edition(revision.edition, revision.at, text_in(revision.change_note, language) or usual)


def _document(revision: AdvisoryRevision, one: Rendered) -> PublishedDocument:
    return PublishedDocument(
        revision=revision, kind=one.kind, language=one.language, name=one.name,
        sha256=one.sha256, content=one.content,
    )  # fmt: skip


def _open(advisory: Advisory, *, by: Viewer, at: datetime) -> None:
    """Tell the case that its matter is public, and end its wall."""
    case: Case = advisory.case
    if not case.facts.filter(fact=Fact.PUBLIC.value).exists():
        note_fact(case=case, fact=Fact.PUBLIC, by=by, at=at, happened_at=at)
    others = Advisory.objects.for_system("whether matter of this case is still unpublished").filter(
        case=case, edition=0
    )
    if others.exclude(pk=advisory.pk).exists() or unpublished_in(case):
        return
    if EmbargoState(case.embargo) in {EmbargoState.ACTIVE, EmbargoState.REVISED}:
        take_embargo_step(case=case, act=EmbargoAct.TERMINATE, by=by, at=at)
    if case.wall is not None:
        end_wall(wall=case.wall, by=by.account, at=at)


__all__ = ["content_of", "publish_advisory", "withdraw_advisory"]
