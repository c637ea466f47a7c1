"""All parts on one page, for those who build pages; it exists in DEBUG alone.

Browser tests look at it in both languages, light and dark, wide and narrow. The company and its
people are made up.
"""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from hikeshi.core.tlp import TLP
from hikeshi.core.vex import ProductStatus
from hikeshi.ui.faces import (
    Cell,
    Embargo,
    Entry,
    Fact,
    Matrix,
    MatrixHead,
    MatrixRow,
    Step,
    Tab,
)
from hikeshi.ui.lists import BulkAct, Column, Listing, SavedView, listing_of
from hikeshi.ui.marks import SEVERITY
from hikeshi.ui.paging import Page
from hikeshi.ui.templatetags.ui import tr

_TEXTS: Final[dict[str, dict[str, str]]] = {
    "title": {"en": "Gallery of parts", "ja": "部品の見本"},
    "meaning": {
        "en": "What pages are built of, with made-up content.",
        "ja": "ページを作る部品を、架空の内容で並べたものです。",
    },
    "parts": {"en": "Badges and words", "ja": "バッジと言葉"},
    "form": {"en": "A form", "ja": "フォーム"},
    "rows": {"en": "Rows and numbers", "ja": "行と数"},
    "clocks": {"en": "Clocks", "ja": "時計"},
    "timeline": {"en": "Timeline", "ja": "経過"},
    "matrix": {"en": "What each release is", "ja": "リリースごとの影響"},
    "next": {"en": "finish verifying 4.2.2", "ja": "4.2.2 の検証を終える"},
    "why": {
        "en": "One test is left: the update path of KZ-Gate 300. Due Friday, 27 November.",
        "ja": "残る1件は KZ-Gate 300 の更新経路です。期限は11月27日（金）です。",
    },
    "record": {"en": "Record the result", "ja": "検証結果を記録"},
    "ask": {"en": "Ask quality assurance", "ja": "品質管理部に聞く"},
    "empty": {"en": "No open finding", "ja": "未対応の検出はありません"},
    "empty_text": {
        "en": "412 components are watched, 11 of 14 feeds are healthy.",
        "ja": "412件の部品を見張っています。情報源は14件中11件が正常です。",
    },
    "note": {"en": "saved", "ja": "保存しました"},
    "said": {
        "en": "The trial build does not show the fault any more.\nWhen will 3.8.7 be out?",
        "ja": "試験版で再現しないことを確認しました。\n3.8.7 の提供日を教えてください。",
    },
    "answer": {"en": "We plan 8 December.", "ja": "12月8日を予定しています。"},
    "seen_by": {"en": "finder and PSIRT alone", "ja": "発見者とPSIRTだけに見える"},
}


