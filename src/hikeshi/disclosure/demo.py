"""One published advisory of the demo company, and one being written."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from hikeshi.disclosure import services
from hikeshi.disclosure.publishing import publish_advisory
from hikeshi.organisation.queries import viewer_of


def load(world: Any, at: datetime) -> None:
    """Publish an advisory from the demo's cases, and start another; at: the demo's today."""
    cases = world.things.get("cases", {})
    if not world.things.get("releases"):
        return
    world.things["advisory"] = _rapid_reset(world, cases["rapid_reset"], at - timedelta(days=30))
    services.draft_advisory(
        case=cases["gate"], by=viewer_of(world.people["takase"], at - timedelta(days=2)),
        at=at - timedelta(days=2),
    )  # fmt: skip


def _rapid_reset(world: Any, case: Any, at: datetime) -> Any:
    writer = viewer_of(world.people["takase"], at)
    approver = viewer_of(world.people["hirose"], at)
    advisory = services.draft_advisory(case=case, by=writer, at=at)
    advisory = services.edit_advisory(
        advisory=advisory, revision=advisory.revision, by=writer, at=at,
        summary={
            "ja": "細工した HTTP/2 通信を受け続けると、機器が応答しなくなります。修正版への更新を"
                  "お願いします。当社は、この脆弱性を使った攻撃を当社製品で確認していません。",
            "en": "A stream of crafted HTTP/2 requests makes the device stop answering. Please "
                  "update. We know of no attack on our products.",
        },
        description={
            "ja": "管理画面が使う nghttp2 は、開いてすぐ取り消される要求の処理に上限を設けていま"
                  "せんでした。",
            "en": "The nghttp2 behind the administration page set no limit to requests that are "
                  "opened and cancelled at once.",
        },
        remedy={
            "ja": "1. サポートサイトから修正版を入手し、署名を確認してください。\n"
                  "2. 通信を止められる時間帯に更新してください（1台 約6分）。",
            "en": "1. Get the fixed version from the support site and check its signature.\n"
                  "2. Update while traffic may stop, about 6 minutes for each device.",
        },
        workaround={
            "ja": "管理画面への通信を、管理用の網だけに限ってください。",
            "en": "Let only the administration network reach the administration page.",
        },
        references=[{"url": "https://nvd.nist.gov/vuln/detail/CVE-2023-44487",
                     "summary": {"ja": "NVD", "en": "NVD"}}],
    )  # fmt: skip
    digest = services.propose_advisory(advisory=advisory, by=writer, at=at)
    services.approve_advisory(advisory=advisory, by=approver, at=at, content_hash=digest)
    return publish_advisory(advisory=advisory, by=approver, at=at)
