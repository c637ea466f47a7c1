"""Scoring a case's vulnerability: by metrics without script, who and when, in advisory and CSAF."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.urls import reverse

from hikeshi.core.errors import InputRefused, NotFound
from hikeshi.core.scoring.metrics import metrics_of
from hikeshi.disclosure.models import PublishedDocument
from hikeshi.disclosure.publishing import publish_advisory
from hikeshi.triage.queries import scores_of, vulnerabilities_of
from hikeshi.triage.scoring import rate_vulnerability
from tests.builders import NOW, firm, seen_by
from tests.disclosure.drafts import approved, decided, stage
from tests.triage.cases import opened
from tests.triage.test_pages import logged_in

pytestmark = pytest.mark.django_db
V31 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
V40 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"


def test_one_score_counts_per_version_and_keeps_who_and_when() -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    [one] = vulnerabilities_of(case)
    by = seen_by(kazahaya.admin)
    rate_vulnerability(vulnerability=one, vector=V31, by=by, at=NOW)
    rate_vulnerability(vulnerability=one, vector=V40, by=by, at=NOW + timedelta(hours=1))
    lower = V31.replace("AV:N", "AV:P")
    rate_vulnerability(vulnerability=one, vector=lower, by=by, at=NOW + timedelta(hours=2))
    found = [
        (row.version, row.vector.value, row.score.value, row.by, row.at)
        for row in scores_of([one])[one.pk]
    ]
    assert found == [
        ("4.0", V40, "9.3", kazahaya.admin, NOW + timedelta(hours=1)),
        ("3.1", lower, "6.8", kazahaya.admin, NOW + timedelta(hours=2)),
    ]
    assert one.scores.count() == 3
    case.refresh_from_db()
    assert case.band == "critical"


def test_only_the_two_versions_in_use_are_entered_and_only_inside_the_wall() -> None:
    kazahaya = firm()
    [one] = vulnerabilities_of(opened(kazahaya))
    with pytest.raises(InputRefused, match=r"CVSS 2\.0 is not entered"):
        rate_vulnerability(
            vulnerability=one, vector="AV:N/AC:L/Au:N/C:P/I:P/A:P", by=seen_by(kazahaya.admin),
            at=NOW,
        )  # fmt: skip
    outsider = firm("rival", "RV").admin
    with pytest.raises(NotFound):
        rate_vulnerability(vulnerability=one, vector=V31, by=seen_by(outsider), at=NOW)


@pytest.mark.parametrize(("vector", "shown"), [(V31, "9.8"), (V40, "9.3")])
def test_a_score_is_worked_out_and_kept_by_the_page_without_script(vector: str, shown: str) -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    [one] = vulnerabilities_of(case)
    client = logged_in(kazahaya.admin)
    version, chosen = metrics_of(vector)
    address = reverse("triage:score", args=[case.number, one.uid]) + f"?version={version}"
    assert client.get(address).status_code == 200
    worked_out = client.post(address, {**chosen, "do": "show"})
    assert worked_out.status_code == 200
    assert shown in worked_out.content.decode()
    assert vector in worked_out.content.decode()
    assert not one.scores.exists()
    kept = client.post(address, {"vector": vector, "do": "save"})
    assert kept.status_code == 302
    page = client.get(reverse("triage:case", args=[case.number])).content.decode()
    assert vector in page
    assert shown in page


def test_a_missing_metric_and_a_bad_vector_are_said_and_nothing_is_kept() -> None:
    kazahaya = firm()
    case = opened(kazahaya)
    [one] = vulnerabilities_of(case)
    client = logged_in(kazahaya.admin)
    address = reverse("triage:score", args=[case.number, one.uid]) + "?version=4.0"
    answer = client.post(address, {"AV": "N", "do": "save"})
    assert answer.status_code == 422
    assert "Choose a value for “AC”" in answer.content.decode()
    answer = client.post(address, {"vector": "CVSS:4.0/AV:Q", "do": "save"})
    assert "is not a CVSS vector" in answer.content.decode()
    assert not one.scores.exists()


def test_scores_of_both_versions_reach_the_advisory_and_its_csaf() -> None:
    one = decided(stage())
    [subject] = vulnerabilities_of(one.case)
    rate_vulnerability(vulnerability=subject, vector=V40, by=seen_by(one.writer), at=NOW)
    publish_advisory(advisory=approved(one), by=seen_by(one.approver), at=NOW)
    csaf = PublishedDocument.objects.filter(kind="csaf", language="ja").get()
    document = json.loads(bytes(csaf.content))
    text = json.dumps(document)
    # CSAF 2.0 has a place for CVSS 2 and 3; a 4.0 vector is told in words.
    assert document["vulnerabilities"][0]["scores"][0]["cvss_v3"]["baseScore"] == 8.8
    assert V40 in text
    page = logged_in(one.writer).get(f"/advisories/{csaf.revision.number}/").content.decode()
    assert V40 in page