class _Sample(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label="", max_length=80)
    kind = forms.ChoiceField(label="", required=False, choices=[("a", "KZ-Gate"), ("b", "KZ-Safe")])
    note = forms.CharField(label="", widget=forms.Textarea(attrs={"rows": 3}), required=False)
    agreed = forms.BooleanField(label="", required=False)

    _labels: Final = {
        "name": {"en": "Name of the product", "ja": "製品名"},
        "kind": {"en": "Line", "ja": "製品群"},
        "note": {"en": "Note", "ja": "メモ"},
        "agreed": {"en": "Shown on the public page", "ja": "公開ページに表示する"},
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = tr(self._labels[name])
        self.fields["note"].help_text = tr(_TEXTS["seen_by"])


class _Filters(forms.Form):
    q = forms.CharField(required=False)
    line = forms.ChoiceField(required=False, choices=[("", "–"), ("gate", "KZ-Gate")])
    state = forms.MultipleChoiceField(required=False, choices=[("a", "A"), ("b", "B")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].label = tr({"en": "Name or id", "ja": "名前・ID"})
        self.fields["line"].label = tr({"en": "Line", "ja": "製品群"})
        self.fields["state"].label = tr({"en": "State", "ja": "状態"})


@require_GET
def gallery(request: HttpRequest) -> HttpResponse:
    """Show every part; 404 outside DEBUG."""
    if not settings.DEBUG:
        raise Http404
    messages.success(request, tr(_TEXTS["note"]))
    refused = _Sample({"name": "", "kind": "a"})
    context = {
        "t": {name: tr(texts) for name, texts in _TEXTS.items()},
        "record": SimpleNamespace(number="KZ-2026-0042", wall_id=1),
        "embargo": Embargo(
            people=11, tlp=TLP.AMBER_STRICT, lifts_at=timezone.now() + timedelta(days=20)
        ),
        "statuses": [*ProductStatus, None],
        "bands": [*SEVERITY, None],
        "labels": list(TLP),
        "form": refused,
        "list": _list(request),
        "ticks": (75, 90),
        "person": tr({"en": "Mio Takase", "ja": "高瀬 美緒"}),
        "now": timezone.now(),
        "soon": timezone.now() + timedelta(hours=17, minutes=28),
        "late": timezone.now() - timedelta(days=4),
        **_faces(),
    }
    return render(request, "ui/gallery.html", context)


gallery.permission = None  # type: ignore[attr-defined]  # holds nothing real, and only in DEBUG


def _list(request: HttpRequest) -> Listing:
    rows = [
        SimpleNamespace(
            pk=number,
            cve=f"CVE-2024-{6380 + number}",
            name="openssh 1:9.2p1-2+deb12u1",
            why=tr({"en": "Sources disagree on this version", "ja": "情報源の記載が食い違う"}),
            release=f"KZ-Gate 500 4.{number}.3",
            band=list(SEVERITY)[number % 5],
            score=f"{9.8 - number:.1f}",
            status=list(ProductStatus)[number % 4],
            due_at=timezone.now() + timedelta(hours=20 * number - 8),
            listed=number % 3 == 0,
            held=number == 1,
        )
        for number in range(6)
    ]
    columns = [
        Column("name", tr({"en": "Vulnerability, reason", "ja": "脆弱性と理由"}), ("pk",)),
        Column("release", tr({"en": "Release", "ja": "リリース"})),
        Column("severity", tr({"en": "Severity", "ja": "深刻度"}), ("pk",)),
        Column("status", tr({"en": "Product status", "ja": "影響"})),
        Column("due", tr({"en": "Due", "ja": "期限"}), ("pk",), css="r"),
    ]
    filters = _Filters(QueryDict("line=gate"))
    filters.is_valid()
    return listing_of(
        request,
        Page(rows, "x", 148, False),
        columns=columns,
        default="name",
        row="ui/gallery_row.html",
        caption=tr({"en": "Findings by priority", "ja": "優先順の検出"}),
        filters=filters,
        views=[
            SavedView(tr({"en": "To decide", "ja": "判定待ち"}), "", 148),
            SavedView(tr({"en": "Mine", "ja": "自分の担当"}), "owner=me", 12),
        ],
        acts=[
            BulkAct(tr({"en": "Decide together", "ja": "まとめて判定"}), "/more/", primary=True),
            BulkAct(tr({"en": "Assign", "ja": "担当を決める"}), "/more/"),
        ],
    )


def _faces() -> dict[str, Any]:
    now = timezone.now()
    return {
        "steps": [
            Step(tr({"en": "Discovery", "ja": "発見"}), "done", "11/02"),
            Step(tr({"en": "Triage", "ja": "トリアージ"}), "done", "11/04"),
            Step(tr({"en": "Remediation", "ja": "対策"}), "now", "2 / 9"),
            Step(tr({"en": "Disclosure", "ja": "公表"}), "todo", "12/15"),
        ],
        "facts": [
            Fact(tr({"en": "Reaches now", "ja": "影響範囲"}), "3 / 20", "KZ-Gate 300, 500"),
            Fact("EPSS", "0.995", "0.1 %"),
            Fact(tr({"en": "SBOM quality", "ja": "SBOMの品質"}), "91 / 100"),
        ],
        "tabs": [
            Tab(tr({"en": "Overview", "ja": "概要"}), "#", current=True),
            Tab(tr({"en": "Components", "ja": "部品"}), "#components", count=412),
            Tab(tr({"en": "History", "ja": "履歴"}), "#history"),
        ],
        "entries": [
            Entry(
                now - timedelta(hours=2),
                "mail",
                tr({"en": "From rin-m (finder)", "ja": "rin-m（発見者）から"}),
                body=tr(_TEXTS["said"]),
                audience=tr(_TEXTS["seen_by"]),
                notes=("OpenPGP",),
                tone="in",
                new=True,
            ),
            Entry(
                now - timedelta(days=1),
                "mail",
                tr({"en": "To rin-m", "ja": "rin-m へ"}),
                body=tr(_TEXTS["answer"]),
                audience=tr(_TEXTS["seen_by"]),
                ours=True,
            ),
            Entry(
                now - timedelta(days=6),
                "alert",
                tr({"en": "Severity raised from 8.1 to 8.8", "ja": "深刻度を8.1から8.8に改訂"}),
                tone="alarm",
            ),
        ],
        "matrix": _matrix(),
    }


def _matrix() -> Matrix:
    affected, investigated, fixed, not_affected = (
        Cell(ProductStatus.KNOWN_AFFECTED, "3.8.7", "#cell"),
        Cell(ProductStatus.UNDER_INVESTIGATION, tr({"en": "day 8", "ja": "8日目"})),
        Cell(ProductStatus.FIXED, "4.2.2"),
        Cell(
            ProductStatus.KNOWN_NOT_AFFECTED,
            tr({"en": "component not present", "ja": "該当部品なし"}),
        ),
    )
    return Matrix(
        caption=tr(_TEXTS["matrix"]),
        corner=tr({"en": "Product", "ja": "製品"}),
        columns=[MatrixHead("3.8 LTS", "2028-03"), MatrixHead("4.1"), MatrixHead("4.2")],
        rows=[
            MatrixRow(MatrixHead("KZ-Gate 300", "9,400"), [affected, Cell(), fixed]),
            MatrixRow(MatrixHead("KZ-Gate 500", "21,800"), [affected, investigated, fixed]),
            MatrixRow(MatrixHead("KZ-Panel 10"), [not_affected, not_affected, Cell()]),
        ],
    )
