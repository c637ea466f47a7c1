"""One published advisory of the demo company, and one being written."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from hikeshi.disclosure import services
from hikeshi.disclosure.publishing import publish_advisory
from hikeshi.disclosure.silence import propose_silence, sign_silence
from hikeshi.organisation.queries import viewer_of

_RESET: Final[dict[str, Any]] = {
    "summary": {
        "ja": "細工した HTTP/2 通信を受け続けると、機器が応答しなくなります。修正版への更新をお願い"
              "します。当社は、この脆弱性を使った攻撃を当社製品で確認していません。",
        "en": "A stream of crafted HTTP/2 requests makes the device stop answering. Please update. "
              "We know of no attack on our products.",
    },
    "description": {
        "ja": "管理画面が使う nghttp2 は、開いてすぐ取り消される要求の処理に上限を設けていません"
              "でした（CVE-2023-44487、HTTP/2 Rapid Reset）。",
        "en": "The nghttp2 behind the administration page set no limit to requests that are opened "
              "and cancelled at once (CVE-2023-44487, HTTP/2 Rapid Reset).",
    },
    "impact": {
        "ja": "管理画面に到達できる第三者が、認証なしに管理画面を使えない状態にできます。通信の転送"
              "は続き、設定や通信内容が漏れたり書き換えられたりすることはありません。通信が止まれば、"
              "数分で元に戻ります。",
        "en": "Whoever reaches the administration page can make it unusable without logging in. "
              "Traffic is still forwarded; neither settings nor traffic can be read or changed. "
              "The device recovers within minutes once the requests end.",
    },
    "remedy": {
        "ja": "1. サポートサイトから修正版を入手し、署名を確認してください。\n"
              "2. 通信を止められる時間帯に更新してください（1台 約6分）。\n"
              "3. 更新後、管理画面の「機器情報」で版を確認してください。",
        "en": "1. Get the fixed version from the support site and check its signature.\n"
              "2. Update while traffic may stop, about 6 minutes for each device.\n"
              "3. Check the version under “Device” on the administration page.",
    },
    "workaround": {
        "ja": "更新までの間、管理画面への通信を管理用の網だけに限るか、HTTP/2 を無効にして"
              "ください（設定＞管理画面＞プロトコル）。",
        "en": "Until then let only the administration network reach the page, or switch HTTP/2 off "
              "(Settings > Administration page > Protocol).",
    },
    "credits": [
        {"names": ["榎本 航 (Wataru Enomoto)"], "organisation": "",
         "summary": {"ja": "当社製品での影響をご報告いただきました。",
                     "en": "reported that our products are affected"}},
        {"names": [], "organisation": "JPCERT/CC",
         "summary": {"ja": "公表の調整", "en": "coordination"}},
    ],
    "references": [
        {"url": "https://nvd.nist.gov/vuln/detail/CVE-2023-44487",
         "summary": {"ja": "NVD の解説", "en": "NVD entry"}},
        {"url": "https://github.com/nghttp2/nghttp2/security/advisories/GHSA-vx74-f528-fxqg",
         "summary": {"ja": "nghttp2 開発元の告知", "en": "advisory of the nghttp2 project"}},
    ],
}  # fmt: skip
_SECOND: Final[dict[str, Any]] = {
    "workaround": {
        "ja": _RESET["workaround"]["ja"]
              + "\nHTTP/2 を無効にしても、管理画面の機能は変わりません。",
        "en": _RESET["workaround"]["en"]
              + "\nThe page works as before with HTTP/2 switched off.",
    },
    "change_note": {
        "ja": "回避策に、HTTP/2 を無効にした場合の動作を追記しました。",
        "en": "The workaround says what works with HTTP/2 switched off.",
    },
}  # fmt: skip
_GATE: Final[dict[str, Any]] = {
    "summary": {
        "ja": "KZ-Gate の管理画面に、ログインせずに任意のコマンドを実行できる脆弱性があります。"
              "修正版への更新をお願いします。",
        "en": "The administration page of KZ-Gate lets anybody on the administration network run "
              "commands without logging in. Please update.",
    },
    "impact": {
        "ja": "管理用の網にいる第三者が、機器の設定を変え、通信を読み、機器を停止できます。",
        "en": "",
    },
    "remedy": {
        "ja": "KZ-Gate 500 は 4.2.1 へ更新してください。KZ-Gate 300 の修正版は準備中です。",
        "en": "Update KZ-Gate 500 to 4.2.1. The fix for KZ-Gate 300 is being made.",
    },
    "credits": [{"names": ["榎本 航 (Wataru Enomoto)"], "organisation": "", "summary": {}}],
}  # fmt: skip


def load(world: Any, at: datetime) -> None:
    """Publish an advisory in two editions, write another, and sign why a case has none.

    at: the demo's today.
    """
    cases = world.things.get("cases", {})
    if not world.things.get("releases"):
        return
    world.things["advisory"] = _rapid_reset(world, cases["rapid_reset"], at - timedelta(days=30))
    day = at - timedelta(days=2)
    writer = viewer_of(world.people["takase"], day)
    advisory = services.draft_advisory(case=cases["gate"], by=writer, at=day)
    services.edit_advisory(
        advisory=advisory, revision=advisory.revision, by=writer, at=day, **_GATE
    )
    signed_at = at - timedelta(days=15)
    propose_silence(
        case=cases["prototype"], by=viewer_of(world.people["takase"], signed_at), at=signed_at,
        reason="出荷前の試作機だけの問題で、お客様の手元にある製品には影響しない。",
    )  # fmt: skip
    sign_silence(
        case=cases["prototype"], by=viewer_of(world.people["hirose"], signed_at), at=signed_at
    )


def _rapid_reset(world: Any, case: Any, at: datetime) -> Any:
    writer = viewer_of(world.people["takase"], at)
    advisory = services.draft_advisory(case=case, by=writer, at=at)
    revision = None
    for texts, day in ((_RESET, at), (_SECOND, at + timedelta(days=18))):
        advisory = services.edit_advisory(
            advisory=advisory, revision=advisory.revision, by=writer, at=day, **texts
        )
        digest = services.propose_advisory(advisory=advisory, by=writer, at=day)
        approver = viewer_of(world.people["hirose"], day)
        services.approve_advisory(advisory=advisory, by=approver, at=day, content_hash=digest)
        revision = publish_advisory(advisory=advisory, by=approver, at=day)
    return revision
