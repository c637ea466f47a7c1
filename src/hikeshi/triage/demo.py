"""Cases of the demo company, in several states. The matter is made up; CVE ids name known facts."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, Final

from hikeshi.core.lifecycle import EmbargoAct, Fact, Phase
from hikeshi.core.tlp import TLP
from hikeshi.core.vex import Action, Justification, ProductStatus, Statement
from hikeshi.inventory.models import Release
from hikeshi.organisation.queries import viewer_of
from hikeshi.organisation.viewer import Viewer
from hikeshi.records import blobs
from hikeshi.records.models import TaskState
from hikeshi.records.tasks import give_task, move_task
from hikeshi.stakeholders.services import start_conversation, write_message
from hikeshi.triage import services
from hikeshi.triage.assessing import assess
from hikeshi.triage.embargo import take_embargo_step
from hikeshi.triage.models import Case, CaseKind, CaseRole, ExitReason
from hikeshi.triage.participants import admit_participant
from hikeshi.triage.queries import vulnerabilities_of

_PROPOSAL: Final = "再現を確認しました。修正に6週間を見込みます。公表日の案をお送りします。"
_REPLY: Final = "発見者に伝えました。海外の2社も同じ部品を使っているため、回答までお待ちください。"
_STEPS: Final = """\
再現手順（KZ-Gate 500 4.2.0、出荷時設定）
1. 管理用の網から /cgi-bin/diag.cgi を開く（ログインしない）
2. 引数 host に区切り文字とコマンドを渡す
3. 応答に root の権限での実行結果が含まれる
4.2.1 では引数を検査し、400 を返すことを確認した。
"""


def load(world: Any, at: datetime) -> None:
    """Add cases to the demo's world as ``things["cases"]``; at: the demo's today."""
    world.things["cases"] = {
        "gate": _gate(world, at),
        "rapid_reset": _rapid_reset(world, at),
        "regresshion": _regresshion(world, at),
        "inquiry": _inquiry(world, at),
        "new": _new(world, at),
        "radio": _radio(world, at),
        "switch": _switch(world, at),
        "guessing": _guessing(world, at),
        "advice": _advice(world, at),
        "prototype": _prototype(world, at),
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
    for title, who, due in (
        ("修正版の検証", "komoro", 2),
        ("3.8 系の修正版を用意", "ou", 13),
        ("JPCERT/CC へ公表日を回答", "takase", -1),
    ):
        give_task(subject=case, title=title, by=by, at=later, assignee=world.people[who],
                  due_at=at + timedelta(days=due))  # fmt: skip
    _gate_parties(world, case, at)
    case.refresh_from_db()
    return case


def _gate_parties(world: Any, case: Case, at: datetime) -> None:
    """Who found it and who coordinates, the proof, a task that is done, and what is talked."""
    day, contacts = at - timedelta(days=21), world.things["contacts"]
    by, ou = _by(world, "takase", day), _by(world, "ou", day)
    for name, role in (("finder", CaseRole.FINDER), ("coordinator", CaseRole.COORDINATOR)):
        admit_participant(case=case, role=role, contact=contacts[name], by=by, at=day,
                          reason="発見者と調整機関")  # fmt: skip
    blobs.store(subject=case, name="再現手順.txt", content=BytesIO(_STEPS.encode()),
                by=world.people["ou"], at=day)  # fmt: skip
    done = give_task(subject=case, title="4.2.0 で再現を確認", by=by, at=day,
                     assignee=world.people["ou"], due_at=day + timedelta(days=2))  # fmt: skip
    move_task(task=done, state=TaskState.DONE, by=ou, at=day + timedelta(days=1),
              outcome="4.2.0 と 3.8.4 で再現した。4.2.1 では起きない。")  # fmt: skip
    ready_at = at - timedelta(days=4)
    services.note_fact(case=case, fact=Fact.FIX_READY, by=by, at=ready_at, happened_at=ready_at,
                       note="4.2.1 の検証が済んだ。")  # fmt: skip
    talk = start_conversation(
        subject_kind=case._meta.label_lower, subject=case, title="公表日の調整",
        by=world.people["takase"], at=day, contacts=[contacts["coordinator"]],
    )  # fmt: skip
    inside = start_conversation(
        subject_kind=case._meta.label_lower, subject=case, title="修正版の検証",
        by=world.people["takase"], at=day, accounts=[world.people["ou"], world.people["komoro"]],
    )  # fmt: skip
    for held, days, who, body in (
        (talk, 19, "takase", "発見者の報告を再現しました。公表日の案をお送りします。"),
        (
            talk,
            17,
            "",
            "発見者も同じ日で差し支えないとのことです。前日に注意喚起文をお送りします。",
        ),
        (inside, 3, "ou", "4.2.1 で引数の検査を入れました。検証をお願いします。"),
        (inside, 1, "komoro", "検証3件のうち2件を終えました。残りは更新経路です。"),
    ):
        written_at = at - timedelta(days=days)
        write_message(
            conversation=held, body=body, viewer=_by(world, who or "takase", written_at),
            at=written_at, author_contact=None if who else contacts["coordinator"],
        )  # fmt: skip


def _prototype(world: Any, at: datetime) -> Case:
    """What our own test found before anything was delivered: closed, and not published."""
    day = at - timedelta(days=26)
    by = _by(world, "takase", day)
    case = services.open_case(
        company=world.company, unit=world.units["komoro"], kind=CaseKind.VULNERABILITY,
        title={"ja": "KZ-Sense T1 試作機で有効なままのデバッグ端子",
               "en": "KZ-Sense T1 prototype: debug port left on"},
        summary={"ja": "出荷前の検査で見つけた。量産機では端子を無効にした。",
                 "en": "Found by our own test before shipping; the port is off in production."},
        by=by, at=day, members=[(world.people["komoro"], CaseRole.QUALITY),
                                (world.people["hirose"], CaseRole.EXECUTIVE)],
    )  # fmt: skip
    for days, phase in ((1, Phase.TRIAGE), (3, Phase.REMEDIATION)):
        case = services.move_case(case=case, to=phase, by=by, at=day + timedelta(days=days))
    return services.move_case(
        case=case, to=Phase.CLOSED, by=by, at=day + timedelta(days=9),
        exit_reason=ExitReason.RESOLVED,
    )  # fmt: skip


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


def _radio(world: Any, at: datetime) -> Case:
    """A flaw that an outside finder reported through a coordinator; the date is being agreed on."""
    day = at - timedelta(days=12)
    by = _by(world, "takase", day)
    case = services.open_case(
        company=world.company, unit=world.units["network"], kind=CaseKind.VULNERABILITY,
        title={"ja": "KZ-Link M1 の更新データの署名検証の不備",
               "en": "KZ-Link M1: signature of updates is not checked wholly"},
        summary={"ja": "更新データの末尾に付け足した部分が署名の対象になっていない。",
                 "en": "What is appended to an update is not covered by its signature."},
        releases=_releases(world, "KZ-Link M1"), by=by, at=day, tlp=TLP.AMBER,
        members=[(world.people["ou"], CaseRole.OWNER_UNIT)],
    )  # fmt: skip
    services.describe_vulnerability(
        vulnerability=vulnerabilities_of(case)[0], by=by, at=day, weaknesses=["CWE-347"],
        title={"ja": "署名検証の不備", "en": "Signature not verified"},
        vectors=["CVSS:3.1/AV:A/AC:H/PR:N/UI:N/S:U/C:N/I:H/A:H"],
    )  # fmt: skip
    case.refresh_from_db()
    contacts = world.things["contacts"]
    for name, role in (("coordinator", CaseRole.COORDINATOR), ("finder", CaseRole.FINDER)):
        admit_participant(case=case, role=role, contact=contacts[name], by=by, at=day,
                          reason="公表日の調整のため")  # fmt: skip
    case = services.move_case(case=case, to=Phase.TRIAGE, by=by, at=day + timedelta(hours=20))
    lifts = (at + timedelta(days=48)).replace(hour=3, minute=0, second=0, microsecond=0)
    take_embargo_step(case=case, act=EmbargoAct.PROPOSE, by=by, at=day + timedelta(days=1),
                      lifts_at=lifts, reason="修正に6週間を要するため")  # fmt: skip
    talk = start_conversation(
        subject_kind=case._meta.label_lower, subject=case, title="公表日の調整",
        by=world.people["takase"], at=day + timedelta(days=1), contacts=[contacts["coordinator"]],
    )  # fmt: skip
    for days, name, body in (
        (10, "", _PROPOSAL), (8, "coordinator", _REPLY),
    ):  # fmt: skip
        written_at = at - timedelta(days=days)
        write_message(
            conversation=talk, body=body, viewer=_by(world, "takase", written_at), at=written_at,
            author_contact=contacts[name] if name else None,
        )  # fmt: skip
    return case


def _switch(world: Any, at: datetime) -> Case:
    """A public flaw in what another company makes for us: its answer is awaited."""
    day = at - timedelta(days=9)
    by = _by(world, "takase", day)
    case = services.open_case(
        company=world.company, unit=world.units["network"], kind=CaseKind.VULNERABILITY,
        title={"ja": "KZ-Switch 8 の DNSSEC 処理（KeyTrap）の確認",
               "en": "KZ-Switch 8: is DNSSEC (KeyTrap) a matter?"},
        vulnerabilities=["CVE-2023-50387"], releases=_releases(world, "KZ-Switch 8"),
        walled=False, by=by, at=day,
    )  # fmt: skip
    case = services.move_case(case=case, to=Phase.TRIAGE, by=by, at=day + timedelta(hours=2))
    for title, who, due in (
        ("供給元の回答を確認", "takase", -2),
        ("影響を受ける構成の調査", "ou", 1),
    ):
        give_task(subject=case, title=title, by=by, at=day, assignee=world.people[who],
                  due_at=at + timedelta(days=due))  # fmt: skip
    talk = start_conversation(
        subject_kind=case._meta.label_lower, subject=case, title="玉川通信工業への確認",
        by=world.people["takase"], at=day, contacts=[world.things["contacts"]["supplier"]],
    )  # fmt: skip
    write_message(
        conversation=talk, viewer=by, at=day,
        body="dnsmasq の版と、出荷時に DNSSEC 検証が有効かどうかをお知らせください。",
    )  # fmt: skip
    return case


def _guessing(world: Any, at: datetime) -> Case:
    """An incident of a service: handled, now its causes are mended."""
    day = at - timedelta(days=5)
    by = _by(world, "hirose", day)
    case = services.open_case(
        company=world.company, unit=world.units["network"], kind=CaseKind.INCIDENT,
        title={"ja": "KZ-Cloud への総当たりログイン試行",
               "en": "KZ-Cloud: passwords being guessed"},
        summary={"ja": "海外の複数の発信元から 14 時間で 38 万回。成功した形跡はない。",
                 "en": "380,000 tries in 14 hours from several sources abroad; none succeeded."},
        by=by, at=day, members=[(world.people["takase"], CaseRole.PSIRT)],
    )  # fmt: skip
    case = services.move_case(case=case, to=Phase.TRIAGE, by=by, at=day + timedelta(hours=1))
    case = services.move_case(case=case, to=Phase.REMEDIATION, by=by, at=day + timedelta(hours=9))
    give_task(subject=case, title="ログイン試行回数の上限を設定", by=by, at=day,
              assignee=world.people["takase"], due_at=at + timedelta(hours=9))  # fmt: skip
    return case


def _advice(world: Any, at: datetime) -> Case:
    """A developer's question before anything is built."""
    day = at - timedelta(days=2)
    by = _by(world, "takase", day)
    case = services.open_case(
        company=world.company, unit=world.units["komoro"], kind=CaseKind.CONSULTATION,
        title={"ja": "KZ-Sense T1 次期版での TLS ライブラリの選び方",
               "en": "Which TLS library for the next KZ-Sense T1?"},
        walled=False, by=by, at=day,
    )  # fmt: skip
    talk = start_conversation(
        subject_kind=case._meta.label_lower, subject=case, title="部品の選び方",
        by=world.people["takase"], at=day, accounts=[world.people["komoro"]],
    )  # fmt: skip
    write_message(
        conversation=talk, viewer=_by(world, "komoro", day), at=day,
        body="メモリは 512 KB、保守は10年です。証明書の更新も端末側で行います。",
    )  # fmt: skip
    return case
