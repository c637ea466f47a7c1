"""Cases of the demo company, in several states. The matter is made up; CVE ids name known facts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hikeshi.core.lifecycle import EmbargoAct, Phase
from hikeshi.core.vex import Action, Justification, ProductStatus, Statement
from hikeshi.inventory.models import Release
from hikeshi.organisation.queries import viewer_of
from hikeshi.organisation.viewer import Viewer
from hikeshi.records.tasks import give_task
from hikeshi.stakeholders.services import start_conversation, write_message
from hikeshi.triage import services
from hikeshi.triage.assessing import assess
from hikeshi.triage.embargo import take_embargo_step
from hikeshi.triage.models import Case, CaseKind, CaseRole, ExitReason
from hikeshi.triage.queries import vulnerabilities_of


def load(world: Any, at: datetime) -> None:
    """Add cases to the demo's world as ``things["cases"]``; at: the demo's today."""
    world.things["cases"] = {
        "gate": _gate(world, at),
        "rapid_reset": _rapid_reset(world, at),
        "regresshion": _regresshion(world, at),
        "inquiry": _inquiry(world, at),
        "new": _new(world, at),
    }


def _by(world: Any, name: str, at: datetime) -> Viewer:
    return viewer_of(world.people[name], at)


def _releases(world: Any, *starts: str) -> list[Release]:
    held: dict[str, Release] = world.things.get("releases", {})
    return [release for name, release in held.items() if name.startswith(starts)]


def _fixed_in_newest(
    case: Case, name: str, releases: list[Release], by: Viewer, at: datetime
) -> None:
    """Decide that the newest release of each variant has the fix and the older ones need it."""
    variants: dict[int | None, list[Release]] = {}
    for release in releases:
        variants.setdefault(release.product_model_id, []).append(release)
    for held in variants.values():
        *older, newest = held
        if older:
            assess(
                vulnerability=name, releases=older, case=case, by=by, at=at, fixed_in=newest,
                statement=Statement(ProductStatus.KNOWN_AFFECTED, action=Action.VENDOR_FIX,
                                    grounds="再現を確認した。"),
            )  # fmt: skip
        assess(
            vulnerability=name, releases=[newest], case=case, by=by, at=at,
            statement=Statement(ProductStatus.FIXED, grounds="修正を含む版。"),
        )  # fmt: skip


def _gate(world: Any, at: datetime) -> Case:
    """An embargoed flaw of our own making, in remediation."""
    day = at - timedelta(days=22)
    by = _by(world, "takase", day)
    releases = _releases(world, "KZ-Gate")
    case = services.open_case(
        company=world.company, unit=world.units["network"], kind=CaseKind.VULNERABILITY,
        title={"ja": "KZ-Gate 管理画面の認証前コマンド実行",
               "en": "KZ-Gate: command execution before login"},
        summary={"ja": "管理画面の CGI が引数を検査せずにシェルへ渡す。認証は不要。",
                 "en": "A CGI of the administration page hands arguments to a shell unchecked."},
        releases=releases, by=by, at=day,
        members=[(world.people["ou"], CaseRole.OWNER_UNIT),
                 (world.people["komoro"], CaseRole.QUALITY),
                 (world.people["hirose"], CaseRole.EXECUTIVE)],
    )  # fmt: skip
    subject = vulnerabilities_of(case)[0]
    services.describe_vulnerability(
        vulnerability=subject, by=by, at=day, weaknesses=["CWE-78"],
        title={"ja": "OS コマンドインジェクション", "en": "OS command injection"},
        vectors=["CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"],
    )  # fmt: skip
    case.refresh_from_db()
    services.move_case(case=case, to=Phase.TRIAGE, by=by, at=day + timedelta(hours=6))
    later = day + timedelta(days=2)
    _fixed_in_newest(case, subject.name, releases, _by(world, "ou", later), later)
    services.move_case(case=case, to=Phase.REMEDIATION, by=by, at=later)
    lifts = (at + timedelta(days=20)).replace(hour=1, minute=0, second=0, microsecond=0)
    take_embargo_step(case=case, act=EmbargoAct.PROPOSE, by=by, at=later, lifts_at=lifts,
                      reason="発見者と JPCERT/CC に提案")  # fmt: skip
    take_embargo_step(case=case, act=EmbargoAct.ACCEPT, by=by, at=later + timedelta(days=1))
    give_task(subject=case, title="修正版の検証", by=by, at=later,
              assignee=world.people["komoro"], due_at=at + timedelta(days=2))  # fmt: skip
    give_task(subject=case, title="3.8 系の修正版を用意", by=by, at=later,
              assignee=world.people["ou"], due_at=at + timedelta(days=13))  # fmt: skip
    talk = start_conversation(
        subject_kind=case._meta.label_lower, subject=case, title="検証", by=world.people["takase"],
        at=later, accounts=[world.people["ou"], world.people["komoro"]],
    )  # fmt: skip
    write_message(
        conversation=talk, at=at - timedelta(days=1), viewer=_by(world, "komoro", at),
        body="検証3件のうち2件を終えました。残りは更新経路です。",
    )  # fmt: skip
    return case


def _rapid_reset(world: Any, at: datetime) -> Case:
    """A flaw of a component, ready to be published."""
    day = at - timedelta(days=60)
    by = _by(world, "takase", day)
    gates = _releases(world, "KZ-Gate")
    case = services.open_case(
        company=world.company, unit=world.units["network"], kind=CaseKind.VULNERABILITY,
        title={"ja": "KZ-Gate の HTTP/2 処理におけるサービス停止",
               "en": "KZ-Gate: denial of service in HTTP/2"},
        summary={"ja": "同梱する nghttp2 が HTTP/2 Rapid Reset の影響を受ける。",
                 "en": "The nghttp2 inside is affected by HTTP/2 Rapid Reset."},
        vulnerabilities=["CVE-2023-44487"], releases=gates, by=by, at=day,
        members=[(world.people["ou"], CaseRole.OWNER_UNIT),
                 (world.people["hirose"], CaseRole.EXECUTIVE)],
    )  # fmt: skip
    services.describe_vulnerability(
        vulnerability=vulnerabilities_of(case)[0], by=by, at=day, weaknesses=["CWE-400"],
        title={"ja": "HTTP/2 Rapid Reset", "en": "HTTP/2 Rapid Reset"},
        vectors=["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"],
    )  # fmt: skip
    case.refresh_from_db()
    services.move_case(case=case, to=Phase.TRIAGE, by=by, at=day)
    _fixed_in_newest(case, "CVE-2023-44487", gates, by, day)
    services.move_case(case=case, to=Phase.REMEDIATION, by=by, at=day + timedelta(days=3))
    services.move_case(case=case, to=Phase.DISCLOSURE, by=by, at=day + timedelta(days=20))
    return case


def _regresshion(world: Any, at: datetime) -> Case:
    """A public flaw in triage, without a wall."""
    day = at - timedelta(days=3)
    by = _by(world, "takase", day)
    releases = _releases(world, "KZ-Gate 500", "KZ-Panel 10")
    case = services.open_case(
        company=world.company, unit=world.units["network"], kind=CaseKind.CAMPAIGN,
        title={"ja": "OpenSSH の競合状態（regreSSHion）の全社確認",
               "en": "OpenSSH race condition (regreSSHion) over all products"},
        vulnerabilities=["CVE-2024-6387"], releases=releases, walled=False, by=by, at=day,
    )  # fmt: skip
    services.describe_vulnerability(
        vulnerability=vulnerabilities_of(case)[0], by=by, at=day, title={},
        weaknesses=["CWE-364"], vectors=["CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H"],
    )  # fmt: skip
    case.refresh_from_db()
    services.move_case(case=case, to=Phase.TRIAGE, by=by, at=day)
    if releases:
        assess(
            vulnerability="CVE-2024-6387", releases=releases[-1:], case=case, by=by, at=day,
            statement=Statement(
                ProductStatus.KNOWN_NOT_AFFECTED,
                Justification.VULNERABLE_CODE_NOT_PRESENT, grounds="deb12u3 で修正済み。",
            ),
        )  # fmt: skip
    return case


def _inquiry(world: Any, at: datetime) -> Case:
    """A customer's question that was answered."""
    day = at - timedelta(days=30)
    by = _by(world, "takase", day)
    case = services.open_case(
        company=world.company, unit=world.units["control"], kind=CaseKind.INQUIRY,
        title={"ja": "xz の不正コード混入について（お客様からの問合せ）",
               "en": "Customer asks about the xz backdoor"},
        summary={"ja": "CVE-2024-3094 の対象版（5.6.0、5.6.1）は使っていないと回答した。",
                 "en": "Answered: the affected versions 5.6.0 and 5.6.1 are not shipped."},
        walled=False, by=by, at=day,
    )  # fmt: skip
    return services.move_case(
        case=case, to=Phase.CLOSED, by=by, at=day + timedelta(days=1),
        exit_reason=ExitReason.RESOLVED,
    )  # fmt: skip


def _new(world: Any, at: datetime) -> Case:
    """A report that came this morning."""
    day = at - timedelta(hours=3)
    return services.open_case(
        company=world.company, unit=world.units["control"], kind=CaseKind.VULNERABILITY,
        title={"ja": "KZ-Panel 10 の操作画面に推測できる初期パスワード",
               "en": "KZ-Panel 10: default password can be guessed"},
        by=_by(world, "hirose", day), at=day, releases=_releases(world, "KZ-Panel 10"),
        members=[(world.people["takase"], CaseRole.PSIRT)],
    )  # fmt: skip
