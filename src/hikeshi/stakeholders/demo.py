"""The demo's outside parties, and a round of questions that half of them have answered.

Addresses end in ``.example``, and the outbox sends nothing of realm demo.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from hikeshi.stakeholders.models import AnswerKind, ChannelKind, Contact, ContactKind, RoundParty
from hikeshi.stakeholders.rounds import Ask, add_parties, answer, draft_round, mark_seen, open_round
from hikeshi.stakeholders.services import Way, add_contact

_CONTACTS: Final = (
    ("coordinator", ContactKind.COORDINATOR, "JPCERT/CC", "coordination@jpcert.example"),
    ("finder", ContactKind.FINDER, "榎本 航 (Wataru Enomoto)", "enomoto@research.example"),
    ("supplier", ContactKind.PARTNER, "玉川通信工業 (Tamagawa Tsushin)", "psirt@tamagawa.example"),
    ("chips", ContactKind.SUPPLIER, "北浜半導体 (Kitahama Semiconductor)", "sec@kitahama.example"),
    ("stack", ContactKind.SUPPLIER, "Nordlund Software AB", "security@nordlund.example"),
    ("display", ContactKind.SUPPLIER, "高浜ディスプレイ (Takahama Display)", "qa@takahama.example"),
    ("customer", ContactKind.CUSTOMER, "みどり水道局 (Midori Waterworks)", "ops@midori.example"),
)


def load(world: Any, at: datetime) -> None:
    """Add contacts as ``things["contacts"]`` by name, and one open round; at: the demo's today."""
    by, day = world.people["takase"], at - timedelta(days=75)
    details: dict[str, dict[str, Any]] = {
        "coordinator": {"rules": "公表日の調整は電話で確認してから、書面で残す。"},
        "finder": {"is_person": True, "rules": "謝辞の表記は本人に確認する。"},
        "supplier": {"has_nda": True, "nda_until": (at + timedelta(days=60)).date()},
        "chips": {"has_nda": True},
        "stack": {"languages": ["en"], "zone": "Europe/Stockholm"},
    }
    phones = {"supplier": "+81-3-0000-0119", "stack": "+46-8-000-0119"}
    contacts: dict[str, Contact] = {}
    for key, kind, name, mail in _CONTACTS:
        ways = [Way(ChannelKind.MAIL, mail)]
        if key in phones:
            ways.append(Way(ChannelKind.PHONE, phones[key], for_emergency=True))
        facts = {"languages": ["ja"], "zone": "Asia/Tokyo"} | details.get(key, {})
        contacts[key] = add_contact(
            company=world.company, kind=kind, name=name, by=by, at=day, channels=ways, **facts
        )
    world.things["contacts"] = contacts
    _ask(world, contacts, at)


def _ask(world: Any, contacts: dict[str, Contact], at: datetime) -> None:
    """Ask four makers of parts; two have answered, one has looked, one is silent."""
    day, by = at - timedelta(days=6), world.people["takase"]
    asked = draft_round(
        company=world.company, by=by, at=day, due_at=at + timedelta(days=1),
        title="zlib（CVE-2023-45853）の使用状況 / Use of zlib",
        letter="MiniZip を含む zlib を納入品で使っているかをお知らせください。\n"
               "Please tell us whether what you deliver contains zlib with MiniZip.",
        questions=[
            Ask("使っていますか / Is it used?", AnswerKind.CHOICE,
                ("はい / yes", "いいえ / no", "調査中 / being looked into")),
            Ask("版と部品名 / Version and part", required=False),
        ],
    )  # fmt: skip
    keys = ("supplier", "chips", "stack", "display")
    add_parties(asked=asked, contacts=[contacts[key] for key in keys], by=by, at=day)
    open_round(asked=asked, by=by, at=day)
    parties = {one.contact_id: one for one in RoundParty.objects.filter(round=asked)}
    for key, hours, values in (
        ("chips", 30, {1: "いいえ / no"}),
        ("stack", 52, {1: "はい / yes", 2: "zlib 1.3.1; MiniZip is not built."}),
        ("display", 70, None),
    ):
        party = parties[contacts[key].pk]
        mark_seen(party=party, at=day + timedelta(hours=hours))
        if values is not None:
            answer(party=party, values=values, at=day + timedelta(hours=hours, minutes=20))
