"""Advisories in the states that the tests of this area talk about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hikeshi.core.vex import Action, Justification, ProductStatus, Statement
from hikeshi.disclosure import services
from hikeshi.disclosure.models import Advisory
from hikeshi.inventory.models import Release
from hikeshi.organisation.models import Account
from hikeshi.organisation.roles import Role
from hikeshi.triage.assessing import assess
from hikeshi.triage.models import Case, CaseRole
from hikeshi.triage.queries import vulnerabilities_of
from hikeshi.triage.services import describe_vulnerability
from tests.builders import NOW, Firm, firm, person, seen_by
from tests.triage.cases import offering, opened, release

CVE = "CVE-2026-10001"
AFFECTED = Statement(ProductStatus.KNOWN_AFFECTED, action=Action.VENDOR_FIX)
TEXTS: dict[str, Any] = {
    "title": {"ja": "KZ-Gate のコマンド実行の脆弱性", "en": "KZ-Gate: command execution"},
    "summary": {"ja": "管理画面から命令を実行されます。", "en": "Commands can be run."},
    "description": {"ja": "入力の検査が不足しています。", "en": "Input is not checked."},
    "remedy": {"ja": "更新してください。", "en": "Please update."},
    "credits": [{"names": ["宮原 玲"], "organisation": "", "summary": {"ja": "報告"}}],
    "references": [{"url": "https://jvn.example/1", "summary": {"ja": "JVN", "en": "JVN"}}],
}


@dataclass
class Stage:
    """A firm with a writer and an approver inside one case, and its releases."""

    firm: Firm
    writer: Account
    approver: Account
    case: Case
    affected: Release
    fixed: Release
    other: Release


def stage(slug: str = "kazahaya", prefix: str = "KZ", **more: Any) -> Stage:
    kazahaya = firm(slug, prefix)
    writer = person(f"w@{slug}.example", kazahaya.company, Role.RESPONDER)
    approver = person(f"a@{slug}.example", kazahaya.company, Role.LEAD)
    gate = offering(kazahaya)
    affected, fixed = release(gate, "4.2.1"), release(gate, "4.2.2")
    other = release(offering(kazahaya, "KZ-Panel 10"), "1.0")
    more = {"vulnerabilities": [CVE]} | more
    case = opened(
        kazahaya, by=writer, releases=[affected, fixed, other],
        members=[(approver, CaseRole.EXECUTIVE)], **more,
    )  # fmt: skip
    return Stage(kazahaya, writer, approver, case, affected, fixed, other)


def decided(one: Stage) -> Stage:
    by = seen_by(one.writer)
    decisions: Sequence[tuple[Release, Statement, Release | None]] = (
        (
            one.affected,
            Statement(ProductStatus.KNOWN_AFFECTED, action=Action.VENDOR_FIX),
            one.fixed,
        ),
        (one.fixed, Statement(ProductStatus.FIXED), None),
        (
            one.other,
            Statement(
                ProductStatus.KNOWN_NOT_AFFECTED,
                Justification.COMPONENT_NOT_PRESENT,
                grounds="internal-grounds-7d2",
            ),
            None,
        ),
    )
    for subject, statement, fix in decisions:
        assess(
            vulnerability=CVE, statement=statement, releases=[subject], fixed_in=fix,
            case=one.case, by=by, at=NOW,
        )  # fmt: skip
    describe_vulnerability(
        vulnerability=vulnerabilities_of(one.case)[0], by=by, at=NOW, title={},
        weaknesses=["CWE-78"], vectors=["CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"],
    )  # fmt: skip
    return one


def drafted(one: Stage) -> Advisory:
    advisory = services.draft_advisory(case=one.case, by=seen_by(one.writer), at=NOW)
    return services.edit_advisory(
        advisory=advisory, revision=advisory.revision, by=seen_by(one.writer), at=NOW, **TEXTS
    )


def approved(one: Stage) -> Advisory:
    advisory = drafted(one)
    digest = services.propose_advisory(advisory=advisory, by=seen_by(one.writer), at=NOW)
    return services.approve_advisory(
        advisory=advisory, by=seen_by(one.approver), at=NOW, content_hash=digest
    )
