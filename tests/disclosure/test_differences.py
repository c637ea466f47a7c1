"""What an edition changed is said in words, in both languages."""

from __future__ import annotations

import pytest
from django.utils import translation

from hikeshi.core.vex import ProductStatus, Statement
from hikeshi.disclosure import services
from hikeshi.disclosure.differences import differences
from hikeshi.disclosure.models import AdvisoryRevision
from hikeshi.disclosure.publishing import publish_advisory
from hikeshi.triage.assessing import assess
from hikeshi.triage.queries import vulnerabilities_of
from hikeshi.triage.scoring import rate_vulnerability
from tests.builders import NOW, seen_by
from tests.disclosure.drafts import CVE, approved, decided, stage
from tests.triage.test_pages import logged_in

LOWER = "CVSS:3.1/AV:A/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
HIGHER = LOWER.replace("AV:A", "AV:N")
pytestmark = pytest.mark.django_db


def test_an_update_says_what_it_changed() -> None:
    one = decided(stage())
    advisory, by, writer = approved(one), seen_by(one.approver), seen_by(one.writer)
    publish_advisory(advisory=advisory, by=by, at=NOW)
    assess(
        vulnerability=CVE, statement=Statement(ProductStatus.UNDER_INVESTIGATION),
        releases=[one.other], case=one.case, by=writer, at=NOW,
    )  # fmt: skip
    rate_vulnerability(
        vulnerability=vulnerabilities_of(one.case)[0], by=writer, at=NOW,
        vector=HIGHER,
    )  # fmt: skip
    services.edit_advisory(
        advisory=advisory, revision=advisory.revision, by=writer, at=NOW,
        workaround={"ja": "閉じる。", "en": "Close it."}, change_note={"ja": "更新", "en": "More"},
    )  # fmt: skip
    digest = services.propose_advisory(advisory=advisory, by=writer, at=NOW)
    services.approve_advisory(advisory=advisory, by=by, at=NOW, content_hash=digest)
    second = publish_advisory(advisory=advisory, by=by, at=NOW)
    first = AdvisoryRevision.objects.get(edition=1)
    pairs = {one: (first.content["languages"][one], second.content["languages"][one])
             for one in ("ja", "en")}  # fmt: skip
    with translation.override("en"):
        said = differences(*pairs["en"])
    assert said == [
        "“Workaround” was added.",
        f"{CVE}: KZ-Panel 10 1.0 was “Not affected” and is “Under investigation”.",
        f"{CVE}: CVSS 3.1 was 8.8 ({LOWER}) and is 9.8 ({HIGHER}).",
    ]
    with translation.override("ja"):
        assert differences(*pairs["ja"])[0] == "「回避策」を追加しました。"
    page = logged_in(one.writer).get(f"/advisories/{advisory.number}/").content.decode()
    assert "What this edition changes" in page
    assert "was “Not affected” and is “Under investigation”" in page


def test_the_same_content_has_no_difference() -> None:
    one = decided(stage())
    publish_advisory(advisory=approved(one), by=seen_by(one.approver), at=NOW)
    content = AdvisoryRevision.objects.get().content["languages"]["ja"]
    assert differences(content, content) == []
